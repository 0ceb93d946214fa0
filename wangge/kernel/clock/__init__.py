"""The only door to time. Everything else takes a ``datetime``; nothing calls ``datetime.now`` but this file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("wangge_fixed_time", default=None)


def now() -> datetime:
    """The present, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The calendar day it is in ``zone``."""
    return now().astimezone(zone).date()


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Inside the block ``now()`` is ``moment`` (aware), for this thread of work: imports of the past, the demo's year, tests."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield moment
    finally:
        _fixed.reset(token)
