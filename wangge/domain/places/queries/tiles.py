"""Grids and areas as Mapbox vector tiles. A tile is made once for each version of what it shows and kept.

Beside the layer of borders a tile has, where one can read them, a layer of names: one point each, in one tile alone, where a map would else write the name into every tile that the border crosses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import shapely

from wangge.domain.places.borders import shapes
from wangge.domain.places.queries.locating import index_of
from wangge.kernel.db import rows
from wangge.kernel.geo.tiles import DEEPEST, encode_tile, tile_bounds
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

NAMED_FROM = 12  # names of grids are unreadable farther out
LEVELS = {"district": (0, 6), "street": (7, 9), "community": (9, 11)}
"""From which depth on the areas of a level are drawn, and named."""


@lru_cache(maxsize=512)
def grid_tile(layer: str, stamp: str, z: int, x: int, y: int) -> bytes:
    """The tile of a layer of grids as of ``stamp``. Raises NotFound for a tile that does not exist."""
    _check(z, x, y)
    index = index_of(layer)
    if index is None:
        return b""
    near = _near(index.bounds, z, x, y)
    hits = [index.ids[i] for i in near.tolist()]
    if z < NAMED_FROM:
        return encode_tile(layer, z, x, y, index.polygons[near], [{"code": h.code} for h in hits])
    tile = encode_tile(layer, z, x, y, index.polygons[near], [{"code": h.code, "name": h.name} for h in hits])
    names = [{"code": h.code, "name": h.name, "name_en": h.name_en} for h in hits]
    return tile + encode_tile("names", z, x, y, shapely.point_on_surface(index.polygons[near]), names)


@lru_cache(maxsize=512)
def area_tile(stamp: str, z: int, x: int, y: int) -> bytes:
    """The tile of the areas as of ``stamp``: a layer for each level, and its names in ``<level>_names``. Raises NotFound for a tile that does not exist."""
    _check(z, x, y)
    tile = b""
    for level, (drawn_from, named_from) in LEVELS.items():
        if z < drawn_from:
            continue
        areas = _areas(level, stamp)
        near = _near(areas.bounds, z, x, y)
        found = [areas.names[i] for i in near.tolist()]
        tile += encode_tile(level, z, x, y, areas.shapes[near], [{"code": a["code"]} for a in found])
        if z >= named_from:
            tile += encode_tile(f"{level}_names", z, x, y, areas.points[near], found)
    return tile


def borders_stamp() -> str:
    """What changes with every change of an area's border or name."""
    return rows.value(
        """SELECT md5(concat_ws(' ', (SELECT concat_ws(' ', count(*), max(valid_from), max(valid_to)) FROM places_areaborder),
                                     (SELECT concat_ws(' ', sum(version), max(valid_to)) FROM places_area)))"""
    )


class _Areas(NamedTuple):
    """The areas of a level: borders, their boxes, a point within each (all n), and what is written there."""

    shapes: np.ndarray
    bounds: np.ndarray
    points: np.ndarray
    names: list[dict[str, Any]]


@lru_cache(maxsize=4)
def _areas(level: str, stamp: str) -> _Areas:
    found = rows.all(
        """SELECT a.code, a.name, a.name_en, b.geometry FROM places_area a JOIN places_areaborder b ON b.area = a.code
           WHERE b.valid_to IS NULL AND a.valid_to IS NULL AND a.level = %(level)s ORDER BY a.code""",
        {"level": level},
    )
    borders = np.array(shapes([r.pop("geometry") for r in found]), dtype=object)
    bounds = shapely.bounds(borders) if len(borders) else np.zeros((0, 4))
    return _Areas(borders, bounds, shapely.point_on_surface(borders), found)


def _check(z: int, x: int, y: int) -> None:
    if not (z <= DEEPEST and x < 1 << z and y < 1 << z):
        raise NotFound(Words(f"没有瓦片 {z}/{x}/{y}。", f"There is no tile {z}/{x}/{y}."))


def _near(boxes: np.ndarray, z: int, x: int, y: int) -> np.ndarray:
    west, south, east, north = tile_bounds(z, x, y)
    return np.flatnonzero(
        (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    )
