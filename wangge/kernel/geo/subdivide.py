"""Deterministic subdivision of a real polygon into compact, contiguous pieces that are a valid coverage.

A polygon is cut in two by a straight line across its longer axis so that the areas stand as the weights of the two
halves, and so on down to the leaves. All leaves are then noded together on the 1e-7 degree lattice, and the upper
levels are unions of their leaves: every level nests exactly in the next, shared vertices are identical on both sides,
and holes stay holes. The outer border moves by less than one lattice unit where a cut meets it.

Islands (the smaller parts of a MultiPolygon) are not cut: each joins the nearest leaf, which becomes a MultiPolygon.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.lattice import STEP, metres_per_degree, polygons_of, snap

Plan = int | Sequence["Plan"]  # a number of leaves, or the plans of the children

_FRAGMENT = 0.02  # a cut that leaves more than this share in loose fragments is tried at other angles
_RAGGED = 0.85  # a polygon that fills less of its convex hull than this is cut with care for compact halves
_ANGLES = (0.0, 30.0, -30.0, 60.0, -60.0, 90.0)


@dataclass
class Piece:
    """A node of a nested subdivision: its geometry and the pieces inside it (none for a leaf)."""

    geometry: BaseGeometry
    children: list[Piece] = field(default_factory=list)

    def leaves(self) -> list[Piece]:
        """The leaves below (a leaf: itself), in order."""
        if not self.children:
            return [self]
        return [leaf for child in self.children for leaf in child.leaves()]


def subdivide(area: BaseGeometry, count: int) -> list[BaseGeometry]:
    """`count` pieces of an area (degrees). Raises ValueError for an empty area or a count below 1."""
    return [piece.geometry for piece in subdivide_nested(area, count).leaves()]


def subdivide_nested(area: BaseGeometry, plan: Plan) -> Piece:
    """Subdivide an area by a nested plan; sizes follow the number of leaves.

    `subdivide_nested(district, [[3, 4], [5]])` gives two streets, the first of two communities with 3 and 4 grids, the
    second of one with 5. Raises ValueError when the area has no polygon or a count is below 1.
    """
    parts = sorted(polygons_of(area), key=lambda p: -p.area)
    if not parts:
        raise ValueError("the area has no polygon")
    if _leaves(plan) < 1:
        raise ValueError("at least one piece is needed")
    middle = (area.bounds[1] + area.bounds[3]) / 2
    east, north = metres_per_degree(middle)
    # one lattice for both axes is kept; only the cutting works on a plane where a metre is a metre in all directions
    root = _grow(_scaled(parts[0], east, north), plan)
    leaves = root.leaves()
    raw = [_scaled(leaf.geometry, 1 / east, 1 / north) for leaf in leaves]
    for leaf, geometry in zip(leaves, _noded(raw, parts[1:]), strict=True):
        leaf.geometry = geometry
    _rebuild(root)
    return root


def _leaves(plan: Plan) -> int:
    if isinstance(plan, int):
        if plan < 1:
            raise ValueError("a count of pieces is at least 1")
        return plan
    return sum(_leaves(child) for child in plan)


def _scaled(geometry: BaseGeometry, x: float, y: float) -> BaseGeometry:
    return shapely.transform(geometry, lambda c: c * np.array([x, y]))


def _grow(polygon: shapely.Polygon, plan: Plan) -> Piece:
    """The tree of raw (not yet noded) pieces of one polygon in metres."""
    if plan == 1:
        return Piece(polygon)
    children: list[Plan] = [1] * plan if isinstance(plan, int) else list(plan)
    pieces = _shares(polygon, [_leaves(child) for child in children])
    return Piece(polygon, [_grow(piece, child) for piece, child in zip(pieces, children, strict=True)])


def _shares(polygon: shapely.Polygon, weights: list[int]) -> list[shapely.Polygon]:
    """Cut a polygon into pieces whose areas stand as the weights, in the weights' order."""
    if len(weights) == 1:
        return [polygon]
    total, left, at = sum(weights), 0, 0
    while at < len(weights) - 1 and (at == 0 or left + weights[at] / 2 <= total / 2):
        left += weights[at]
        at += 1
    first, second = _cut(polygon, left / total)
    return _shares(first, weights[:at]) + _shares(second, weights[at:])


def _cut(polygon: shapely.Polygon, share: float) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Two contiguous halves by a straight cut; the first has `share` of the area as nearly as contiguity allows.

    A ragged polygon (a bay, a crescent) is cut at the angle that leaves the more compact halves.
    """
    best: tuple[tuple[bool, float], shapely.Polygon, shapely.Polygon] | None = None
    axis = _axis(polygon)
    ragged = polygon.area < _RAGGED * polygon.convex_hull.area
    for turn in _ANGLES:
        first, second = _cut_at(polygon, share, axis + math.radians(turn))
        error = abs(first.area / polygon.area - share)
        uneven = error > _FRAGMENT * min(share, 1 - share)
        rank = (uneven, error if uneven else max(half.length**2 / half.area for half in (first, second)))
        if best is None or rank < best[0]:
            best = (rank, first, second)
        if not uneven and not ragged:
            break
    assert best is not None
    return best[1], best[2]


def _axis(polygon: shapely.Polygon) -> float:
    """Direction of the longer side of the smallest rectangle around a polygon, pointing south or east."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))
    sides = np.diff(ring[:3], axis=0)
    x, y = sides[int(np.argmax(np.hypot(*sides.T)))]
    angle = math.atan2(y, x)
    # "forward" is east or south, so that pieces come out roughly in reading order
    if math.cos(angle) - math.sin(angle) < 0:
        angle += math.pi
    return angle


def _cut_at(polygon: shapely.Polygon, share: float, angle: float) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Cut across `angle`; loose fragments are given to the half that they touch."""
    turned = _rotated(polygon, -angle)
    x0, y0, x1, y1 = turned.bounds
    wanted = turned.area * share
    low, high, f_low, f_high = x0, x1, -wanted, turned.area - wanted
    x = x0 + (x1 - x0) * share
    for _ in range(12):  # regula falsi, Illinois variant: the area grows steadily with x
        f = shapely.intersection(turned, shapely.box(x0 - 1, y0 - 1, x, y1 + 1)).area - wanted
        if abs(f) < turned.area * 0.002:
            break
        if f < 0:
            low, f_low, f_high = x, f, f_high / 2
        else:
            high, f_high, f_low = x, f, f_low / 2
        x = low + (high - low) * (-f_low / (f_high - f_low))
    line = shapely.LineString([(x, y0 - 1), (x, y1 + 1)])
    faces = _faces([turned.boundary, line])
    faces = [face for face in faces if shapely.contains_properly(turned, face.representative_point())]
    left = [face for face in faces if face.representative_point().x < x]
    # the two halves must each be one piece: keep the largest left face, then the largest rest, and give back the others
    main = max(left, key=lambda p: p.area)
    rest = polygons_of(shapely.unary_union([face for face in faces if face is not main]))
    second = max(rest, key=lambda p: p.area)
    first = shapely.unary_union([main, *(part for part in rest if part is not second)])
    return _rotated(polygons_of(first)[0], angle), _rotated(second, angle)


def _rotated(geometry: BaseGeometry, angle: float) -> BaseGeometry:
    c, s = math.cos(angle), math.sin(angle)
    return shapely.transform(geometry, lambda p: p @ np.array([[c, s], [-s, c]]))


def _faces(lines: list[BaseGeometry], grid: float | None = None) -> list[shapely.Polygon]:
    noded = shapely.unary_union(np.array(lines, dtype=object), grid_size=grid)
    return list(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))


def _noded(raw: list[BaseGeometry], islands: list[shapely.Polygon]) -> list[BaseGeometry]:
    """The leaves (degrees) as a valid coverage on the lattice, in order; islands joined to the nearest."""
    faces = _faces([piece.boundary for piece in raw], STEP)
    tree = shapely.STRtree(raw)
    mine: list[list[BaseGeometry]] = [[] for _ in raw]
    for face in faces:
        point = face.representative_point()
        inside = tree.query(point, predicate="within")
        if len(inside):  # a face inside no leaf is a hole of the area, or a bay that the border closes
            mine[int(inside.min())].append(face)
    for island in islands:
        mine[int(tree.nearest(island))].append(island)
    return [snap(_one(parts)) for parts in mine]


def _one(parts: list[BaseGeometry]) -> BaseGeometry:
    if not parts:
        raise ValueError("the area is too small for that many pieces")
    return parts[0] if len(parts) == 1 else shapely.unary_union(parts)


def _rebuild(piece: Piece) -> BaseGeometry:
    """Give every upper piece the exact union of its leaves (every node of a leaf's border is on it)."""
    if piece.children:
        parts = [part for child in piece.children for part in polygons_of(_rebuild(child))]
        piece.geometry = union_of(parts)
    return piece.geometry


def union_of(pieces: Sequence[BaseGeometry]) -> BaseGeometry:
    """The exact union of neighbours that share their vertices; no vertex on the outside is added or moved."""
    parts = [part for piece in pieces for part in polygons_of(piece)]
    union = shapely.coverage_union_all(parts)
    found = polygons_of(union)
    return found[0] if len(found) == 1 else shapely.MultiPolygon(found)
