"""Whatever is killed with -9 in a burst of reports, acts and uploads: what was acknowledged is there, exactly once.

``WANGGE_KILL_ROUNDS`` says how often something is killed (20; by hand 200), ``WANGGE_KILL_SEED`` what and when.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support.burst import ACTS, Burst, Journal
from tests.support.program import ROOT, Running, environment, wangge
from tests.support.wait import until
from wangge.kernel import commands as kit
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.files.store import LocalStore, digest_of

ROUNDS = int(os.environ.get("WANGGE_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("WANGGE_KILL_SEED", "2026"))
VICTIMS = (
    *("web worker", "web worker", "web worker", "web worker", "web worker", "web", "web", "web"),
    *("work", "work", "work", "work", "live", "live"),
    *("backend", "backend", "postgres", "postgres"),  # few: each pause before the next start is twice as long
    *("parent", "everything"),
)
"""One turn of what is killed, in any order; after the last two the program is started again as a person would."""
PEOPLE = """
from wangge.processes.database import available
with available():
    import django
    django.setup()
    from tests.support import world
    world.build()
    print(world.category("0101").id)
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    found = Running(tmp_path / "kill", env={"WANGGE_DEMO": "true"}).start()
    yield found
    found.stop()


def test_what_was_acknowledged_is_there_exactly_once_whatever_was_killed(running: Running) -> None:
    chance = random.Random(SEED)
    burst = Burst(running.address, furnished(running), seed=SEED)
    try:
        for victim in plan(chance):
            reached(burst.journal, chance.randint(4, 25))
            kill(running, victim, chance)
        reached(burst.journal, 12)
    finally:
        journal = burst.stop()
    assert journal.wrong == [], "\n".join(journal.wrong)
    until(lambda: json.loads(running.get("/api/v1/health"))["level"] in ("ok", "warn"), 60)
    with database(running) as sql:
        until(lambda: drained(sql), 60)
        check_cases(sql, journal)
        check_uploads(sql, journal, LocalStore(running.home / "var" / "files"))
    for command in (("ledger", "verify"), ("stats", "check")):
        done = wangge(*command, WANGGE_HOME=str(running.home / "var"))
        assert done.returncode == kit.OK, done.stdout + done.stderr
    print(
        f"{ROUNDS} rounds: {journal.count} acknowledged in {journal.tries} requests, {len(journal.numbers)} reports, {len(journal.uploads)} files"
    )


def furnished(running: Running) -> str:
    """The small world's people in the installation; the id of a category."""
    done = subprocess.run(
        [sys.executable, "-c", PEOPLE],
        cwd=ROOT,
        env=environment(WANGGE_HOME=str(running.home / "var"), DJANGO_SETTINGS_MODULE="wangge.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


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


def database(running: Running) -> psycopg.Connection[dict[str, Any]]:
    server = EmbeddedServer.attach(running.home / "var")
    assert server is not None
    return psycopg.connect(server.owner_url, autocommit=True, row_factory=dict_row)


def drained(sql: psycopg.Connection[dict[str, Any]]) -> bool:
    """Every consumer has heard of everything, every job is done and every entry sealed."""
    return not sql.execute(
        """SELECT 1 FROM outbox_cursor c JOIN outbox_event e ON (e.xid, e.pos) > (c.xid, c.pos)
           UNION ALL SELECT 1 FROM evidence_upload WHERE state = 'stored'
           UNION ALL SELECT 1 FROM ledger_entry e WHERE NOT EXISTS (SELECT 1 FROM ledger_link l WHERE l.pos = e.pos) LIMIT 1"""
    ).fetchall()


def check_cases(sql: psycopg.Connection[dict[str, Any]], journal: Journal) -> None:
    cases = {str(c["id"]): c for c in sql.execute("SELECT * FROM cases_case").fetchall()}
    assert {i: cases[i]["number"] for i in journal.numbers if i in cases} == journal.numbers
    sequence = sorted(int(c["number"][-5:]) for c in cases.values())
    assert sequence == list(range(1, len(cases) + 1)), "a number was lost or given twice"
    of = {table: grouped(sql, f"SELECT * FROM {table} ORDER BY at, id", by) for table, by in BELOW.items()}
    clocks = grouped(sql, "SELECT * FROM cases_clock WHERE outcome = 'running'", "case")
    shares = grouped(sql, "SELECT * FROM cases_assignment WHERE ended_at IS NULL", "case")
    for id, case in cases.items():
        acts = [s["act"] for s in of["cases_step"].pop(id)]
        known = ["report", *journal.acts.get(id, [])]
        # The last one may have been done without an answer: the burst was over before it was sent again.
        assert acts[: len(known)] == known and len(acts) <= len(known) + 1 and acts == ["report", *ACTS][: len(acts)], (
            id,
            acts,
            known,
        )
        assert case["version"] == len(acts)
        assert [e["tag"] for e in of["ledger_entry"].pop(id)] == [f"cases.{a}" for a in acts]
        assert [c["stage"] for c in clocks.pop(id)] == [case["stage"]], (
            "an open case has one running clock, of its stage"
        )
        assert case["stage"] == {1: "accept", 2: "dispatch"}.get(len(acts), "handle")
        assert [(s["kind"], s["unit"]) for s in shares.pop(id, [])] == (
            [("lead", case["lead"])] if len(acts) > 2 else []
        )
    assert not of["cases_step"] and not clocks and not shares, "something is left of a case that is not there"
    assert not sql.execute("SELECT 1 FROM cases_operation WHERE answer IS NULL").fetchall(), "an operation is half done"
    assert not sql.execute("SELECT * FROM outbox_stuck").fetchall()


BELOW = {"cases_step": "case", "ledger_entry": "subject"}


def check_uploads(sql: psycopg.Connection[dict[str, Any]], journal: Journal, store: LocalStore) -> None:
    uploads = {str(u["id"]): u for u in sql.execute("SELECT * FROM evidence_upload").fetchall()}
    items = {
        i: [str(r["case"]) for r in found] for i, found in grouped(sql, "SELECT * FROM evidence_item", "id").items()
    }
    stored = Counter(
        str(e["subject"])
        for e in sql.execute("SELECT subject FROM ledger_entry WHERE tag = 'evidence.file.stored'").fetchall()
    )
    for id, digest in journal.uploads.items():
        assert (uploads[id]["state"], uploads[id]["sha256"]) == ("ready", digest)
        with store.path(digest).open("rb") as file:
            assert digest_of(file) == digest
        assert stored[id] == 1
    assert {i: items[i] for i in journal.attached} == {i: [case] for i, case in journal.attached.items()}


def grouped(sql: psycopg.Connection[dict[str, Any]], query: str, by: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sql.execute(query).fetchall():
        found.setdefault(str(row[by]), []).append(row)
    return found
