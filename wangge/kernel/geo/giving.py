"""Land that goes from one piece of a coverage to another, so that it stays a coverage vertex for vertex."""

from __future__ import annotations

from collections.abc import Mapping

import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.coverage import is_sliver
from wangge.kernel.geo.lattice import areal, polygons_of, snap
from wangge.kernel.geo.subdivide import union_of

REACH = 5e-6  # degrees, about half a metre: a drawn line so near a border is meant to be that border


def give(area: BaseGeometry, to: str, pieces: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """The new borders when all land of the pieces within `area` (degrees) goes to the piece `to`; only those that change.

    The drawn line is drawn to vertices and borders that it passes within half a metre. Slivers that it cuts off go along. A piece of which nothing is left has an empty polygon; one that is cut in two a MultiPolygon: callers say what they make of it.
    """
    drawn = _drawn_to(area, pieces)
    touched = {c: s for c, s in pieces.items() if c == to or not is_sliver(areal(s.intersection(drawn)))}
    if len(touched) < 2 or to not in touched:
        return {}
    lines = shapely.unary_union([s.boundary for s in (*touched.values(), drawn)], grid_size=1e-7)
    owned: dict[str, list[BaseGeometry]] = {code: [] for code in touched}
    for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))):
        inside = face.representative_point()
        home = next((code for code, shape in touched.items() if shape.contains(inside)), None)
        if home is not None:
            owned[to if drawn.contains(inside) else home].append(snap(face))
    for code in touched:
        if code != to:
            _give_crumbs(owned, code, to)
    return {code: union_of(faces) if faces else shapely.Polygon() for code, faces in owned.items()}


def _drawn_to(area: BaseGeometry, pieces: Mapping[str, BaseGeometry]) -> BaseGeometry:
    """The area with its line on the borders that it nearly is."""
    near = [shape.boundary for shape in pieces.values() if shape.intersects(area)]
    found = shapely.snap(area, shapely.unary_union(near), REACH) if near else area
    return snap(found if found.is_valid else shapely.make_valid(area))


def _give_crumbs(owned: dict[str, list[BaseGeometry]], code: str, to: str) -> None:
    """Parts of a piece that are cut off and no more than slivers go along."""
    if not owned[code]:
        return
    parts = polygons_of(union_of(owned[code]))
    if len(parts) < 2:
        return
    crumbs = [p for p in parts if is_sliver(p)]
    for face in list(owned[code]):
        if any(crumb.contains(face.representative_point()) for crumb in crumbs):
            owned[code].remove(face)
            owned[to].append(face)
