"""Cases of a view by cell: what is found is the queue's scope and filter, counted on the mesh of the view (docs/map.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import connection

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.queries import Filter, counts
from wangge.domain.cases.tags import CasePermission
from wangge.domain.maps.rules import AROUND, NORTH, Mesh, Shape, degrees_of
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows

MOST_READ = 60_000
"""Cases that one answer reads; of more it shows the newest and says so."""
SOON = timedelta(hours=2)
"""Before its limit ends a case is marked, as in lists (web/shared/src/clock.ts)."""
_SPOT = np.dtype([("x", ">i4"), ("y", ">i4"), ("standing", ">i2"), ("id", "V16")])
"""A case as a map reads it: place in steps, how its limit stands, id. Network byte order, as PostgreSQL sends it."""
_IN_TIME, _SOON, _OVERDUE = 0, 1, 2
_READ = f"""
    int4send(((c.lon + 180) / 360 * {AROUND - 1})::int4)
    || int4send(((0.5 - asinh(tan(radians(greatest(-{NORTH}, least({NORTH}, c.lat))))) / (2 * pi())) * {AROUND - 1})::int4)
    || int2send(CASE WHEN c.due_at < %(now)s THEN {_OVERDUE}::int2 WHEN c.due_at < %(soon)s THEN {_SOON}::int2 ELSE {_IN_TIME}::int2 END)
    || uuid_send(c.id)"""


def cases(*, by: Principal, filter: Filter, zoom: float, shape: Shape) -> dict[str, Any]:
    """The cases that pass ``filter``, whose ``box`` is the view, by cell. Three statements.

    Shape: ``schemas.MapOut``. ``unlocated``: how many pass but for their place, which they have none of; None beyond a thousand.
    """
    if filter.box is None:
        raise ValueError("a map has a view")
    mesh = Mesh.over(filter.box, zoom, shape)
    spots, truncated = _spots(by, filter)
    return {
        "shape": shape,
        "size_m": mesh.size_m,
        "cells": _cells(mesh, spots),
        "shown": len(spots),
        "unlocated": _unlocated(by, filter),
        "truncated": truncated,
    }


def _spots(by: Principal, filter: Filter) -> tuple[np.ndarray, bool]:
    """The cases of the view, and whether older ones were left out."""
    now = clock.now()
    params: dict[str, Any] = {"now": now, "soon": now + SOON, "limit": MOST_READ + 1}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    where = " AND ".join([scope, *filter.sql(params)])
    raw = _packed(
        f"""SELECT string_agg({_READ}, ''::bytea) FROM (
                SELECT c.id, c.lon, c.lat, c.due_at FROM cases_case c WHERE {where} ORDER BY c.reported_at DESC LIMIT %(limit)s) c""",
        params,
    )
    found = np.frombuffer(raw, dtype=_SPOT)
    return found[:MOST_READ], len(found) > MOST_READ


def _packed(sql: str, params: dict[str, Any]) -> bytes:
    """One value of many bytes, by the driver's binary protocol."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(sql, params, binary=True).fetchone()
    return (row and row[0]) or b""


def _cells(mesh: Mesh, spots: np.ndarray) -> list[dict[str, Any]]:
    """Each cell that holds a case, with the mean place of its cases, or a hexagon's centre; a case that is alone in a square is told."""
    x, y = spots["x"].astype(np.float64), spots["y"].astype(np.float64)
    of, most = mesh.cells(x, y), mesh.columns * mesh.rows
    number = np.bincount(of, minlength=most)
    held = np.flatnonzero(number)
    overdue, soon = (np.bincount(of[spots["standing"] == what], minlength=most)[held] for what in (_OVERDUE, _SOON))
    if mesh.shape == "hex":
        lon, lat = degrees_of(*mesh.centres(held))
    else:
        lon, lat = degrees_of(*(np.bincount(of, weights=at, minlength=most)[held] / number[held] for at in (x, y)))
    some = np.empty(most, dtype=np.int64)
    some[of] = np.arange(len(of))
    alone = {}
    if mesh.shape == "square":
        ids = {int(cell): UUID(bytes=spots["id"][some[cell]].tobytes()) for cell in held[number[held] == 1]}
        told = _told(list(ids.values()))
        alone = {cell: told.get(id) for cell, id in ids.items()}
    return [
        {
            "lon": round(east, 6),
            "lat": round(north, 6),
            "count": n,
            "overdue": late,
            "soon": near,
            "case": alone.get(cell),
        }
        for cell, east, north, n, late, near in zip(
            held.tolist(),
            lon.tolist(),
            lat.tolist(),
            number[held].tolist(),
            overdue.tolist(),
            soon.tolist(),
            strict=True,
        )
    ]


def _told(ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """What a map says of single cases: they are the asker's to see."""
    found = rows.all(
        """SELECT c.id, c.number, c.title, c.status, c.urgency, c.lon, c.lat, c.due_at, c.review_at
           FROM cases_case c WHERE c.id = ANY(%(ids)s)""",
        {"ids": ids},
    )
    return {row["id"]: row for row in found}


def _unlocated(by: Principal, filter: Filter) -> int | None:
    if filter.located or filter.within:
        return 0
    [(found, more)] = counts(by=by, wanted=[(replace(filter, box=None, located=False), "-reported_at")])
    return None if more else found
