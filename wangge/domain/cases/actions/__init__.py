"""Every write to a case: one function an act, one statement a write (case, step, clock, ledger and outbox together)."""

from wangge.domain.cases.actions.checking import close, verify
from wangge.domain.cases.actions.desk import accept, by_itself, dispatch, locate
from wangge.domain.cases.actions.handling import resolve, take
from wangge.domain.cases.actions.report import Report, Reporter, report
from wangge.domain.cases.actions.reveal import reveal

__all__ = [
    "Report",
    "Reporter",
    "accept",
    "by_itself",
    "close",
    "dispatch",
    "locate",
    "report",
    "resolve",
    "reveal",
    "take",
    "verify",
]
