"""The small world, with its cases indexed as the relay would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.outbox import relay


def report(world: SimpleNamespace, text: str, *, by: str = "bob", grid: str = FUBAO + "001001", **given: Any) -> dict:
    person = world.as_(by)
    bind(person)
    given = {"category": category("0101").id, "point": point_in(grid)} | given
    return actions.report(by=person, report=Report(text=text, **given))[0]


def indexed() -> None:
    """All events handed to all consumers. Tests in one transaction index everything instead: nothing of theirs is committed."""
    from wangge.domain.search import actions as search

    with acting(SYSTEM):
        search.mend()


def relayed() -> None:
    while relay.relay_once():
        pass
