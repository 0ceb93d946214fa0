"""What acts do to clocks: started, stopped, moved and stood still; and what the ladder makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests.domain.cases.test_acts import detail, do, handling
from tests.domain.cases.test_loop import MONDAY, reported
from tests.support.world import category
from wangge.domain.cases import actions, limits, queries
from wangge.domain.cases.actions.ladder import climb, review
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock
from wangge.kernel.access import bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, Invalid


def test_a_return_ends_the_handling_clock_neither_met_nor_missed(world: SimpleNamespace) -> None:
    case = do(world, "hank", actions.return_, handling(world), note="不是我们的")
    outcomes = [(c["stage"], c["outcome"]) for c in detail(case)["clocks"]]
    assert outcomes == [("accept", "met"), ("dispatch", "met"), ("handle", "ended"), ("dispatch", "running")]
    assert {a["ended_how"] for a in detail(case)["assignments"]} == {"returned", "withdrawn"}


def test_a_suspended_case_keeps_exactly_the_time_it_had_left(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = handling(world)
    running = detail(case)["clocks"][-1]
    calendar = catalog.calendar()
    paused, resumed = MONDAY + timedelta(hours=2), MONDAY + timedelta(days=9, hours=3)
    with clock.at(paused):
        asked = do(world, "hank", actions.ask_suspension, case, review_at=paused + timedelta(days=5), note="等立项")
        held = do(world, "bob", actions.suspend, asked, note="同意，等立项")
        assert (held["status"], held["due_at"], held["back_to"]) == ("suspended", None, "handling")
    with clock.at(paused + timedelta(days=6)):
        assert review() == 1
        assert review() == 0
        assert climb() == 0  # a clock that stands still reminds nobody
    with clock.at(resumed):
        again = do(world, "bob", actions.resume, detail(held))
    left_before = calendar.seconds(paused, case["due_at"], running["unit"])
    assert again["status"] == "handling"
    assert calendar.seconds(resumed, again["due_at"], running["unit"]) == pytest.approx(left_before, abs=1)
    assert [s["act"] for s in detail(again)["timeline"]][-4:] == ["ask_suspension", "suspend", "review", "resume"]


def test_another_category_or_urgency_takes_its_limit_from_when_the_clock_started(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = reported(world)
    with clock.at(MONDAY + timedelta(hours=1)):
        urgent = do(world, "bob", actions.set_urgency, case, urgency="emergency", note="堵住消防通道")
    assert urgent["due_at"] == catalog.due(case["category"], "emergency", "accept", MONDAY)
    assert urgent["due_at"] < case["due_at"]
    other = do(world, "bob", actions.reclassify, urgent, category=category("0402").id, note="是充电问题")
    assert other["due_at"] == catalog.due(category("0402").id, "emergency", "accept", MONDAY)


def test_time_that_a_clock_stood_still_does_not_count_when_it_is_counted_anew(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = handling(world)
    times = [MONDAY + timedelta(days=d, minutes=m) for d, m in ((0, 30), (7, 120), (7, 135), (9, 0))]
    for i, act in enumerate((actions.suspend, actions.resume) * 2):
        given = {"review_at": times[i] + timedelta(days=5), "note": "等立项"} if act is actions.suspend else {}
        with clock.at(times[i]):
            case = do(world, "bob", act, case, **given)
    pauses = list(zip(times[::2], times[1::2], strict=True))
    calendar, bob = catalog.calendar(), world.as_("bob")

    def ran(until: datetime, unit: str) -> float:
        return calendar.seconds(MONDAY, until, unit) - sum(calendar.seconds(a, b, unit) for a, b in pauses)

    with clock.at(times[-1] + timedelta(minutes=5)):
        bind(bob)
        told = limits.recount(by=bob, case=case["id"], urgency="urgent")
        case = do(world, "bob", actions.set_urgency, case, urgency="urgent", note="气味扰民")
    now = next(c for c in detail(case)["clocks"] if c["outcome"] == "running")
    limit = catalog.known_limit(case["category"], "urgent", "handle")
    assert case["due_at"] == told["due_at"] > times[-1]
    assert limit.unit != "work_day" and ran(case["due_at"], limit.unit) == limit.amount * 3600
    reminder = rows.value("SELECT next_at FROM cases_clock WHERE outcome = 'running'")
    assert ran(reminder, now["unit"]) == pytest.approx(limit.amount * 3600 * 0.8)
    assert calendar.seconds(case["due_at"], told["raised_at"], now["unit"]) == limit.amount * 3600
    for moment, count in (
        (reminder, 1),
        (case["due_at"], 1),
        (told["raised_at"] - timedelta(seconds=1), 0),
        (told["raised_at"], 1),
    ):
        with clock.at(moment):
            assert climb() == count, "the ladder stands where it was told to stand"


def test_before_a_case_is_made_urgent_one_is_told_what_that_sets_off_and_so_it_comes(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        old, fresh = reported(world), reported(world, text="另一处垃圾")
    bob = world.as_("bob")
    with clock.at(MONDAY + timedelta(minutes=1)):
        bind(bob)
        told = limits.recount(by=bob, case=fresh["id"], urgency="emergency")
        assert told["due_before"] == fresh["due_at"]
        assert told["due_at"] == catalog.due(fresh["category"], "emergency", "accept", MONDAY)
        assert told["rung"] == 0
    late = told["due_at"]
    while catalog.calendar().seconds(MONDAY, late, "urgent_work_hour") < 2 * 3600:
        late += timedelta(hours=1)
    with clock.at(late):
        bind(bob)
        told = limits.recount(by=bob, case=old["id"], urgency="emergency")
        do(world, "bob", actions.set_urgency, old, urgency="emergency", note="堵住消防通道")
        while climb():
            pass
        bind(bob)
        now = queries.detail(by=bob, case=old["id"])
    assert told["rung"] == next(c["rung"] for c in now["clocks"] if c["outcome"] == "running") == 3
    assert told["raised_at"] <= late
    assert str(told["above"]) == str(now["holder"]) != str(old["holder"])


def test_what_a_limit_would_be_is_not_told_of_a_case_whose_clock_is_over_or_for_no_category(
    world: SimpleNamespace,
) -> None:
    case = reported(world)
    bob = world.as_("bob")
    bind(bob)
    with pytest.raises(Invalid, match="no such category"):
        limits.recount(by=bob, case=case["id"], category=uuid4())
    do(world, "bob", actions.reject, case, note="不属于本街道")
    bind(bob)
    with pytest.raises(Conflict):
        limits.recount(by=bob, case=case["id"], urgency="urgent")


def test_the_ladder_reminds_marks_overdue_and_raises_to_the_level_above(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = reported(world)
    first = rows.one("SELECT next_at, due_at, unit FROM cases_clock", {})
    assert MONDAY < first["next_at"] < first["due_at"]
    with clock.at(first["next_at"]):
        assert climb() == 1
    with clock.at(case["due_at"] + timedelta(seconds=1)):
        assert climb() == 1
        assert detail(case)["overdue_at"] == case["due_at"]
    with clock.at(case["due_at"] + timedelta(days=5)):
        assert climb() == 1
        assert climb() == 0
    seen = detail(case)
    assert (seen["holder"], seen["due_at"]) == (world.units.futian, case["due_at"])
    events = rows.all("SELECT event FROM outbox_event WHERE subject = %(id)s ORDER BY pos", {"id": case["id"]})
    assert [e["event"] for e in events][1:] == ["cases.clock.reminder", "cases.clock.overdue", "cases.clock.escalated"]


def test_a_limit_set_by_hand_is_the_clocks(world: SimpleNamespace) -> None:
    until = datetime(2027, 1, 5, 10, tzinfo=UTC)
    case = do(world, "bob", actions.accept, reported(world))
    with pytest.raises(Invalid):
        do(world, "bob", actions.dispatch, case, due_at=datetime(2020, 1, 1, tzinfo=UTC))
    case = do(world, "bob", actions.dispatch, case, due_at=until)
    assert case["due_at"] == until
    case = do(world, "bob", actions.involve, case, unit=world.units.police, due_at=until - timedelta(days=1))
    assert case["assisting"] == [world.units.police]
