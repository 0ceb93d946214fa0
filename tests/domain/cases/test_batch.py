"""A phone's queue: whatever is sent again, split or sent at once, each operation is done exactly once, and one that fails hurts no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.cases.test_loop import reported, step
from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions
from wangge.domain.cases.actions import batch, together
from wangge.domain.cases.batch_api import OperationIn, read
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid

reporting = import_module("wangge.domain.cases.actions.report")
"""The module: the package has a function of its name."""


def report_op(**more: Any) -> dict[str, Any]:
    lon, lat = point_in(FUBAO + "001001")
    body = {
        "id": str(uuid7()),
        "text": "路边有垃圾堆",
        "category": str(category("0101").id),
        "point": {"lon": lon, "lat": lat},
    }
    return {"id": str(uuid7()), "kind": "report", "given": body | more}


def send(world: SimpleNamespace, login: str, operations: list[dict[str, Any]]) -> list[batch.Answer]:
    person = world.as_(login)
    bind(person)
    return batch.run(by=person, operations=[read(OperationIn.model_validate(o)) for o in operations])


def outcomes(answers: list[batch.Answer]) -> list[str]:
    return [a.outcome for a in answers]


def test_a_report_and_what_was_done_about_it_offline_arrive_together(world: SimpleNamespace) -> None:
    made = report_op()
    noted = {"id": str(uuid7()), "kind": "comment", "after": made["id"], "given": {"note": "照片稍后补"}}
    back = {"id": str(uuid7()), "kind": "withdraw", "after": noted["id"], "given": {"note": "已自行清走"}}
    answers = send(world, "alice", [made, noted, back])
    assert outcomes(answers) == ["applied", "applied", "applied"]
    assert answers[-1].state is not None
    assert answers[-1].state["status"] == "withdrawn"
    again = send(world, "alice", [made, noted, back])
    assert outcomes(again) == ["duplicate"] * 3
    assert [str(a.state["version"]) for a in again if a.state] == ["1", "2", "3"]


def test_an_operation_may_build_on_one_that_was_sent_before(world: SimpleNamespace) -> None:
    made = report_op()
    send(world, "alice", [made])
    noted = {"id": str(uuid7()), "kind": "comment", "after": made["id"], "given": {"note": "后来补充"}}
    assert outcomes(send(world, "alice", [noted])) == ["applied"]
    strange = {"id": str(uuid7()), "kind": "comment", "after": str(uuid7()), "given": {"note": "无根据"}}
    assert outcomes(send(world, "alice", [strange])) == ["rejected"]


def test_a_broken_operation_names_its_fields_and_hurts_only_what_builds_on_it(world: SimpleNamespace) -> None:
    bad = report_op(text="", urgency="very")
    on_bad = {"id": str(uuid7()), "kind": "comment", "after": bad["id"], "given": {"note": "同上"}}
    good = report_op()
    answers = send(world, "alice", [bad, on_bad, good])
    assert outcomes(answers) == ["rejected", "rejected", "applied"]
    assert isinstance(answers[0].problem, Invalid)
    assert {e.path for e in answers[0].problem.errors} == {"given.text", "given.urgency"}


def test_an_act_on_a_case_that_others_moved_is_a_conflict_with_its_present_state(world: SimpleNamespace) -> None:
    case = reported(world)
    step(world.as_("bob"), actions.accept, case)
    late = {"id": str(uuid7()), "kind": "withdraw", "case": str(case["id"]), "version": 1, "given": {"note": "不用了"}}
    answer = send(world, "alice", [late])[0]
    assert answer.outcome == "conflict"
    assert answer.state is not None
    assert (answer.state["status"], answer.state["version"]) == ("accepted", 2)


def test_the_same_id_with_other_content_is_refused(world: SimpleNamespace) -> None:
    first = report_op()
    send(world, "alice", [first])
    other = report_op() | {"id": first["id"]}
    answer = send(world, "alice", [other])[0]
    assert answer.outcome == "rejected"
    assert isinstance(answer.problem, Invalid)
    assert answer.problem.errors[0].code == "id_reused"


def test_what_one_phone_sent_is_not_seen_by_another(world: SimpleNamespace) -> None:
    first = report_op()
    send(world, "alice", [first])
    bind(world.as_("bob"))
    assert rows.value("SELECT count(*) FROM cases_operation") == 0
    assert outcomes(send(world, "bob", [report_op() | {"id": first["id"]}])) == ["applied"]


def test_what_builds_on_a_report_builds_on_what_an_automatic_rule_made_of_it(world: SimpleNamespace) -> None:
    from wangge.domain.catalog import queries as catalog
    from wangge.domain.catalog.actions import add_route

    with acting(SYSTEM):
        add_route(
            by=SYSTEM,
            id=uuid7(),
            name="自动",
            unit=world.units.cleaners,
            category=category("0101").id,
            area=FUBAO,
            automatic=True,
        )
    catalog.forget()
    made = report_op()
    moved = {
        "id": str(uuid7()),
        "kind": "set_urgency",
        "after": made["id"],
        "given": {"urgency": "emergency", "note": "堵路"},
    }
    answers = send(world, "bob", [made, moved])
    assert outcomes(answers) == ["applied", "applied"]
    assert answers[0].state is not None
    assert answers[0].state["status"] == "handling"
    assert outcomes(send(world, "bob", [made, moved])) == ["duplicate", "duplicate"]


def test_an_act_on_a_case_whose_report_was_rejected_says_so(world: SimpleNamespace) -> None:
    bad = report_op(point={"lon": 114.005, "lat": 22.52})  # outside all grids, and no street given
    noted = {"id": str(uuid7()), "kind": "comment", "case": bad["given"]["id"], "given": {"note": "补充"}}
    answers = send(world, "alice", [bad, noted])
    assert outcomes(answers) == ["rejected", "rejected"]
    assert answers[1].problem is not None
    assert "上报没有成功" in answers[1].problem.detail.zh


def test_a_defect_hurts_one_operation_and_is_not_taken_for_done(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = report_op(), report_op()
    real = reporting.judge

    def broken(*, by: Any, report: Any, **more: Any) -> Any:
        if str(report.id) == first["given"]["id"]:
            raise RuntimeError("a defect")
        return real(by=by, report=report, **more)

    with monkeypatch.context() as patch:
        patch.setattr(reporting, "judge", broken)
        patch.setattr(together, "judge", broken)
        assert outcomes(send(world, "alice", [first, second])) == ["failed", "applied"]
    assert outcomes(send(world, "alice", [first, second])) == ["applied", "duplicate"]


def queue_of(size: int) -> list[dict[str, Any]]:
    """Reports, each with a comment and every second one taken back."""
    out: list[dict[str, Any]] = []
    for number in range(size):
        made = report_op(text=f"第 {number} 处垃圾")
        noted = {"id": str(uuid7()), "kind": "comment", "after": made["id"], "given": {"note": f"补充 {number}"}}
        out += [made, noted]
        if number % 2:
            out.append({"id": str(uuid7()), "kind": "withdraw", "after": noted["id"], "given": {"note": "已清走"}})
    return out


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)), max_size=8))
def test_however_a_queue_is_cut_and_repeated_the_end_is_the_same(
    world: SimpleNamespace, sendings: list[tuple[int, int]]
) -> None:
    with transaction.atomic():
        queue = queue_of(4)
        done = 0
        for start, length in sendings:
            start = min(start, done)  # a phone goes on from what it knows to be done, or repeats
            part = queue[start : start + length]
            if part:
                answers = send(world, "alice", part)
                assert outcomes(answers) == ["duplicate"] * min(done - start, len(part)) + ["applied"] * max(
                    0, start + len(part) - done
                )
                done = max(done, start + len(part))
        send(world, "alice", queue)
        with acting(SYSTEM):
            found = rows.all("SELECT c.text, c.status, c.version FROM cases_case c ORDER BY c.text")
            assert rows.value("SELECT count(*) FROM cases_operation") == len(queue)
        assert [(f["text"], f["status"], f["version"]) for f in found] == [
            (f"第 {n} 处垃圾", "withdrawn" if n % 2 else "reported", 3 if n % 2 else 2) for n in range(4)
        ]
        transaction.set_rollback(True)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.permutations(range(7)).flatmap(lambda order: st.integers(1, 7).map(lambda n: order[:n])), max_size=4)
)
def test_in_whatever_order_a_queue_comes_each_of_it_is_done_once_and_never_before_what_it_builds_on(
    world: SimpleNamespace, sendings: list[list[int]]
) -> None:
    with transaction.atomic():
        queue = queue_of(3)
        assert len(queue) == 7
        done: set[str] = set()
        for order in sendings:
            part = [queue[n] for n in order]
            for operation, outcome in zip(part, outcomes(send(world, "alice", part)), strict=True):
                if operation["id"] in done:
                    assert outcome == "duplicate"
                elif operation.get("after") in done | {None}:
                    assert outcome == "applied"
                    done.add(operation["id"])
                else:
                    assert outcome == "rejected"
        send(world, "alice", queue)
        with acting(SYSTEM):
            found = rows.all("SELECT status, version FROM cases_case ORDER BY text")
            steps = rows.value("SELECT count(*) FROM cases_step WHERE actor IS NOT NULL")
        assert [(f["status"], f["version"]) for f in found] == [("reported", 2), ("withdrawn", 3), ("reported", 2)]
        assert steps == len(queue)
        transaction.set_rollback(True)


def test_a_queue_sent_four_times_at_once_is_done_once(in_own_world: SimpleNamespace) -> None:
    queue = queue_of(3)

    def once(_: int) -> list[str]:
        try:
            return outcomes(send(in_own_world, "alice", queue))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(once, range(4)))
    for position in range(len(queue)):
        assert sorted(a[position] for a in answers) == ["applied", "duplicate", "duplicate", "duplicate"]
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_case") == 3


def test_over_http_each_answer_is_in_the_askers_language(world: SimpleNamespace, settings: Any) -> None:
    from dataclasses import replace

    from django.test import Client

    from tests.support.world import log_in

    settings.CONFIG = replace(settings.CONFIG, demo=True)
    token = log_in("alice")
    operations = [report_op(), report_op(text="")]
    answer = Client().post(
        "/api/v1/batch",
        {"operations": operations},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )
    assert answer.status_code == 200, answer.content
    first, second = answer.json()["answers"]
    assert first["outcome"] == "applied"
    assert UUID(first["state"]["id"]) == UUID(operations[0]["given"]["id"])
    assert "At least 1 character" in second["problem"]["errors"][0]["message"]
