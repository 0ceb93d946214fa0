"""What waits for a person: each box counts the very cases that the queue lists with its filter, and no others."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.domain.cases.test_loop import MONDAY, reported, step
from tests.support.statements import Statements
from tests.support.world import FUBAO, NANYUAN, log_in
from wangge.domain.cases import actions, boxes
from wangge.domain.cases.queries import queue
from wangge.kernel import clock
from wangge.kernel.access import bind
from wangge.kernel.problems import Forbidden


def numbers(person: Any, **asked: Any) -> dict[str, int]:
    """Box → count, without those that are empty; a desk's, unit's and grid's are added up."""
    bind(person)
    found: dict[str, int] = {}
    for box, count, _ in boxes.counted(by=person, **asked):
        if count:
            found[box.key] = found.get(box.key, 0) + count
    return found


@pytest.fixture
def day(world: SimpleNamespace) -> SimpleNamespace:
    """A morning's work: each status once or twice, a case that was returned, one with a request, one that failed, one that is urged."""
    bob, hank, sue = (world.as_(p) for p in ("bob", "hank", "sue"))
    with clock.at(MONDAY):
        for _ in range(3):
            reported(world)
        step(bob, actions.accept, reported(world))

        def handled(unit: str) -> Any:
            case = step(bob, actions.accept, reported(world))
            return step(bob, actions.dispatch, case, unit=getattr(world.units, unit))

        step(hank, actions.return_, handled("cleaners"), note="不属本单位")
        case = handled("cleaners")
        case = step(hank, actions.ask_help, case, unit=world.units.wardens, note="请劝离摊贩")
        step(hank, actions.ask_extension, case, due_at=case["due_at"] + timedelta(hours=8), note="等配件")
        urged = handled("wardens")
        step(sue, actions.supervise, urged, level="key", note="居民多次反映")
        step(hank, actions.resolve, handled("cleaners"), result="已清走")
        failed = step(hank, actions.resolve, handled("cleaners"), result="已清走")
        step(bob, actions.verify, failed, outcome="fail", note="仍有垃圾")
    return world


def test_each_sees_what_waits_for_them(day: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        assert numbers(day.as_("bob")) == {
            "accept": 3, "dispatch": 2, "returned": 1, "requested": 1, "demanded": 1, "verify": 1,
        }  # fmt: skip
        assert numbers(day.as_("hank")) == {"handle": 2, "reworked": 1}
        assert numbers(day.as_("hugo")) == {"handle": 1, "asked": 1, "demanded": 1}
        assert numbers(day.as_("alice")) == {"verify": 1}
        assert numbers(day.as_("sue")) == {"demanded": 1}
        assert numbers(day.as_("sue"), since=MONDAY) == {"demanded": 1, "new": 9}
        assert numbers(day.as_("wally"), since=MONDAY) == {"new": 9}  # in the community, but on another desk
        for stranger in ("charlie", "cora", "amy"):
            assert numbers(day.as_(stranger), since=MONDAY - timedelta(days=1)) == {}
        with pytest.raises(Forbidden):
            boxes.counted(by=day.as_("ana"))


def test_a_limit_that_is_over_is_in_the_boxes_of_all_who_answer_for_it(day: SimpleNamespace) -> None:
    with clock.at(MONDAY + timedelta(days=30)):
        assert numbers(day.as_("bob"))["overdue"] == 9
        assert numbers(day.as_("hank"))["overdue"] == 2
        assert numbers(day.as_("sue"))["overdue"] == 9


def test_a_box_counts_what_its_filter_lists(day: SimpleNamespace) -> None:
    with clock.at(MONDAY + timedelta(days=30)):
        for login in ("alice", "bob", "dan", "wally", "hank", "hugo", "lea", "sue", "leo"):
            person = day.as_(login)
            bind(person)
            for box, count, more in boxes.counted(by=person, since=MONDAY):
                page = queue(by=person, filter=box.filter, sort=box.sort, limit=100)
                assert (len(page["items"]), page["next"], more) == (count, None, False), (login, box)


def test_all_boxes_are_counted_in_one_statement(day: SimpleNamespace) -> None:
    bob = day.as_("bob")
    bind(bob)
    boxes.counted(by=bob)
    with Statements() as said:
        boxes.counted(by=bob, since=MONDAY)
    assert len(said) == 1


def test_a_count_stops_at_its_most(day: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "MOST", 2)
    bob = day.as_("bob")
    bind(bob)
    with clock.at(MONDAY):
        found = {box.key: (count, more) for box, count, more in boxes.counted(by=bob)}
    assert (found["accept"], found["dispatch"]) == ((2, True), (2, False))


def test_over_http_a_count_leads_to_its_cases(day: SimpleNamespace, demo: None) -> None:
    client, headers = Client(), {"Authorization": f"Bearer {log_in('bob')}"}
    found = client.get("/api/v1/cases/counts?since=2026-01-01T00:00:00%2B08:00", headers=headers).json()["boxes"]
    assert {b["key"] for b in found} >= {"accept", "dispatch", "verify", "follow_up", "overdue", "new"}
    assert found[0]["of"]["name"]["zh"] == "福保街道网格化服务管理中心"
    for box in found:
        listed = client.get("/api/v1/cases", box["filter"] | {"limit": 100}, headers=headers)
        assert listed.status_code == 200, listed.content
        assert len(listed.json()["items"]) == box["count"], box
    wrong = client.get("/api/v1/cases/counts?since=yesterday", headers=headers)
    assert wrong.json()["errors"][0]["path"] == "query.since"


def test_a_leader_of_several_districts_has_the_desk_of_the_city_or_those_of_the_districts(
    world: SimpleNamespace,
) -> None:
    from wangge.kernel.access import Grant, Principal, Role, Scope

    wide = Scope(districts=frozenset({"440304", "440308"}))
    person = Principal(kind="user", id=None, name="Cy", grants=(Grant(Role.OPERATOR, wide),))
    assert {box.of.id for box in boxes.boxes(by=person)} == {str(world.units.futian)}
    both = Scope(streets=frozenset({FUBAO, NANYUAN}))
    person = Principal(kind="user", id=None, name="Cy", grants=(Grant(Role.OPERATOR, both),))
    assert {box.of.id for box in boxes.boxes(by=person)} == {str(world.units.fubao), str(world.units.nanyuan)}
