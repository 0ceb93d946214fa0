"""Every write to notices."""

from wangge.domain.notices.actions.again import send_again, send_missed
from wangge.domain.notices.actions.confirming import confirm, send_code
from wangge.domain.notices.actions.keeping import forget, forget_addresses
from wangge.domain.notices.actions.making import tell
from wangge.domain.notices.actions.matrix import Cell, set_matrix
from wangge.domain.notices.actions.messages import send_message
from wangge.domain.notices.actions.mine import mark_read, set_preferences
from wangge.domain.notices.actions.of_grids import tell_of_grids
from wangge.domain.notices.actions.to_persons import configured, send_personal
from wangge.domain.notices.actions.to_systems import send_webhooks
from wangge.domain.notices.actions.webhooks import add_webhook, change_webhook, ping, remove_webhook, renew_secret

__all__ = [
    "Cell",
    "add_webhook",
    "change_webhook",
    "configured",
    "confirm",
    "forget",
    "forget_addresses",
    "mark_read",
    "ping",
    "remove_webhook",
    "renew_secret",
    "send_again",
    "send_code",
    "send_message",
    "send_missed",
    "send_personal",
    "send_webhooks",
    "set_matrix",
    "set_preferences",
    "tell",
    "tell_of_grids",
]
