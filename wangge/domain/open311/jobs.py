"""Pictures that clients of the standard name by their address."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from wangge.domain.open311 import media
from wangge.kernel import clock, jobs
from wangge.kernel.jobs import job

PAUSE = timedelta(minutes=15)


@job("open311.media")
def bring(upload: str, url: str, left: int) -> None:
    """``left``: how often it may be tried again."""
    if not media.bring(upload=UUID(upload), url=url, last=left <= 0):
        jobs.start("open311.media", at=clock.now() + PAUSE, upload=upload, url=url, left=left - 1)
