"""What leaves the system, and what is old. Each may run twice, or twice at once, without harm."""

from __future__ import annotations

from django.conf import settings

from wangge.domain.notices import actions
from wangge.domain.notices.rules import Channel
from wangge.kernel.jobs import cron, job, loop


@loop("notices by webhook", seconds=1)
def webhooks() -> int:
    return actions.send_webhooks()


@loop("notices by mail", seconds=2)
def mail() -> int:
    return actions.send_personal(Channel.EMAIL)


@loop("notices by sms", seconds=2)
def sms() -> int:
    return actions.send_personal(Channel.SMS)


@cron("12 19 * * *")
@job("notices.forget")
def forget() -> None:
    """At night (03:12 in China)."""
    actions.forget_addresses()
    days = settings.CONFIG.notice_keep_days
    while days and actions.forget(days):
        pass
