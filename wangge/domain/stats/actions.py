"""Counting: cases' entries and the cells they add up to, written together or not at all. Called as SYSTEM.

One writer at a time (an advisory lock of the transaction): a cell is always the sum of the entries that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import transaction

from wangge.domain.stats import facts
from wangge.domain.stats.facts import CELL, DETAILS, ENTRY, NOT_NOTHING, OWN
from wangge.domain.stats.rules import DAY_SHIFT, DURATIONS, MEASURES
from wangge.kernel import clock
from wangge.kernel.db import rows

AT_ONCE = 500
_LOCK = 0x5747_5354
"""Any number that no other advisory lock of ours has."""
_COLUMNS = ", ".join(ENTRY)
_SAME = ", ".join((*DETAILS, *DURATIONS, *MEASURES))
_COUNTED = ", ".join(("district", "day", *DETAILS))
_TIMED = f"""SELECT district, street, community, lead, "case", day, {", ".join(DURATIONS)} FROM {{}} WHERE coalesce({", ".join(DURATIONS)}) IS NOT NULL"""
_MINE = """district = %(district)s AND street = %(street)s"""


def _zone() -> dict[str, Any]:
    return {"zone": settings.CONFIG.zone}


def _alone() -> None:
    rows.value("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})


def _add(table: str, columns: tuple[str, ...], delta: str) -> str:
    return f"""INSERT INTO {table} AS k ({", ".join(columns)}, {", ".join(MEASURES)})
    SELECT * FROM ({delta}) delta WHERE {NOT_NOTHING} ORDER BY {", ".join(columns)}
    ON CONFLICT ({", ".join(columns)}) DO UPDATE SET {", ".join(f"{m} = k.{m} + excluded.{m}" for m in MEASURES)}"""


_COUNT = f"""
    WITH fresh AS MATERIALIZED ({facts.entries("c.id = ANY(%(ids)s)")}),
    old AS MATERIALIZED (SELECT * FROM stats_entry WHERE "case" = ANY(%(ids)s)),
    gone AS (DELETE FROM stats_entry e USING old o WHERE e.district = o.district AND e."case" = o."case" AND e.day = o.day
             AND NOT EXISTS (SELECT 1 FROM fresh f WHERE f.district = o.district AND f."case" = o."case" AND f.day = o.day)),
    put AS (INSERT INTO stats_entry AS e ({_COLUMNS}) SELECT {_COLUMNS} FROM fresh
            ON CONFLICT (district, "case", day) DO UPDATE SET ({_SAME}) = ROW ({", ".join(f"excluded.{c}" for c in _SAME.split(", "))})
            WHERE ({", ".join(f"e.{c}" for c in _SAME.split(", "))}) IS DISTINCT FROM ({", ".join(f"excluded.{c}" for c in _SAME.split(", "))})),
    unpacked AS (DELETE FROM stats_times t USING (({_TIMED.format("fresh")} EXCEPT {_TIMED.format("old")}) UNION ALL
                    ({_TIMED.format("old")} EXCEPT {_TIMED.format("fresh")})) x
                 WHERE t.district = x.district AND t.place IN (x.street, x.community, x.lead::text) AND t.month = date_trunc('month', x.day) AND t.upto > x.day),
    changed AS (SELECT {_COUNTED}, {", ".join(MEASURES)} FROM fresh UNION ALL SELECT {_COUNTED}, {", ".join(f"-{m}" for m in MEASURES)} FROM old),
    own AS ({_add("stats_own", OWN, facts.own_sums("changed"))})
    {_add("stats_cell", CELL, facts.cells("changed"))}"""


@transaction.atomic
def count(cases: Iterable[UUID]) -> None:
    """Make the entries of these cases anew, and add the difference to the cells. Repeats make no difference."""
    ids = sorted(set(cases))
    if ids:
        _alone()
        rows.run(_COUNT, {"ids": ids, **_zone()}, prepared=True)


def rebuild(step: Callable[[int], Any] = lambda _: None) -> int:
    """Make everything anew, street by street; how many entries there are then. No other count waits for longer than one street, or
    a district's days, take."""
    for district, street in _streets():
        with transaction.atomic():
            _alone()
            place = {"district": district, "street": street, **_zone()}
            rows.run(
                f"""DELETE FROM stats_entry e WHERE {_MINE} OR EXISTS (SELECT 1 FROM cases_case c
                        WHERE c.district = %(district)s AND c.street = %(street)s AND c.district = e.district AND c.id = e."case")""",
                place,
            )
            made = rows.run(
                f"""INSERT INTO stats_entry ({_COLUMNS})
                    {facts.entries("c.district = %(district)s AND c.street = %(street)s")}""",
                place,
            )
            rows.run(
                "DELETE FROM stats_times WHERE district = %(district)s AND (left(place, 9) = %(street)s OR length(place) = 36)",
                place,
            )
        step(made)
    # Only now: a case may have come from a street that was done before.
    for place in _places():
        _recount(*place)
    pack()
    return rows.value("SELECT count(*) FROM stats_entry")


def _streets() -> list[tuple[str, str]]:
    found = rows.all(
        """SELECT DISTINCT district, street FROM cases_case UNION SELECT DISTINCT district, street FROM stats_entry
           UNION SELECT DISTINCT district, street FROM stats_cell WHERE street <> '' ORDER BY 1, 2"""
    )
    return [(row["district"], row["street"]) for row in found]


def _places() -> list[tuple[str, str]]:
    """Whose cells are counted together: the streets, and each district by itself (whose street is '')."""
    streets = _streets()
    return [*streets, *((district, "") for district in sorted({district for district, _ in streets}))]


def _made(street: str) -> dict[str, tuple[tuple[str, ...], str, str]]:
    """What the entries of a street, or of a district, add up to: table → its key, which of its rows those are, and the sums. Sums of communities, whose codes
    begin with their street's, are counted with it; of units with their district."""
    if street:
        entries = f"(SELECT * FROM stats_entry WHERE {_MINE})"
        return {
            "stats_cell": (CELL, _MINE, facts.street_cells(entries)),
            "stats_own": (OWN, "left(owner, 9) = %(street)s", facts.own_sums(entries, ["community"])),
        }
    entries = "(SELECT * FROM stats_entry WHERE district = %(district)s)"
    return {
        "stats_cell": (CELL, _MINE, facts.district_cells(entries)),
        "stats_own": (
            OWN,
            "district = %(district)s AND length(owner) = 36",
            facts.own_sums(entries, ["unit"]),
        ),
    }


@transaction.atomic
def _recount(district: str, street: str) -> None:
    _alone()
    place = {"district": district, "street": street}
    for table, (key, mine, sums) in _made(street).items():
        rows.run(f"DELETE FROM {table} WHERE {mine}", place)
        rows.run(f"INSERT INTO {table} ({', '.join(key)}, {', '.join(MEASURES)}) {sums}", place)


def pack() -> int:
    """Pack the durations of the months with days that are over and were not packed yet, or changed since; how many."""
    done = 0
    while True:
        with transaction.atomic():
            _alone()
            waiting = rows.all(
                """SELECT * FROM (
                       SELECT district, place, month, least((month + interval '1 month')::date, %(today)s::date) AS upto FROM (
                           SELECT district, street AS place, start AS month FROM stats_cell
                           WHERE dimension = 'all' AND grain = 'month' AND responded + closed > 0
                           UNION SELECT district, owner, date_trunc('month', start)::date FROM stats_own
                           WHERE dimension = 'all' AND responded + closed > 0) p
                       WHERE month < %(today)s::date) c
                   WHERE NOT EXISTS (SELECT 1 FROM stats_times t WHERE t.district = c.district AND t.place = c.place AND t.month = c.month
                                     AND t.upto >= c.upto)
                   LIMIT 100""",
                {"today": clock.today(ZoneInfo(settings.CONFIG.zone))},
            )
            for place in waiting:
                rows.run(_PACK, place | _packed(place))
        if not waiting:
            return done
        done += len(waiting)


_PACK = f"""INSERT INTO stats_times (district, place, month, upto, {", ".join(DURATIONS)})
    VALUES (%(district)s, %(place)s, %(month)s, %(upto)s, {", ".join(f"%({d})s" for d in DURATIONS)})
    ON CONFLICT (district, place, month) DO UPDATE SET upto = excluded.upto, {", ".join(f"{d} = excluded.{d}" for d in DURATIONS)}"""


_WORDS = ", ".join(
    f"array_agg(extract(day FROM day)::bigint << {DAY_SHIFT} | {d}) FILTER (WHERE {d} IS NOT NULL) AS {d}"
    for d in DURATIONS
)


def _packed(place: dict[str, Any]) -> dict[str, bytes]:
    column = {9: "street", 12: "community"}.get(len(place["place"]), "lead")
    found = (
        rows.one(
            f"""SELECT {_WORDS} FROM stats_entry WHERE district = %(district)s AND {column} = %(place)s
                AND day >= %(month)s AND day < %(upto)s""",
            place,
        )
        or {}
    )
    return {d: np.asarray(found[d] or [], dtype="<u4").tobytes() for d in DURATIONS}


GRACE = "1 hour"
"""So long an event may be under way: a case that changed since its entries were made is behind then, not wrong."""


def wrong_cases() -> list[UUID]:
    """Cases whose entries are not what their rows say. Reads everything: minutes for a million cases, street by street."""
    found: list[UUID] = []
    for district, street in _streets():
        place = {"district": district, "street": street, "now": clock.now(), **_zone()}
        found += [
            row["case"]
            for row in rows.all(
                f"""WITH should AS MATERIALIZED ({facts.entries("c.district = %(district)s AND c.street = %(street)s")}),
                        has AS MATERIALIZED (SELECT {_COLUMNS} FROM stats_entry WHERE {_MINE}),
                        differs AS (SELECT "case" FROM (TABLE should EXCEPT TABLE has) a UNION
                                    SELECT "case" FROM (TABLE has EXCEPT TABLE should) b)
                    SELECT d."case" FROM differs d LEFT JOIN cases_case c ON c.district = %(district)s AND c.id = d."case"
                    WHERE c.id IS NULL OR c.changed_at < %(now)s::timestamptz - interval '{GRACE}'
                       OR c.version = (SELECT max(e.version) FROM stats_entry e WHERE e.district = c.district AND e."case" = c.id)""",
                place,
            )
        ]
    return sorted(set(found))


def wrong_cells() -> list[tuple[str, str]]:
    """Streets (district, street), and districts (district, ''), of which a cell, or the sum of a community or a unit, is not that of its entries."""
    found = []
    for district, street in _places():
        place = {"district": district, "street": street}
        if any(_wrong(table, *made, place) for table, made in _made(street).items()):
            found.append((district, street))
    return found


def _wrong(table: str, key: tuple[str, ...], mine: str, sums: str, place: dict[str, Any]) -> bool:
    columns = f"{', '.join(key)}, {', '.join(MEASURES)}"
    return rows.value(
        f"""WITH should AS MATERIALIZED ({sums}),
                has AS MATERIALIZED (SELECT {columns} FROM {table} WHERE {mine} AND ({NOT_NOTHING}))
            SELECT EXISTS (SELECT {columns} FROM should WHERE {NOT_NOTHING} EXCEPT TABLE has)
                OR EXISTS (TABLE has EXCEPT SELECT {columns} FROM should)""",
        place,
    )


def check() -> tuple[int, int]:
    """Recount everything, put right what is wrong and write down how much that was: (cases, streets and districts). The health page says it."""
    cases, places = wrong_cases(), wrong_cells()
    for some in rows.batches(cases, AT_ONCE):
        count(some)
    for place in places:
        _recount(*place)
    rows.run("DELETE FROM stats_check")
    rows.run(
        """INSERT INTO stats_check (at, cases, entries_wrong, cells_wrong)
           VALUES (%(at)s, (SELECT count(*) FROM cases_case), %(cases)s, %(streets)s)""",
        {"at": clock.now(), "cases": len(cases), "streets": len(places)},
    )
    return len(cases), len(places)
