"""The grids that cases are made in: those of the database's base layer, each with its worker and points inside."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from bench.generator.chinese import quoted
from wangge.domain.places import queries as places
from wangge.kernel.access import Role
from wangge.kernel.db import rows
from wangge.kernel.search import grams

POINTS = 64


class Place(NamedTuple):
    street: str
    community: str
    grid: str
    version: str
    worker: str
    worker_name: str
    points: list[tuple[str, str]]
    lexemes: bytes
    """What a case is found by for lying here."""


def by_street() -> dict[str, list[Place]]:
    """Every base grid that has a worker, by street, in the order of its code. As SYSTEM."""
    layer = next(row["id"] for row in places.layers() if row["key"] == "base")
    names = {
        r["code"]: r["name"]
        for r in rows.all("SELECT code, name FROM places_area UNION ALL SELECT code, name FROM places_grid")
    }
    workers = {
        r["grid"]: (str(r["id"]), r["name"])
        for r in rows.all(
            """SELECT DISTINCT ON (p.grid) p.grid, u.id, u.name FROM people_post p JOIN people_user u ON u.id = p.user_id
               WHERE p.role = %(role)s AND p.grid IS NOT NULL ORDER BY p.grid, u.created_at, length(u.login), u.login""",
            {"role": Role.GRID_WORKER},
        )
    }
    versions = {
        r["code"]: str(r["id"])
        for r in rows.all(
            "SELECT g.code, v.id FROM places_grid g JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL"
        )
    }
    found: dict[str, list[Place]] = {}
    dice = np.random.default_rng(11)
    for grid in sorted(places.current_grids(layer), key=lambda g: g["code"]):
        code = grid["code"]
        if code not in workers:
            continue
        shape = grid["shape"]
        west, south, east, north = shape.bounds
        lon, lat = dice.uniform(west, east, 8 * POINTS), dice.uniform(south, north, 8 * POINTS)
        inside = shapely.contains_xy(shape.buffer(-1e-5), lon, lat)
        points = [(f"{x:.7f}", f"{y:.7f}") for x, y in zip(lon[inside][:POINTS], lat[inside][:POINTS], strict=True)]
        community = code[:12]
        marks = {f"c:{community}", f"g:{code}"}
        lexemes = quoted(grams([names[community], names[code]]) | marks)
        found.setdefault(code[:9], []).append(
            Place(code[:9], community, code, versions[code], *workers[code], points, lexemes)
        )
    return found
