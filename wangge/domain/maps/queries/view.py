"""Cases of a view by cell: what is found is the queue's scope and filter, counted on the mesh of the view (docs/map.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np

from wangge.domain.cases.queries import Filter, counts
from wangge.domain.maps.queries.spots import OVERDUE, SOON_DUE, Spots, spots
from wangge.domain.maps.rules import Mesh, Shape, degrees_of
from wangge.kernel.access import Principal
from wangge.kernel.db import rows


def cases(*, by: Principal, filter: Filter, zoom: float, shape: Shape) -> dict[str, Any]:
    """The cases that pass ``filter``, whose ``box`` is the view, by cell. Five statements at most.

    Shape: ``schemas.MapOut``. ``unlocated``: how many pass but for their place, which they have none of; None beyond a thousand.
    """
    if filter.box is None:
        raise ValueError("a map has a view")
    mesh = Mesh.over(filter.box, zoom, shape)
    found = spots(by=by, filter=filter)
    return {
        "shape": shape,
        "size_m": mesh.size_m,
        "cells": _cells(mesh, found),
        "shown": len(found.x),
        "unlocated": _unlocated(by, filter),
        "truncated": found.truncated,
    }


def _cells(mesh: Mesh, found: Spots) -> list[dict[str, Any]]:
    """Each cell that holds a case, with the mean place of its cases, or a hexagon's centre; a case that is alone in a square is told."""
    x, y = found.x, found.y
    of, most = mesh.cells(x, y), mesh.columns * mesh.rows
    number = np.bincount(of, minlength=most)
    held = np.flatnonzero(number)
    overdue, soon = (np.bincount(of[found.standing == what], minlength=most)[held] for what in (OVERDUE, SOON_DUE))
    if mesh.shape == "hex":
        lon, lat = degrees_of(*mesh.centres(held))
    else:
        lon, lat = degrees_of(*(np.bincount(of, weights=at, minlength=most)[held] / number[held] for at in (x, y)))
    alone = _alone(found, of, number) if mesh.shape == "square" else {}
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


def _alone(found: Spots, of: np.ndarray, number: np.ndarray) -> dict[int, dict[str, Any]]:
    """The cells with one case, and what a map says of it: it is the asker's to see."""
    at = np.flatnonzero(number[of] == 1)
    cells: dict[UUID | None, int] = dict(zip(found.ids(at), of[at].tolist(), strict=True))
    told = rows.all(
        """SELECT c.id, c.number, c.title, c.status, c.urgency, c.lon, c.lat, c.due_at, c.review_at
           FROM cases_case c WHERE c.id = ANY(%(ids)s)""",
        {"ids": [id for id in cells if id]},
    )
    return {cells[row["id"]]: row for row in told}


def _unlocated(by: Principal, filter: Filter) -> int | None:
    if filter.located or filter.within:
        return 0
    [(found, more)] = counts(by=by, wanted=[(replace(filter, box=None, located=False), "-reported_at")])
    return None if more else found
