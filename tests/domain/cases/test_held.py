"""What hangs on a person's posts, told to who hands them over: numbers, and no case."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.domain.cases.test_loop import MONDAY, reported, step
from wangge.domain.cases import actions, queries
from wangge.kernel import clock
from wangge.kernel.access import bind
from wangge.kernel.problems import Forbidden


def test_open_work_is_counted_by_post_for_the_security_administrator_alone(world: SimpleNamespace) -> None:
    bob, hank, alice, secu = (world.as_(p) for p in ("bob", "hank", "alice", "secu"))
    with clock.at(MONDAY):
        reported(world)
        case = step(bob, actions.accept, reported(world))
        step(bob, actions.dispatch, case, unit=world.units.cleaners)
        bind(secu)
        for person, cases in ((alice, 2), (bob, 2), (hank, 1)):
            found = queries.open_work(by=secu, user=person.id)
            assert max(p["cases"] for p in found) == cases, person.name
        with pytest.raises(Forbidden):
            queries.open_work(by=bob, user=alice.id)
