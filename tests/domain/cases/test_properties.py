"""Whatever people try in whatever order: the case keeps one clock, one history, and offers exactly what it then accepts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.world import FUBAO, HAISHAN, category, point_in
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Report
from wangge.domain.cases.rules import STAGE_OF, Act, FollowUp, Status
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Problem

PEOPLE = ("alice", "amy", "bob", "charlie", "dan", "wally", "hank", "lea", "hugo", "sue", "leo", "ana", "sam")
ATTEMPTS: dict[str, tuple[Act, str | None, Any]] = {
    "accept": (Act.ACCEPT, None, lambda by, c: actions.accept(by=by, **c)),
    "dispatch": (Act.DISPATCH, None, lambda by, c: actions.dispatch(by=by, **c)),
    "take": (Act.TAKE, None, lambda by, c: actions.take(by=by, **c)),
    "resolve": (Act.RESOLVE, None, lambda by, c: actions.resolve(by=by, result="已处理", **c)),
    "pass": (Act.VERIFY, "pass", lambda by, c: actions.verify(by=by, outcome="pass", **c)),
    "fail": (Act.VERIFY, "fail", lambda by, c: actions.verify(by=by, outcome="fail", note="未处理干净", **c)),
    "close": (Act.CLOSE, None, lambda by, c: actions.close(by=by, follow_up=FollowUp.SATISFIED, **c)),
    "locate": (Act.LOCATE, None, lambda by, c: actions.locate(by=by, point=point_in(FUBAO + "001002"), **c)),
}
RIGHT = {
    "accept": "bob",
    "dispatch": "bob",
    "take": "hank",
    "resolve": "hank",
    "pass": "bob",
    "fail": "bob",
    "close": "bob",
    "locate": "bob",
}

tries = st.tuples(st.sampled_from(sorted(ATTEMPTS)), st.sampled_from(PEOPLE) | st.just(""))


def check(case: Any) -> dict[str, Any]:
    """The invariants of one case, read from the tables themselves."""
    with acting(SYSTEM):
        seen = queries.detail(by=SYSTEM, case=case)
        entries = rows.all("SELECT tag FROM ledger_entry WHERE subject = %(id)s ORDER BY pos", {"id": case})
        events = rows.value("SELECT count(*) FROM outbox_event WHERE subject = %(id)s", {"id": case})
    running = [c for c in seen["clocks"] if c["outcome"] == "running"]
    stage = STAGE_OF.get(Status(seen["status"]))
    assert [c["stage"] for c in running] == ([stage] if stage else [])
    assert seen["stage"] == stage
    steps = seen["timeline"]
    assert len(steps) == len(entries) == events == seen["version"]
    assert [f"cases.{s['act']}" for s in steps] == [e["tag"] for e in entries]
    assert [s["before"] for s in steps] == [None, *[s["after"] for s in steps[:-1]]]
    assert steps[-1]["after"] == seen["status"]
    assert sorted(s["at"] for s in steps) == [s["at"] for s in steps]
    live = [a for a in seen["assignments"] if a["ended_at"] is None]
    assert len(live) == (1 if seen["status"] in ("handling", "verifying") else 0)
    return seen


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(tries, min_size=1, max_size=14))
def test_no_sequence_of_attempts_breaks_a_case(world: SimpleNamespace, sequence: list[tuple[str, str]]) -> None:
    alice = world.as_("alice")
    bind(alice)
    report = Report(text="路边有垃圾堆", category=category("0101").id, point=point_in(FUBAO + "001001"))
    case = actions.report(by=alice, report=report)[0]["id"]
    before = check(case)
    for name, login in sequence:
        act, outcome, attempt = ATTEMPTS[name]
        person = world.as_(login or RIGHT[name])
        bind(person)
        try:
            offered = {(a["act"], a["outcome"]) for a in queries.detail(by=person, case=case)["acts"]}
        except Problem:
            offered = set()
        try:
            attempt(person, {"case": case, "version": before["version"]})
            done = True
        except Problem:
            done = False
        after = check(case)
        assert done == ((str(act), outcome) in offered)
        assert after["version"] == before["version"] + done
        before = after


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
