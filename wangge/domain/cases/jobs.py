"""What cases do by themselves. Each job may run twice, or twice at once, without harm."""

from __future__ import annotations

from django.conf import settings

from wangge.domain.cases.actions import batch, ladder
from wangge.domain.cases.actions.retention import AT_ONCE, forget_reporters
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
    """What phones sent long ago."""
    batch.forget()


@cron("52 18 * * *")
@job("cases.retention")
def retention() -> None:
    """At night (02:52 in China): reporters of cases that ended long ago are forgotten."""
    days = settings.CONFIG.reporter_keep_days
    while days and forget_reporters(days) == AT_ONCE:
        pass
