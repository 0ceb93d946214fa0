"""What goes between levels by itself. Each may run twice, or twice at once, without harm."""

from __future__ import annotations

from wangge.domain.exchange.levels import figures, syncing
from wangge.kernel.jobs import cron, job, loop


@loop("exchange between levels", seconds=3)
def levels() -> int:
    return syncing.sync_all()


@cron("20 17 * * *")
@job("exchange.figures")
def daily() -> None:
    """At night (01:20 in China): the figures of the day before."""
    figures.report()
