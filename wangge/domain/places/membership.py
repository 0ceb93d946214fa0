"""Which base grids a stacked grid (working, police, fire …) is made of: who has a post on it has those, as cases are filed under them.

A base grid belongs to the stacked grid that holds its inner point; a stacked grid that is smaller than the base grid its own inner point
lies in (1:N) belongs to that one. Kept in ``places_membership`` by every change of a layer, in its transaction.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import shapely

from wangge.domain.places import borders
from wangge.kernel.db import rows

BASE = "base"


def keep(layer_id: UUID, key: str) -> None:
    """Make the membership of a changed layer true again: of itself, or of all stacked layers when it is the base one."""
    # Of two changes at once the later one sees what the earlier one wrote, and its pairs are the last.
    rows.all("SELECT pg_advisory_xact_lock(hashtext('places_membership'))")
    stacked = rows.all(
        "SELECT id FROM places_gridlayer WHERE key <> %(base)s AND (id = %(id)s OR %(all)s) ORDER BY id",
        {"base": BASE, "id": layer_id, "all": key == BASE},
    )
    if not stacked:
        return
    base = _current("l.key = %(base)s", {"base": BASE})
    for layer in stacked:
        pairs = sorted(_pairs(_current("l.id = %(id)s", {"id": layer["id"]}), base))
        given = {"layer": layer["id"], "stacked": [s for s, _ in pairs], "bases": [b for _, b in pairs]}
        rows.run(
            """DELETE FROM places_membership m WHERE m.layer_id = %(layer)s AND NOT EXISTS (
                   SELECT 1 FROM unnest(%(stacked)s::text[], %(bases)s::text[]) AS n (stacked, base)
                   WHERE n.stacked = m.stacked AND n.base = m.base)""",
            given,
        )
        rows.run(
            """INSERT INTO places_membership (layer_id, stacked, base)
               SELECT %(layer)s, n.stacked, n.base FROM unnest(%(stacked)s::text[], %(bases)s::text[]) AS n (stacked, base)
               ON CONFLICT DO NOTHING""",
            given,
        )


def _current(where: str, params: dict[str, Any]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Codes, shapes and inner points of a layer's grids."""
    found = rows.all(
        f"""SELECT g.code, v.geometry, v.centre_lon, v.centre_lat FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id
            JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL
            WHERE g.retired_at IS NULL AND {where} ORDER BY g.code""",
        params,
    )
    points = shapely.points([(r["centre_lon"], r["centre_lat"]) for r in found]) if found else np.array([])
    return [r["code"] for r in found], borders.shapes([r["geometry"] for r in found]), points


def _pairs(
    stacked: tuple[list[str], np.ndarray, np.ndarray], base: tuple[list[str], np.ndarray, np.ndarray]
) -> set[tuple[str, str]]:
    """(stacked, base), as the module says. (Sizes in square degrees: those of one place are compared.)"""
    codes, shapes, points = stacked
    base_codes, base_shapes, base_points = base
    if not codes or not base_codes:
        return set()
    holds = shapely.STRtree(shapes).query(base_points, predicate="within").T
    held = shapely.STRtree(base_shapes).query(points, predicate="within").T
    size, base_size = shapely.area(shapes), shapely.area(base_shapes)
    smaller = {(codes[s], base_codes[b]) for s, b in held if size[s] < base_size[b]}
    return {(codes[s], base_codes[b]) for b, s in holds} | smaller


def base_grids_of(codes: list[str]) -> dict[str, list[str]]:
    """The base grids of each stacked grid; a code that is no stacked grid's is not in the answer."""
    found = rows.all(
        "SELECT stacked, array_agg(base ORDER BY base) AS bases FROM places_membership WHERE stacked = ANY(%(codes)s) GROUP BY stacked",
        {"codes": codes},
    )
    return {r["stacked"]: r["bases"] for r in found}
