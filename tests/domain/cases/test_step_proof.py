"""Whoever may read a case may have the proof of its steps, and of nothing else."""

from __future__ import annotations

import pytest

from tests.support import world as small
from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Report
from wangge.kernel.access import acting, bind
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger import seal
from wangge.kernel.problems import NotFound


def test_a_step_is_proved_to_who_may_read_the_case(own_database: str) -> None:
    world = small.build()
    bob = world.as_("bob")
    bind(bob)
    asked = Report(text="路边有垃圾堆", category=category("0101").id, point=point_in(FUBAO + "001001"))
    case = actions.report(by=bob, report=asked)[0]["id"]
    step = queries.detail(by=bob, case=case)["timeline"][0]["id"]
    with pytest.raises(NotFound):
        queries.step_proof(by=bob, case=case, step=step)  # not sealed yet
    seal.seal_all()

    given = queries.step_proof(by=bob, case=case, step=step)
    assert given["holds"]
    assert (given["entry"]["tag"], given["entry"]["body"]["step"]) == ("cases.report", str(step))
    with pytest.raises(NotFound):
        queries.step_proof(by=bob, case=case, step=uuid7())
    with acting(world.as_("charlie")) as charlie, pytest.raises(NotFound):
        queries.step_proof(by=charlie, case=case, step=step)
