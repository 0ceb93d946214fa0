"""Two installations side by side: cases go up and down while the wire between them is cut in the middle of words and processes are killed. At the end
both count the same, nothing is lost and nothing is there twice.

``WANGGE_LEVEL_CASES`` says how many go up (200; by hand 10 000); a fifth as many go down, half of the first are answered.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.invariants import database
from tests.support.program import ROOT, Running, environment, wangge
from tests.support.wait import until
from tests.support.wire import Wire, wire
from tests.support.world import FUBAO

UP = int(os.environ.get("WANGGE_LEVEL_CASES", "200"))
DOWN, ANSWERED = UP // 5, UP // 2
ROUNDS = 4
PATIENCE = 300 + UP // 5
"""Seconds."""

BEGIN = """
import sys
from wangge.processes.database import available
with available():
    import django
    django.setup()
    from tests.support import world
    from wangge.kernel.access import SYSTEM, acting, bind
    from wangge.kernel.db import rows
    from wangge.kernel.ids import uuid7
"""
WORLD = BEGIN + "    world.build()\n"
HAND_OVER = (
    BEGIN
    + """
    from wangge.domain.cases import actions as cases
    from wangge.domain.exchange import actions
    from wangge.domain.exchange.rules import MessageKind
    with acting(SYSTEM):
        partner = rows.value("SELECT id FROM exchange_partner")
    bob, category = world.as_("bob"), world.category("0101").id
    bind(bob)
    for n in range(int(sys.argv[1])):
        report = cases.Report(text=f"跨区事项 {n}", category=category, point=world.point_in(world.FUBAO + "001001"))
        row, _ = cases.report(by=bob, report=report)
        actions.ask(by=bob, id=uuid7(), case=row["id"], partner=partner, kind=MessageKind.HAND_OVER, note="请上级协调")
"""
)
ANSWER = (
    BEGIN
    + """
    from wangge.domain.cases import actions as cases
    with acting(SYSTEM):
        found = rows.all("SELECT id, version FROM cases_case WHERE source = 'futian' ORDER BY source_number LIMIT %(most)s", {"most": int(sys.argv[1])})
    bob = world.as_("bob")
    bind(bob)
    for row in found:
        cases.reject(by=bob, case=row["id"], version=row["version"], note="已协调")
"""
)


def inside(running: Running, script: str, *args: str) -> subprocess.Popen[str]:
    """A process that works in the installation, as one of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *args],
        cwd=ROOT,
        env=environment(WANGGE_HOME=str(running.home / "var"), DJANGO_SETTINGS_MODULE="wangge.settings"),
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said


@contextmanager
def installation(home: Path) -> Iterator[Running]:
    running = Running(home, env={"WANGGE_DEMO": "true"}).start()
    try:
        finished(inside(running, WORLD))
        yield running
    finally:
        running.stop()


def command(running: Running, *words: str) -> str:
    done = wangge(*words, WANGGE_HOME=str(running.home / "var"))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def joined(lower: Running, upper: Running, between: Wire) -> None:
    for here, there, words in (
        (upper, lower, ("福田区", "--kind", "below", "--source", "futian")),
        (
            lower,
            upper,
            ("深圳市", "--kind", "above", "--source", "shenzhen", "--url", f"http://127.0.0.1:{between.port}"),
        ),
    ):
        command(here, "level", "add", *words, "--street", FUBAO, "--key", command(there, "level", "key"))


def ask(running: Running, sql: str) -> list[dict[str, Any]]:
    with database(running) as db:
        return db.execute(sql).fetchall()


def count(running: Running, what: str) -> int:
    return ask(running, f"SELECT count(*) AS n FROM {what}")[0]["n"]


def kill(running: Running, kind: str) -> None:
    """With -9; the parent starts another."""
    with suppress(psutil.NoSuchProcess, StopIteration):
        running.process(kind).kill()


def unrest(lower: Running, upper: Running, between: Wire, chance: random.Random) -> None:
    """Cut in the middle of a request, or of the answer to one that was done; kill on both sides; wait until it was felt, mend."""
    breaks = between.breaks
    between.cut(after=chance.choice([0, 100, 400, 2_000]), answers=chance.random() < 0.5)
    kill(lower, "work")
    kill(upper, chance.choice(["web", "work"]))
    until(lambda: between.breaks > breaks, PATIENCE)
    between.heal()


def settled(lower: Running, upper: Running) -> bool:
    """Each has everything that the other has said so far."""
    mine, theirs = (
        ask(
            r,
            "SELECT l.seen, l.acked, (SELECT coalesce(max(seq), 0) FROM exchange_message) AS last FROM exchange_link l",
        )[0]
        for r in (lower, upper)
    )
    return mine["acked"] == mine["last"] == theirs["seen"] and theirs["last"] == mine["seen"]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Running, Running, Wire]]:
    with (
        installation(tmp_path / "lower") as lower,
        installation(tmp_path / "upper") as upper,
        wire(upper.port) as between,
    ):
        joined(lower, upper, between)
        yield lower, upper, between


def test_both_count_the_same_whatever_was_cut_and_killed(pair: tuple[Running, Running, Wire]) -> None:
    lower, upper, between = pair
    chance = random.Random(2026)
    going_up, going_down = inside(lower, HAND_OVER, str(UP)), inside(upper, HAND_OVER, str(DOWN))
    for _ in range(ROUNDS):
        unrest(lower, upper, between, chance)
    finished(going_up)
    finished(going_down)
    until(lambda: count(upper, "cases_case WHERE source = 'futian'") == UP, PATIENCE, every=0.5)
    answering = inside(upper, ANSWER, str(ANSWERED))
    for _ in range(2):
        unrest(lower, upper, between, chance)
    finished(answering)
    returned = "cases_step WHERE act = 'comment' AND actor_kind = 'system' AND note LIKE '%退单%'"
    until(lambda: count(lower, returned) >= ANSWERED and settled(lower, upper), PATIENCE, every=0.5)

    told = {r["number"]: r["theirs"] for r in ask(lower, HANDED)}
    taken = {
        r["source_number"]: r["number"]
        for r in ask(upper, "SELECT source_number, number FROM cases_case WHERE source = 'futian'")
    }
    assert told == taken and len(taken) == UP
    told = {r["number"]: r["theirs"] for r in ask(upper, HANDED)}
    taken = {
        r["source_number"]: r["number"]
        for r in ask(lower, "SELECT source_number, number FROM cases_case WHERE source = 'shenzhen'")
    }
    assert told == taken and len(taken) == DOWN
    assert (count(lower, returned), count(lower, f'(SELECT DISTINCT "case" FROM {returned}) s')) == (ANSWERED, ANSWERED)
    assert [count(r, "exchange_inbox WHERE error <> ''") for r in pair[:2]] == [0, 0]
    assert between.breaks >= ROUNDS + 2
    print(f"{UP} up, {DOWN} down, {ANSWERED} answered; the wire broke {between.breaks} times")


HANDED = """SELECT c.number, m.their_number AS theirs FROM exchange_message m JOIN cases_case c ON c.id = m."case"
            WHERE m.kind = 'hand_over' AND m.answer = 'accepted'"""
