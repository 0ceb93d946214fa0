"""The server's clock jumps a day ahead, comes back, jumps a day back, comes back, while people work and clocks run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tests.domain.cases.test_loop import reported
from tests.support.databases import Databases
from tests.support.invariants import hold, opened, settled
from tests.support.jumps import Jumping, jumping
from tests.support.world import log_in
from wangge.domain.cases import actions
from wangge.domain.stats import actions as stats
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.jobs import state, sweep
from wangge.kernel.jobs.registry import LOOPS
from wangge.kernel.ledger.verify import verify

DAY = timedelta(days=1)
JUMPS = (timedelta(0), DAY, timedelta(0), -DAY, timedelta(0))


@pytest.fixture
def jump(real_world: SimpleNamespace, databases: Databases, settings: Any) -> Iterator[Jumping]:
    settings.CONFIG = replace(settings.CONFIG, demo=True)  # nobody needs a second factor
    with jumping(databases.owner_url(connections.databases["owner"]["NAME"])) as made:
        yield made


def _loops() -> None:
    with acting(SYSTEM):
        while sum(LOOPS[name].fn() or 0 for name in ("case clocks", "outbox relay")):
            pass
        LOOPS["ledger sealer"].fn()


def test_no_clock_rings_twice_or_never_and_the_ledger_keeps_its_order(
    real_world: SimpleNamespace, databases: Databases, jump: Jumping
) -> None:
    cases = []
    for by in JUMPS:
        jump.to(by)
        for number in range(3):
            cases.append(reported(real_world, text=f"第 {number} 处垃圾"))
        for case in cases[::4]:  # somebody acts on old ones, too, whatever time their last step says
            now = rows.one("SELECT version, status FROM cases_case WHERE id = %(id)s", {"id": case["id"]}) or {}
            bob = real_world.as_("bob")
            bind(bob)
            if now["status"] == "reported":
                actions.accept(by=bob, case=case["id"], version=now["version"])
        _loops()
        with acting(SYSTEM):
            assert rows.value("SELECT count(*) FROM cases_clock WHERE next_at <= now() AND outcome = 'running'") == 0
    jump.to(30 * DAY)
    _loops()
    with acting(SYSTEM):
        assert rows.value("SELECT bool_and(rung = 3) FROM cases_clock WHERE outcome = 'running'"), (
            "time has passed for all"
        )
        rows.run("DELETE FROM procrastinate_jobs")
        assert stats.check() == (0, 0)
        first = rows.all('SELECT DISTINCT ON ("case") act FROM cases_step ORDER BY "case", at, id')
    assert {step["act"] for step in first} == {"report"}, "a case keeps its order, whatever the clock said at each step"
    jump.end()
    with opened(databases.owner_url(connections.databases["owner"]["NAME"])) as sql:
        assert settled(sql)
        hold(sql)
    assert verify().ok


def test_a_session_ends_by_the_clock_it_was_made_under_at_the_latest(
    real_world: SimpleNamespace, jump: Jumping
) -> None:
    def asks(token: str) -> int:
        return Client().get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}).status_code

    before = log_in("alice")
    jump.to(DAY)
    assert asks(before) == 401, "twelve hours are over"
    ahead = log_in("bob")
    jump.to(timedelta(0))
    assert asks(ahead) == 200
    jump.to(DAY + timedelta(hours=13))
    assert asks(ahead) == 401


def test_a_worker_that_dies_before_the_clock_is_set_back_is_found_dead(
    real_world: SimpleNamespace, jump: Jumping
) -> None:
    jump.to(DAY)
    with acting(SYSTEM):
        worker = rows.value("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
        rows.run(
            """INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts, worker_id)
               VALUES ('default', 'jobs.forget_old', '{}', 'doing', 0, %(worker)s)""",
            {"worker": worker},
        )
        state.note("loop", "jumping")
        assert sweep.rescue() == []
        jump.to(timedelta(0))
        assert [job["task_name"] for job in sweep.rescue()] == ["jobs.forget_old"]
        assert next(one["seconds"] for one in state.loops() if one["name"] == "jumping") > 1000


def test_what_runs_by_the_clock_goes_on_after_it_was_set_back(real_world: SimpleNamespace) -> None:
    """procrastinate remembers the last time of each periodic job, so that two workers do not start it twice: not any later one."""
    start = """SELECT procrastinate_defer_periodic_job_v2('default', NULL, NULL, 'jobs.forget_old', 0, 'x', %(at)s, '{}'::jsonb)"""
    noon = 1_800_000_000
    with acting(SYSTEM):
        assert rows.value(start, {"at": noon}) is not None
        assert rows.value(start, {"at": noon}) is None, "by another worker at the same time"
        assert rows.value(start, {"at": noon - 86_400}) is not None
        assert rows.value(start, {"at": noon - 86_400 + 300}) is not None
