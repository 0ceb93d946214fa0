"""Jobs by a real worker on a real database: they run, are tried again, and survive a worker that is killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connections, transaction

from tests.support.program import ROOT, environment
from tests.support.wait import until
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.jobs import registry, start, state, sweep

WORKER = """
import django; django.setup()
from tests.kernel.jobs import sample
from wangge.kernel import logs; logs.configure(process="work", level="WARNING")
from wangge.kernel.jobs import registry, sweep
from wangge.processes.worker import Worker
import signal
registry.LOOPS["sweep"] = registry.Loop("sweep", lambda: sweep.rescue(1.5) and None, 0.2)
worker = Worker(heartbeat=0.3, gone_after=1.5)
signal.signal(signal.SIGTERM, worker.request_stop)
worker.run()
"""


@contextmanager
def worker(owner_url: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on the test's database, with the jobs of ``sample``."""
    described = connections.databases["default"]
    app_url = " ".join(
        f"{key}='{described[name]}'"
        for key, name in (
            ("dbname", "NAME"),
            ("user", "USER"),
            ("password", "PASSWORD"),
            ("host", "HOST"),
            ("port", "PORT"),
        )
        if described[name]
    )
    popen = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env=environment(
            WANGGE_DATABASE_URL=owner_url,
            WANGGE_DATABASE_APP_URL=app_url,
            DJANGO_SETTINGS_MODULE="wangge.settings",
            **env,
        ),
    )
    try:
        yield popen
    finally:
        popen.kill()
        popen.wait()


@pytest.fixture
def marks(own_database: str) -> str:
    """A table the sample jobs write into."""
    from tests.kernel.jobs import sample  # noqa: F401

    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE sample_mark (name text, tries int DEFAULT 1)")
    return own_database


def _marks(name: str) -> int:
    return rows.value("SELECT count(*) FROM sample_mark WHERE name = %(name)s", {"name": name})


def test_a_job_starts_if_and_only_if_its_transaction_commits(marks: str) -> None:
    with transaction.atomic():
        start("sample.mark", name="kept")
    with pytest.raises(RuntimeError), transaction.atomic():
        start("sample.mark", name="lost")
        raise RuntimeError
    with worker(marks):
        until(lambda: _marks("kept") == 1)
        until(lambda: not rows.value("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sample.mark'"))
    assert _marks("lost") == 0


def test_a_job_that_fails_is_tried_again_and_shows_until_it_is_well(marks: str) -> None:
    start("sample.fails_once", name="again")
    with worker(marks):
        until(lambda: [j for j in state.jobs_in_trouble() if j["name"] == "sample.fails_once"])
        trouble = state.jobs_in_trouble()[0]
        assert "not yet" in trouble["error"]
        assert "13812345678" not in trouble["error"]
        until(lambda: _marks("again done"))
        until(lambda: not state.jobs_in_trouble())


def test_a_job_is_given_up_after_its_tries_and_shows_as_failed(marks: str) -> None:
    start("sample.hopeless")
    with worker(marks):
        until(lambda: [j for j in sweep.failing() if j["job"] == "sample.hopeless" and j["failed"] == 1])


def test_a_job_whose_worker_is_killed_in_the_middle_is_done_by_another(marks: str) -> None:
    start("sample.dies_once", name="crash")
    with worker(marks) as first:
        until(lambda: first.poll() is not None)
        assert first.returncode == -signal.SIGKILL
    assert rows.value("SELECT status::text FROM procrastinate_jobs WHERE task_name = 'sample.dies_once'") == "doing"
    with worker(marks):
        until(lambda: _marks("crash done") == 1)
    assert _marks("crash begun") == 2


def test_a_job_whose_end_could_not_be_written_down_is_not_left_behind(marks: str) -> None:
    """Its worker lives on and gives signs of life: nobody else would ever take the job up."""
    with psycopg.connect(marks, autocommit=True) as gate, psycopg.connect(marks) as owner, worker(marks):
        gate.execute("SELECT pg_advisory_lock(1)")
        number = start("sample.waits", name="cut")
        until(lambda: _marks("cut begun"))
        owner.execute("SELECT FROM procrastinate_jobs WHERE id = %s FOR UPDATE", [number])
        gate.execute("SELECT pg_advisory_unlock(1)")
        blocked = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE '%%finish_job%%' AND wait_event_type = 'Lock'"
        until(lambda: gate.execute(blocked).fetchall() == [(True,)])
        owner.rollback()
        until(lambda: not rows.value("SELECT count(*) FROM procrastinate_jobs WHERE id = %(id)s", {"id": number}))
    assert _marks("cut begun") == 1


def test_a_job_that_kills_every_worker_is_given_up(marks: str) -> None:
    number = start("sample.dies_once", name="x")
    tries = registry.JOBS["sample.dies_once"].tries
    rows.run(
        "UPDATE procrastinate_jobs SET status = 'doing', attempts = %(tries)s - 1 WHERE id = %(id)s",
        {"tries": tries, "id": number},
    )
    assert [row["id"] for row in sweep.rescue()] == [number]
    assert rows.value("SELECT status::text FROM procrastinate_jobs WHERE id = %(id)s", {"id": number}) == "failed"


def test_the_sweep_leaves_the_jobs_of_living_workers_alone(marks: str) -> None:
    number = start("sample.mark", name="x")
    rows.run("INSERT INTO procrastinate_workers DEFAULT VALUES")
    rows.run(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers) WHERE id = %(id)s",
        {"id": number},
    )
    assert sweep.rescue() == []
    rows.run("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    assert [row["id"] for row in sweep.rescue()] == [number]


def test_a_loop_that_fails_is_noted_and_goes_on(marks: str) -> None:
    with worker(marks, WANGGE_SAMPLE_LOOP="fail"):
        until(lambda: [one for one in state.loops() if one["name"] == "sample loop" and one["failures"] >= 2])
        until(lambda: [one for one in state.loops() if one["name"] == "jobs" and not one["failures"]])


def test_a_worker_stops_within_seconds_of_being_asked(marks: str) -> None:
    with worker(marks) as popen:
        until(lambda: [one for one in state.loops() if one["name"] == "jobs"])
        popen.send_signal(signal.SIGTERM)
        until(lambda: popen.poll() is not None, 12)
        assert popen.returncode == 0


def test_old_failed_jobs_are_forgotten_and_new_ones_kept(marks: str) -> None:
    with clock.at(clock.now() + timedelta(days=40)):
        start("sample.mark", name="old")
        rows.run("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")
        rows.run("UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing'")
        assert sweep.forget_old() == 1


@pytest.mark.parametrize(
    ("period", "expression"),
    [
        ({"seconds": 15}, "* * * * * */15"),
        ({"minutes": 5}, "*/5 * * * *"),
        ({"hours": 6}, "0 */6 * * *"),
        ({"hours": 24}, "0 0 * * *"),
    ],
)
def test_periods_that_divide_a_minute_an_hour_or_a_day_become_times(period: dict[str, int], expression: str) -> None:
    assert (
        registry._expression(sum(v * {"seconds": 1, "minutes": 60, "hours": 3600}[k] for k, v in period.items()))
        == expression
    )


@pytest.mark.parametrize("period", [0, 7, 420, 25 * 3600])
def test_other_periods_are_refused(period: int) -> None:
    with pytest.raises(ValueError, match="does not divide"):
        registry._expression(period)


def test_an_unknown_job_cannot_be_started(db: None) -> None:
    with pytest.raises(KeyError):
        start("nobody.knows")
