"""A report goes the whole way: Alice sees it, Bob's desk takes it on, Hank's unit handles it, Amy checks it, Bob closes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from shapely import box

from tests.support.world import FUBAO, HAISHAN, category, point_in
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.rules import Channel
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.actions import add_route
from wangge.domain.catalog.actions.routes import check_route
from wangge.domain.catalog.tags import CatalogPermission
from wangge.domain.evidence.actions import Promise
from wangge.domain.places import actions as places
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound

MONDAY = datetime(2026, 11, 16, 1, 30, tzinfo=UTC)  # 09:30 in Shenzhen


def rubbish(**given: object) -> Report:
    return Report(
        **{"text": "益田路边有一堆垃圾没人清理", "category": category("0101").id, "point": point_in(FUBAO + "001001")}
        | given
    )  # type: ignore[arg-type]


def step(person: Principal, act: object, case: dict, **given: object) -> dict:
    """One act, with the connection bound as the person's request would bind it."""
    bind(person)
    return act(by=person, case=case["id"], version=case["version"], **given)  # type: ignore[operator]


def reported(world: SimpleNamespace, by: str = "alice", **given: object) -> dict:
    person = world.as_(by)
    bind(person)
    return actions.report(by=person, report=rubbish(**given))[0]


def to_verifying(world: SimpleNamespace, case: dict) -> dict:
    case = step(world.as_("bob"), actions.accept, case)
    case = step(world.as_("bob"), actions.dispatch, case)
    case = step(world.as_("hank"), actions.take, case)
    return step(world.as_("hank"), actions.resolve, case, result="已清运")


def test_a_report_goes_from_the_grid_to_its_close_and_everyone_who_acted_is_on_record(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = reported(world)
        assert case["number"] == f"{FUBAO}2026111600001"
        assert (case["district"], case["street"], case["community"], case["grid"]) == (
            "440304",
            FUBAO,
            FUBAO + "001",
            FUBAO + "001001",
        )
        assert case["holder"] == case["first_receiver"] == world.units.fubao
        case = to_verifying(world, case)
        assert case["lead"] == world.units.cleaners
        case = step(world.as_("bob"), actions.verify, case, outcome="pass")
        case = step(world.as_("bob"), actions.close, case)
    assert case["status"] == "closed"
    seen = queries.detail(by=world.as_("bob"), case=case["id"])
    assert [s["act"] for s in seen["timeline"]] == [
        "report",
        "accept",
        "dispatch",
        "take",
        "resolve",
        "verify",
        "close",
    ]
    assert [s["actor_name"] for s in seen["timeline"]] == ["Alice", "Bob", "Bob", "Hank", "Hank", "Bob", "Bob"]
    assert [(c["stage"], c["outcome"]) for c in seen["clocks"]] == [
        (stage, "met") for stage in ("accept", "dispatch", "handle", "verify", "follow_up")
    ]
    assert seen["route"]["by"] == "route"
    assert "福保环卫所" in seen["route"]["why"]["zh"]
    assert seen["follow_up"] == "not_wanted"
    assert not [
        a
        for a in seen["acts"]
        if a["act"] not in ("reopen", "archive", "publish", "comment", "tag", "link", "unlink", "set_confidential")
    ]


def test_each_act_leaves_one_ledger_entry_and_one_outbox_row(world: SimpleNamespace) -> None:
    case = to_verifying(world, reported(world))
    with acting(SYSTEM):
        entries = rows.all("SELECT tag, body FROM ledger_entry WHERE subject = %(id)s ORDER BY pos", {"id": case["id"]})
        events = rows.all(
            "SELECT event, body, units FROM outbox_event WHERE subject = %(id)s ORDER BY pos", {"id": case["id"]}
        )
    assert [e["tag"] for e in entries] == [f"cases.{a}" for a in ("report", "accept", "dispatch", "take", "resolve")]
    assert len(events) == len(entries)
    assert world.units.cleaners in events[-1]["units"]


def test_the_same_report_sent_twice_is_one_case_and_takes_one_number(world: SimpleNamespace) -> None:
    alice = world.as_("alice")
    bind(alice)
    first = rubbish(id=uuid7())
    made, new = actions.report(by=alice, report=first)
    again, repeated = actions.report(by=alice, report=first)
    assert (new, repeated) == (True, False)
    assert again["number"] == made["number"]
    following, _ = actions.report(by=alice, report=rubbish())
    assert int(following["number"]) == int(made["number"]) + 1


def test_a_report_whose_answer_was_lost_may_be_sent_again_although_its_photo_is_the_cases_by_now(
    world: SimpleNamespace,
) -> None:
    alice = world.as_("alice")
    bind(alice)
    first = rubbish(id=uuid7(), evidence=(Promise(uuid7()),))
    made, _ = actions.report(by=alice, report=first)
    again, repeated = actions.report(by=alice, report=first)
    assert (again["number"], repeated) == (made["number"], False)
    with pytest.raises(Invalid) as refused:
        actions.report(by=alice, report=rubbish(id=uuid7(), evidence=first.evidence))
    assert refused.value.errors[0].path == "body.evidence[0]"


def test_an_id_that_was_used_for_something_else_is_refused_and_named(world: SimpleNamespace) -> None:
    alice = world.as_("alice")
    bind(alice)
    first = rubbish(id=uuid7())
    actions.report(by=alice, report=first)
    with pytest.raises(Invalid) as refused:
        actions.report(by=alice, report=rubbish(id=first.id, text="另一件事"))
    assert refused.value.errors[0].path == "body.id"
    charlie = world.as_("charlie")
    bind(charlie)
    with pytest.raises(Invalid):
        actions.report(by=charlie, report=rubbish(id=first.id, text="查理的", point=None, street=HAISHAN))


def test_what_is_outside_all_grids_names_the_nearest_one_and_the_street_is_enough(world: SimpleNamespace) -> None:
    with pytest.raises(Invalid) as refused:
        reported(world, point=(114.005, 22.52))
    assert FUBAO + "001001" in refused.value.detail.zh
    case = reported(world, point=(114.005, 22.52), street=FUBAO)
    assert (case["street"], case["grid"]) == (FUBAO, None)


def test_a_case_without_a_point_is_located_later_and_stays_in_its_district(world: SimpleNamespace) -> None:
    case = reported(world, by="bob", point=None, street=FUBAO, channel=Channel.HOTLINE)
    assert case["lon"] is None
    with pytest.raises(Invalid) as refused:
        step(world.as_("bob"), actions.locate, case, point=point_in(HAISHAN + "001001"))
    assert refused.value.errors[0].code == "other_district"
    located = step(world.as_("bob"), actions.locate, case, point=point_in(FUBAO + "002001"))
    assert (located["grid"], located["status"], located["number"]) == (FUBAO + "002001", "reported", case["number"])


def test_of_two_people_one_wins_and_the_other_is_told_the_present_state(world: SimpleNamespace) -> None:
    case = reported(world)
    step(world.as_("bob"), actions.accept, case)
    with pytest.raises(Conflict) as lost:
        step(world.as_("dan"), actions.accept, case)
    assert lost.value.extra["current"]["status"] == "accepted"
    assert lost.value.extra["current"]["version"] == 2


def test_nobody_verifies_what_they_or_their_unit_handled(world: SimpleNamespace) -> None:
    case = to_verifying(world, reported(world))
    with pytest.raises(Forbidden):
        step(world.as_("hank"), actions.verify, case, outcome="pass")
    assert step(world.as_("alice"), actions.verify, case, outcome="pass")["status"] == "following_up"


def test_a_failed_verification_goes_back_with_its_reason_and_is_counted(world: SimpleNamespace) -> None:
    case = to_verifying(world, reported(world))
    with pytest.raises(Invalid) as refused:
        step(world.as_("bob"), actions.verify, case, outcome="fail")
    assert refused.value.errors[0].path == "body.note"
    case = step(world.as_("bob"), actions.verify, case, outcome="fail", note="仍有残留")
    assert (case["status"], case["rework"], case["stage"]) == ("handling", 1, "handle")
    case = step(world.as_("lea"), actions.take, case)
    assert step(world.as_("lea"), actions.resolve, case, result="已重新清理")["status"] == "verifying"


def test_only_the_lead_unit_takes_and_resolves(world: SimpleNamespace) -> None:
    case = step(world.as_("bob"), actions.dispatch, step(world.as_("bob"), actions.accept, reported(world)))
    with pytest.raises(NotFound):
        step(world.as_("hugo"), actions.take, case)
    taken = step(world.as_("hank"), actions.take, case)
    with pytest.raises(Conflict):
        step(world.as_("lea"), actions.take, taken)


def test_an_operator_of_another_street_does_not_learn_that_a_case_exists(world: SimpleNamespace) -> None:
    case = reported(world)
    for stranger in ("charlie", "cora", "amy", "hank"):
        person = world.as_(stranger)
        bind(person)
        with pytest.raises(NotFound):
            queries.detail(by=person, case=case["id"])
        assert queries.queue(by=person, filter=queries.Filter())["items"] == []
    for colleague in ("alice", "bob", "dan", "wally", "sue", "leo"):
        person = world.as_(colleague)
        bind(person)
        assert len(queries.queue(by=person, filter=queries.Filter())["items"]) == 1


def test_a_confidential_reporter_is_shown_to_the_centre_alone_and_nobody_sees_a_name_in_clear(
    world: SimpleNamespace,
) -> None:
    open_case = reported(world, by="bob", reporter=Reporter("张小明", "13800001234"))
    secret = reported(world, by="bob", reporter=Reporter("李小红", "13900005678"), confidential=True)
    bob, alice = world.as_("bob"), world.as_("alice")
    assert [p["name"] for p in queries.detail(by=bob, case=secret["id"])["parties"]] == ["李**"]
    assert [p["phone"] for p in queries.detail(by=alice, case=open_case["id"])["parties"]] == ["138****1234"]
    assert queries.detail(by=alice, case=secret["id"])["parties"] == []
    stored = rows.all("SELECT name_sealed, phone_sealed FROM cases_party")
    assert all("张".encode() not in bytes(r["name_sealed"]) and b"1380" not in bytes(r["phone_sealed"]) for r in stored)


def test_a_clock_that_runs_out_is_missed_and_the_next_one_starts_where_the_act_was(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = reported(world)
    late = case["due_at"] + timedelta(seconds=1)
    with clock.at(late):
        case = step(world.as_("bob"), actions.accept, case)
    clocks = queries.detail(by=world.as_("bob"), case=case["id"])["clocks"]
    assert [(c["stage"], c["outcome"]) for c in clocks] == [("accept", "missed"), ("dispatch", "running")]
    assert datetime.fromisoformat(clocks[1]["started_at"]) == late


def test_the_queue_pages_through_everything_once_in_each_order_and_costs_one_statement(
    world: SimpleNamespace, django_assert_num_queries: object
) -> None:
    made = set()
    for minute in range(7):
        with clock.at(MONDAY + timedelta(minutes=minute // 2)):
            made.add(reported(world)["id"])
    bob = world.as_("bob")
    bind(bob)
    for sort in queries.SORTS:
        seen: list[UUID] = []
        after = None
        while True:
            with django_assert_num_queries(1):  # type: ignore[operator]
                page = queries.queue(by=bob, filter=queries.Filter(), sort=sort, after=after, limit=3)
            seen += [item["id"] for item in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert sorted(seen) == sorted(made)


def test_an_unknown_case_is_not_found(world: SimpleNamespace) -> None:
    bob = world.as_("bob")
    bind(bob)
    with pytest.raises(NotFound):
        actions.accept(by=bob, case=uuid4(), version=1)


def test_a_grid_worker_does_not_move_a_case_out_of_their_own_grid(world: SimpleNamespace) -> None:
    case = reported(world, by="bob")
    with pytest.raises(Forbidden) as refused:
        step(world.as_("alice"), actions.locate, case, point=point_in(FUBAO + "002001"))
    assert "请由街道中心定位" in refused.value.detail.zh


def test_open_cases_change_hands_with_a_split_grid_and_closed_ones_stay(world: SimpleNamespace) -> None:
    west, east = (114.002, 22.505), (114.008, 22.505)
    done, left, right = reported(world, point=west), reported(world, point=west), reported(world, point=east)
    done = to_verifying(world, done)
    done = step(world.as_("bob"), actions.verify, done, outcome="pass")
    done = step(world.as_("bob"), actions.close, done)
    sam, code = world.as_("sam"), FUBAO + "001001"
    bind(sam)
    asked = {
        "kind": "split",
        "grids": [code],
        "pieces": [box(114, 22.5, 114.005, 22.51), box(114.005, 22.5, 114.01, 22.51)],
    }
    plan = places.preview_change(by=sam, **asked)
    assert {a.key: a.count for a in plan.affected} == {"people.posts": 1, "cases.open": 2}
    places.apply_change(by=sam, token=plan.token, answers={}, **asked)
    with acting(SYSTEM):
        grids = {r["id"]: r["grid"] for r in rows.all("SELECT id, grid FROM cases_case")}
        steps = queries.detail(by=SYSTEM, case=left["id"])["timeline"]
    assert grids[done["id"]] == code
    assert {grids[left["id"]], grids[right["id"]]} == {FUBAO + "001003", FUBAO + "001004"}
    assert (steps[-1]["act"], steps[-1]["data"]["was"], steps[-1]["actor_name"]) == ("regrid", code, "Sam")
    alice = world.as_("alice")
    assert {g for grant in alice.grants for g in grant.scope.grids} == {FUBAO + "001003", FUBAO + "001004"}
    bind(alice)
    assert len(queries.queue(by=alice, filter=queries.Filter(status=["reported"]))["items"]) == 2


def test_an_automatic_route_accepts_and_dispatches_and_says_why(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        add_route(
            by=SYSTEM,
            id=uuid7(),
            name="福保垃圾自动派遣",
            unit=world.units.cleaners,
            category=category("0101").id,
            area=FUBAO,
            automatic=True,
        )
    catalog.forget()
    case = reported(world)
    moved = actions.by_itself(case)
    assert (moved["status"], moved["lead"]) == ("handling", world.units.cleaners)
    timeline = queries.detail(by=world.as_("bob"), case=case["id"])["timeline"]
    assert [(s["act"], s["actor_name"]) for s in timeline[1:]] == [("accept", "自动派遣"), ("dispatch", "自动派遣")]
    assert "福保垃圾自动派遣" in timeline[-1]["note"]
    by_hand = reported(world, category=category("0105").id)
    assert actions.by_itself(by_hand)["status"] == "reported"


def test_changed_routes_are_tried_on_stored_cases_and_only_counts_come_back(world: SimpleNamespace) -> None:
    for _ in range(3):
        reported(world)
    sam = world.as_("sam")
    bind(sam)
    rule = check_route(
        sam.require(CatalogPermission.ROUTES),
        {
            "name": "垃圾给城管",
            "unit": world.units.wardens,
            "category": category("0101").id,
            "area": FUBAO,
            "layer": None,
            "grid": None,
            "weekdays": [],
            "day_kind": "any",
            "start_minute": 0,
            "end_minute": 1440,
            "automatic": False,
            "note": "",
        },
        rule=None,
    )
    since = datetime(2000, 1, 1, tzinfo=UTC)
    found = queries.try_routes(
        by=sam, add=[rule], remove=[], since=since, until=clock.now() + timedelta(minutes=1), limit=100
    )
    assert (found.total, found.changed) == (3, 3)
    assert found.moves == {(world.units.cleaners, world.units.wardens): 3}
