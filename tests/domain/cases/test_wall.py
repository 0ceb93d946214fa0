"""What supervision and dispatch look at: the demands that are open, and what units have to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.domain.cases.test_loop import MONDAY, reported, step
from tests.support.world import log_in
from wangge.domain.cases import actions
from wangge.domain.cases.queries import Filter, demands, load
from wangge.kernel import clock
from wangge.kernel.access import bind
from wangge.kernel.problems import Forbidden

LATER = timedelta(minutes=1)


@pytest.fixture
def wall(world: SimpleNamespace) -> SimpleNamespace:
    """Three cases with the cleaners: urged, supervised and answered, urged and answered (which ends it); one at the desk, supervised twice."""
    bob, hank, sue = (world.as_(p) for p in ("bob", "hank", "sue"))
    with clock.at(MONDAY):
        cases = [step(bob, actions.accept, reported(world)) for _ in range(4)]
        for case in cases[:3]:
            step(bob, actions.dispatch, case, unit=world.units.cleaners, assisting=[world.units.wardens])

    def at(minute: int, person: Any, act: Any, number: int, **given: Any) -> None:
        with clock.at(MONDAY + minute * LATER):
            bind(person)
            act(by=person, case=cases[number]["id"], **given)

    at(1, bob, actions.urge, 0, note="居民又来电")
    at(2, sue, actions.supervise, 1, level="key", answer_by=MONDAY + timedelta(days=1), note="多次反映")
    at(3, hank, actions.answer, 1, note="明日完成")
    at(4, bob, actions.urge, 2, note="请尽快")
    at(5, hank, actions.answer, 2, note="正在办理")
    at(6, sue, actions.supervise, 3, level="ordinary", note="请说明情况")
    at(7, sue, actions.supervise, 3, level="key", note="仍未派遣")
    world.cases = [case["id"] for case in cases]
    return world


def walked(person: Any, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    bind(person)
    while True:
        page = demands(by=person, filter=asked.pop("filter", Filter()), after=after, limit=2, **asked)
        found += page["items"]
        after = page["next"]
        if after is None:
            return found


def test_what_waits_for_an_answer_comes_first_and_then_the_oldest(wall: SimpleNamespace) -> None:
    found = walked(wall.as_("sue"))
    assert [(wall.cases.index(UUID(d["case"]["id"])), d["kind"], d["level"]) for d in found] == [
        (0, "urge", None),
        (3, "supervise", "ordinary"),
        (3, "supervise", "key"),
        (1, "supervise", "key"),
    ]
    assert [d["owed_by"] for d in found] == [
        wall.units.cleaners,
        wall.units.fubao,
        wall.units.fubao,
        wall.units.cleaners,
    ]
    assert found[-1]["answer"] == "明日完成" and found[-1]["answer_by"] == MONDAY + timedelta(days=1)


def test_they_are_narrowed_by_kind_answer_and_the_queue_s_filter(wall: SimpleNamespace) -> None:
    sue = wall.as_("sue")
    bind(sue)

    def kinds(filter: Filter, **asked: Any) -> list[str]:
        return [d["kind"] for d in demands(by=sue, filter=filter, **asked)["items"]]

    assert kinds(Filter(demand=("urge",))) == ["urge"]
    assert kinds(Filter(), answered=True) == ["supervise"]
    assert kinds(Filter(status=("accepted",)), answered=False) == ["supervise", "supervise"]


def test_whoever_does_not_see_the_case_sees_no_demand(wall: SimpleNamespace) -> None:
    assert walked(wall.as_("charlie")) == []
    assert {d["owed_by_name"] for d in walked(wall.as_("hank"))} == {"福保环卫所"}


def test_a_page_is_one_statement(wall: SimpleNamespace) -> None:
    sue = wall.as_("sue")
    bind(sue)
    with CaptureQueriesContext(connection) as said:
        demands(by=sue, filter=Filter())
    assert len(said) == 1


def test_the_load_of_a_unit_is_all_that_it_leads_and_assists(wall: SimpleNamespace) -> None:
    units = wall.units
    bob = wall.as_("bob")
    hank = wall.as_("hank")
    with clock.at(MONDAY):
        bind(hank)
        actions.resolve(by=hank, case=wall.cases[2], version=4, result="已清走")
    for moment, overdue in ((MONDAY, 0), (MONDAY + timedelta(days=30), 2)):
        with clock.at(moment):
            bind(bob)
            found = {row["unit"]: row for row in load(by=bob, units=[units.cleaners, units.wardens, units.police])}
        assert (found[units.cleaners]["leads"], found[units.cleaners]["assists"]) == (2, 0)
        assert (found[units.wardens]["leads"], found[units.wardens]["assists"]) == (0, 2)
        assert [found[u]["overdue"] for u in (units.cleaners, units.wardens, units.police)] == [overdue, overdue, 0]
    assert found[units.police]["leads"] == 0


def test_what_is_due_later_today_is_told(wall: SimpleNamespace) -> None:
    bob, unit = wall.as_("bob"), wall.units.cleaners
    with clock.at(MONDAY):
        bind(bob)
        [urged] = demands(by=bob, filter=Filter(demand=("urge",)))["items"]
    with clock.at(datetime.fromisoformat(urged["case"]["due_at"]) - timedelta(minutes=5)):
        [found] = load(by=bob, units=[unit])
    assert found["due_today"] > 0 and found["overdue"] == 0


def test_only_who_dispatches_is_told_the_load(wall: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        load(by=wall.as_("hank"), units=[wall.units.cleaners])


def test_the_load_counts_cases_of_other_places_and_is_one_statement(wall: SimpleNamespace) -> None:
    charlie = wall.as_("charlie")
    bind(charlie)
    with CaptureQueriesContext(connection) as said:
        [found] = load(by=charlie, units=[wall.units.cleaners])
    assert found["leads"] == 3
    assert sum("cases_case" in query["sql"] for query in said.captured_queries) == 1


def test_over_http(wall: SimpleNamespace, demo: None) -> None:
    sue = Client(headers={"Authorization": f"Bearer {log_in('sue')}"})
    page = sue.get("/api/v1/cases/demands?demand=supervise&answered=true").json()
    assert [(d["kind"], d["owed_by_name"], d["case"]["status"]) for d in page["items"]] == [
        ("supervise", "福保环卫所", "handling")
    ]
    bob = Client(headers={"Authorization": f"Bearer {log_in('bob')}"})
    units = f"units={wall.units.cleaners}&units={wall.units.wardens}"
    answer = bob.get(f"/api/v1/cases/unit-load?{units}").json()
    assert {row["unit"]: (row["leads"], row["assists"]) for row in answer} == {
        str(wall.units.cleaners): (3, 0),
        str(wall.units.wardens): (0, 3),
    }
    assert sue.get(f"/api/v1/cases/unit-load?{units}").status_code == 403
