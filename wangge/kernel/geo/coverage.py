"""Is a base layer a valid coverage of its community: no gap, no overlap, no crossing of the parent's border.

Every fault is found by exact differences and told with its size, its geometry and the pieces concerned. Nothing is
forgiven for being small: a fault below `SLIVER_M2` square metres, or nowhere wider than `SLIVER_WIDTH_M` metres, is
still reported, as class "sliver" (the usual leftover of rounding or of drawing without snapping) instead of "fault".
Only faults without any area and longer than nothing are left: neighbours whose shared border has a vertex on one side
alone ("edge"), which later rounding could tear open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.lattice import area_m2, length_m, polygons_of

SLIVER_M2 = 1.0
SLIVER_WIDTH_M = 0.05

GAP, OVERLAP, CROSSING, INVALID, EDGE, MISMATCH = "gap", "overlap", "crossing", "invalid_ring", "edge", "mismatch"


@dataclass(frozen=True)
class Fault:
    """One place where a layer is not a coverage.

    `kind`: gap, overlap, crossing (beyond the parent's border), invalid_ring, edge (unmatched vertices), mismatch (a
    stacked grid that is no union of base grids). `grade`: "fault" or "sliver". `pieces`: ids concerned, in order.
    `size_m2` / `length_m`: area in square metres; length of the border in metres. `note`: e.g. where a ring cuts itself.
    """

    kind: str
    grade: str
    pieces: tuple[Any, ...]
    size_m2: float
    length_m: float
    geometry: BaseGeometry
    note: str = ""


def check_ring(geometry: BaseGeometry, piece: Any = None) -> Fault | None:
    """The fault of a polygon that is no valid polygon, located at the offending point; None when it is valid."""
    if geometry.is_empty:
        return Fault(INVALID, "fault", (piece,), 0.0, 0.0, geometry, "empty geometry")
    reason = shapely.is_valid_reason(geometry)
    if reason == "Valid Geometry":
        return None
    where = reason[reason.find("[") + 1 : reason.rfind("]")].split() if "[" in reason else []
    at = shapely.Point(float(where[0]), float(where[1])) if len(where) >= 2 else geometry.representative_point()
    return Fault(INVALID, "fault", (piece,), 0.0, 0.0, at, reason.split("[")[0].strip())


def check_coverage(
    pieces: Sequence[BaseGeometry], ids: Sequence[Any], parent: BaseGeometry | None = None
) -> list[Fault]:
    """All faults of the pieces (degrees) of one community, invalid rings first, then gaps, overlaps, crossings, edges.

    Without a `parent` only gaps enclosed by the pieces can be seen, and no crossing. Pieces with an invalid ring are
    reported and left out of the rest (so that a gap shows where they should be).
    """
    faults = [fault for p, i in zip(pieces, ids, strict=True) if (fault := check_ring(p, i)) is not None]
    good = [(p, i) for p, i in zip(pieces, ids, strict=True) if not p.is_empty and p.is_valid]
    shapes, names = [p for p, _ in good], [i for _, i in good]
    if parent is not None and not parent.is_valid:
        raise ValueError("the parent's own border is not a valid polygon")
    tree = shapely.STRtree(shapes)
    clean = shapely.coverage_is_valid(shapes) if shapes else True
    union = (shapely.coverage_union_all(shapes) if clean else shapely.unary_union(shapes)) if shapes else None
    faults += _gaps(union, parent, tree, names)
    if not clean:
        faults += _overlaps(shapes, names, tree)
    if parent is not None and union is not None:
        faults += _crossings(shapes, names, union, parent)
    if not clean:
        faults += _edges(shapes, names, [f for f in faults if f.kind in (GAP, OVERLAP)])
    return faults


def is_sliver(geometry: BaseGeometry) -> bool:
    """Whether an area is below a square metre or nowhere wider than 5 cm: what rounding leaves, not what somebody meant."""
    size, around = area_m2(geometry), length_m(geometry.boundary)
    # twice the area over the border's length is the width of a long thin shape
    return size < SLIVER_M2 or (around > 0 and 2 * size / around < SLIVER_WIDTH_M)


def _fault(kind: str, pieces: Sequence[Any], geometry: BaseGeometry, note: str = "") -> Fault:
    grade = "sliver" if is_sliver(geometry) else "fault"
    return Fault(kind, grade, tuple(pieces), area_m2(geometry), length_m(geometry.boundary), geometry, note)


def _touching(part: BaseGeometry, tree: shapely.STRtree, names: Sequence[Any]) -> list[Any]:
    found = tree.query(part, predicate="intersects")
    return [names[i] for i in sorted(int(i) for i in found)]


def _gaps(
    union: BaseGeometry | None, parent: BaseGeometry | None, tree: shapely.STRtree, names: Sequence[Any]
) -> list[Fault]:
    if parent is None:
        holes = [shapely.Polygon(ring) for part in polygons_of(union or shapely.Polygon()) for ring in part.interiors]
        return [_fault(GAP, _touching(hole, tree, names), hole, "enclosed by the pieces") for hole in holes]
    missing = parent if union is None else shapely.difference(parent, union)
    return [_fault(GAP, _touching(part, tree, names), part) for part in polygons_of(missing)]


def _overlaps(shapes: list[BaseGeometry], names: Sequence[Any], tree: shapely.STRtree) -> list[Fault]:
    first, second = tree.query(shapes, predicate="intersects")
    pairs = sorted({(int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b})
    if not pairs:
        return []
    a, b = np.array(pairs).T
    array = np.asarray(shapes, dtype=object)
    common = shapely.intersection(array[a], array[b])
    return [
        _fault(OVERLAP, (names[i], names[j]), part)
        for i, j, shape in zip(a.tolist(), b.tolist(), common, strict=True)
        for part in polygons_of(shape)
    ]


def _crossings(
    shapes: list[BaseGeometry], names: Sequence[Any], union: BaseGeometry, parent: BaseGeometry
) -> list[Fault]:
    if shapely.covers(parent, union):
        return []
    beyond = shapely.difference(np.asarray(shapes, dtype=object), parent)
    return [
        _fault(CROSSING, (name,), part)
        for name, shape in zip(names, beyond, strict=True)
        for part in polygons_of(shape)
    ]


def _edges(shapes: list[BaseGeometry], names: Sequence[Any], explained: list[Fault]) -> list[Fault]:
    """Borders that do not match their neighbour's vertex by vertex, where no gap or overlap already says so."""
    marked = shapely.coverage_invalid_edges(shapes)
    said = shapely.buffer(shapely.unary_union([f.geometry for f in explained]), 2e-7) if explained else None
    out = []
    for name, lines in zip(names, marked, strict=True):
        if lines is None or lines.is_empty:
            continue
        left = shapely.difference(lines, said) if said is not None else lines
        if length_m(left) > 0.01:
            note = "vertices differ from the neighbour's"
            out.append(Fault(EDGE, "sliver", (name,), 0.0, length_m(left), left, note))
    return out


def check_stack(
    upper: Sequence[BaseGeometry],
    upper_ids: Sequence[Any],
    base: Sequence[BaseGeometry],
    base_ids: Sequence[Any],
    stacking: str,
) -> tuple[list[Fault], dict[Any, list[Any]]]:
    """Do the borders of a stacked layer coincide with base grids? Faults, and which base grids each upper grid takes.

    `stacking`: "1:1" (each upper grid is one base grid), "1:N" (one upper grid is a union of base grids) or "N:1"
    (upper grids divide a base grid: several lie in one). A base grid belongs to the upper grid that covers most of it.
    The difference in area is the fault, graded like a coverage's.
    """
    if stacking not in ("1:1", "1:N", "N:1"):
        raise ValueError(f"a layer is stacked 1:1, 1:N or N:1, not {stacking!r}")
    fine, fine_ids, coarse, coarse_ids = upper, upper_ids, base, base_ids
    if stacking != "N:1":
        fine, fine_ids, coarse, coarse_ids = base, base_ids, upper, upper_ids
    members: dict[Any, list[Any]] = {i: [] for i in coarse_ids}
    shapes: dict[Any, list[BaseGeometry]] = {i: [] for i in coarse_ids}
    tree = shapely.STRtree(coarse)
    for piece, name in zip(fine, fine_ids, strict=True):
        near = sorted(int(i) for i in tree.query(piece, predicate="intersects"))
        shares = [shapely.intersection(coarse[i], piece).area for i in near]
        if shares and max(shares) > 0.5 * piece.area:
            home = coarse_ids[near[int(np.argmax(shares))]]
            members[home].append(name)
            shapes[home].append(piece)
        elif stacking == "N:1":
            members.setdefault(None, []).append(name)
    faults: list[Fault] = []
    for name, shape in zip(coarse_ids, coarse, strict=True):
        if not shapes[name] and stacking == "N:1":
            continue  # a base grid that no upper grid divides is allowed: a stacked layer need not be everywhere
        union = shapely.unary_union(shapes[name]) if shapes[name] else shapely.Polygon()
        faults += [
            _fault(MISMATCH, (name, *members[name]), part, note)
            for rest, note in (
                (shapely.difference(shape, union), "not covered by its members"),
                (shapely.difference(union, shape), "members reach beyond"),
            )
            for part in polygons_of(rest)
        ]
        if stacking == "1:1" and len(members[name]) != 1:
            note = f"{len(members[name])} base grids where one is needed"
            faults.append(Fault(MISMATCH, "fault", (name, *members[name]), area_m2(shape), 0.0, shape, note))
    for name in members.pop(None, []):
        shape = fine[list(fine_ids).index(name)]
        faults.append(Fault(MISMATCH, "fault", (name,), area_m2(shape), 0.0, shape, "lies in no base grid"))
    if stacking == "N:1":
        taken: dict[Any, list[Any]] = {i: [] for i in upper_ids}
        for home, inside in members.items():
            for name in inside:
                taken[name].append(home)
        return faults, taken
    return faults, members
