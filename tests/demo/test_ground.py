"""The ground of the demo: counts, coverage, nesting, sameness. No database."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest
import shapely

from wangge.demo import ground, names, plan
from wangge.demo.ground import District
from wangge.kernel.geo.coverage import check_coverage, check_stack
from wangge.kernel.geo.lattice import area_m2, length_m
from wangge.kernel.geo.numbering import reading_order
from wangge.kernel.geo.subdivide import union_of


@pytest.fixture(scope="module")
def districts() -> list[District]:
    return ground.make()


def test_the_printed_counts_of_fubao_and_yantian_are_met(districts: list[District]) -> None:
    futian, yantian = districts
    fubao = next(s for s in futian.streets if s.code == plan.FUBAO)
    assert sum(len(c.base) for c in fubao.communities) == 81
    assert sum(len(c.working) for c in fubao.communities) == 33
    assert {layer: len(list(yantian.grids(layer))) for layer in ground.LAYERS} == {
        "base": 374,
        "working": 0,
        "police": 46,
        "fire": 9,
    }
    assert len(list(futian.communities())) == 98 and len(list(yantian.communities())) == 25


def test_the_streets_are_those_of_the_national_list(districts: list[District]) -> None:
    rows = {r["code"]: r["name"] for r in plan.street_rows()}
    assert len(rows) == 41_352
    made = {s.code: s.name.zh for d in districts for s in d.streets}
    assert made.keys() | plan.SPECIAL.keys() == {c for c in rows if c[:6] in (plan.FUTIAN, plan.YANTIAN)}
    assert all(rows[code] == name for code, name in made.items())


def test_every_community_is_covered_by_its_base_grids_without_gap_overlap_or_crossing(
    districts: list[District],
) -> None:
    for district in districts:
        for c in district.communities():
            assert check_coverage([g.geometry for g in c.base], [g.code for g in c.base], c.geometry) == []


def test_every_level_is_exactly_the_union_of_the_one_below(districts: list[District]) -> None:
    for district in districts:
        assert union_of([s.geometry for s in district.streets]).equals(district.geometry)
        assert shapely.coverage_is_valid([g.geometry for g in district.grids("base")])
        for street in district.streets:
            assert union_of([c.geometry for c in street.communities]).equals(street.geometry)


def test_the_districts_keep_their_real_borders(districts: list[District]) -> None:
    real = ground.real_districts()
    for district in districts:
        moved = area_m2(shapely.symmetric_difference(district.geometry, real[district.code]))
        assert moved < length_m(real[district.code].boundary) * 0.02


def test_stacked_grids_are_whole_contiguous_groups_of_base_grids_and_take_each_once(districts: list[District]) -> None:
    futian, yantian = districts
    fubao = [c for c in futian.communities() if c.code.startswith(plan.FUBAO)]
    stacks = {
        "working": ([g for c in fubao for g in c.working], [g for c in fubao for g in c.base]),
        "police": (list(yantian.grids("police")), list(yantian.grids("base"))),
        "fire": (list(yantian.grids("fire")), list(yantian.grids("base"))),
    }
    for layer, (upper, base) in stacks.items():
        faults, members = check_stack(
            [g.geometry for g in upper],
            [g.code for g in upper],
            [g.geometry for g in base],
            [g.code for g in base],
            "1:N",
        )
        assert faults == [], layer
        assert {code: sorted(m) for code, m in members.items()} == {g.code: sorted(g.members) for g in upper}
        assert sorted(c for g in upper for c in g.members) == sorted(g.code for g in base)
        assert all(g.geometry.geom_type == "Polygon" for g in upper)


def test_grids_are_contiguous_compact_and_of_like_size(districts: list[District]) -> None:
    for district in districts:
        grids = [g.geometry for g in district.grids("base")]
        sizes = np.array([area_m2(g) for g in grids])
        compact = [4 * np.pi * a / length_m(g) ** 2 for a, g in zip(sizes, grids, strict=True)]
        assert all(g.geom_type == "Polygon" and g.is_valid for g in grids)
        assert sizes.std() / sizes.mean() < 0.05
        assert np.mean(compact) > 0.7 and np.quantile(compact, 0.02) > 0.35


def test_grids_are_numbered_in_reading_order_and_no_code_is_given_twice(districts: list[District]) -> None:
    codes = [g.code for d in districts for layer in ground.LAYERS for g in d.grids(layer)]
    assert len(codes) == len(set(codes)) == 771 + 33 + 374 + 46 + 9
    for district in districts:
        for c in district.communities():
            assert [g.code for g in c.base] == [f"{c.code}{n:03d}" for n in range(1, len(c.base) + 1)]
            assert reading_order([g.geometry for g in c.base]) == list(range(len(c.base)))


def test_making_it_again_gives_the_same_codes_names_and_borders(districts: list[District]) -> None:
    for first, second in zip(districts, ground.make(), strict=True):
        for layer in ground.LAYERS:
            pairs = zip(first.grids(layer), second.grids(layer), strict=True)
            assert all((a.code, a.name, a.geometry.wkb) == (b.code, b.name, b.geometry.wkb) for a, b in pairs)


def test_all_that_is_made_is_called_synthetic(districts: list[District]) -> None:
    made = [c.name for d in districts for c in d.communities()]
    made += [g.name for d in districts for layer in ground.LAYERS for g in d.grids(layer)]
    made += [name for _, name, _ in ground.LAYERS.values()]
    assert all(n.zh.endswith("（示例）") and n.en.endswith("(synthetic)") for n in made)
    assert len(set(made)) == len(made)


def test_names_are_different_and_phones_are_nobodys() -> None:
    people = list(names.people())
    assert len(set(people)) == len(people) > 3000
    assert all(name[1] == "示" for name in people)
    numbers = names.phones()
    assert all(re.fullmatch(names.PHONE, next(numbers)) for _ in range(5000))


def test_the_data_ship_with_their_notice_and_without_what_may_not_be_shipped() -> None:
    folder = files("wangge.demo") / "data"
    assert {f.name for f in folder.iterdir()} == {"NOTICE.md", "districts.geojson", "streets.csv.gz"}
    notice = (folder / "NOTICE.md").read_text("utf-8")
    assert "Copyright (c) 2021, Qing Yu" in notice and "BSD 3-Clause" in notice and "WTFPL" in notice
