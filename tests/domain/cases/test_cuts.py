"""The connection to the database ends at any message of an act: who asked is told to try again, and what is sent again is done once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tests.domain.cases.test_batch import report_op
from tests.support.tap import Tap, tapped
from tests.support.world import FUBAO, category, log_in
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.actions import add_route
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

MOST = 40
"""Messages of one call; no act has so many."""


class Person:
    def __init__(self, login: str) -> None:
        self._headers = {"Authorization": f"Bearer {log_in(login)}", "Accept-Language": "zh"}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return Client().post(f"/api/v1{path}", body, content_type="application/json", headers=self._headers)

    def does(self, kind: str, case: dict[str, Any], **given: Any) -> tuple[str, dict[str, Any]]:
        """An act as a phone's queue sends it: with an id of its own."""
        operation = {"id": str(uuid7()), "kind": kind, "case": case["id"], "version": case["version"], "given": given}
        return "/batch", {"operations": [operation]}


@pytest.fixture
def people(demo: None, real_world: SimpleNamespace) -> dict[str, Person]:
    return {login: Person(login) for login in ("alice", "bob")}


def _report() -> tuple[str, dict[str, Any]]:
    return "/cases", report_op()["given"]


def _state(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.content
    found = answer.json()
    if "answers" in found:
        [only] = found["answers"]
        assert only["outcome"] in ("applied", "duplicate"), only
        found = only["state"]
    return found


def _cut_everywhere(tap: Tap, by: Person, fresh: Any) -> list[dict[str, Any]]:
    """``fresh()`` makes a call; one is made for each message, those of connecting included, and both sides of it. Returns the states at the end."""
    found = []
    for heard in (False, True):
        for at in range(MOST):
            path, body = fresh()
            connections["default"].close()  # so that each time the same is said, and connecting is part of it
            tap.arm(at, heard=heard)
            first = by.post(path, body)
            tap.disarm()
            connections["default"].close()
            if not tap.ended:  # the call has no such message
                assert at > 0
                _state(first)
                break
            if first.status_code < 300:  # the driver has connected again by itself
                continue
            assert first.status_code == 503, (at, heard, first.content)
            assert first["Retry-After"] == "2"
            assert "同一 id 的提交不会重复生效" in first.json()["detail"]
            found.append(_state(by.post(path, body)))
        else:
            raise AssertionError(f"more than {MOST} messages")
    return found


def _once(states: list[dict[str, Any]], *acts: str) -> None:
    """Each case stands where it should, and each act has one step, one entry, one event and the clocks it leaves."""
    with acting(SYSTEM):
        for state in states:
            of = {"case": state["id"]}
            steps = [
                r["act"] for r in rows.all('SELECT act FROM cases_step WHERE "case" = %(case)s ORDER BY at, id', of)
            ]
            assert steps == list(acts)
            for table, name in (("ledger_entry", "entries"), ("outbox_event", "events")):
                count = rows.value(f"SELECT count(*) FROM {table} WHERE kind = 'case' AND subject = %(case)s", of)
                assert count == len(acts), (name, count)
            running = rows.value(
                """SELECT count(*) FROM cases_clock WHERE "case" = %(case)s AND outcome = 'running'""", of
            )
            assert running == 1
            assert rows.value('SELECT count(*) FROM cases_clock WHERE "case" = %(case)s', of) == len(acts)
            assert state["version"] == len(acts)


def test_a_report_whose_connection_ends_at_any_message_is_one_case(people: dict[str, Person]) -> None:
    with tapped() as tap:
        states = _cut_everywhere(tap, people["alice"], _report)
        assert len(states) > 6
        _once(states, "report")


@pytest.mark.parametrize("act", ["accept", "dispatch"])
def test_an_act_whose_connection_ends_at_any_message_is_done_once(people: dict[str, Person], act: str) -> None:
    alice, bob = people["alice"], people["bob"]

    def fresh() -> tuple[str, dict[str, Any]]:
        case = _state(alice.post(*_report()))
        return (
            bob.does("accept", case)
            if act == "accept"
            else bob.does("dispatch", _state(bob.post(*bob.does("accept", case))))
        )

    with tapped() as tap:
        states = _cut_everywhere(tap, bob, fresh)
        assert len(states) > 6
        _once(states, "report", "accept", *(["dispatch"] if act == "dispatch" else []))


def test_a_report_that_goes_its_way_by_a_rule_is_never_left_half_way(
    people: dict[str, Person], real_world: SimpleNamespace
) -> None:
    """What was accepted and not dispatched would be nobody's: no rule looks at it again."""
    with acting(SYSTEM):
        add_route(
            by=SYSTEM, id=uuid7(), name="自动", unit=real_world.units.cleaners, category=category("0101").id, area=FUBAO, automatic=True
        )  # fmt: skip
    catalog.forget()
    with tapped() as tap:
        states = _cut_everywhere(tap, people["alice"], _report)
        assert len(states) > 12
        _once(states, "report", "accept", "dispatch")
