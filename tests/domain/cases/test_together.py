"""The reports of a batch that are written together leave what they would have left one by one, with few statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, get_args
from uuid import UUID

import orjson
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.cases.test_batch import outcomes, report_op, send
from tests.domain.cases.test_bulk import OWN, rows_of
from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases.actions import batch
from wangge.domain.cases.schemas import STAFF_CHANNELS
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.actions import add_route, change_category
from wangge.domain.evidence.models import Upload
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger.verify import verify
from wangge.kernel.problems import Invalid

NOW = datetime(2026, 11, 20, 3, 15, 7, 250_000, tzinfo=UTC)
EACH_ITS_OWN = {"number", "step", "content_sha256", "evidence", "note_sha256"}


FILES = st.tuples(
    st.sampled_from(["photo", "photo", "video"]),
    st.sampled_from([None, None, "photo", "audio"]),
    st.sampled_from([None, "report", "before"]),
)
"""What a file is said to be, what it was uploaded as (None: promised), and what it shows."""


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """What a phone sends of one report, without its ids."""
    place = draw(st.sampled_from(["001001", "001002", "002001", None]))
    lon, lat = point_in(FUBAO + place) if place else (0, 0)
    return {
        "text": draw(st.sampled_from(["路边有垃圾堆", "路灯不亮，请来看看", " 楼道堆物 "])),
        "title": draw(st.sampled_from(["", "垃圾"])),
        "category": draw(st.sampled_from([None, *(str(category(code).id) for code in ("0101", "0102"))])),
        "urgency": draw(st.sampled_from([None, "urgent"])),
        "channel": draw(st.sampled_from(get_args(STAFF_CHANNELS))),
        "street": FUBAO,
        "point": {"lon": lon, "lat": lat} if place else None,
        "reporter": draw(st.sampled_from([None, {"name": "王女士", "phone": "13800001234"}])),
        "confidential": draw(st.booleans()),
        "wants_answer": draw(st.booleans()),
        "reported_at": draw(st.sampled_from([None, NOW - timedelta(hours=5), NOW - timedelta(days=2)])),
        "evidence": draw(st.lists(FILES, max_size=3)),
    }


def operation_of(body: dict[str, Any], owner: UUID) -> dict[str, Any]:
    """With ids of its own; what is uploaded is there."""
    files = []
    for said, uploaded, role in body["evidence"]:
        file = uuid7()
        files.append({"id": str(file), "kind": said, "sha256": "A" * 64, "role": role})
        if uploaded is not None:
            with acting(SYSTEM):
                Upload.objects.create(
                    id=file, owner=owner, kind=uploaded, state="uploading", sha256="a" * 64, made_at=NOW
                )
    at = body["reported_at"] and body["reported_at"].isoformat()
    filled = body | {"id": str(uuid7()), "evidence": files, "reported_at": at}
    return {"id": str(uuid7()), "kind": "report", "given": filled}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(bodies(), min_size=2, max_size=6), automatic=st.booleans())
def test_together_and_one_by_one_leave_the_same(
    world: SimpleNamespace, caplog: pytest.LogCaptureFixture, drawn: list[dict[str, Any]], automatic: bool
) -> None:
    with transaction.atomic(), clock.at(NOW):
        make_particular()
        if automatic:
            make_automatic(world)
        alice = world.as_("alice")
        assert alice.id is not None
        one_by_one = [operation_of(body, alice.id) for body in drawn]
        alone = [send(world, "alice", [operation])[0] for operation in one_by_one]
        together = [operation_of(body, alice.id) for body in drawn]
        answers = send(world, "alice", together)
        assert "one by one" not in caplog.text, "what is refused keeps nothing else from being written together"
        assert [answered(a) for a in answers] == [answered(a) for a in alone]
        made = []
        with acting(SYSTEM):
            for a, b, answer in zip(one_by_one, together, answers, strict=True):
                case = UUID(b["given"]["id"])
                state = rows.one("SELECT number, version, status FROM cases_case WHERE id = %(id)s", {"id": case})
                if answer.state is None:
                    assert state is None
                    continue
                assert left_by(UUID(a["given"]["id"])) == left_by(case)
                assert state == {name: answer.state[name] for name in ("number", "version", "status")}
                made.append(answer.state["number"])
        numbers = [a.state["number"] for a in alone if a.state is not None] + made
        for day in {n[:17] for n in numbers}:
            ordered = [int(n[17:]) for n in numbers if n[:17] == day]
            assert ordered == list(range(1, len(ordered) + 1)), "numbers follow the order of the operations"
        catalog.forget()
        transaction.set_rollback(True)
    catalog.forget()


def answered(answer: batch.Answer) -> tuple[str, dict[str, Any] | None]:
    return answer.outcome, answer.problem and answer.problem.as_json("zh")


def make_particular() -> None:
    """Rubbish enters at another level from each channel, and is not reported on the spot without a photo; two are wanted."""
    rubbish = category("0101")
    needs = [
        {"at": "report", "kind": "photo", "least": 1, "required": True},
        {"at": "report", "kind": "photo", "least": 2},
    ]
    levels = {"patrol": "community", "hotline": "district", "window": "city"}
    with acting(SYSTEM):
        change_category(by=SYSTEM, category=rubbish.id, version=rubbish.version, evidence=needs, entry_levels=levels)
    catalog.forget()


def make_automatic(world: SimpleNamespace) -> None:
    """Rubbish is dispatched by itself."""
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


def left_by(case: UUID) -> dict[str, Any]:
    """Everything that a report leaves, without what two of them cannot have in common."""
    found: dict[str, Any] = rows_of(case)
    for step in found["cases_step"]:
        step["data"].pop("evidence", None)
    for table in ("ledger_entry", "outbox_event"):
        found[table] = rows.all(f"SELECT * FROM {table} WHERE subject = %(case)s ORDER BY pos", {"case": case})
    found["evidence_item"] = rows.all('SELECT * FROM evidence_item WHERE "case" = %(case)s ORDER BY id', {"case": case})
    for event in found["outbox_event"]:
        del event["at"]  # when it was written
    for row in found["ledger_entry"] + found["outbox_event"]:
        body = orjson.loads(row["body"])
        if body.get("due_at"):
            body["due_at"] = datetime.fromisoformat(body["due_at"])
        counted = len(body["evidence"]) if "evidence" in body else None
        row["body"] = {k: v for k, v in body.items() if k not in EACH_ITS_OWN} | {"files": counted}
    found["evidence_upload"] = rows.all(
        """SELECT u.* FROM evidence_upload u JOIN evidence_item i ON i.id = u.id WHERE i."case" = %(case)s ORDER BY u.id""",
        {"case": case},
    )
    own = OWN | {"pos", "subject", "xid", "recorded_at", "mark"}
    return {
        table: [{k: v for k, v in row.items() if k not in own} for row in listed] for table, listed in found.items()
    }


def test_a_hundred_reports_take_few_statements(world: SimpleNamespace, django_assert_max_num_queries: Any) -> None:
    def queue(size: int) -> list[dict[str, Any]]:
        return [report_op(text=f"第 {n} 处垃圾", evidence=[{"id": str(uuid7())}]) for n in range(size)]

    def statements(operations: list[dict[str, Any]], outcome: str, most: int) -> int:
        with django_assert_max_num_queries(most) as counted:
            assert outcomes(send(world, "alice", operations)) == [outcome] * len(operations)
        return len(counted)

    many = queue(100)
    send(world, "alice", queue(2))  # what is read once a second is read
    assert statements(many, "applied", 25) <= statements(queue(3), "applied", 25) + 2
    assert statements(many, "duplicate", 10) <= 10
    assert not verify().findings


def test_what_is_short_of_required_evidence_is_refused_by_itself_and_the_rest_goes_together(
    world: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    make_particular()
    shown = [{"id": str(uuid7())} for _ in range(40)]
    operations = [report_op(evidence=[file]) for file in shown] + [report_op()]
    with django_assert_max_num_queries(35):
        answers = send(world, "alice", operations)
    assert outcomes(answers) == ["applied"] * 40 + ["rejected"]
    assert isinstance(answers[-1].problem, Invalid)
    assert [(e.path, e.code) for e in answers[-1].problem.errors] == [("body.evidence", "missing")]
    with acting(SYSTEM):
        noted = rows.all("SELECT data -> 'evidence_short' AS short FROM cases_step WHERE act = 'report'")
    assert [orjson.loads(r["short"]) for r in noted] == [["photo:1"]] * 40


def test_one_that_the_database_refuses_hurts_no_other(world: SimpleNamespace) -> None:
    first, bad, last = report_op(), report_op(address="a\x00b"), report_op()
    assert outcomes(send(world, "alice", [first, bad, last])) == ["applied", "failed", "applied"]
    assert outcomes(send(world, "alice", [first, bad, last])) == ["duplicate", "failed", "duplicate"]


def test_what_is_not_plain_is_answered_by_itself_and_in_its_place(world: SimpleNamespace) -> None:
    shared = {"id": str(uuid7())}
    known = report_op()
    send(world, "alice", [known])
    twice = report_op()
    operations = [
        report_op(),
        report_op(evidence=[shared]),
        report_op(evidence=[shared]),  # the file is the first one's
        report_op(point={"lon": 114.005, "lat": 22.52}),  # outside all grids, and no street given
        {**report_op(), "given": known["given"]},  # reported before, by another operation
        twice,
        {**report_op(), "given": twice["given"]},  # the same again
        {**report_op(), "given": twice["given"] | {"text": "另一件事"}},  # other content under its id
        report_op(),
    ]
    answers = send(world, "alice", operations)
    assert outcomes(answers) == [
        "applied",
        "applied",
        "rejected",
        "rejected",
        "applied",
        "applied",
        "applied",
        "rejected",
        "applied",
    ]
    assert [a.id for a in answers] == [UUID(o["id"]) for o in operations]


def test_an_act_in_front_of_its_report_is_not_helped_by_it(world: SimpleNamespace) -> None:
    made, other = report_op(), report_op()
    early = {"id": str(uuid7()), "kind": "comment", "case": made["given"]["id"], "version": 1, "given": {"note": "早"}}
    assert outcomes(send(world, "alice", [early, made, other])) == ["rejected", "applied", "applied"]


def test_who_may_not_report_is_told_so_for_each(world: SimpleNamespace) -> None:
    answers = send(world, "ana", [report_op(), report_op()])
    assert outcomes(answers) == ["rejected", "rejected"]


@pytest.mark.parametrize("size", [1, 2])
def test_an_operation_in_a_batch_twice_does_nothing(world: SimpleNamespace, size: int) -> None:
    made = report_op()
    with pytest.raises(Invalid):
        send(world, "alice", [*(report_op() for _ in range(size)), made, made])
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_case") == 0
