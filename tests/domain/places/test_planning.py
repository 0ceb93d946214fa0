"""Changes of grids that take effect on a later day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import shapely
from django.db import OperationalError

from tests.domain.places.conftest import FIRST, SECOND
from tests.domain.places.test_changing import CODE, Work, current
from wangge.domain.places import actions, queries, rules
from wangge.domain.places.actions import changing, planning
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Grant, Principal, Role, Scope
from wangge.kernel.db import rows
from wangge.kernel.health import Finding
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Invalid, NotFound

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2031, 5, 6)
BEFORE = datetime(2031, 5, 1, 9, tzinfo=ZONE)
BEGIN = datetime(2031, 5, 6, tzinfo=ZONE)


def person(area: str) -> Principal:
    return Principal(kind="user", id=uuid7(), name="李", grants=(Grant(Role.SYSTEM_ADMIN, Scope.area(area)),))


def plan(by=SYSTEM, on=DAY, answers=None, **asked):
    token = actions.preview_change(by=by, **asked).token
    return actions.plan_change(by=by, on=on, token=token, answers=answers, **asked)[1]


def state_of(id) -> dict:
    [row] = queries.planned_changes(by=SYSTEM, id=id)
    return row


def test_a_planned_split_changes_nothing_until_its_day_begins_and_then_once(world):
    west, south, east, north = world.grids[CODE].bounds
    cut = shapely.LineString([((west + east) / 2, south - 0.01), ((west + east) / 2, north + 0.01)])
    with clock.at(BEFORE):
        id = plan(kind="split", grids=[CODE], cut=cut, names=["东", "西"])
        assert actions.apply_due() == 0 and CODE in current()
        row = state_of(id)
        assert (row["state"], row["old"], row["names"], row["due_at"]) == ("waiting", [CODE], ["网格001"], BEGIN)
        assert len(row["names_en"]) == 1
    with clock.at(BEGIN - timedelta(seconds=1)):
        assert actions.apply_due() == 0
    with clock.at(BEGIN):
        assert actions.apply_due() == 1 and actions.apply_due() == 0
    after = current()
    assert CODE not in after and queries.grid(CODE)["retired_at"] == BEGIN
    assert queries.grid(FIRST + "007")["name"] == "东" and shapely.coverage_is_valid(list(after.values()))
    assert state_of(id)["state"] == "done"
    tags = [r["tag"] for r in rows.all("SELECT tag FROM ledger_entry WHERE tag LIKE 'places.%%' ORDER BY at, id")]
    assert tags[-2:] == ["places.change.planned", "places.grid.split"]


def test_what_happened_beside_it_meanwhile_is_no_hindrance(world):
    with clock.at(BEFORE):
        id = plan(kind="split", grids=[CODE], count=2)
    with clock.at(BEFORE + timedelta(hours=1)):
        # its number is taken by then, and its border has new vertices where a neighbour was cut
        for other in [c for c in sorted(world.grids) if c.startswith(FIRST) and c != CODE][:2]:
            asked = {"kind": "split", "grids": [other], "count": 2}
            actions.apply_change(by=SYSTEM, token=actions.preview_change(by=SYSTEM, **asked).token, **asked)
    with clock.at(BEGIN):
        assert actions.apply_due() == 1
    assert state_of(id)["state"] == "done" and len(queries.grid(CODE)["successors"]) == 2


def test_one_whose_grids_have_changed_fails_says_why_and_keeps_no_other_waiting(world):
    other = SECOND + "001"
    with clock.at(BEFORE):
        failing, sound = plan(kind="split", grids=[CODE], count=2), plan(kind="split", grids=[other], count=2)
        merged = {"kind": "split", "grids": [CODE], "count": 3}
        actions.apply_change(by=SYSTEM, token=actions.preview_change(by=SYSTEM, **merged).token, **merged)
    with clock.at(BEGIN):
        assert actions.apply_due() == 1
    row = state_of(failing)
    assert row["state"] == "failed" and "已停用" in row["fault"]["zh"] and "retired" in row["fault"]["en"]
    assert state_of(sound)["state"] == "done"
    assert [r["id"] for r in queries.planned_changes(by=SYSTEM)] == [failing]
    from wangge.domain.places.checks import planned_changes

    [found] = planned_changes()
    assert isinstance(found, Finding)
    actions.cancel_planned(by=SYSTEM, id=failing, version=row["version"])
    assert planned_changes() == [] and queries.planned_changes(by=SYSTEM) == []


def test_one_that_breaks_is_failed_and_logged_and_keeps_no_other_waiting(world, monkeypatch, caplog):
    other = SECOND + "001"
    with clock.at(BEFORE):
        broken, sound = plan(kind="split", grids=[CODE], count=2), plan(kind="split", grids=[other], count=2)

    def carry_out(*, plan, **given):
        if CODE in plan.change().old:
            raise ZeroDivisionError("a defect of ours")
        return changing.carry_out(plan=plan, **given)

    monkeypatch.setattr(planning, "carry_out", carry_out)
    with clock.at(BEGIN):
        assert actions.apply_due() == 1 and actions.apply_due() == 0
    assert (state_of(broken)["state"], state_of(sound)["state"]) == ("failed", "done")
    assert state_of(broken)["fault"] == planning.BROKEN._asdict() and CODE in current()
    assert any(r.exc_info and "a defect of ours" in str(r.exc_info[1]) for r in caplog.records)


def test_one_that_could_not_get_a_lock_is_tried_again(world, monkeypatch):
    with clock.at(BEFORE):
        id = plan(kind="split", grids=[CODE], count=2)
    tries = iter([OperationalError("lock timeout")])

    def carry_out(**given):
        for error in tries:
            raise error
        return changing.carry_out(**given)

    monkeypatch.setattr(planning, "carry_out", carry_out)
    with clock.at(BEGIN):
        assert actions.apply_due() == 0 and state_of(id)["state"] == "waiting"
        assert actions.apply_due() == 1 and state_of(id)["state"] == "done"


def test_one_whose_land_went_elsewhere_fails(world):
    with clock.at(BEFORE):
        id = plan(kind="split", grids=[CODE], count=2)
    with clock.at(BEFORE + timedelta(hours=1)):
        beside = next(
            c
            for c in sorted(world.grids)
            if c != CODE and c.startswith(FIRST) and world.grids[c].intersection(world.grids[CODE]).length > 1e-4
        )
        edge = shapely.intersection(world.grids[CODE], world.grids[beside]).interpolate(0.5, normalized=True)
        asked = {"kind": "redraw", "grids": [], "area": edge.buffer(0.0004), "to": beside}
        actions.apply_change(by=SYSTEM, token=actions.preview_change(by=SYSTEM, **asked).token, **asked)
        left = current()
    with clock.at(BEGIN):
        assert actions.apply_due() == 0
    assert state_of(id)["state"] == "failed" and CODE in state_of(id)["fault"]["zh"]
    assert current() == left


def test_a_cancelled_one_never_happens(world):
    with clock.at(BEFORE):
        id = plan(kind="split", grids=[CODE], count=2)
        with pytest.raises(Conflict):
            actions.cancel_planned(by=SYSTEM, id=id, version=7)
        for _ in range(2):
            actions.cancel_planned(by=SYSTEM, id=id, version=1)
        plan(kind="split", grids=[CODE], count=3)  # and the grid is free for another
    with clock.at(BEGIN):
        assert actions.apply_due() == 1
    assert state_of(id)["state"] == "cancelled" and len(queries.grid(CODE)["successors"]) == 3


def test_a_grid_waits_for_one_change_and_not_for_a_day_that_has_begun(world):
    with clock.at(BEFORE):
        with pytest.raises(Invalid):
            plan(on=BEFORE.date(), kind="split", grids=[CODE], count=2)
        plan(kind="split", grids=[CODE], count=2)
        with pytest.raises(Conflict) as found:
            plan(kind="split", grids=[CODE], count=3)
        assert found.value.extra["current"] == {"grid": CODE, "on": "2031-05-06"}


def test_answers_are_given_when_it_is_planned_and_used_on_its_day(world, monkeypatch):
    monkeypatch.setattr(rules, "CONSEQUENCES", held := [])
    monkeypatch.setattr("wangge.domain.places.actions.changing.CONSEQUENCES", held)
    work = rules.on_grid_change(Work())
    asked = {"kind": "split", "grids": [CODE], "count": 2}
    with clock.at(BEFORE):
        with pytest.raises(Invalid):
            plan(**asked)
        plan(answers={"test.work": "follow"}, **asked)
        work.count = 90  # cases that came meanwhile go along
    with clock.at(BEGIN):
        assert actions.apply_due() == 1
    assert [moved[2] for moved in work.moved] == ["follow"]


def test_those_of_another_district_are_neither_seen_nor_cancelled(world):
    with clock.at(BEFORE):
        id = plan(by=person("440304"), kind="split", grids=[CODE], count=2)
    stranger = person("440308")
    assert [r["id"] for r in queries.planned_changes(by=person("440304"))] == [id]
    assert queries.planned_changes(by=stranger) == []
    with pytest.raises(NotFound):
        actions.cancel_planned(by=stranger, id=id, version=1)
