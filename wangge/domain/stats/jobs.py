"""What the figures need at night."""

from __future__ import annotations

import logging

from wangge.domain.stats import actions
from wangge.kernel.jobs import cron, job

log = logging.getLogger("wangge.stats")


@cron("26 19 * * *")
@job("stats.check")
def check() -> None:
    """At night (03:26 in China): everything is recounted."""
    cases, places = actions.check()
    if cases or places:
        log.error("figures were wrong and have been put right", extra={"cases": cases, "places": places})


@cron("48 * * * *")
@job("stats.pack")
def pack() -> None:
    """The durations of past months, as far as they changed."""
    actions.pack()
