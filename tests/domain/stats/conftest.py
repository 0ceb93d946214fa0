"""The small world, with cases on several desks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report
from wangge.kernel.access import bind
from wangge.kernel.outbox import relay


def report(
    world: SimpleNamespace, text: str = "路边有垃圾堆", *, by: str = "bob", grid: str = FUBAO + "001001", **given: Any
) -> dict:
    person = world.as_(by)
    bind(person)
    given = {"category": category("0101").id, "point": point_in(grid)} | given
    return actions.report(by=person, report=Report(text=text, **given))[0]


def relayed() -> None:
    while relay.relay_once():
        pass
