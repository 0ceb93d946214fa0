"""The index of a layer against a slow oracle that shares no code with it."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.geo.shapes import district, square
from wangge.kernel.geo.locate import LayerIndex
from wangge.kernel.geo.subdivide import subdivide

UNITS = 10_000_000


def whole(value: float) -> int:
    """The nearest lattice unit, by exact fractions (halves to even, as the documentation says)."""
    return round(Fraction(value * UNITS))


def rings_of(polygon: shapely.Polygon) -> list[list[tuple[int, int]]]:
    return [[(whole(x), whole(y)) for x, y in ring.coords] for ring in (polygon.exterior, *polygon.interiors)]


def oracle_holds(rings: list[list[tuple[int, int]]], x: int, y: int) -> bool:
    """Winding number in whole numbers; a point on a ring is held."""
    for ring in rings:
        for (ax, ay), (bx, by) in itertools.pairwise(ring):
            cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
                return True
    total = 0
    for number, ring in enumerate(rings):
        winding = 0
        for (ax, ay), (bx, by) in itertools.pairwise(ring):
            cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if ay <= y < by and cross > 0:
                winding += 1
            elif by <= y < ay and cross < 0:
                winding -= 1
        total += (1 if number == 0 else -1) * (winding != 0)
    return total > 0


def oracle(grids: list[list[list[tuple[int, int]]]], boxes: np.ndarray, x: int, y: int) -> list[int]:
    near = np.flatnonzero((boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3]))
    return [int(i) for i in near if oracle_holds(grids[int(i)], x, y)]


@pytest.fixture(scope="module")
def layer():
    # vertices on a lattice a hundred times coarser, so that long edges pass through lattice points
    pieces = [shapely.transform(p, lambda c: np.rint(c * 1e5) / 1e5) for p in subdivide(district(), 300)]
    assert shapely.coverage_is_valid(pieces)
    rings = [rings_of(p) for p in pieces]
    boxes = np.array([[f(v[i] for v in r[0]) for f, i in ((min, 0), (min, 1), (max, 0), (max, 1))] for r in rings])
    return pieces, rings, boxes, LayerIndex(1, pieces, list(range(len(pieces))))


def test_a_hundred_thousand_random_points_are_each_in_exactly_one_grid_as_the_oracle_says(layer):
    pieces, rings, boxes, index = layer
    west, south, east, north = shapely.total_bounds(pieces)
    points = np.array([west, south]) + np.random.default_rng(1).random((100_000, 2)) * [east - west, north - south]
    got = index.locate_many(points)
    inside = 0
    for (lon, lat), mine in zip(points.tolist(), got, strict=True):
        held = oracle(rings, boxes, whole(lon), whole(lat))
        assert mine == (min(held) if held else None)
        inside += mine is not None
    assert inside > 30_000


def test_ten_thousand_points_exactly_on_shared_borders_are_each_in_exactly_one_grid(layer):
    _, rings, boxes, index = layer
    rng = np.random.default_rng(2)
    seen: dict[tuple, int] = {}
    for grid in rings:
        for ring in grid:
            for a, b in itertools.pairwise(ring):
                edge = (min(a, b), max(a, b))
                seen[edge] = seen.get(edge, 0) + 1
    shared = [edge for edge, count in sorted(seen.items()) if count == 2]
    several = 0
    for number in range(10_000):
        (ax, ay), (bx, by) = shared[number % len(shared)]
        parts = math.gcd(bx - ax, by - ay)
        k = int(rng.integers(0, parts + 1))
        x, y = ax + (bx - ax) // parts * k, ay + (by - ay) // parts * k
        held = oracle(rings, boxes, x, y)
        assert len(held) >= 2
        assert index.locate(x / UNITS, y / UNITS) == min(held)
        assert index.all_at(x / UNITS, y / UNITS) == held
        several += len(held) > 2
    assert several > 0  # corners where three grids meet are among them


def test_a_border_point_belongs_to_the_first_id_whichever_way_the_polygons_are_ordered():
    left, right = square(0, 0), square(1, 0)
    assert LayerIndex(1, [left, right], ["a", "b"]).locate(114.001, 22.5005) == "a"
    assert LayerIndex(1, [right, left], ["a", "b"]).locate(114.001, 22.5005) == "a"


def test_a_point_in_a_hole_is_outside_and_on_its_border_inside():
    ring = shapely.difference(square(0, 0, 4), square(1, 1))
    index = LayerIndex(1, [ring], ["ring"])
    assert index.locate(114.0015, 22.5015) is None
    assert index.locate(114.001, 22.5015) == "ring"
    assert index.locate(114.003, 22.5035) == "ring"


def test_outside_all_grids_the_nearest_and_its_distance_in_metres_are_told():
    index = LayerIndex(1, [square(0, 0), square(1, 0)], ["a", "b"])
    assert index.locate(114.003, 22.5005) is None
    nearest = index.nearest(114.003, 22.5005)
    assert nearest is not None and nearest.id == "b"
    assert nearest.distance_m == pytest.approx(102.9, abs=0.2)  # 0.001° of longitude at 22.5° N
    assert index.nearest(114.001, 22.6).id == "a"  # equally far from both
    assert index.nearest(114.0005, 22.5005).distance_m == 0


def test_an_empty_layer_and_impossible_coordinates_hold_nothing():
    assert LayerIndex(1, [], []).locate(114, 22) is None
    assert LayerIndex(1, [], []).nearest(114, 22) is None
    index = LayerIndex(1, [square(0, 0)], ["a"])
    assert index.locate(float("nan"), 22.5) is None
    assert index.locate(float("inf"), 22.5) is None
    assert index.locate(1e300, 22.5) is None


def test_islands_and_overlaps_follow_the_order_of_ids():
    island = shapely.MultiPolygon([square(0, 0), square(5, 5)])
    index = LayerIndex(1, [island, square(0, 0, 2)], ["first", "second"])
    assert index.locate(114.0055, 22.5055) == "first"
    assert index.locate(114.0005, 22.5005) == "first"
    assert index.locate(114.0015, 22.5015) == "second"
    assert index.all_at(114.0005, 22.5005) == ["first", "second"]


@settings(max_examples=200, deadline=None)
@given(
    corners=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=9, unique=True),
    x=st.integers(-2, 42),
    y=st.integers(-2, 42),
)
def test_any_polygon_on_a_coarse_lattice_agrees_with_the_oracle(corners, x, y):
    hull = shapely.MultiPoint(corners).convex_hull
    if hull.geom_type != "Polygon":
        return
    polygon = shapely.transform(hull, lambda c: c / UNITS)
    index = LayerIndex(1, [polygon], ["it"])
    index._side = 7  # several cells over a small polygon, so that every kind of cell is met
    index._rows = (index._y1 - index._y0) // 7 + 1
    expected = "it" if oracle_holds(rings_of(polygon), x, y) else None
    assert index.locate(x / UNITS, y / UNITS) == expected
