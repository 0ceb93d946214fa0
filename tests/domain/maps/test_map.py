"""What a map shows is what the queue lists: each case that has a place in the view, once, in the cell it lies in."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.domain.cases.test_queue import CATEGORIES, DISTRICTS, NOW, PEOPLE, TWO, expected, filters, scopes
from tests.domain.stats.conftest import relayed, report
from wangge.domain.cases import actions as work
from wangge.domain.cases.queries import Filter
from wangge.domain.cases.rules import Status
from wangge.domain.maps import actions, queries
from wangge.domain.maps.queries import spots
from wangge.domain.maps.rules import MOST_CELLS, Mesh, degrees_of, steps_of
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Grant, Principal, Role, Scope, acting, bind
from wangge.kernel.db import rows

VIEW = (114.0, 22.5, 114.4, 22.6)
BOXES = [VIEW, (114.05, 22.5, 114.2, 22.55), (113.0, 22.0, 113.5, 22.4)]


def a_person(scope: Scope) -> Principal:
    return Principal(kind="user", id=scope.person, name="Pat", grants=(Grant(Role.OPERATOR, scope),), units=scope.units)


LATER = NOW + timedelta(days=40)


def a_pack_of(number: int, cases: list[dict[str, Any]]) -> None:
    """All are packed, and the others than so many changed since; of 0 nothing is."""
    with acting(SYSTEM), clock.at(LATER):
        rows.run("DELETE FROM maps_pack")
        actions.told(case["id"] for case in cases)
        if number:
            actions.pack()
            actions.told(case["id"] for case in cases[number:])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scope=scopes,
    filter=filters(),
    box=st.sampled_from(BOXES),
    zoom=st.sampled_from([0, 9, 12.7, 18]),
    shape=st.sampled_from(["square", "hex"]),
    packed=st.sampled_from(["nothing", "some", "everything"]),
)
@example(
    scope=TWO,
    filter=Filter(status=("closed", "archived"), category=CATEGORIES[0]),
    box=VIEW,
    zoom=16,
    shape="square",
    packed="some",
)
@example(scope=TWO, filter=Filter(), box=VIEW, zoom=11, shape="square", packed="everything")
def test_the_cells_add_up_to_what_the_queue_lists(
    cases: list[dict[str, Any]], scope: Scope, filter: Filter, box: Any, zoom: float, shape: Any, packed: str
) -> None:
    a_pack_of({"nothing": 0, "some": 100, "everything": 200}[packed], cases)
    by = a_person(scope)
    filter = replace(filter, box=box)
    there = set(expected(scope, filter, "-reported_at", cases))
    shown = [case for case in cases if case["id"] in there and case["lon"] is not None]
    with clock.at(NOW):
        bind(by)
        found = queries.cases(by=by, filter=filter, zoom=zoom, shape=shape)
    assert found["shown"] == sum(cell["count"] for cell in found["cells"]) == len(shown)
    assert not found["truncated"]
    late = [case for case in shown if case["due_at"] and case["due_at"] < NOW]
    near = [case for case in shown if case["due_at"] and NOW <= case["due_at"] < NOW + timedelta(hours=2)]
    assert sum(cell["overdue"] for cell in found["cells"]) == len(late)
    assert sum(cell["soon"] for cell in found["cells"]) == len(near)
    if shape == "square":
        mesh = Mesh.over(box, zoom, shape)
        by_hand = Counter(tuple(int(at // mesh.size) for at in steps_of(c["lon"], c["lat"])) for c in shown)
        assert sorted(by_hand.values()) == sorted(cell["count"] for cell in found["cells"])
        alone = {cell["case"]["id"] for cell in found["cells"] if cell["count"] == 1}
        assert len(alone) == sum(n == 1 for n in by_hand.values()) and alone <= there
        assert all(cell["case"] is None for cell in found["cells"] if cell["count"] > 1)


@pytest.mark.parametrize("zoom", range(0, 23, 2))
@pytest.mark.parametrize("box", [VIEW, (-180.0, -90.0, 180.0, 90.0), (114.05, 22.54, 114.0501, 22.5401)])
def test_a_place_lies_in_the_cell_that_it_is_counted_in(box: Any, zoom: int) -> None:
    dice = np.random.default_rng(1)
    lon, lat = dice.uniform(box[0], box[2], 500), dice.uniform(max(box[1], -85), min(box[3], 85), 500)
    x, y = np.array([steps_of(*at) for at in zip(lon, lat, strict=True)]).T
    back = degrees_of(x, y)
    assert np.allclose(back[0], lon, atol=1e-9) and np.allclose(back[1], lat, atol=1e-9)
    for shape in ("square", "hex"):
        mesh = Mesh.over(box, zoom, shape)
        assert mesh.columns * mesh.rows <= MOST_CELLS
        cells = mesh.cells(x, y)
        assert cells.min() >= 0 and cells.max() < mesh.columns * mesh.rows
        middle_x, middle_y = mesh.centres(cells)
        off_x, off_y = abs(x - middle_x), abs(y - middle_y)
        if shape == "square":
            assert max(off_x.max(), off_y.max()) <= mesh.size / 2 * 1.000001
        else:  # flat side up: no place beyond a side or a slope
            side = mesh.size * math.sqrt(3) / 2
            assert off_y.max() <= side * 1.000001
            assert (off_x * math.sqrt(3) / 2 + off_y / 2).max() <= side * 1.000001


def test_a_cell_stays_where_it_is_when_the_view_moves() -> None:
    x, y = np.array([steps_of(114.21, 22.53)]).T
    for shape in ("square", "hex"):
        near = [Mesh.over(box, 12, shape) for box in (VIEW, (114.2, 22.5, 114.3, 22.56))]
        assert near[0].size == near[1].size
        one, other = (mesh.centres(mesh.cells(x, y)) for mesh in near)
        assert one == other


def test_a_map_of_more_than_is_read_shows_the_newest_and_says_so(
    cases: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spots, "MOST_READ", 10)
    by = a_person(TWO)
    with clock.at(NOW):
        bind(by)
        found = queries.cases(by=by, filter=Filter(box=VIEW), zoom=22, shape="square")
    assert found["truncated"] and found["shown"] == 10
    newest = sorted((c["reported_at"] for c in cases if c["lon"] is not None), reverse=True)[9]
    alone = {cell["case"]["id"] for cell in found["cells"] if cell["case"]}
    assert all(c["reported_at"] >= newest for c in cases if c["id"] in alone)


def test_what_has_no_place_is_counted_beside(cases: list[dict[str, Any]]) -> None:
    by = a_person(Scope(districts=frozenset(DISTRICTS), person=PEOPLE[0]))
    nowhere = [case for case in cases if case["lon"] is None and case["status"] == Status.HANDLING]
    filter = Filter(box=VIEW, status=("handling",))
    with clock.at(NOW):
        bind(by)
        assert queries.cases(by=by, filter=filter, zoom=9, shape="hex")["unlocated"] == len(nowhere)
        drawn = replace(filter, within=((114.0, 22.5), (114.4, 22.5), (114.2, 22.6)))
        assert queries.cases(by=by, filter=drawn, zoom=9, shape="hex")["unlocated"] == 0


def test_a_view_takes_five_statements_at_most(cases: list[dict[str, Any]]) -> None:
    a_pack_of(200, cases)
    by = a_person(TWO)
    bind(by)
    for zoom in (3, 20):
        with CaptureQueriesContext(connection) as said:
            queries.cases(by=by, filter=Filter(box=VIEW), zoom=zoom, shape="square")
        assert 1 < len(said) <= 5


def test_a_case_that_changes_is_read_anew_at_once_and_packed_at_night(cases: list[dict[str, Any]]) -> None:
    a_pack_of(200, cases)
    by = a_person(TWO)
    ended = next(
        c for c in cases if c["status"] == Status.CLOSED and c["lon"] is not None and c["district"] == DISTRICTS[0]
    )
    filter = Filter(box=VIEW, status=("closed",), reported_from=ended["reported_at"])
    pending = "SELECT coalesce(sum(cardinality(changed)), 0) FROM maps_pack"

    def shown() -> int:
        with clock.at(NOW):
            bind(by)
            return int(queries.cases(by=by, filter=filter, zoom=9, shape="hex")["shown"])

    before = shown()
    with acting(SYSTEM), clock.at(LATER):
        rows.run("UPDATE cases_case SET status = 'void' WHERE id = %(id)s", ended)
        assert shown() == before  # its event is not heard yet
        bind(SYSTEM)
        for _ in range(2):
            actions.told([ended["id"]])
        assert rows.value(pending) == 1
        assert shown() == before - 1
        bind(SYSTEM)
        assert actions.pack() == 0  # for one case no pack is made anew
        assert actions.check() == 0
        assert rows.value(pending) == 0
        assert shown() == before - 1


def test_a_packed_case_that_is_open_again_is_shown_once(cases: list[dict[str, Any]]) -> None:
    a_pack_of(200, cases)
    by = a_person(TWO)

    def shown(*status: str) -> int:
        with clock.at(NOW):
            bind(by)
            return int(queries.cases(by=by, filter=Filter(box=VIEW, status=status), zoom=9, shape="hex")["shown"])

    all_, closed = shown(), shown("closed")
    again = next(c for c in cases if c["status"] == Status.CLOSED and c["lon"] and c["district"] == DISTRICTS[0])
    with acting(SYSTEM), clock.at(LATER):
        rows.run(
            "UPDATE cases_case SET status = 'accepted', stage = 'accept', due_at = %(now)s, closed_at = NULL WHERE id = %(id)s",
            again | {"now": NOW},
        )
        actions.told([again["id"]])
    assert (shown(), shown("closed")) == (all_, closed - 1)


@pytest.mark.parametrize("limit", ["FEW", "MOST"])
def test_a_pack_of_which_much_changed_is_made_anew_by_day(
    cases: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    a_pack_of(200, cases)
    if limit == "MOST":
        monkeypatch.setattr(actions, "MOST", 0)  # so long a list is not kept: all is read from the cases
    else:
        monkeypatch.setattr(actions, "_MANY", "cardinality(w.changed) > 0")
    ended = [c for c in cases if c["closed_at"] and c["lon"] is not None]
    with acting(SYSTEM), clock.at(LATER):
        rows.run("UPDATE cases_case SET status = 'void' WHERE id = %(id)s", ended[0])
        actions.told([ended[0]["id"]])
        assert actions.pack() == 1
        assert rows.value("SELECT count(*) FROM maps_pack WHERE number IS NULL OR changed <> '{}' OR gone <> '{}'") == 0
        assert actions.check() == 0


def test_the_nightly_check_finds_a_wrong_pack_and_what_nobody_told_of(cases: list[dict[str, Any]]) -> None:
    a_pack_of(200, cases)
    with acting(SYSTEM), clock.at(LATER):
        packs = rows.value("SELECT count(*) FROM maps_pack WHERE number IS NOT NULL")
        assert packs and actions.check() == 0
        wrong = next(c for c in cases if c["lon"] and c["closed_at"])
        rows.run("UPDATE cases_case SET lon = 114.39, changed_at = %(now)s WHERE id = %(id)s", wrong | {"now": LATER})
        assert actions.check() == 0  # its event may be on its way
        with clock.at(LATER + 2 * actions.REST):
            assert actions.check() == 1
        assert actions.check() == 0
        rows.run("DELETE FROM maps_pack")
        assert actions.check() == 0
        assert rows.value("SELECT count(*) FROM maps_pack WHERE number IS NOT NULL") == packs


def test_what_is_reported_or_closed_is_heard_of(world: SimpleNamespace) -> None:
    bob = world.as_("bob")
    case = report(world)
    bind(bob)
    relayed()
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM maps_pack WHERE number IS NULL") == 1
        assert actions.pack() == 1
    bind(bob)
    work.reject(by=bob, case=case["id"], version=case["version"], note="不属于受理范围")
    relayed()
    with acting(SYSTEM):
        assert rows.all("SELECT changed, gone FROM maps_pack") == [{"changed": [case["id"]], "gone": []}]
