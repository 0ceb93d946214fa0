"""Several people at the same moment, on real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from django.db import connections

from tests.support.world import FUBAO, NANYUAN, category, point_in
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report
from wangge.kernel.access import SYSTEM, Principal, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict


def at_once(count: int, fn: Callable[[int], Any]) -> list[Any]:
    """``fn(0 … count - 1)`` started together, each in a thread with a connection of its own."""
    gate = threading.Barrier(count)

    def one(n: int) -> Any:
        gate.wait()
        try:
            return fn(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def report(by: Principal, **given: Any) -> Any:
    bind(by)
    return actions.report(
        by=by,
        report=Report(
            **{"text": "路边有垃圾堆", "category": category("0101").id, "point": point_in(FUBAO + "001001")} | given
        ),
    )


def test_of_eight_operators_who_accept_at_once_one_wins(real_world: SimpleNamespace) -> None:
    case, _ = report(real_world.as_("alice"))
    bob = real_world.as_("bob")

    def accept(_: int) -> str:
        bind(bob)
        try:
            actions.accept(by=bob, case=case["id"], version=case["version"])
            return "won"
        except Conflict as lost:
            return f"told of version {lost.extra['current']['version']}"

    assert sorted(at_once(8, accept)) == ["told of version 2"] * 7 + ["won"]
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_step WHERE act = 'accept'") == 1
        assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'cases.accept'") == 1


def test_a_report_that_arrives_eight_times_at_once_is_one_case_with_one_number(real_world: SimpleNamespace) -> None:
    alice, key = real_world.as_("alice"), uuid7()
    answers = at_once(8, lambda _: report(alice, id=key))
    assert sorted(made for _, made in answers) == [False] * 7 + [True]
    assert len({case["number"] for case, _ in answers}) == 1
    following, _ = report(alice)
    assert following["number"].endswith("00002")


def test_reports_at_once_in_two_streets_are_numbered_without_gaps(real_world: SimpleNamespace) -> None:
    alice = real_world.as_("alice")
    places = [point_in(FUBAO + "001001"), point_in(NANYUAN + "001001")]
    answers = at_once(16, lambda n: [report(alice, point=places[n % 2])[0]["number"] for _ in range(3)])
    numbers = sorted(number for some in answers for number in some)
    for street in (FUBAO, NANYUAN):
        mine = [int(n[-5:]) for n in numbers if n.startswith(street)]
        assert mine == list(range(1, 25))
