"""Made shapes for geometry tests: an area like a real district (bays, a hole, 400 vertices) and squares."""

from __future__ import annotations

import numpy as np
import shapely

from wangge.kernel.geo.lattice import snap


def district(seed: int = 5, vertices: int = 400, radius: float = 0.05) -> shapely.Polygon:
    """A ragged, non-convex polygon with one hole around 114.05 E, 22.55 N."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    ripple = 1 + 0.25 * np.sin(3 * angle + 1) + 0.12 * np.sin(7 * angle) + 0.03 * rng.standard_normal(vertices)
    ring = np.c_[114.05 + radius * 1.4 * ripple * np.cos(angle), 22.55 + radius * ripple * np.sin(angle)]
    hole = shapely.Point(114.06, 22.555).buffer(0.006, quad_segs=6).exterior.coords
    polygon = snap(shapely.Polygon(ring, [hole]))
    assert polygon.is_valid
    return polygon


def square(x: int, y: int, size: int = 1, step: float = 0.001, origin: tuple[float, float] = (114.0, 22.5)):
    """A square of `size` steps at the step (x, y) from the origin."""
    west, south = origin[0] + x * step, origin[1] + y * step
    return snap(shapely.box(west, south, west + size * step, south + size * step))
