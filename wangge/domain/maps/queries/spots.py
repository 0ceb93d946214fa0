"""The cases of a view as arrays: open and lately changed ones from the cases, the others that ended from packs.

How a case is written, here and in a pack: numbers in network byte order, as PostgreSQL sends them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import connection

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.queries import Filter, newest
from wangge.domain.cases.rules import OPEN, Channel, Status
from wangge.domain.cases.tags import CasePermission
from wangge.domain.maps.models import BY_STREET, DAYS, IN_PACK
from wangge.domain.maps.rules import AROUND, steps_of
from wangge.kernel import clock
from wangge.kernel.access import Principal, Scope
from wangge.kernel.db import rows
from wangge.kernel.geo.mercator import NORTH

MOST_READ = 20_000
"""Cases that one answer reads one by one; of more it shows the newest and says so."""
SOON = timedelta(hours=2)
"""Before its limit ends a case is marked, as in lists (web/shared/src/clock.ts)."""
IN_TIME, SOON_DUE, OVERDUE = 0, 1, 2
STATUSES, CHANNELS = [str(s) for s in Status], [str(c) for c in Channel]

_PLACE = [("x", ">i4"), ("y", ">i4")]
_FACTS = np.dtype([("at", ">i4"), ("status", ">i2"), ("channel", ">i2")])
_UUID = np.dtype([("high", ">u8"), ("low", ">u8")])
_SPOT = np.dtype([*_PLACE, ("standing", ">i2"), ("id", "V16")])

X = f"((c.lon + 180) / 360 * {AROUND - 1})::int4"
Y = f"((0.5 - asinh(tan(radians(greatest(-{NORTH}, least({NORTH}, c.lat))))) / (2 * pi())) * {AROUND - 1})::int4"
PLACE = f"int4send({X}) || int4send({Y})"
FACTS = f"""int4send(floor(extract(epoch FROM c.reported_at))::int4)
    || int2send((array_position(ARRAY{STATUSES}, c.status::text) - 1)::int2)
    || int2send((array_position(ARRAY{CHANNELS}, c.channel::text) - 1)::int2)"""
_STANDING = f"""int2send(CASE WHEN c.due_at < %(now)s THEN {OVERDUE}::int2 WHEN c.due_at < %(soon)s THEN {SOON_DUE}::int2
                              ELSE {IN_TIME}::int2 END)"""


@dataclass(frozen=True)
class Packed:
    """Which pack each number of cases comes from: so many of this street from this start, one after the other."""

    numbers: Sequence[int]
    streets: Sequence[str]
    starts: Sequence[Any]

    def ids(self, at: np.ndarray) -> list[UUID | None]:
        """The cases at these positions; None for one whose pack was undone meanwhile."""
        if not len(at):
            return []
        ends = np.cumsum(self.numbers)
        pack = np.searchsorted(ends, at, side="right")
        inside = at - (ends - np.asarray(self.numbers))[pack]
        found = rows.all(
            """SELECT encode(substring(p.ids FROM 16 * w.at + 1 FOR 16), 'hex') AS id
               FROM unnest(%(streets)s::text[], %(starts)s::timestamptz[], %(at)s::int[]) WITH ORDINALITY AS w (street, start, at, n)
               LEFT JOIN maps_pack p ON p.street = w.street AND p.start = w.start ORDER BY w.n""",
            {
                "streets": [self.streets[i] for i in pack],
                "starts": [self.starts[i] for i in pack],
                "at": inside.tolist(),
            },
        )
        return [row["id"] and UUID(row["id"]) for row in found]


@dataclass(frozen=True)
class Spots:
    """``x``, ``y`` in steps; ``standing`` of the limit. The first are the ``read`` ones, the others are at ``kept`` of the ``packed``."""

    x: np.ndarray
    y: np.ndarray
    standing: np.ndarray
    read: np.ndarray
    kept: np.ndarray
    packed: Packed
    truncated: bool

    def ids(self, at: np.ndarray) -> list[UUID | None]:
        """The cases at these positions, which rise."""
        read, packed = at[at < len(self.read)], at[at >= len(self.read)] - len(self.read)
        return [UUID(bytes=self.read["id"][i].tobytes()) for i in read] + self.packed.ids(self.kept[packed])


def spots(*, by: Principal, filter: Filter) -> Spots:
    """The cases of the view that ``filter.box`` is. Two statements."""
    scope = by.require(CasePermission.READ)
    places = Scope(everything=scope.everything, districts=scope.districts, streets=scope.streets)
    if _packs_know(filter) and not places.is_empty:
        read, truncated = _read(scope, filter, but=places)
        packed, kept, x, y = _unpacked(places, filter)
    else:
        read, truncated = _read(scope, filter)
        packed, kept, x, y = Packed([], [], []), *(np.empty(0, dtype=np.int64) for _ in range(3))
    standing = np.zeros(len(read) + len(kept), dtype=np.int16)
    standing[: len(read)] = read["standing"]
    return Spots(
        np.concatenate([read["x"], x]).astype(np.float64),
        np.concatenate([read["y"], y]).astype(np.float64),
        standing,
        read,
        kept,
        packed,
        truncated,
    )


def _packs_know(filter: Filter) -> bool:
    """Whether packs can answer it: it says nothing that they do not hold, and can mean cases that ended."""
    known = replace(
        filter, status=(), channel=(), category=None, street=None, reported_from=None, reported_to=None, box=None
    )
    whole = all(at is None or not at.microsecond for at in (filter.reported_from, filter.reported_to))
    return known in (Filter(), Filter(located=True)) and whole and not _only_open(filter)


def _only_open(filter: Filter) -> bool:
    return bool(filter.overdue or (filter.status and OPEN.issuperset(filter.status)))


def _read(scope: Scope, filter: Filter, but: Scope | None = None) -> tuple[np.ndarray, bool]:
    """From the cases, the newest first: all of them, or ``but`` those that packs hold of these places; whether there are more."""
    now = clock.now()
    params: dict[str, Any] = {"now": now, "soon": now + SOON, "limit": MOST_READ + 1}
    columns, order = "c.lon, c.lat, c.due_at", "ORDER BY at DESC LIMIT %(limit)s"
    terms = " AND ".join(["c.lon IS NOT NULL", scope.sql("c", params, SCOPE), *filter.sql(params)])
    placed = f"(SELECT c.reported_at AS at, c.district, c.id, {columns} FROM cases_case c WHERE {{}} {{}})".format
    # Open ones are found by their own index: told the order, PostgreSQL would walk the history from its end to find them.
    ways = [placed(f"c.closed_at IS NULL AND {terms}", "OFFSET 0")]
    if but is not None:
        held = but.sql("c", params, BY_STREET)
        ended = f"c.closed_at IS NOT NULL AND {held} AND {terms}"
        # Pack by pack and case by case: joined freely, the whole period would be read to find what few packs lack.
        for lacking, what, found, tail in (
            ("p.number IS NULL", "p.street, p.start", IN_PACK, order),
            (
                "p.changed <> '{}'",
                "p.district, unnest(p.changed) AS id",
                "c.district = p.district AND c.id = p.id",
                "OFFSET 0",
            ),
        ):
            ways.append(
                f"""(SELECT w.* FROM (SELECT {what} FROM maps_pack p WHERE {" AND ".join([lacking, *_of_period(filter)])}) p
                     CROSS JOIN LATERAL {placed(f"{found} AND {ended}", tail)} w)"""
            )
        # Term by term, as a page of the queue: together with "but not what packs hold", they would be looked for among all cases.
        rest = replace(scope, districts=frozenset(), streets=frozenset())
        also = ["c.lon IS NOT NULL", "c.closed_at IS NOT NULL", f"NOT {held}"]
        if not scope.everything and (
            others := newest(scope=rest, filter=filter, params=params, also=also, columns=columns)
        ):
            ways.append(f"({others})")
    elif not _only_open(filter):
        own = newest(scope=scope, filter=filter, params=params, also=["c.lon IS NOT NULL"], columns=columns)
        ways = [f"({own})"] if own else [placed("FALSE", "")]
    [raw] = _binary(
        f"""SELECT string_agg({PLACE} || {_STANDING} || uuid_send(c.id), ''::bytea)
            FROM (SELECT * FROM ({" UNION ALL ".join(ways)}) c {order}) c""",
        params,
    )
    found = np.frombuffer(raw or b"", dtype=_SPOT)
    return found[:MOST_READ], len(found) > MOST_READ


def _unpacked(places: Scope, filter: Filter) -> tuple[Packed, np.ndarray, np.ndarray, np.ndarray]:
    """From the packs of these places: which they are, the positions in them that pass and did not change since, and where those are."""
    west, south, east, north = filter.bounds or (-180.0, -90.0, 180.0, 90.0)
    (left, top), (right, bottom) = steps_of(west, north), steps_of(east, south)
    params: dict[str, Any] = {
        "left": int(left) - 1,
        "top": int(top) - 1,
        "right": int(right) + 1,
        "bottom": int(bottom) + 1,
    }
    where = [places.sql("p", params, BY_STREET), "p.number > 0"]
    where.append("p.x_min <= %(right)s AND p.x_max >= %(left)s AND p.y_min <= %(bottom)s AND p.y_max >= %(top)s")
    where += _of_period(filter)
    params |= {f"f_{name}": getattr(filter, name) for name in ("street", "reported_from", "reported_to")}
    wants = [filter.reported_from or filter.reported_to or filter.status or filter.channel, filter.category]
    facts, categories = (
        f"string_agg(p.{name}, ''::bytea ORDER BY p.street, p.start)" if wanted else "NULL"
        for name, wanted in zip(("facts", "categories"), wants, strict=True)
    )
    every = "array_agg({} ORDER BY p.street, p.start)".format
    raw_places, raw_facts, raw_categories, gone, *packs = _binary(
        f"""SELECT string_agg(p.places, ''::bytea ORDER BY p.street, p.start), {facts}, {categories},
                   {every("array_to_string(p.gone, ',')")}, {every("p.number")}, {every("p.street")}, {every("p.start")}
            FROM maps_pack p WHERE {" AND ".join(where)}""",
        params,
    )
    packed = Packed(*(part or [] for part in packs))
    spots = np.frombuffer(raw_places or b"", dtype=_PLACE)
    x, y = spots["x"].astype(np.int64), spots["y"].astype(np.int64)
    passing = (x >= left - 1) & (x <= right + 1) & (y >= top - 1) & (y <= bottom + 1)
    for some in _passing(filter, raw_facts, raw_categories):
        passing &= some
    for first, listed in zip(np.cumsum([0, *packed.numbers])[:-1], gone or [], strict=True):
        if listed:
            passing[first + np.fromstring(listed, dtype=np.int64, sep=",")] = False
    kept = np.flatnonzero(passing)
    return packed, kept, x[kept], y[kept]


def _of_period(filter: Filter) -> list[str]:
    """Which packs ``p`` can hold what passes, over the filter's own parameters."""
    terms = {
        "street": "p.street = %(f_street)s",
        "reported_from": f"p.start > %(f_reported_from)s::timestamptz - interval '{DAYS} days'",
        "reported_to": "p.start < %(f_reported_to)s",
    }
    return [term for name, term in terms.items() if getattr(filter, name) is not None]


def _passing(filter: Filter, raw_facts: bytes | None, raw_categories: bytes | None) -> Iterator[np.ndarray]:
    """Of each thing that the filter says beside the place: which of the packed cases pass."""
    facts = np.frombuffer(raw_facts or b"", dtype=_FACTS)
    if filter.reported_from:
        yield facts["at"] >= filter.reported_from.timestamp()
    if filter.reported_to:
        yield facts["at"] < filter.reported_to.timestamp()
    if filter.status:
        yield np.isin(facts["status"], [STATUSES.index(s) for s in filter.status])
    if filter.channel:
        yield np.isin(facts["channel"], [CHANNELS.index(c) for c in filter.channel])
    if filter.category:
        found = np.frombuffer(raw_categories or b"", dtype=_UUID)
        wanted = np.frombuffer(filter.category.bytes, dtype=_UUID)[0]
        yield (found["high"] == wanted["high"]) & (found["low"] == wanted["low"])


def _binary(sql: str, params: dict[str, Any]) -> tuple[Any, ...]:
    """The only row, by the driver's binary protocol: packed cases are megabytes."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        # planned for each view: one plan for every box is that of the widest
        return cursor.execute(sql, params, binary=True, prepare=False).fetchone() or ()
