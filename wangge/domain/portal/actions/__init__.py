"""Every write that comes through the portal."""

from wangge.domain.portal.actions.bans import ban, lift
from wangge.domain.portal.actions.keeping import forget
from wangge.domain.portal.actions.own_data import ask_erasure, carry_out, correct
from wangge.domain.portal.actions.phone import prove, send_code
from wangge.domain.portal.actions.reporting import Given, Taken, me_too, report
from wangge.domain.portal.actions.speaking import answer, follow_up, reopen, withdraw

__all__ = [
    "Given",
    "Taken",
    "answer",
    "ask_erasure",
    "ban",
    "carry_out",
    "correct",
    "follow_up",
    "forget",
    "lift",
    "me_too",
    "prove",
    "reopen",
    "report",
    "send_code",
    "withdraw",
]
