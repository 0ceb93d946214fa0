"""Subdivision, grouping and numbering."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.kernel.geo.shapes import district, square
from wangge.kernel.geo.grouping import adjacency, group
from wangge.kernel.geo.lattice import area_m2, length_m, snap
from wangge.kernel.geo.numbering import NoNumberLeft, next_codes, next_numbers, reading_order
from wangge.kernel.geo.subdivide import subdivide, subdivide_nested, union_of


def test_pieces_are_a_valid_coverage_of_contiguous_compact_pieces_of_equal_size():
    area = district()
    pieces = subdivide(area, 120)
    assert len(pieces) == 120
    assert shapely.coverage_is_valid(pieces)
    assert all(piece.geom_type == "Polygon" and piece.is_valid for piece in pieces)
    sizes = np.array([area_m2(piece) for piece in pieces])
    assert sizes.std() / sizes.mean() < 0.1
    assert np.mean([4 * np.pi * a / length_m(p.boundary) ** 2 for a, p in zip(sizes, pieces, strict=True)]) > 0.55


def test_the_pieces_together_are_the_area_and_its_hole_stays_a_hole():
    area = district()
    union = union_of(subdivide(area, 50))
    assert len(union.interiors) == 1
    assert shapely.hausdorff_distance(union, area) < 2e-7
    assert area_m2(shapely.symmetric_difference(union, area)) < length_m(area.boundary) * 0.02


def test_levels_nest_exactly_and_sizes_follow_the_number_of_leaves():
    root = subdivide_nested(district(), [[3, 4, 5], [6], [2, 2], [20, 20]])
    assert [len(child.leaves()) for child in root.children] == [12, 6, 4, 40]
    for street in root.children:
        for community in street.children:
            grids = [leaf.geometry for leaf in community.leaves()]
            assert union_of(grids).equals(community.geometry)
        assert union_of([c.geometry for c in street.children]).equals(street.geometry)
    communities = [c.geometry for street in root.children for c in street.children]
    assert shapely.coverage_is_valid(communities)
    assert shapely.coverage_is_valid([leaf.geometry for leaf in root.leaves()])
    assert area_m2(root.children[3].geometry) / area_m2(root.children[2].geometry) == pytest.approx(10, rel=0.05)


def test_the_same_area_gives_the_same_pieces_and_all_vertices_lie_on_the_lattice():
    first, second = subdivide(district(), 30), subdivide(district(), 30)
    assert [p.wkb for p in first] == [p.wkb for p in second]
    assert all(snap(p).wkb == p.wkb for p in first)


def test_islands_join_the_nearest_piece():
    area = shapely.MultiPolygon([square(0, 0, 4), square(6, 0)])
    pieces = subdivide(area, 4)
    assert sorted(p.geom_type for p in pieces) == ["MultiPolygon", "Polygon", "Polygon", "Polygon"]
    assert sum(area_m2(p) for p in pieces) == pytest.approx(area_m2(area), rel=1e-6)


def test_an_impossible_subdivision_is_refused():
    with pytest.raises(ValueError, match="at least"):
        subdivide(district(), 0)
    with pytest.raises(ValueError, match="no polygon"):
        subdivide(shapely.Polygon(), 3)


def test_groups_are_contiguous_even_and_take_every_piece_once():
    pieces = subdivide(district(), 81)
    groups = group(pieces, 33)
    assert sorted(i for g in groups for i in g) == list(range(81))
    assert {len(g) for g in groups} <= {1, 2, 3, 4}
    assert all(union_of([pieces[i] for i in g]).geom_type == "Polygon" for g in groups)
    assert groups == group(pieces, 33)


def test_pieces_that_only_share_a_corner_are_no_neighbours():
    grids = [square(0, 0), square(1, 0), square(1, 1)]
    near = adjacency(grids)
    assert set(near[0]) == {1} and set(near[1]) == {0, 2} and set(near[2]) == {1}
    assert near[0][1] == pytest.approx(110.7, abs=0.5)


def test_more_groups_than_pieces_or_fewer_than_islands_are_refused():
    with pytest.raises(ValueError):
        group([square(0, 0), square(1, 0)], 3)
    with pytest.raises(ValueError):
        group([square(0, 0), square(5, 0)], 1)


def test_grids_are_numbered_from_west_to_east_and_from_north_to_south():
    grids = {(x, y): square(x, y) for x in range(4) for y in range(3)}
    places = list(grids)
    order = [places[i] for i in reading_order(list(grids.values()))]
    assert order == [(x, y) for y in (2, 1, 0) for x in range(4)]


def test_numbers_go_on_after_the_highest_ever_given_and_retired_ones_never_return():
    assert next_numbers([], 3) == [1, 2, 3]
    assert next_numbers([1, 2, 7], 2) == [8, 9]
    assert next_numbers([999, 1], 2) == [2, 3]
    assert next_codes("440304010001", ["440304010001007", "440304010002050"], 1) == ["440304010001008"]
    with pytest.raises(NoNumberLeft):
        next_numbers(range(1, 999), 2)
