"""The worker's loops, killed between every two statements and two of each at once: each event, entry, job and step of a clock once.

A connection that ends is what the database sees of a killed process; what the process had in its memory is gone with the exception.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connections

from tests.domain.cases.test_loop import reported
from tests.support.databases import Databases
from tests.support.invariants import hold, opened, settled
from tests.support.tap import Tap, tapped
from wangge.domain.stats import actions as stats
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.jobs.registry import LOOPS
from wangge.kernel.ledger.verify import verify

ROUND = ("case clocks", "outbox relay", "ledger sealer", "sweep")
EVERY = bool(os.environ.get("WANGGE_EVERY_CUT"))
"""Both sides of every message (by ``make torture``): before the database hears it, and before its answer comes back."""
MOST = 150
"""Messages of one round of a loop; none has so many."""


@pytest.fixture
def tap(real_world: SimpleNamespace) -> Iterator[Tap]:
    with tapped() as made:
        yield made


def _overdue(world: SimpleNamespace) -> None:
    """A case whose clock is due on every rung by now."""
    with clock.at(clock.now() - timedelta(days=60)):
        reported(world, text=f"路边有垃圾堆 {uuid4().hex[:6]}")


def _left_behind() -> None:
    """A job that a worker which is gone was doing."""
    rows.run(
        """INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)
           VALUES ('default', 'jobs.forget_old', '{}', 'doing', 0)"""
    )


def _round(name: str) -> bool:
    """Whether there was something to do."""
    with acting(SYSTEM):
        return bool(LOOPS[name].fn())


def _to_the_end() -> None:
    while sum(_round(name) for name in ROUND):
        pass


def _all_is_right(databases: Databases) -> None:
    with acting(SYSTEM):
        rows.run("DELETE FROM procrastinate_jobs")  # nobody works them off here
        assert stats.check() == (0, 0)
    with opened(databases.owner_url(connections.databases["owner"]["NAME"])) as sql:
        assert settled(sql)
        hold(sql)
    assert verify().ok


@pytest.mark.parametrize("name", ROUND)
def test_a_loop_killed_between_any_two_statements_is_gone_on_with(
    real_world: SimpleNamespace, databases: Databases, tap: Tap, name: str
) -> None:
    cuts = 0
    for heard in (False, True):
        for at in range(MOST):
            if not EVERY and heard != bool(at % 2):  # every message, each from one side
                continue
            _overdue(real_world)
            _left_behind()
            if name != "case clocks":
                _round("case clocks")
            connections["default"].close()  # so that each time the same is said, and connecting is part of it
            tap.arm(at, heard=heard)
            try:
                _round(name)
            except Exception:
                cuts += 1
            tap.disarm()
            connections["default"].close()
            if not tap.ended:  # a round has no such message
                break
            _to_the_end()
        else:
            raise AssertionError(f"more than {MOST} messages")
    assert cuts > 3
    _to_the_end()
    _all_is_right(databases)


def test_two_of_each_loop_at_once_do_everything_once(real_world: SimpleNamespace, databases: Databases) -> None:
    for _ in range(25):
        _overdue(real_world)
        _left_behind()
    start = threading.Barrier(2 * len(ROUND))
    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            start.wait()
            for _ in range(12):
                _round(name)
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(name,)) for name in (*ROUND, *ROUND)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    _to_the_end()
    assert rows.value("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") >= 25
    _all_is_right(databases)
