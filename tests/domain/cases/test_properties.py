"""Whatever people try in whatever order, and however much time passes: the case keeps one clock and one history, has a way on, offers
exactly what it then accepts, and shows a confidential reporter to nobody but the centre."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.world import FUBAO, HAISHAN, category, point_in
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.actions.ladder import climb, review
from wangge.domain.cases.rules import OPEN, STAGE_OF, TABLE, Act, Kind, Status, acts, inputs_of, outcomes, possible
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid, Problem

PEOPLE = ("alice", "amy", "bob", "charlie", "dan", "wally", "hank", "lea", "hugo", "sue", "leo", "ana", "sam")
CENTRE = {"bob", "dan"}
START = datetime(2026, 11, 16, 1, 30, tzinfo=UTC)
REPORTER = Reporter("欧阳明月", "13800001234")
DEPENDS = {Act.LOCATE, Act.ESCALATE, Act.DELEGATE, Act.LINK, Act.MERGE, Act.SELF_RESOLVE}
"""Acts that can be impossible for a reason outside the case: a point outside one's grids, no centre above, linked already, a category that does not allow it."""

choices = [(act, outcome) for act in acts() for outcome in outcomes(act) or (None,)]
moving = [(a, o) for a, o in choices if any(r.moves for r in TABLE if r.act == a)]
tries = st.tuples(
    st.sampled_from(choices) | st.sampled_from(moving) | st.just("time"),
    st.sampled_from(PEOPLE) | st.just(""),
    st.integers(0, 2),
    st.integers(0, 90),
)
# Who is likely to be allowed: without this most attempts would be refused and nothing would ever move.
RIGHT = {
    "cases.take": "hank", "cases.return": "hank", "cases.progress": "hank", "cases.ask": "hank", "cases.resolve": "hank",
    "cases.answer": "hank", "cases.supervise": "sue", "cases.decide": "sue", "cases.instruct": "leo", "cases.self_resolve": "alice",
    "cases.withdraw": "alice",
}  # fmt: skip


def given_for(act: Act, outcome: str | None, world: SimpleNamespace, other: UUID, pick: int) -> dict[str, Any]:
    """Inputs that could be right, for every input that the table names."""
    units = (world.units.cleaners, world.units.wardens, world.units.police)
    now = clock.now()
    by_kind: dict[Kind, Any] = {
        Kind.TEXT: "写明情况",
        Kind.LONG_TEXT: "已处理完毕",
        Kind.POINT: point_in(FUBAO + "001002"),
        Kind.CATEGORY: category(("0101", "0105", "0402")[pick]).id,
        Kind.UNIT: units[pick],
        Kind.UNITS: [units[(pick + 1) % 3]],
        Kind.CASE: other,
        Kind.TIME: now + timedelta(days=20 + pick),
        Kind.RATING: pick + 1,
        Kind.FLAG: bool(pick),
        Kind.TAGS: ["夜间", "占道"][:pick],
    }
    found = {
        i.name: (str(list(i.choices)[pick % len(i.choices)]) if i.choices else by_kind[i.kind])
        for i in inputs_of(act)
        if i.kind in by_kind or i.choices
    }
    if act in (Act.DELEGATE, Act.DISPATCH) and pick == 0:
        found.pop("unit")
    return found | ({"outcome": outcome} if outcome else {})


def check(case: Any) -> dict[str, Any]:
    """The invariants of one case, read from the tables themselves."""
    with acting(SYSTEM):
        seen = queries.detail(by=SYSTEM, case=case)
        entries = rows.all("SELECT tag FROM ledger_entry WHERE subject = %(id)s ORDER BY pos", {"id": case})
        events = rows.value("SELECT count(*) FROM outbox_event WHERE subject = %(id)s", {"id": case})
    status = Status(seen["status"])
    running = [c for c in seen["clocks"] if c["outcome"] == "running"]
    stage = STAGE_OF.get(status)
    if status == Status.SUSPENDED:
        assert [c["paused_at"] is not None for c in running] == [True]
        assert seen["due_at"] is None
        assert seen["review_at"] is not None
    else:
        assert [c["stage"] for c in running] == ([stage] if stage else [])
        assert all(c["paused_at"] is None and datetime.fromisoformat(c["due_at"]) == seen["due_at"] for c in running)
    assert seen["stage"] == stage
    assert all(0 <= c["rung"] <= 3 for c in seen["clocks"])
    steps = seen["timeline"]
    assert len(steps) == len(entries) == events == seen["version"]
    assert [f"cases.{s['act']}" for s in steps] == [e["tag"] for e in entries]
    assert [s["before"] for s in steps] == [None, *[s["after"] for s in steps[:-1]]]
    assert steps[-1]["after"] == status
    assert sorted(s["at"] for s in steps) == [s["at"] for s in steps]
    live = [(a["kind"], a["unit"]) for a in seen["assignments"] if a["ended_at"] is None]
    if status in OPEN:
        assert [u for k, u in live if k == "lead"] == ([str(seen["lead"])] if seen["lead"] else [])
        assert sorted(u for k, u in live if k == "assist") == sorted(map(str, seen["assisting"]))
    elif status in (Status.CLOSED, Status.ARCHIVED):
        assert live == []
    assert seen["demands_open"] == sum(d["lifted_at"] is None for d in seen["demands"])
    if status != Status.HANDLING:
        assert not [r for r in seen["requests"] if r["outcome"] == "pending"]
    assert status not in OPEN or any(row.moves for row in possible(status))
    assert (seen["closed_at"] is None) == (status in OPEN)
    return seen


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(tries, min_size=1, max_size=25))
def test_no_sequence_of_attempts_breaks_a_case(world: SimpleNamespace, sequence: list[Any]) -> None:
    now = START
    with clock.at(now):
        alice = world.as_("alice")
        bind(alice)
        place = {"category": category("0101").id, "point": point_in(FUBAO + "001001")}
        other = actions.report(by=alice, report=Report(text="另一处垃圾堆", **place))[0]["id"]
        case = actions.report(
            by=alice, report=Report(text="路边有垃圾堆", reporter=REPORTER, confidential=True, **place)
        )[0]["id"]
        before = check(case)
    for what, login, pick, minutes in sequence:
        now += timedelta(minutes=minutes)
        with clock.at(now):
            if what == "time":
                now += timedelta(days=pick * 3)
                with clock.at(now):
                    while climb() + review():
                        pass
                before = check(case)
                continue
            before = attempt(world, case, other, before, *what, login, pick)


def attempt(
    world: SimpleNamespace,
    case: UUID,
    other: UUID,
    before: dict[str, Any],
    act: Act,
    outcome: str | None,
    login: str,
    pick: int,
) -> dict[str, Any]:
    """One try of one person: done exactly when it was offered, but for inputs that do not fit."""
    permission = next(r.permission for r in TABLE if r.act == act)
    person = world.as_(login or RIGHT.get(permission, "bob"))
    bind(person)
    offered = set()
    try:
        seen = queries.detail(by=person, case=case)
        offered = {(a["act"], a["outcome"]) for a in seen["acts"]}
        if (login or RIGHT.get(permission, "bob")) not in CENTRE and before["confidential"]:
            assert seen["parties"] == []
            assert "欧" not in repr(seen)
    except Problem:
        pass
    given = given_for(act, outcome, world, other, pick)
    refused: Problem | None = None
    try:
        actions.perform(by=person, act=act, case=case, version=before["version"], given=given)
    except Problem as problem:
        refused = problem
    after = check(case)
    if refused is None:
        assert (str(act), outcome) in offered
    else:
        assert (str(act), outcome) not in offered or isinstance(refused, Invalid) or act in DEPENDS
    assert after["version"] == before["version"] + (refused is None)
    return after


walks = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(0, 60), st.integers(0, 2), st.integers(0, 3)), max_size=40
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walks)
def test_no_walk_over_offered_acts_gets_stuck(world: SimpleNamespace, walk: list[tuple[str, int, int, int]]) -> None:
    """Only acts that are offered, and those that move the case first: so walks come far."""
    now = START
    with clock.at(now):
        alice = world.as_("alice")
        bind(alice)
        place = {"category": category("0101").id, "point": point_in(FUBAO + "001001")}
        other = actions.report(by=alice, report=Report(text="另一处垃圾堆", **place))[0]["id"]
        case = actions.report(
            by=alice, report=Report(text="路边有垃圾堆", reporter=REPORTER, confidential=True, **place)
        )[0]["id"]
        before = check(case)
    for login, number, pick, days in walk:
        now += timedelta(days=days / 2, minutes=5)
        with clock.at(now):
            climb()
            before = check(case)
            person = world.as_(login)
            bind(person)
            try:
                offered = [(Act(a["act"]), a["outcome"]) for a in queries.detail(by=person, case=case)["acts"]]
            except Problem:
                continue
            onward = [o for o in offered if o in moving and o[0] not in (Act.MERGE, Act.VOID, Act.WITHDRAW, Act.REJECT)]
            if onward or offered:
                chosen = (onward if onward and number % 3 else offered)[
                    number % len(onward if onward and number % 3 else offered)
                ]
                before = attempt(world, case, other, before, *chosen, login, pick)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 60 * 24 * 4), min_size=1, max_size=12))
def test_each_step_of_the_ladder_is_taken_once_in_order_however_often_it_is_looked_at(
    world: SimpleNamespace, waits: list[int]
) -> None:
    now = START
    with clock.at(now):
        alice = world.as_("alice")
        bind(alice)
        case = actions.report(by=alice, report=Report(text="路边有垃圾堆", point=point_in(FUBAO + "001001")))[0]
    for minutes in waits:
        now += timedelta(minutes=minutes)
        with clock.at(now):
            climb()
            climb()
    with clock.at(now):
        while climb():
            pass
        with acting(SYSTEM):
            seen = queries.detail(by=SYSTEM, case=case["id"])
    told = [s["act"] for s in seen["timeline"][1:]]
    assert told == ["remind", "overdue", "raise"][: len(told)]
    assert max(Counter(told).values(), default=0) <= 1
    clock_row = seen["clocks"][0]
    assert clock_row["rung"] == len(told)
    due = datetime.fromisoformat(clock_row["due_at"])
    assert (len(told) >= 2) == (now >= due)
    assert seen["due_at"] == case["due_at"]  # being late moves no clock
    assert (seen["overdue_at"] is not None) == (now >= due)


def test_a_stranger_is_offered_nothing_anywhere(world: SimpleNamespace) -> None:
    charlie = world.as_("charlie")
    bind(charlie)
    case = actions.report(by=charlie, report=Report(text="海边有垃圾堆", point=point_in(HAISHAN + "001001")))[0]
    for login in PEOPLE:
        person = world.as_(login)
        bind(person)
        if login in ("charlie", "leo"):
            assert queries.detail(by=person, case=case["id"])["number"] == case["number"]
        else:
            with pytest.raises(Problem):
                queries.detail(by=person, case=case["id"])
