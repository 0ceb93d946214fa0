"""What the streams tell: events of the outbox, each with the case's row as lists show it. Plain reads, in a thread of their own.

The reader keeps its own position, so any number of processes tell the same, none waits for the worker, and a client that comes back is
told what it missed from the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases import queries
from wangge.domain.cases.schemas import CaseRow
from wangge.domain.live.hub import LEVELS, Happening, Hint, message
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db.replica import preferred
from wangge.kernel.outbox import relay
from wangge.kernel.outbox.relay import Event

FIELDS = tuple(CaseRow.model_fields)
MOST_MISSED = 2_000
"""More than this is not told one by one: the client loads its page anew."""

Position = tuple[str, int]


def position_of(text: str) -> Position | None:
    """``Last-Event-ID`` as a position; None for what is none."""
    xid, dash, pos = text.partition("-")
    return (xid, int(pos)) if dash and xid.isdigit() and pos.isdigit() else None


def id_of(position: Position) -> str:
    """The id of the event at a position, as ``Last-Event-ID`` gives it back."""
    return f"{position[0]}-{position[1]}"


def newest() -> Position:
    with preferred(), acting(SYSTEM):
        return relay.ends()[1]


def after(position: Position, limit: int = 1_000) -> tuple[list[Happening | Hint], Position]:
    """What happened after a position, and the position behind it; on the replica, if there is one: who is told of a change and reads the
    list again shall find it there."""
    with preferred(), acting(SYSTEM):
        events = relay.after(*position, limit)
        happenings = happenings_of([e for e in events if e.kind in ("case", "notice")])
    return happenings, (events[-1].xid, events[-1].pos) if events else position


def missed(position: Position) -> list[Happening | Hint] | None:
    """What a client missed since its last event; None when that is too long ago to be told."""
    with preferred(), acting(SYSTEM):
        oldest, _ = relay.ends()
    if oldest is None or (int(oldest[0]), oldest[1]) > (int(position[0]), position[1]):
        return None
    found: list[Happening | Hint] = []
    while len(found) <= MOST_MISSED:
        some, position = after(position)
        if not some:
            return found
        found += some
    return None


def happenings_of(events: Sequence[Event]) -> list[Happening | Hint]:
    """The events with the rows of their cases as they are now: a later event of the same case tells the same again, never older. That
    somebody has new notices is told to them without what these say."""
    cases = {e.subject for e in events if e.kind == "case" and e.subject}
    found = {row["id"]: row for row in queries.list_rows(cases)} if cases else {}
    out: list[Happening | Hint] = []
    for event in events:
        if event.kind == "notice":
            id = id_of((event.xid, event.pos))
            out.append(Hint(id, event.subject, message("notice", id, b"{}")))
            continue
        row = found.get(event.subject) if event.subject else None
        if row is not None:
            out.append(_happening(event, row))
    return out


def _happening(event: Event, row: dict[str, Any]) -> Happening:
    id = id_of((event.xid, event.pos))
    left = event.body.get("left") or {}
    told = {"act": event.body.get("act"), "outcome": event.body.get("outcome"), "event": event.event, "at": event.at}
    shown = {name: row[name] for name in FIELDS}
    units = [row["lead"], row["holder"], *row["assisting"], *row["asked"]]
    return Happening(
        id=id,
        place={level: row[level] for level in LEVELS},
        units=frozenset(u for u in units if u),
        reporter=row["reporter"],
        left_place={level: left.get(level) for level in LEVELS[1:] if left.get(level)},
        left_units=frozenset(UUID(u) for u in left.get("units", ())),
        change=message("case", id, orjson.dumps(told | {"row": shown}, default=str)),
        gone=message("gone", id, orjson.dumps({"id": row["id"]}, default=str)),
    )
