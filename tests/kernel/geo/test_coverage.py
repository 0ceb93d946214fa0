"""Coverage and stacking checks on made faults of known size."""

from __future__ import annotations

import pytest
import shapely

from tests.kernel.geo.shapes import district, square
from wangge.kernel.geo.coverage import check_coverage, check_ring, check_stack
from wangge.kernel.geo.grouping import group
from wangge.kernel.geo.lattice import area_m2
from wangge.kernel.geo.subdivide import subdivide, union_of

SQUARE_M2 = area_m2(square(0, 0))


def grids(skip: set[tuple[int, int]] = frozenset()) -> tuple[list, list]:
    places = [(x, y) for y in range(3) for x in range(3) if (x, y) not in skip]
    return [square(x, y) for x, y in places], [f"{x}{y}" for x, y in places]


PARENT = shapely.union_all(grids()[0])


def test_a_sound_coverage_has_no_fault():
    assert check_coverage(*grids(), PARENT) == []
    pieces = subdivide(district(), 80)
    assert check_coverage(pieces, list(range(80)), union_of(pieces)) == []


def test_a_missing_grid_is_one_gap_with_its_size_and_its_neighbours():
    (gap,) = check_coverage(*grids({(1, 1)}), PARENT)
    assert (gap.kind, gap.grade) == ("gap", "fault")
    assert gap.size_m2 == pytest.approx(SQUARE_M2, rel=1e-3)
    assert gap.geometry.equals(square(1, 1)) and set(gap.pieces) >= {"10", "01", "21", "12"}


def test_a_gap_at_the_rim_is_seen_only_with_the_parent():
    assert [f.kind for f in check_coverage(*grids({(0, 0)}), PARENT)] == ["gap"]
    assert check_coverage(*grids({(0, 0)})) == []
    assert [f.kind for f in check_coverage(*grids({(1, 1)}))] == ["gap"]


def test_an_overlap_names_both_grids_and_its_geometry():
    shapes, names = grids()
    shapes[0] = shapely.union(shapes[0], square(2, 0, 1, 0.0005))  # half a square too far east
    faults = check_coverage(shapes, names, PARENT)
    overlap = next(f for f in faults if f.kind == "overlap")
    assert overlap.pieces == ("00", "10") and overlap.size_m2 == pytest.approx(SQUARE_M2 / 4, rel=1e-3)
    assert not [f for f in faults if f.kind in ("gap", "crossing")]


def test_a_crossing_of_the_parents_border_names_the_grid():
    shapes, names = grids()
    shapes[8] = shapely.union(shapes[8], square(3, 2))
    (crossing,) = check_coverage(shapes, names, PARENT)
    assert (crossing.kind, crossing.pieces) == ("crossing", ("22",))
    assert crossing.size_m2 == pytest.approx(SQUARE_M2, rel=1e-3)


def test_a_ring_that_cuts_itself_is_located_and_its_place_is_a_gap():
    shapes, names = grids()
    shapes[4] = shapely.Polygon([(114.001, 22.501), (114.002, 22.502), (114.002, 22.501), (114.001, 22.502)])
    ring, gap = check_coverage(shapes, names, PARENT)
    assert (ring.kind, ring.pieces, ring.note) == ("invalid_ring", ("11",), "Self-intersection")
    assert ring.geometry.distance(shapely.Point(114.0015, 22.5015)) < 1e-9
    assert gap.kind == "gap"
    assert check_ring(square(0, 0)) is None
    assert check_ring(shapely.Polygon(), "x").note == "empty geometry"


def test_a_sliver_is_reported_and_classed_as_one():
    shapes, names = grids()
    shapes[0] = shapely.box(114.0, 22.5, 114.0009998, 22.501)  # two centimetres short of its neighbour
    gap = check_coverage(shapes, names, PARENT)[0]
    assert (gap.kind, gap.grade) == ("gap", "sliver")
    assert 0 < gap.size_m2 < 3


def test_a_vertex_on_one_side_alone_is_told_as_an_edge_without_area():
    shapes, names = grids()
    shapes[0] = shapely.Polygon([(114, 22.5), (114.001, 22.5), (114.001, 22.5005), (114.001, 22.501), (114, 22.501)])
    faults = check_coverage(shapes, names, PARENT)
    assert faults and {f.kind for f in faults} == {"edge"}
    assert {name for f in faults for name in f.pieces} == {"00", "10"}


def test_every_fault_of_a_damaged_copy_is_found_at_once():
    pieces = subdivide(district(), 60)
    parent = union_of(pieces)
    names = list(range(60))
    damaged = [p for i, p in enumerate(pieces) if i != 30]
    del names[30]
    damaged[10] = shapely.buffer(damaged[10], 0.0005)
    kinds = {f.kind for f in check_coverage(damaged, names, parent) if f.grade == "fault"}
    assert {"gap", "overlap"} <= kinds


def test_stacked_grids_made_of_whole_base_grids_coincide():
    base = subdivide(district(), 60)
    groups = group(base, 12)
    upper = [union_of([base[i] for i in g]) for g in groups]
    faults, members = check_stack(upper, list("abcdefghijkl"), base, list(range(60)), "1:N")
    assert faults == [] and [members[c] for c in "abcdefghijkl"] == groups
    assert check_stack(base, list(range(60)), base, list(range(60)), "1:1")[0] == []
    faults, homes = check_stack(base, list(range(60)), upper, list("abcdefghijkl"), "N:1")
    assert faults == [] and all(len(home) == 1 for home in homes.values())


def test_a_stacked_border_that_cuts_through_a_base_grid_is_found():
    shapes, names = grids()
    upper = [shapely.box(114.0, 22.5, 114.0015, 22.503), shapely.box(114.0015, 22.5, 114.003, 22.503)]
    faults, _ = check_stack(upper, ["a", "b"], shapes, names, "1:N")
    assert {f.kind for f in faults} == {"mismatch"} and sum(f.size_m2 for f in faults) > SQUARE_M2
    assert check_stack(upper, ["a", "b"], shapes, names, "1:1")[0]
    with pytest.raises(ValueError, match="stacked"):
        check_stack(upper, ["a", "b"], shapes, names, "2:3")
