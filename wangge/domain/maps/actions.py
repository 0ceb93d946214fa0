"""Packing: the ended cases of a street and ten days as one row. A case that changes is named beside its pack and read from the cases, until
the pack is made anew. Called as SYSTEM.

One writer at a time (an advisory lock of the transaction). An act's event comes after its commit: what a pack that was made before it does not know, is named by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from wangge.domain.maps.models import IN_PACK, START
from wangge.domain.maps.queries.spots import FACTS, PLACE, X, Y
from wangge.kernel import clock
from wangge.kernel.db import rows

AT_ONCE = 40
FEW, SHARE = 20, 50
"""A pack is made anew by day once more than ``FEW`` of its cases changed, and one of so many; at night once any did."""
MOST = 1000
"""Of more changed cases the list costs more than reading all that the pack held."""
REST = timedelta(minutes=1)
"""Events of what changed so lately may be on their way."""
_LOCK = 0x5747_4D50
"""Any number that no other advisory lock of ours has."""
_COLUMNS = ("number", "x_min", "y_min", "x_max", "y_max", "places", "facts", "categories", "ids")
_CURRENT = "changed = '{}', gone = '{}'"
_UNDONE = ", ".join([*(f"{name} = NULL" for name in _COLUMNS), _CURRENT])
_MANY = f"w.number IS NULL OR cardinality(w.changed) > {FEW} + w.number / {SHARE}"
_ANY = "w.number IS NULL OR w.changed <> '{}'"
_MADE = f"""
    SELECT count(*)::int, min({X}), min({Y}), max({X}), max({Y}), {
    ", ".join(
        f"coalesce(string_agg({what}, ''::bytea ORDER BY c.id), '')"
        for what in (PLACE, FACTS, "uuid_send(c.category)", "uuid_send(c.id)")
    )
}
    FROM cases_case c WHERE {IN_PACK} AND c.closed_at IS NOT NULL AND c.lon IS NOT NULL"""


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _COLUMNS)


def _alone() -> None:
    rows.value("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})


@transaction.atomic
def told(cases: Iterable[UUID]) -> None:
    """These cases changed: what packs hold of them, or should, is read from the cases from now on. Repeats make no difference."""
    _alone()
    known = {"ids": sorted(set(cases))}
    where = (
        f"SELECT c.district, c.street, {START} AS start, c.id, c.closed_at FROM cases_case c WHERE c.id = ANY(%(ids)s)"
    )
    rows.run(
        f"INSERT INTO maps_pack (district, street, start) SELECT DISTINCT district, street, start FROM ({where}) c ORDER BY 2, 3 ON CONFLICT DO NOTHING",
        known,
        prepared=True,
    )
    lists = rows.all(
        f"""UPDATE maps_pack p SET changed = p.changed || n.changed, gone = p.gone || n.gone FROM (
                SELECT street, start, array_agg(id) AS changed, coalesce(array_agg((at - 1) / 16) FILTER (WHERE at > 0), '{{}}') AS gone FROM (
                    SELECT p.street, p.start, c.id, c.closed_at, position(uuid_send(c.id) IN p.ids) AS at
                    FROM ({where}) c JOIN maps_pack p ON p.street = c.street AND p.start = c.start
                    WHERE p.number IS NOT NULL AND c.id <> ALL(p.changed)) c
                WHERE closed_at IS NOT NULL OR at > 0 GROUP BY 1, 2) n
            WHERE p.street = n.street AND p.start = n.start RETURNING cardinality(p.changed) AS long""",
        known,
        prepared=True,
    )
    if any(row["long"] > MOST for row in lists):
        rows.run(f"UPDATE maps_pack SET {_UNDONE} WHERE cardinality(changed) > {MOST}")


def pack() -> int:
    """Pack what is not packed, and anew what changed much since; how many packs."""
    return _pack(_MANY)


def _pack(which: str) -> int:
    done = 0
    while made := _pack_some(which):
        done += made
    return done


@transaction.atomic
def _pack_some(which: str) -> int:
    _alone()
    return rows.run(
        f"""UPDATE maps_pack p SET ({", ".join(_COLUMNS)}) = ({_MADE}), {_CURRENT}
            WHERE (p.street, p.start) IN (SELECT w.street, w.start FROM maps_pack w WHERE {which} ORDER BY w.start DESC LIMIT {AT_ONCE})"""
    )


def check() -> int:
    """Compare every pack of which nothing changed with the cases, and undo those that are wrong; make the others anew, and know of what no pack
    knows yet. How many were wrong."""
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
                    WHERE p.street = %(street)s AND p.number IS NOT NULL AND p.changed = '{{}}'
                      AND NOT EXISTS (SELECT FROM ({_MADE}) m ({", ".join(_COLUMNS)})
                                      WHERE ({_of("m")}) IS NOT DISTINCT FROM ({_of("p")}))
                      AND NOT EXISTS (SELECT FROM cases_case c WHERE {IN_PACK} AND c.changed_at > %(since)s)""",
                row | {"since": clock.now() - REST},
            )
    _pack(_ANY)
    return wrong
