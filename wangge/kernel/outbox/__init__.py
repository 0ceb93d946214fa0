"""What happened, for everybody who must hear of it: live views, notices, webhooks, counters, jobs.

Each act writes one row in its own transaction (a NOTIFY there costs four times the throughput: a lock at commit); one relay
reads the rows in commit-safe order and hands them to the consumers, each with a cursor of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from wangge.kernel.db import rows
from wangge.kernel.db.statement import Statement

LEVELS = ("district", "street", "community", "grid")


class EventName(StrEnum):
    """Base of each domain's events; a value is ``<domain>.<thing>.<what happened>``."""


def emit(
    event: EventName,
    *,
    kind: str,
    subject: UUID | None,
    place: Mapping[str, str | None] | None = None,
    units: Iterable[UUID] = (),
    body: Mapping[str, Any] | None = None,
) -> None:
    """Write one outbox row inside the caller's transaction. ``place``: the level codes that decide who may hear of it."""
    statement = Statement()
    statement.cte("source", "SELECT 1")
    cte(statement, source="source", event=event, kind=kind, subject=subject, place=place, units=units, body=body)
    statement.fetch("SELECT 1")


class Item(NamedTuple):
    """What happened to one of many subjects."""

    subject: UUID
    place: Mapping[str, str | None]
    units: list[UUID]
    body: Mapping[str, Any]


def emit_many(event: EventName, *, kind: str, items: Iterable[Item]) -> int:
    """One outbox row for each item, in their order, inside the caller's transaction. Returns how many."""
    listed = [
        {"event": str(event), "kind": kind, "subject": i.subject, "units": i.units, "body": i.body}
        | {level: i.place.get(level) for level in LEVELS}
        for i in items
    ]
    if not listed:
        return 0
    return rows.run_many(
        """INSERT INTO outbox_event (event, kind, subject, district, street, community, grid, units, body)
           SELECT event, kind, subject, district, street, community, grid, units, body
           FROM json_populate_recordset(NULL::outbox_event, %(rows)s::json)""",
        listed,
        default=str,
    )


def cte(
    statement: Statement,
    *,
    source: str,
    event: EventName,
    kind: str,
    subject: UUID | None = None,
    subject_sql: str | None = None,
    place: Mapping[str, str | None] | None = None,
    place_sql: Mapping[str, str] | None = None,
    units: Iterable[UUID] = (),
    units_sql: str | None = None,
    body: Mapping[str, Any] | None = None,
    body_sql: str | None = None,
) -> None:
    """Add the outbox row to ``statement``, one for each row of the part ``source``.

    ``…_sql`` are expressions over ``source``'s columns and win over the plain values; ``body_sql`` is jsonb that is laid over
    ``body``.
    """
    place, place_sql = place or {}, place_sql or {}
    levels = [place_sql.get(level, f"%({level})s::text") for level in LEVELS]
    statement.cte(
        f"outbox_of_{source}",
        f"""INSERT INTO outbox_event (event, kind, subject, district, street, community, grid, units, body)
            SELECT %(event)s, %(kind)s, {subject_sql or "%(subject)s::uuid"}, {", ".join(levels)},
                   {units_sql or "%(units)s::uuid[]"}, %(body)s::jsonb {f"|| {body_sql}" if body_sql else ""}
            FROM {source}""",
        event=str(event),
        kind=kind,
        subject=subject,
        units=list(units),
        body=_json(body or {}),
        **{level: place.get(level) for level in LEVELS},
    )


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
