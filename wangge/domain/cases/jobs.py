"""What cases do by themselves. Each job may run twice, or twice at once, without harm."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from wangge.domain.cases.actions import batch, ladder
from wangge.domain.cases.actions.retention import AT_ONCE, forget_reporters
from wangge.domain.cases.orders import imports
from wangge.kernel.jobs import cron, every, job, loop


@loop("case clocks", seconds=5)
def climb() -> int:
    """Reminders, overdue, the level above."""
    return ladder.climb() + ladder.review()


@cron("37 18 * * *")
@job("cases.archive")
def archive() -> None:
    """At night (02:37 in China): what was closed long ago."""
    while ladder.archive_old(settings.CONFIG.archive_after_days) == ladder.AT_ONCE:
        pass


@every(hours=6)
@job("cases.tidy")
def tidy() -> None:
    """What phones sent, and workbooks of orders that were brought, long ago."""
    batch.forget()
    imports.forget()


@job("cases.orders.check", tries=3)
def check_orders(of: str) -> None:
    """A workbook of orders that was sent, or whose mapping was changed."""
    imports.check(UUID(of))


@job("cases.orders.bring_in", tries=3)
def bring_in_orders(of: str) -> None:
    """A workbook of orders that was checked and is wanted."""
    imports.bring_in(UUID(of))


@every(minutes=5)
@job("cases.orders.stop_cut_off")
def stop_cut_off() -> None:
    """Imports that were given up without a word."""
    imports.stop_cut_off()


@cron("52 18 * * *")
@job("cases.retention")
def retention() -> None:
    """At night (02:52 in China): reporters of cases that ended long ago are forgotten."""
    days = settings.CONFIG.reporter_keep_days
    while days and forget_reporters(days) == AT_ONCE:
        pass
