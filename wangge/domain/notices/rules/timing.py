"""When something is sent: not in somebody's quiet hours, and again after a failure, later each time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

TRIES = 9
"""The last try is about a day and a half after the first."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=12)


def after_failure(tries: int) -> timedelta | None:
    """The pause after so many failed tries: 15 s, 1, 4, 16 min, 1, 4, 12, 12 h; None when it is given up."""
    return None if tries >= TRIES else min(FIRST_PAUSE * 4 ** (tries - 1), LONGEST_PAUSE)


def quiet_until(now: datetime, start: time | None, end: time | None, zone: str) -> datetime | None:
    """The end of the quiet hours that ``now`` lies in, else None. They may go over midnight; from and to the same are none."""
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(ZoneInfo(zone))
    at = local.time()
    within = start <= at < end if start < end else at >= start or at < end
    if not within:
        return None
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, ZoneInfo(zone)).astimezone(now.tzinfo)
