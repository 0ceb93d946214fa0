"""Hands outbox events to their consumers, in order, at least once, each consumer at its own pace.

A consumer's writes and its cursor commit together, so what it does in the database happens exactly once; what it does outside
must bear a repeat. A batch that fails is tried again event by event; an event that fails ``TRIES`` times is set aside
(``outbox_stuck``, shown on the health page) so that one bad row cannot stop the loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows

log = logging.getLogger("wangge.outbox")

BATCH = 500
TRIES = 5
KEEP = timedelta(days=14)


@dataclass(frozen=True)
class Event:
    pos: int
    xid: str
    at: datetime
    event: str
    kind: str
    subject: UUID | None
    district: str | None
    street: str | None
    community: str | None
    grid: str | None
    units: list[UUID]
    body: dict[str, Any]


Consumer = Callable[[list[Event]], None]
_consumers: dict[str, tuple[Consumer, frozenset[str] | None]] = {}


def consumer(name: str, *, events: set[str] | None = None) -> Callable[[Consumer], Consumer]:
    """Register ``fn(events)`` under ``name``; ``events`` limits which names it hears (default: all)."""

    def register(fn: Consumer) -> Consumer:
        _consumers[name] = (fn, frozenset(map(str, events)) if events else None)
        return fn

    return register


def relay_once() -> int:
    """One round over all consumers; the most events that one of them was handed. 0 means that everybody is up to date."""
    with acting(SYSTEM):
        known = {row["consumer"]: row for row in rows.all(_STATE, prepared=True)}
        for name in _consumers.keys() - known.keys():
            rows.run("INSERT INTO outbox_cursor (consumer) VALUES (%(name)s) ON CONFLICT DO NOTHING", {"name": name})
            known[name] = {"failures": 0, "waiting": True}
        read: Read = {}
        return max(
            (
                _advance(name, careful=known[name]["failures"] > 0, read=read)
                for name in sorted(_consumers)
                if known[name]["waiting"]
            ),
            default=0,
        )


_STATE = """
    SELECT consumer, failures, (SELECT e.pos FROM outbox_event e WHERE (e.xid, e.pos) > (c.xid, c.pos)
                                AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.xid, e.pos LIMIT 1) IS NOT NULL AS waiting
    FROM outbox_cursor c"""
"""In order, or the planner reads all events to find that there is none: it takes those that were told for ones that wait."""

Read = dict[tuple[str, int, int], list[Event]]
"""What was read in a round, by position and limit: those who stand at one place are handed the same."""


def _advance(name: str, *, careful: bool, read: Read) -> int:
    try:
        return _deliver(name, 1 if careful else BATCH, read)
    except Exception as error:
        log.exception("consumer failed", extra={"consumer": name})
        read.clear()  # the server may be gone; the one in its place need not have what this one showed
        return _note_failure(name, f"{type(error).__name__}: {error}"[:500])


@transaction.atomic
def _deliver(name: str, limit: int, read: Read) -> int:
    at = rows.one(
        # What a crash takes back here it takes back with the cursor: nobody waits for the disk.
        """SELECT xid::text, pos, set_config('synchronous_commit', 'off', true) FROM outbox_cursor
           WHERE consumer = %(name)s FOR UPDATE SKIP LOCKED""",
        {"name": name},
        prepared=True,
    )
    if at is None:
        return 0
    here = (at["xid"], at["pos"], limit)
    batch = read.get(here)
    if batch is None:
        batch = read[here] = _after(*here)
    if not batch:
        return 0
    fn, wanted = _consumers[name]
    chosen = [e for e in batch if wanted is None or e.event in wanted]
    if chosen:
        fn(chosen)
    _move(name, batch[-1])
    return len(batch)


def _after(xid: str, pos: int, limit: int) -> list[Event]:
    found = rows.all(
        # The order is that of the column: a bare name would be that of the answer, where xid is text and 1000 comes before 999.
        """SELECT pos, xid::text, at, event, kind, subject, district, street, community, grid, units, body::text AS body
           FROM outbox_event e
           WHERE (e.xid, e.pos) > (%(xid)s::xid8, %(pos)s) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
           ORDER BY e.xid, e.pos LIMIT %(limit)s""",
        {"xid": xid, "pos": pos, "limit": limit},
        prepared=True,
    )
    return [Event(**{**row, "body": orjson.loads(row["body"])}) for row in found]


def after(xid: str, pos: int, limit: int = BATCH) -> list[Event]:
    """Events after a position, in the order in which everybody gets them, for a reader that keeps its position itself."""
    return _after(xid, pos, limit)


def ends() -> tuple[tuple[str, int] | None, tuple[str, int]]:
    """The oldest position that is still kept (None: nothing is) and the newest that may be read now."""
    row = rows.one(
        """SELECT (SELECT (xid::text, pos) FROM outbox_event ORDER BY xid, pos LIMIT 1)::text AS oldest,
                  (SELECT (xid::text, pos) FROM outbox_event WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
                   ORDER BY xid DESC, pos DESC LIMIT 1)::text AS newest"""
    )
    assert row is not None

    def pair(text: str | None) -> tuple[str, int] | None:
        if text is None:
            return None
        xid, pos = text.strip("()").split(",")
        return xid, int(pos)

    return pair(row["oldest"]), pair(row["newest"]) or ("0", 0)


def _move(name: str, last: Event) -> None:
    rows.run(
        """UPDATE outbox_cursor SET xid = %(xid)s::xid8, pos = %(pos)s, moved_at = clock_timestamp(), failures = 0, error = ''
           WHERE consumer = %(name)s""",
        {"name": name, "xid": last.xid, "pos": last.pos},
        prepared=True,
    )


@transaction.atomic
def _note_failure(name: str, error: str) -> int:
    at = rows.one(
        """UPDATE outbox_cursor SET failures = failures + 1, error = %(error)s WHERE consumer = %(name)s
           RETURNING failures, xid::text, pos""",
        {"name": name, "error": error},
    )
    if at is None or at["failures"] < TRIES:
        return 0
    event = _after(at["xid"], at["pos"], 1)[0]
    rows.run(
        """INSERT INTO outbox_stuck (consumer, pos, event, error) VALUES (%(name)s, %(pos)s, %(event)s::jsonb, %(error)s)
           ON CONFLICT DO NOTHING""",
        {"name": name, "pos": event.pos, "event": orjson.dumps(event).decode(), "error": error},
    )
    _move(name, event)
    return 1


def lag() -> list[dict[str, Any]]:
    """For the health page: each consumer with the seconds its oldest waiting event has waited, its failures and stuck events."""
    return rows.all(
        """SELECT c.consumer, c.failures, c.error,
                  coalesce(extract(epoch FROM clock_timestamp() - (
                      SELECT e.at FROM outbox_event e WHERE (e.xid, e.pos) > (c.xid, c.pos) ORDER BY e.xid, e.pos LIMIT 1)), 0)
                      ::float AS seconds,
                  (SELECT count(*) FROM outbox_stuck s WHERE s.consumer = c.consumer) AS stuck
           FROM outbox_cursor c ORDER BY c.consumer"""
    )


def forget_old() -> int:
    """Delete events that every consumer has passed and that are older than ``KEEP``; the ledger is the memory, not the outbox."""
    return rows.run(
        """DELETE FROM outbox_event e WHERE e.at < %(before)s
           AND (e.xid, e.pos) <= (SELECT xid, pos FROM outbox_cursor ORDER BY xid, pos LIMIT 1)""",
        {"before": clock.now() - KEEP},
    )
