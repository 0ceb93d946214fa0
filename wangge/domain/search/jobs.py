"""The nightly check of the index."""

from __future__ import annotations

import logging

from wangge.domain.search import actions
from wangge.kernel.jobs import cron, job

log = logging.getLogger("wangge.search")


@cron("11 19 * * *")
@job("search.check")
def check() -> None:
    """At night (03:11 in China): what the index has missed is indexed, and said."""
    mended = actions.mend()
    if mended:
        log.warning("the search index was behind", extra={"cases": mended})
