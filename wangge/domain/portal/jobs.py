"""What is over is forgotten."""

from __future__ import annotations

from wangge.domain.portal import actions
from wangge.kernel.jobs import cron, every, job


@cron("42 19 * * *")
@job("portal.forget")
def forget() -> None:
    """At night (03:42 in China)."""
    actions.forget()


@every(minutes=10)
@job("portal.erase")
def erase() -> None:
    """Who asked to be erased and was granted it."""
    actions.carry_out()
