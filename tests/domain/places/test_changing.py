"""Split, merge, redraw."""

from __future__ import annotations

import pytest
import shapely

from tests.domain.places.conftest import FIRST
from wangge.domain.places import actions, queries, rules
from wangge.domain.places.rules import Affected, GridChange
from wangge.kernel.access import SYSTEM, Grant, Principal, Role, Scope
from wangge.kernel.db import rows
from wangge.kernel.geo.grouping import adjacency
from wangge.kernel.problems import Conflict, Forbidden, Invalid
from wangge.kernel.words import Words

CODE = FIRST + "001"


def current() -> dict[str, object]:
    return {g["code"]: g["shape"] for g in queries.current_grids(queries.layer("base")["id"])}


def act(**asked):
    return actions.apply_change(by=SYSTEM, token=actions.preview_change(by=SYSTEM, **asked).token, **asked)


def test_a_preview_writes_nothing_and_a_split_retires_the_code_for_new_ones(world):
    asked = {"kind": "split", "grids": [CODE], "count": 3}
    before = current()
    plan = actions.preview_change(by=SYSTEM, **asked)
    assert (plan.retired, sorted(plan.made)) == ([CODE], [FIRST + n for n in ("007", "008", "009")])
    assert current().keys() == before.keys()
    act(**asked)
    after = current()
    assert CODE not in after and set(plan.made) <= set(after)
    assert queries.check_layer("base") == [] or {f.grade for f in queries.check_layer("base")} == {"sliver"}
    old = queries.grid(CODE)
    assert old["retired_at"] is not None and old["successors"] == sorted(plan.made)
    entry = rows.one("SELECT tag, body FROM ledger_entry ORDER BY at DESC, id DESC LIMIT 1")
    assert entry["tag"] == "places.grid.split"


def test_a_split_by_a_line_gives_neighbours_the_new_vertices_so_that_no_gap_opens(world):
    west, south, east, north = world.grids[CODE].bounds
    middle = (west + east) / 2
    cut = shapely.LineString([(middle, south - 0.01), (middle, north + 0.01)])
    plan, made = act(kind="split", grids=[CODE], cut=cut)
    assert len(made) >= 2 and plan.fitted
    assert shapely.coverage_is_valid(list(current().values()))
    point = plan.made[min(plan.made)].representative_point()
    assert queries.locate([(point.x, point.y)])[0]["base"].code == min(plan.made)


def test_a_line_that_misses_the_grid_is_refused(world):
    with pytest.raises(Invalid):
        actions.preview_change(by=SYSTEM, kind="split", grids=[CODE], cut=shapely.LineString([(0, 0), (1, 1)]))


def test_neighbours_are_merged_into_one_new_grid_and_strangers_are_not(world):
    codes = sorted(c for c in world.grids if c.startswith(FIRST))
    near = adjacency([world.grids[c] for c in codes])
    other = codes[min(near[0])]
    plan, _ = act(kind="merge", grids=[codes[0], other], names=["合并格"])
    (code,) = plan.made
    assert code == FIRST + "007" and queries.grid(code)["name"] == "合并格"
    assert queries.check_layer("base") == []
    left = [c for c in codes if c not in (codes[0], other)]
    merged = current()
    apart = (
        next(c for c in left if merged[c].intersection(merged[code]).length < 1e-9)
        if any(merged[c].intersection(merged[code]).length < 1e-9 for c in left)
        else None
    )
    if apart:
        with pytest.raises(Invalid):
            actions.preview_change(by=SYSTEM, kind="merge", grids=[code, apart])


def test_redrawing_two_neighbours_keeps_their_codes_and_the_history_of_their_borders(world):
    codes = sorted(c for c in world.grids if c.startswith(FIRST))
    near = adjacency([world.grids[c] for c in codes])
    a, b = codes[0], codes[min(near[0])]
    bite = shapely.intersection(world.grids[b], world.grids[a].buffer(0.0005))
    shapes = {a: world.grids[a].union(bite), b: world.grids[b].difference(bite)}
    if any(s.geom_type != "Polygon" for s in shapes.values()):
        pytest.fail("the made world no longer has two plain neighbours")
    redrawn = dict(shapes.items())
    with pytest.raises(Invalid):  # only one side: the two would overlap
        act(kind="redraw", grids=[], shapes={a: shapes[a]})
    act(kind="redraw", grids=[], shapes=redrawn)
    history = queries.grid_versions(queries.grid(a)["id"])
    assert [v["number"] for v in history] == [2, 1] and history[1]["valid_to"] == history[0]["valid_from"]


class Work:
    """A higher package with open work in a grid."""

    def __init__(self) -> None:
        self.count, self.moved = 2, []

    def preview(self, change: GridChange) -> list[Affected]:
        return [Affected("test.work", Words("在办案件", "open cases"), self.count, choices=("follow", "first"))]

    def apply(self, by, change, answers) -> None:
        self.moved.append((change.old, change.new, answers["test.work"]))


@pytest.fixture
def work(monkeypatch):
    monkeypatch.setattr(rules, "CONSEQUENCES", held := [])
    monkeypatch.setattr("wangge.domain.places.actions.changing.CONSEQUENCES", held)
    return rules.on_grid_change(Work())


def test_what_changes_hands_is_counted_asked_for_and_given_to_its_owner(world, work):
    asked = {"kind": "split", "grids": [CODE], "count": 2}
    plan = actions.preview_change(by=SYSTEM, **asked)
    assert [(a.key, a.count) for a in plan.affected] == [("test.work", 2)]
    with pytest.raises(Invalid):
        actions.apply_change(by=SYSTEM, token=plan.token, **asked)
    actions.apply_change(by=SYSTEM, token=plan.token, answers={"test.work": "follow"}, **asked)
    assert work.moved == [((CODE,), tuple(sorted(plan.made)), "follow")]


def test_a_preview_that_is_out_of_date_is_not_applied(world, work):
    asked = {"kind": "split", "grids": [CODE], "count": 2}
    plan = actions.preview_change(by=SYSTEM, **asked)
    work.count = 3
    with pytest.raises(Conflict) as found:
        actions.apply_change(by=SYSTEM, token=plan.token, answers={"test.work": "follow"}, **asked)
    assert found.value.extra["current"]["affected"] == {"test.work": 3} and CODE in current()


def test_grids_of_another_street_and_without_the_right_are_out_of_reach(world):
    from wangge.kernel.ids import uuid7

    def person(role, area):
        return Principal(kind="user", id=uuid7(), name="李", grants=(Grant(role, Scope.area(area)),))

    with pytest.raises(Forbidden):
        actions.preview_change(by=person(Role.SYSTEM_ADMIN, "440308"), kind="split", grids=[CODE], count=2)
    with pytest.raises(Forbidden):
        actions.preview_change(by=person(Role.OPERATOR, "440304"), kind="split", grids=[CODE], count=2)
    assert actions.preview_change(by=person(Role.SYSTEM_ADMIN, "440304"), kind="split", grids=[CODE], count=2).made


def test_land_that_is_drawn_goes_to_the_grid_beside_it_and_the_coverage_stays_whole(world):
    codes = sorted(c for c in world.grids if c.startswith(FIRST))
    near = adjacency([world.grids[c] for c in codes])
    to, other = codes[0], codes[min(near[0])]
    middle = shapely.intersection(world.grids[to], world.grids[other]).interpolate(0.5, normalized=True)
    asked = {"kind": "redraw", "grids": [], "area": middle.buffer(0.0004), "to": to}
    plan, _ = act(**asked)
    assert {h[:2] for h in plan.hands} >= {(other, to)} and all(new == to for _, new, _ in plan.hands)
    assert all(f.grade == "sliver" for f in plan.faults)
    after = current()
    assert after[to].area > world.grids[to].area and after[other].area < world.grids[other].area
    assert shapely.coverage_is_valid(list(after.values()))
    assert {f.grade for f in queries.check_layer("base")} <= {"sliver"}


def test_land_that_would_leave_nothing_or_lies_elsewhere_is_refused(world):
    codes = sorted(c for c in world.grids if c.startswith(FIRST))
    near = adjacency([world.grids[c] for c in codes])
    whole = world.grids[codes[min(near[0])]].buffer(0.0001)
    for area, to in ((whole, codes[0]), (world.grids[codes[0]].buffer(-0.0001), codes[0]), (whole, None)):
        with pytest.raises(Invalid):
            actions.preview_change(by=SYSTEM, kind="redraw", grids=[], area=area, to=to)
