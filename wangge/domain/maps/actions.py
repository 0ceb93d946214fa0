"""Packing: the ended cases of a street and ten days as one row, made anew whenever one of them changes. Called as SYSTEM.

One writer at a time (an advisory lock of the transaction). An act's event comes after its commit: a pack that was made before it is undone by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from wangge.domain.maps.models import DAYS, START
from wangge.domain.maps.queries.spots import FACTS, PLACE, X, Y
from wangge.kernel import clock
from wangge.kernel.db import rows

AT_ONCE = 40
REST = timedelta(days=2 * DAYS)
"""What began so lately changes too often to be packed."""
_LOCK = 0x5747_4D50
"""Any number that no other advisory lock of ours has."""
_COLUMNS = ("number", "x_min", "y_min", "x_max", "y_max", "places", "facts", "categories", "ids")
_UNDONE = ", ".join(f"{name} = NULL" for name in _COLUMNS)
_MADE = f"""
    SELECT count(*)::int, min({X}), min({Y}), max({X}), max({Y}), {
    ", ".join(
        f"coalesce(string_agg({what}, ''::bytea ORDER BY c.id), '')"
        for what in (PLACE, FACTS, "uuid_send(c.category)", "uuid_send(c.id)")
    )
}
    FROM cases_case c
    WHERE c.street = p.street AND c.reported_at >= p.start AND c.reported_at < p.start + interval '{DAYS} days'
      AND c.closed_at IS NOT NULL AND c.lon IS NOT NULL"""


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _COLUMNS)


def _alone() -> None:
    rows.value("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})


@transaction.atomic
def undo(cases: Iterable[UUID]) -> None:
    """These cases changed: what holds them is read from the cases from now on. Repeats make no difference."""
    _alone()
    rows.run(
        f"""INSERT INTO maps_pack AS p (district, street, start)
            SELECT DISTINCT c.district, c.street, {START} FROM cases_case c WHERE c.id = ANY(%(ids)s) ORDER BY 2, 3
            ON CONFLICT (street, start) DO UPDATE SET {_UNDONE} WHERE p.number IS NOT NULL""",
        {"ids": sorted(set(cases))},
        prepared=True,
    )


def pack() -> int:
    """Pack what is not packed and changes little by now; how many packs."""
    done = 0
    while made := _pack_some():
        done += made
    return done


@transaction.atomic
def _pack_some() -> int:
    _alone()
    return rows.run(
        f"""UPDATE maps_pack p SET ({", ".join(_COLUMNS)}) = ({_MADE})
            WHERE (p.street, p.start) IN (SELECT w.street, w.start FROM maps_pack w
                                          WHERE w.number IS NULL AND w.start < %(until)s ORDER BY w.start DESC LIMIT {AT_ONCE})""",
        {"until": clock.now() - REST},
    )


def check() -> int:
    """Compare every pack with the cases, and undo those that are wrong; know of what no pack knows yet. How many were wrong."""
    with transaction.atomic():
        _alone()
        rows.run(
            f"""INSERT INTO maps_pack (district, street, start)
                SELECT DISTINCT c.district, c.street, {START} FROM cases_case c ON CONFLICT DO NOTHING"""
        )
    wrong = 0
    for row in rows.all("SELECT DISTINCT street FROM maps_pack ORDER BY street"):
        with transaction.atomic():
            _alone()
            wrong += rows.run(
                f"""UPDATE maps_pack p SET {_UNDONE}
                    WHERE p.street = %(street)s AND p.number IS NOT NULL
                      AND NOT EXISTS (SELECT FROM ({_MADE}) m ({", ".join(_COLUMNS)})
                                      WHERE ({_of("m")}) IS NOT DISTINCT FROM ({_of("p")}))""",
                row,
            )
    return wrong
