"""Several short commands on a stopped installation: one starts the database, the last one out stops it, whoever is killed in between."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.program import ROOT, environment
from tests.support.wait import until
from wangge.kernel.db.embedded import EmbeddedServer

COMMAND = """
import os, sys, psycopg
from wangge.processes.database import available
with available():
    print("in", flush=True)
    sys.stdin.readline()
    with psycopg.connect(os.environ["WANGGE_DATABASE_URL"]) as connection:
        print(connection.execute("SELECT 'works'").fetchone()[0], flush=True)
print("out", flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    EmbeddedServer(tmp_path / "home", durable=False).start().stop()
    yield tmp_path / "home"
    EmbeddedServer(tmp_path / "home").remove()


def command(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=ROOT,
        env=environment(WANGGE_HOME=str(home)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> list[str]:
    """Let it go on to its end; what it says."""
    return process.communicate("go\n", timeout=60)[0].split()


def test_the_first_command_to_end_leaves_the_database_to_the_second(home: Path) -> None:
    first, second = command(home), command(home)  # at the same moment, on a stopped installation
    assert (said(first), said(second)) == ("in", "in")
    assert end(first) == ["works", "out"]
    assert EmbeddedServer.attach(home) is not None
    assert end(second) == ["works", "out"]
    assert EmbeddedServer.attach(home) is None


def test_a_killed_command_takes_the_database_from_nobody(home: Path) -> None:
    first = command(home)
    assert said(first) == "in"
    second = command(home)
    assert said(second) == "in"
    first.kill()
    first.wait(20)
    assert end(second) == ["works", "out"]
    assert EmbeddedServer.attach(home) is None


def test_what_a_killed_command_left_running_is_stopped_by_the_next(home: Path) -> None:
    alone = command(home)
    assert said(alone) == "in"
    alone.kill()
    alone.wait(20)
    until(lambda: EmbeddedServer.attach(home) is not None)
    following = command(home)
    assert said(following) == "in"
    assert end(following) == ["works", "out"]
    assert EmbeddedServer.attach(home) is None


def test_a_served_installation_is_not_stopped_by_a_command(home: Path) -> None:
    with EmbeddedServer(home, durable=False):
        short = command(home)
        assert said(short) == "in"
        assert end(short) == ["works", "out"]
        assert EmbeddedServer.attach(home) is not None
