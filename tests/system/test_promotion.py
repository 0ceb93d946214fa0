"""The primary is lost under load and its standby promoted: with synchronous replication nothing that was acknowledged is missing."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.burst import Burst
from tests.support.furnished import people_in
from tests.support.invariants import hold_once_settled, opened
from tests.support.pair import Pair, two_servers
from tests.support.program import Running, wangge
from tests.support.wait import until
from tests.system.test_kill import reached
from wangge.kernel import commands as kit
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.files.store import LocalStore


@dataclass
class Town:
    pair: Pair
    running: Running
    category: str


def either(*servers: EmbeddedServer) -> str:
    """libpq's address of whichever of these takes writes."""
    parts = [conninfo_to_dict(server.owner_url) for server in servers]
    hosts = ",".join(unquote(str(p["host"])) for p in parts)
    known = {k: parts[0][k] for k in ("user", "password", "dbname")}
    return make_conninfo("", **known, host=hosts, port="5432", target_session_attrs="read-write", connect_timeout=2)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """The program on a primary that waits at each commit until its standby has it on its disk; lists are read from the standby."""
    with two_servers(tmp_path) as pair:
        home = tmp_path / "town" / "var"
        first = {"WANGGE_DATABASE_URL": pair.primary.owner_url, "WANGGE_HOME": str(home), "WANGGE_DEMO": "true"}
        assert wangge("migrate", **first).returncode == kit.OK
        category = people_in(**first)
        pair.copy()
        pair.wait_for_the_standby()
        env = {
            "WANGGE_DEMO": "true",
            "WANGGE_DATABASE_URL": either(pair.primary, pair.standby),
            "WANGGE_DATABASE_REPLICA_URL": pair.standby.app_url,
        }
        running = Running(tmp_path / "town", env=env).start()
        yield Town(pair, running, category)
        running.stop()


def test_a_promoted_standby_has_all_that_was_acknowledged_and_the_program_finds_it_by_itself(town: Town) -> None:
    burst = Burst(town.running.address, town.category, seed=7)
    try:
        reached(burst.journal, 60)
        os.kill(town.pair.primary.pid(), signal.SIGKILL)
        until(lambda: not town.pair.primary.is_alive())
        town.pair.ask(town.pair.standby, "SELECT pg_promote()")
        reached(burst.journal, 60)
    finally:
        journal = burst.stop()
    until(lambda: json.loads(town.running.get("/api/v1/health"))["level"] in ("ok", "warn"), 60)
    with opened(town.pair.standby.owner_url) as sql:
        hold_once_settled(sql, journal, LocalStore(town.running.home / "var" / "files"))
    for command in (("ledger", "verify"), ("stats", "check")):
        done = wangge(*command, WANGGE_HOME=str(town.running.home / "var"), **town.running.env)
        assert done.returncode == kit.OK, done.stdout + done.stderr
