"""What packs hold is not looked for among the cases. Found with this at a million: one's own reports, and all the cases were read for them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.db import connections, transaction

from tests.domain.cases.test_plans import MANY, multiply
from tests.support import world as small
from tests.support.world import FUBAO, point_in
from wangge.domain.cases import actions as work
from wangge.domain.cases.actions import Report
from wangge.domain.cases.queries import Filter
from wangge.domain.maps import actions, queries
from wangge.kernel.access import SYSTEM, Principal, acting, bind
from wangge.kernel.db import rows

VIEW = (113.9, 22.4, 114.2, 22.7)
FEW = 150
READ = "SELECT sum(seq_tup_read + idx_tup_fetch)::int FROM pg_stat_xact_user_tables WHERE relname = 'cases_case'"
"""Rows of cases that were looked at in this transaction, those that a filter drops included."""


@pytest.fixture
def operator(real_world: SimpleNamespace) -> Principal:
    """Of a street where thousands of cases ended some days ago, and two are open."""
    bob = real_world.as_("bob")
    bind(bob)
    _report(bob, "路灯不亮")
    multiply()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """UPDATE cases_case SET status = 'archived', stage = NULL, due_at = NULL, reporter = NULL,
                      reported_at = reported_at - interval '5 days', closed_at = reported_at - interval '4 days'"""
        )
        cursor.execute("VACUUM ANALYZE cases_case")
    with acting(SYSTEM):
        actions.check()
        actions.pack()
    bind(bob)
    _report(bob, "井盖松动")
    _report(bob, "树枝折断")
    return bob


def _report(by: Principal, text: str) -> None:
    work.report(by=by, report=Report(text=text, category=small.category("0101").id, point=point_in(FUBAO + "001001")))


@pytest.mark.parametrize(
    "filter", [Filter(), Filter(status=("archived",)), Filter(street=FUBAO)], ids=("all", "by status", "by street")
)
def test_a_map_of_all_that_was_reads_the_few_cases_that_are_open(operator: Principal, filter: Filter) -> None:
    with transaction.atomic():
        before = rows.value(READ)
        found = queries.cases(by=operator, filter=replace(filter, box=VIEW), zoom=10, shape="hex")
        read = rows.value(READ) - before
    assert found["shown"] > MANY / 3
    assert read < FEW
