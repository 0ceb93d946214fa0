"""Borders between memory and database: shapes on the lattice, their box, a point inside, their area; written in batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.db import rows
from wangge.kernel.geo.lattice import area_m2
from wangge.kernel.ids import uuid7

BATCH = 2000

_TABLES = {"area": ("places_areaborder", "text"), "grid": ("places_gridversion", "uuid")}


def shape(geometry: bytes | memoryview) -> BaseGeometry:
    """The shape (degrees) of a stored border."""
    return shapely.from_wkb(bytes(geometry))


def shapes(geometries: Sequence[bytes | memoryview]) -> np.ndarray:
    """The shapes of many stored borders."""
    return shapely.from_wkb(np.array([bytes(g) for g in geometries], dtype=object))


def add(
    of: Literal["area", "grid"], borders: Sequence[tuple[Any, BaseGeometry]], *, at: datetime, reason: str
) -> dict[Any, UUID]:
    """Add a new current border for each owner (area code or grid id) and end the one before. Gives the ids by owner.

    Shapes must be valid and on the lattice. Inside the caller's transaction; two statements a batch.
    """
    table, kind = _TABLES[of]
    made: dict[Any, UUID] = {}
    for batch in rows.batches(list(borders), BATCH):
        owners = [owner for owner, _ in batch]
        array = np.array([geometry for _, geometry in batch], dtype=object)
        boxes = shapely.bounds(array).T
        inside = shapely.get_coordinates(shapely.point_on_surface(array)).T
        ids = [uuid7() for _ in batch]
        made.update(zip(owners, ids, strict=True))
        rows.run(
            f"UPDATE {table} SET valid_to = %(at)s WHERE {of if of == 'area' else 'grid_id'} = ANY(%(owners)s::{kind}[])"
            " AND valid_to IS NULL",
            {"at": at, "owners": owners},
        )
        column = "area" if of == "area" else "grid_id"
        rows.run(
            f"""INSERT INTO {table} (id, {column}, number, valid_from, geometry, west, south, east, north,
                                     centre_lon, centre_lat, area_m2, reason)
                SELECT n.id, n.owner, coalesce((SELECT max(number) FROM {table} WHERE {column} = n.owner), 0) + 1,
                       %(at)s, n.geometry, n.west, n.south, n.east, n.north, n.lon, n.lat, n.area, %(reason)s
                FROM unnest(%(ids)s::uuid[], %(owners)s::{kind}[], %(geometry)s::bytea[], %(west)s::float8[],
                            %(south)s::float8[], %(east)s::float8[], %(north)s::float8[], %(lon)s::float8[],
                            %(lat)s::float8[], %(area)s::float8[])
                     AS n(id, owner, geometry, west, south, east, north, lon, lat, area)""",
            {
                "at": at,
                "reason": reason,
                "ids": ids,
                "owners": owners,
                "geometry": [bytes(w) for w in shapely.to_wkb(array, byte_order=1, include_srid=False)],
                "west": boxes[0].tolist(),
                "south": boxes[1].tolist(),
                "east": boxes[2].tolist(),
                "north": boxes[3].tolist(),
                "lon": inside[0].tolist(),
                "lat": inside[1].tolist(),
                "area": [area_m2(geometry) for geometry in array],
            },
        )
    return made
