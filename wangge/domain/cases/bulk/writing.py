"""Histories into the tables: one statement a table, for up to ``AT_ONCE`` cases a transaction.

The rows travel as JSON that PostgreSQL unfolds by the table's own types: COPY is not open to a role under row-level security, and an
array for each column would say every type a second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import connection, transaction

from wangge.domain.cases.bulk.history import Fields, Told
from wangge.domain.cases.tags import CaseEvent, CaseTag, ImportTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.db import rows

AT_ONCE = 1000
"""Cases of one transaction: enough to make its fixed costs small, few enough that nobody waits for it."""
_LOCK = 0x5747_424B
_NOT_A_COLUMN = {"note_sha256"}


def write(cases: Sequence[Told], *, by: Principal) -> set[UUID]:
    """Write the cases that are not here yet, by their ids and their source's numbers, each whole or not at all. Returns whose were made.

    A case that only was reported enters the ledger and the outbox as any report; one with more of a history as one entry that binds
    every step of it, and one event. Two imports at once wait for each other.
    """
    with transaction.atomic():
        rows.value("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
        known = known_of([t.case for t in cases])
        new = [
            t for t in cases if t.case["id"] not in known and (t.case["source"], t.case["source_number"]) not in known
        ]
        insert(sorted(new, key=lambda t: t.case["reported_at"]), by=by)
        return {t.case["id"] for t in new}


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else brings cases in during the block; other imports wait. What the processes of one import share."""
    rows.value("SELECT pg_advisory_lock(%(lock)s)", {"lock": _LOCK})
    try:
        yield
    finally:
        if not connection.needs_rollback:
            rows.value("SELECT pg_advisory_unlock(%(lock)s)", {"lock": _LOCK})


def insert(new: Sequence[Told], *, by: Principal) -> None:
    """Write cases that are known not to be here, inside the caller's transaction; each gets the next number of its street's day, in the
    order given."""
    if not new:
        return
    _number(new)
    _insert("cases_case", (t.case for t in new))
    _plan_anew()
    _insert("cases_party", (t.party for t in new if t.party))
    _insert("cases_step", (step for t in new for step in t.steps))
    _insert("cases_clock", (clock for t in new for clock in t.clocks))
    _insert("cases_assignment", (share for t in new for share in t.shares))
    _record(new, by)


def known_of(cases: Sequence[Fields]) -> set[Any]:
    """Ids, and pairs of source and number, that are taken. Of each case its ``id``, ``district``, ``source`` and ``source_number``."""
    found = rows.all(
        """SELECT id, source, source_number FROM cases_case WHERE id = ANY(%(ids)s)
           UNION SELECT c.id, c.source, c.source_number
           FROM unnest(%(districts)s::text[], %(sources)s::text[], %(numbers)s::text[]) AS g (district, source, number)
           JOIN cases_case c ON c.district = g.district AND c.source = g.source AND c.source_number = g.number""",
        {
            "ids": [c["id"] for c in cases],
            "districts": [c["district"] for c in cases],
            "sources": [c["source"] for c in cases],
            "numbers": [c["source_number"] for c in cases],
        },
    )
    return {r["id"] for r in found} | {
        (r["source"], r["source_number"]) for r in found if r["source_number"] is not None
    }


def _number(new: Sequence[Told]) -> None:
    """The next numbers of each street's day, in the order given."""
    zone = ZoneInfo(settings.CONFIG.zone)
    by_day: dict[tuple[str, Any], list[Fields]] = {}
    for case in (t.case for t in new):
        day = case["reported_at"].astimezone(zone).date()
        by_day.setdefault((case["street"], day), []).append(case)
    keys = sorted(by_day)  # in one order, so that two writers never wait for each other
    last = rows.all(
        """INSERT INTO cases_counter AS n (street, day, last)
           SELECT * FROM unnest(%(streets)s::text[], %(days)s::date[], %(counts)s::int[])
           ON CONFLICT (street, day) DO UPDATE SET last = n.last + excluded.last RETURNING street, day, last""",
        {
            "streets": [street for street, _ in keys],
            "days": [day for _, day in keys],
            "counts": [len(by_day[key]) for key in keys],
        },
    )
    for row in last:
        cases = by_day[row["street"], row["day"]]
        for sequence, case in enumerate(cases, row["last"] - len(cases) + 1):
            case["number"] = f"{row['street']}{row['day']:%Y%m%d}{sequence:05d}"


def _plan_anew() -> None:
    """Forget how this session looks a case up for a row below it. In a table that was empty a moment ago and has no statistics yet every
    index looks alike, and a session that chose the longest would walk the whole district for each row until the table is analysed."""
    rows.run("DISCARD PLANS")


def _insert(table: str, found: Iterable[Fields]) -> None:
    listed = list(found)
    if not listed:
        return
    columns = ", ".join(f'"{name}"' for name in listed[0] if name not in _NOT_A_COLUMN)
    rows.run_many(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %(rows)s::json)",
        listed,
        default=_bytea,
    )


def _bytea(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value))


def _record(new: Sequence[Told], by: Principal) -> None:
    """The ledger's entry and the outbox's event of each case."""
    only = [t for t in new if len(t.steps) == 1]
    longer = [t for t in new if len(t.steps) > 1]
    now = clock.now()
    for some, tag, item in ((only, CaseTag("cases.report"), _reported), (longer, ImportTag.BROUGHT_IN, _brought_in)):
        ledger.append_many(by=by, tag=tag, kind="case", items=map(item, some), at=now)
    outbox.emit_many(CaseEvent.REPORTED, kind="case", items=map(_event, only))
    outbox.emit_many(CaseEvent.BROUGHT_IN, kind="case", items=map(_event, longer))


def _reported(told: Told) -> ledger.Item:
    step = told.steps[0]
    body = _state(told, ("number", "version")) | {
        "step": step["id"],
        "after": step["after"],
        **_given(step["data"]),
    }
    return ledger.Item(told.case["id"], told.case["district"], body, step["at"])


_BOUND = ("id", "at", "act", "outcome", "before", "after", "note_sha256")


def _brought_in(told: Told) -> ledger.Item:
    """What binds every step: altering one afterwards shows, although each has no entry of its own."""
    steps = [[step[name] for name in _BOUND] for step in told.steps]
    body = _state(told, ("number", "version", "source", "source_number")) | {
        "after": told.case["status"],
        "steps": len(told.steps),
        "steps_sha256": hashlib.sha256(orjson.dumps(steps)).hexdigest(),
        **_given(told.steps[0]["data"]),
    }
    return ledger.Item(told.case["id"], told.case["district"], body)


def _given(data: Fields) -> Fields:
    return {k: v for k, v in data.items() if v is not None}


def _state(told: Told, names: Collection[str]) -> Fields:
    return {name: told.case[name] for name in names if told.case[name] is not None}


def _event(told: Told) -> outbox.Item:
    case = told.case
    last = told.steps[-1]
    return outbox.Item(
        subject=case["id"],
        place={level: case[level] for level in outbox.LEVELS},
        units=[u for u in (case["lead"], case["holder"]) if u],
        body=_state(told, ("number", "status", "version", "stage", "due_at"))
        | {"act": last["act"], "outcome": last["outcome"], "step": last["id"]},
    )
