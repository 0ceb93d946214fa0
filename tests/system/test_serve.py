"""``wangge serve`` with real processes and an embedded database of its own: what happens when something is killed."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.program import ROOT, Running, environment, lives, wangge
from tests.support.wait import until
from wangge.kernel import commands as kit


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One installation for the whole file: each test leaves it well."""
    found = Running(tmp_path_factory.mktemp("serve"), from_nothing=True).start()
    until(lambda: _works(found))
    yield found
    found.stop()


def _works(running: Running) -> bool:
    """Nothing fails (an installation without calendar or categories is told so, as a warning)."""
    return json.loads(running.get("/api/v1/health"))["level"] in ("ok", "warn")


def test_a_new_installation_is_well_and_says_where_it_runs(running: Running) -> None:
    assert running.address in running.said
    assert _works(running)
    lines = [json.loads(line) for line in running.log.splitlines() if line.startswith("{")]
    warned = [line["message"] for line in lines if line["level"] != "INFO"]
    assert [text for text in warned if "tcp_migrate_req" not in text] == []  # what a kernel may lack is worth a warning


def test_health_asks_the_server_and_check_says_more(running: Running) -> None:
    asked = wangge("health", running.address)
    assert asked.returncode == kit.OK
    assert "database" in asked.stdout
    checked = wangge("check", WANGGE_HOME=str(running.home / "var"))
    assert checked.returncode == kit.OK, checked.stderr
    assert "PostgreSQL 18" in checked.stdout


@pytest.mark.parametrize("kind", ["work", "web", "live", "program", "postgres"])
def test_a_process_that_is_killed_comes_back(running: Running, kind: str) -> None:
    before, told = running.process(kind), len(_ended(running))
    before.kill()
    until(lambda: [p.pid for p in _there(running, kind) if p.pid != before.pid])
    until(lambda: _works(running))
    assert len(_ended(running)) > told


def _there(running: Running, kind: str) -> list[psutil.Process]:
    try:
        return [running.process(kind)]
    except StopIteration:  # not yet
        return []


def _ended(running: Running) -> list[str]:
    """What the parent said and what the program wrote down of processes that ended."""
    return [line for line in (running.said + running.log).splitlines() if "process ended and will be started" in line]


def test_what_a_killed_program_had_begun_ends_with_it(running: Running) -> None:
    program = running.process("program")
    begun = program.children(recursive=True)
    program.kill()
    until(lambda: not any(lives(p) for p in begun))
    until(lambda: _works(running))


def test_a_web_worker_that_is_killed_comes_back(running: Running) -> None:
    worker = running.process("web").children()[0]
    worker.kill()
    until(lambda: [p.pid for p in running.process("web").children() if p.pid != worker.pid])
    until(lambda: running.get("/healthz") == "ok\n")


def test_workers_do_not_outlive_a_killed_granian(running: Running) -> None:
    web = running.process("web")
    workers = web.children()
    web.kill()
    until(lambda: not any(p.is_running() and p.status() != "zombie" for p in workers))
    until(lambda: running.get("/healthz") == "ok\n")


def test_a_port_that_is_taken_is_told_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = wangge("demo", "--port", str(port), WANGGE_HOME=str(tmp_path))
    assert done.returncode == kit.REFUSED
    assert f"PORT={port + 2}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "pg").exists()


def test_a_second_server_in_the_same_home_is_refused_by_name(running: Running) -> None:
    done = wangge("serve", "--port", str(running.port + 7), WANGGE_HOME=str(running.home / "var"))
    assert done.returncode == kit.REFUSED
    assert str(running.popen.pid) in done.stderr
    assert "Traceback" not in done.stderr


def test_metrics_of_all_web_processes_are_read_from_this_machine(running: Running) -> None:
    until(lambda: 'wangge_requests_total{method="GET",route="healthz",status="200"}' in running.get("/metrics"))
    assert "wangge_loop_silent_seconds" in running.get("/metrics")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_keeps_its_data(tmp_path: Path, sig: int) -> None:
    running = Running(tmp_path / "one").start()
    assert running.stop(sig) == 0
    assert "Traceback" not in running.said
    assert running.said.rstrip().endswith("Stopped.")
    checked = wangge("check", WANGGE_HOME=str(running.home / "var"))
    assert "migrations" in checked.stdout  # the embedded server was started for the command; the schema is there
    assert "wangge migrate" not in checked.stdout


def test_connections_that_are_kept_open_keep_nobody_out(running: Running) -> None:
    kept = []
    for _ in range(24):
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"
        kept.append(connection)
    assert running.get("/healthz") == "ok\n"
    for connection in kept:
        connection.close()


def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    running = Running(tmp_path / "one").start()
    assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    again = Running(tmp_path / "one").start()
    assert again.stop() == 0


STARTS = """
import sys
from pathlib import Path
from tests.support.program import Running
print(Running(Path(sys.argv[1])).start().popen.pid, flush=True)
sys.stdin.read()
"""


def test_a_killed_test_run_leaves_no_server_behind(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(tmp_path / "one")],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    serve = psutil.Process(int(run.stdout.readline()))
    family = [serve, *serve.children(recursive=True)]
    assert any(p.name() == "postgres" for p in family)
    run.kill()
    run.wait(20)
    until(lambda: not [p for p in family if lives(p)])


def test_the_log_is_json_lines_without_addresses_of_people(running: Running) -> None:
    lines = [json.loads(line) for line in running.log.splitlines() if line.startswith("{")]
    assert any(line["message"] == "request" for line in lines)
    assert all("127.0.0.1" not in json.dumps(line) for line in lines if line["message"] == "request")
