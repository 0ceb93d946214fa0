"""Every write of the exchange."""

from wangge.domain.exchange.actions.answering import answer
from wangge.domain.exchange.actions.asking import ask
from wangge.domain.exchange.actions.orders import receive
from wangge.domain.exchange.actions.partners import Entered, add_partner, change_partner, renew_token
from wangge.domain.exchange.actions.telling import tell
from wangge.domain.exchange.actions.told import told

__all__ = ["Entered", "add_partner", "answer", "ask", "change_partner", "receive", "renew_token", "tell", "told"]
