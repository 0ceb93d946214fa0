"""Giving a border the vertices that a neighbour has on it."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.lattice import STEP, polygons_of


def with_vertices(geometry: BaseGeometry, points: np.ndarray, reach: float = 1.5 * STEP) -> BaseGeometry | None:
    """The geometry with those of the points (k, 2; degrees) as vertices that lie within `reach` of its border.

    None when none does, or all are its vertices already. The border moves by at most `reach`.
    """
    if not len(points):
        return None
    near = shapely.dwithin(geometry.boundary, shapely.points(points), reach)
    known = {tuple(c) for c in shapely.get_coordinates(geometry)}
    fresh = [tuple(p) for p in points[near].tolist() if tuple(p) not in known]
    if not fresh:
        return None
    parts = [
        shapely.Polygon(_ring(part.exterior, fresh, reach), [_ring(ring, fresh, reach) for ring in part.interiors])
        for part in polygons_of(geometry)
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _ring(ring: shapely.LinearRing, fresh: list[tuple[float, ...]], reach: float) -> list[tuple[float, ...]]:
    coords = [tuple(c) for c in ring.coords]
    inserted: dict[int, list[tuple[float, tuple[float, ...]]]] = {}
    for point in fresh:
        best: tuple[float, int, float] | None = None
        for i in range(len(coords) - 1):
            (ax, ay), (bx, by) = coords[i], coords[i + 1]
            dx, dy = bx - ax, by - ay
            square = dx * dx + dy * dy
            if square == 0:
                continue
            t = ((point[0] - ax) * dx + (point[1] - ay) * dy) / square
            if 0 < t < 1:
                away = abs((point[0] - ax) * dy - (point[1] - ay) * dx) / square**0.5
                if away <= reach and (best is None or away < best[0]):
                    best = (away, i, t)
        if best is not None:
            inserted.setdefault(best[1], []).append((best[2], point))
    out: list[tuple[float, ...]] = []
    for i, corner in enumerate(coords):
        out.append(corner)
        out.extend(point for _, point in sorted(inserted.get(i, [])))
    return out
