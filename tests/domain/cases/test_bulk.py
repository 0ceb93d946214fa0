"""A history that is told leaves the same rows as one that is led through the loop act by act; and it is written once, whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.world import FUBAO
from wangge.domain.cases import actions, bulk, queries
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.actions.perform import FUNCTIONS
from wangge.domain.cases.actions.report import place_of
from wangge.domain.cases.bulk import Happened, History
from wangge.domain.cases.rules import Act, Channel, FollowUp
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock
from wangge.kernel.access import Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger.verify import verify

BY = Principal(kind="system", id=None, name="导入")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TABLES = ("cases_case", "cases_party", "cases_step", "cases_clock", "cases_assignment")
OWN = {"id", "case", "number", "received_at", "salt", "name_sealed", "phone_sealed", "body_hash"}
"""What two cases cannot have in common, or only have by chance."""


@st.composite
def lives(draw: st.DrawFn) -> dict[str, Any]:
    """A report and its acts: (act, hours after the one before, what it was given)."""
    line: list[tuple[Act, dict[str, Any]]] = []
    if draw(st.booleans()):
        line.append((Act.ACCEPT, {"note": draw(st.sampled_from(["", "按拟办意见"]))}))
        for _ in range(draw(st.integers(0, 2))):
            line += [(Act.DISPATCH, {}), (Act.TAKE, {}), (Act.RETURN, {"note": "不属我单位"})]
        if draw(st.booleans()) and len(line) < 6:
            line += [(Act.DISPATCH, {"unit": True, "due_at": draw(st.sampled_from([None, 900]))}), (Act.TAKE, {})]
            if draw(st.booleans()):
                line.append((Act.EXTEND, {"due_at": 2000, "note": "等配件"}))
            for _ in range(draw(st.integers(0, 1))):
                line += [
                    (Act.RESOLVE, {"result": "已办"}),
                    (Act.VERIFY, {"outcome": "fail", "note": "没清完"}),
                    (Act.TAKE, {}),
                ]
            if draw(st.booleans()):
                line += [(Act.RESOLVE, {"result": "已办妥"}), (Act.VERIFY, {"outcome": "pass"})]
                if draw(st.booleans()):
                    line.append((Act.CLOSE, {}))
                    line += [(Act.ARCHIVE, {})] * draw(st.integers(0, 1))
            elif draw(st.booleans()):
                line.append((Act.SUSPEND, {"review_at": 3000, "note": "等资金"}))
    elif draw(st.booleans()):
        line.append((Act.REJECT, {"note": "不属本市"}))
    return {
        "line": [(act, draw(st.sampled_from([0, 0.5, 3, 30, 200])), given) for act, given in line],
        "reporter": draw(st.booleans()),
        "wants_answer": draw(st.booleans()),
        "answer": draw(st.sampled_from([(FollowUp.SATISFIED, 5), (FollowUp.NOT_WANTED, None)])),
        "urgency": draw(st.sampled_from(["normal", "urgent"])),
        "confidential": draw(st.booleans()),
    }


def report_of(life: dict[str, Any], world: SimpleNamespace) -> Report:
    return Report(
        id=uuid7(),
        text="小区门口垃圾没人清理",
        category=catalog.suggest(text="小区门口垃圾没人清理"),
        urgency=life["urgency"],
        channel=Channel.HOTLINE,
        street=FUBAO,
        reporter=Reporter("来电人", "13800001234") if life["reporter"] else None,
        wants_answer=life["wants_answer"],
        confidential=life["confidential"],
        reported_at=START,
    )


def both(life: dict[str, Any], world: SimpleNamespace) -> tuple[UUID, UUID]:
    """The same life twice: led through the loop, and told."""
    led, told = report_of(life, world), report_of(life, world)
    happened: list[Happened] = []
    at = START
    with clock.at(at), acting(BY):
        row, _ = actions.report(by=BY, report=led)

    def act(what: Act, at: datetime, **inputs: Any) -> None:
        nonlocal row
        choice = None
        with clock.at(at), acting(BY):
            if what == Act.DISPATCH:
                choice = catalog.choose_route(row["category"], queries.route_place(row), at)
            row = FUNCTIONS[what](by=BY, case=row["id"], version=row["version"], **inputs)
        inputs["note"] = inputs.pop("result", inputs.get("note", ""))
        happened.append(Happened(what, at, BY, choice=choice, **inputs))

    for what, hours, raw in life["line"]:
        at += timedelta(hours=hours)
        inputs = {k: v for k, v in raw.items() if v is not None}
        for name in ("due_at", "review_at"):
            if name in inputs:
                inputs[name] = START + timedelta(hours=inputs[name])
        if "unit" in inputs:
            inputs["unit"] = world.units.cleaners
        if what == Act.EXTEND and row["due_at"] >= inputs["due_at"]:
            continue
        if what == Act.CLOSE and row["follow_up"] is None:
            outcome, rating = life["answer"]
            act(Act.FOLLOW_UP, at, outcome=str(outcome), **({"rating": rating} if rating else {}))
        act(what, at, **inputs)
    found = catalog.category(told.category)
    assert found is not None and told.urgency is not None and told.category is not None
    with acting(BY):
        holder = rows.value("SELECT first_receiver FROM cases_case WHERE id = %(id)s", {"id": led.id})
    history = History(
        by=BY,
        report=told,
        place=place_of(told),
        category=told.category,
        urgency=told.urgency,
        confidential=told.confidential or found.confidential,
        reported_at=START,
        holder=holder,
        acts=happened,
    )
    with acting(BY):
        assert bulk.write([bulk.tell(history)], by=BY) == {told.id}
    return led.id, told.id


def rows_of(case: UUID) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table in TABLES:
        of, order = ("id", "id") if table == "cases_case" else ('"case"', "id")
        listed = rows.all(f"SELECT * FROM {table} WHERE {of} = %(case)s ORDER BY {order}", {"case": case})
        found[table] = [{k: v for k, v in row.items() if k not in OWN} for row in listed]
    for step in found["cases_step"]:
        step["data"] = orjson.loads(step["data"])
        step["data"].pop("content_sha256", None)  # the report's hash holds its id
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives())
def test_told_and_led_leave_the_same_rows(world: SimpleNamespace, life: dict[str, Any]) -> None:
    led, told = both(life, world)
    with acting(BY):
        one, other = rows_of(led), rows_of(told)
    for made in one["cases_step"]:
        made["data"].pop("evidence_short", None)  # is noted of what was done here alone
    for table in TABLES:
        assert len(one[table]) == len(other[table]), table
        for a, b in zip(one[table], other[table], strict=True):
            assert {k: (v, b[k]) for k, v in a.items() if v != b[k]} == {}, (table, a.get("act") or a.get("stage"))


def histories(world: SimpleNamespace, count: int, reporter: Reporter | None = None) -> list[bulk.Told]:
    made = []
    for n in range(count):
        report = Report(
            text=f"第 {n} 件", street=FUBAO, reporter=reporter, source="12345", source_number=f"N{n}", reported_at=START
        )
        category = catalog.suggest(text="路灯不亮")
        assert category is not None
        made.append(
            bulk.tell(
                History(
                    by=BY,
                    report=report,
                    place=place_of(report),
                    category=category,
                    urgency="normal",
                    confidential=False,
                    reported_at=START + timedelta(minutes=n),
                    holder=world.units.fubao,
                    acts=[Happened(Act.REJECT, START + timedelta(days=9), BY, note="不属本市")] if n % 2 else [],
                )
            )
        )
    return made


def test_they_are_written_once_with_numbers_in_their_order(world: SimpleNamespace) -> None:
    told = histories(world, 5)
    with acting(BY):
        assert bulk.write(told, by=BY) == {t.case["id"] for t in told}
        assert bulk.write(told, by=BY) == set()  # by their ids
        assert bulk.write(histories(world, 6), by=BY) != set()  # by their source's numbers: only the sixth is new
        numbers = [r["number"] for r in rows.all("SELECT number FROM cases_case ORDER BY number")]
    assert numbers == [f"{FUBAO}20260302{n:05d}" for n in range(1, 7)]
    assert [t.case["number"] for t in told] == numbers[:5]


def test_the_number_of_statements_does_not_grow_with_the_cases(
    world: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    told = histories(world, 200)
    with acting(BY), django_assert_max_num_queries(25):
        bulk.write(told, by=BY)


def test_an_import_into_a_new_database_finds_each_case_by_its_key(real_world: SimpleNamespace) -> None:
    """Without statistics, as a table is in its first minute: what an index costs may not grow with the cases that are there."""

    def pages() -> dict[str, int]:
        rows.all("SELECT pg_stat_force_next_flush()")
        found = rows.all(
            "SELECT indexrelname AS name, idx_blks_hit + idx_blks_read AS pages FROM pg_statio_user_indexes WHERE relname = 'cases_case'",
        )
        return {r["name"]: r["pages"] for r in found}

    told = histories(real_world, 4 * bulk.AT_ONCE, Reporter("来电人", "13800001234"))
    with acting(BY):
        for part in rows.batches(told, bulk.AT_ONCE):
            before = pages()
            bulk.write(part, by=BY)
        a_case = {name: (now - before[name]) / bulk.AT_ONCE for name, now in pages().items()}
    assert {name: read for name, read in a_case.items() if read > 12} == {}


def test_each_enters_the_ledger_and_the_outbox_once(world: SimpleNamespace) -> None:
    told = histories(world, 4)
    with acting(BY):
        bulk.write(told, by=BY)
        tags = rows.all("SELECT tag, count(*) AS count FROM ledger_entry WHERE kind = 'case' GROUP BY tag ORDER BY tag")
        events = rows.all(
            "SELECT event, count(*) AS count FROM outbox_event WHERE kind = 'case' GROUP BY event ORDER BY event"
        )
    assert [(t["tag"], t["count"]) for t in tags] == [("cases.brought_in", 2), ("cases.report", 2)]
    assert [(e["event"], e["count"]) for e in events] == [("cases.case.brought_in", 2), ("cases.case.reported", 2)]
    assert not verify().findings


@pytest.mark.parametrize(
    "acts",
    [
        [Happened(Act.TAKE, START, BY)],
        [Happened(Act.ACCEPT, START, BY), Happened(Act.ACCEPT, START, BY)],
        [Happened(Act.ACCEPT, START - timedelta(hours=1), BY)],
    ],
)
def test_what_the_table_does_not_allow_is_not_told(world: SimpleNamespace, acts: list[Happened]) -> None:
    report = Report(text="路灯不亮", street=FUBAO)
    category = catalog.suggest(text="路灯不亮")
    assert category is not None
    history = History(BY, report, place_of(report), category, "normal", False, START, None, acts)
    with pytest.raises(ValueError):
        bulk.tell(history)
