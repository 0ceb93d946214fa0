"""Whatever is killed with -9 in a burst of reports, acts, uploads, reads and clocks that ring: what was acknowledged is there, exactly once.

``WANGGE_KILL_ROUNDS`` says how often something is killed (20; by hand 200), ``WANGGE_KILL_SEED`` what and when.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.support.burst import Burst, Journal
from tests.support.furnished import furnished
from tests.support.invariants import database, whole
from tests.support.program import Running
from tests.support.wait import until

ROUNDS = int(os.environ.get("WANGGE_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("WANGGE_KILL_SEED", "2026"))
VICTIMS = (
    *("web worker", "web worker", "web worker", "web worker", "web", "web", "web"),
    *("work", "work", "work", "work", "live", "live"),
    *("backend", "backend", "postgres", "postgres"),  # few: each pause before the next start is twice as long
    *("program", "parent", "everything"),
)
"""One turn of what is killed, in any order; after the last two the program is started again as a person would."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    found = Running(tmp_path / "kill", env={"WANGGE_DEMO": "true"}).start()
    yield found
    found.stop()


def test_what_was_acknowledged_is_there_exactly_once_whatever_was_killed(running: Running) -> None:
    chance, rung = random.Random(SEED), set[str]()
    burst = Burst(running.address, furnished(running), seed=SEED)
    try:
        for victim in plan(chance):
            reached(burst.journal, chance.randint(4, 25))
            ring(running, burst.journal, rung)
            kill(running, victim, chance)
        reached(burst.journal, 12)
        ring(running, burst.journal, rung)
    finally:
        journal = burst.stop()
    whole(running, journal)
    with database(running) as sql:
        at_their_end = {str(r["case"]) for r in sql.execute('SELECT "case" FROM cases_clock WHERE rung = 3').fetchall()}
    assert at_their_end >= rung > set(), "a clock that was due has not climbed to its end"
    print(
        f"{ROUNDS} rounds: {journal.count} acknowledged in {journal.tries} requests, {len(journal.numbers)} reports, "
        f"{len(journal.uploads)} files, {journal.reads} reads, {len(at_their_end)} clocks at their end"
    )


def plan(chance: random.Random) -> list[str]:
    found: list[str] = []
    while len(found) < ROUNDS:
        found += chance.sample(VICTIMS, len(VICTIMS))
    return found[:ROUNDS]


def reached(journal: Journal, more: int) -> None:
    """The clients go on, at least so much: what was killed before has come back (after a pause of up to 30 s, and a recovery)."""
    wanted = journal.count + more
    until(lambda: journal.count >= wanted or journal.wrong, 180, every=0.005)


def kill(running: Running, victim: str, chance: random.Random) -> None:
    if victim in ("parent", "everything"):
        family = running.family()
        assert running.popen is not None
        for process in (psutil.Process(running.popen.pid), *(family if victim == "everything" else ())):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        running.popen.wait(60)
        psutil.wait_procs(family, 60)
        running.start()
        return
    process = until(lambda: running.process({"web worker": "web", "backend": "postgres"}.get(victim, victim)), 60)
    if victim in ("web worker", "backend"):
        process = until(lambda: chance.choice(process.children()), 60)
    with suppress(psutil.NoSuchProcess):
        process.kill()


def ring(running: Running, journal: Journal, rung: set[str]) -> None:
    """Two months go by for the cases that were reported and then left alone: their clocks are due, all the way up the ladder."""
    new = [case for case in journal.left if case not in rung]
    with (
        suppress(psycopg.Error, AssertionError),
        database(running) as sql,
    ):  # it may just be away: the next round is another chance
        sql.execute(
            """UPDATE cases_clock SET started_at = now() - interval '60 days', due_at = now() - interval '50 days',
                      next_at = now() - interval '52 days' WHERE "case" = ANY(%s) AND rung = 0""",
            [new],
        )
        rung.update(new)
