"""The embedded server against everything that is known to stop or fool a supervisor. Real servers, real signals."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.support.wait import until
from wangge.kernel.db.embedded import EmbeddedServer, binaries, find_binaries
from wangge.kernel.db.embedded.settings import buffers
from wangge.kernel.db.embedded.waiting import redo_position
from wangge.kernel.problems import Conflict, Unavailable

CHILD = """
import sys, time
from pathlib import Path
from wangge.kernel.db.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), durable=False).start()
print("up", flush=True)
sys.stdin.read()
server.stop()
print("down", flush=True)
"""


@pytest.fixture
def home(tmp_path: Path, shared: Path) -> Iterator[Path]:
    """A stopped installation of the test's own: a copy, because making one takes longer."""
    home = copied(shared, tmp_path / "home")
    yield home
    EmbeddedServer(home).remove()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder for all tests that leave it as it was."""
    home = tmp_path_factory.mktemp("shared") / "home"
    EmbeddedServer(home, durable=False).start().stop()
    yield home
    EmbeddedServer(home).remove()


def copied(stopped: Path, to: Path) -> Path:
    subprocess.run(["cp", "-a", stopped, to], check=True)
    return to


def note(server: EmbeddedServer, text: str) -> None:
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (at serial, text text)")
        connection.execute("INSERT INTO note (text) VALUES (%s)", [text])


def notes(server: EmbeddedServer) -> list[str]:
    with psycopg.connect(server.owner_url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note ORDER BY at")]


def supervisor(home: Path) -> subprocess.Popen[str]:
    """A supervisor in a process of its own, in the terminal's process group like a program a person started."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "up\n"
    return child


def test_the_first_start_makes_a_closed_folder_and_a_database_of_the_settings_we_want(shared: Path) -> None:
    with EmbeddedServer(shared, durable=False) as server, psycopg.connect(server.owner_url) as connection:

        def show(name: str) -> str:
            return connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]

        assert stat.S_IMODE((shared / "pg").stat().st_mode) == 0o700
        assert stat.S_IMODE((shared / "pg" / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((shared / "database.password").stat().st_mode) == 0o600
        assert show("server_version").startswith("18.")
        assert (show("data_checksums"), show("jit"), show("archive_mode"), show("summarize_wal")) == (
            "on",
            "off",
            "on",
            "on",
        )
        assert (show("synchronous_commit"), show("listen_addresses"), show("timezone")) == ("on", "", "UTC")
        locale = connection.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'wangge'"
        ).fetchone()
        assert locale == ("b", "C.UTF-8")
        assert psutil.Process(server.pid()).uids().real != 0


def test_nobody_gets_in_without_the_password_and_the_application_is_no_superuser(shared: Path) -> None:
    with EmbeddedServer(shared, durable=False) as server:
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(server.owner_url, password="", passfile="/dev/null")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.owner_url, password="guess")
        with psycopg.connect(server.app_url) as connection:
            found = connection.execute(
                "SELECT rolsuper, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
            assert found.fetchone() == (False, False, False)


def test_a_restart_keeps_the_data_and_the_addresses(home: Path) -> None:
    with EmbeddedServer(home, durable=False) as server:
        note(server, "before")
        address = server.owner_url
    assert not server.is_alive()
    with EmbeddedServer(home, durable=False) as server:
        assert notes(server) == ["before"]
        assert server.owner_url == address


def test_a_server_killed_with_9_is_started_again_by_the_same_supervisor_and_nothing_acknowledged_is_lost(
    home: Path,
) -> None:
    server = EmbeddedServer(home, durable=False).start()
    note(server, "acknowledged")
    os.kill(server.pid() or 0, signal.SIGKILL)
    until(lambda: not server.is_alive())
    server.start()
    assert server.is_alive()
    assert notes(server) == ["acknowledged"]
    server.stop()


def test_a_stale_pid_file_with_the_id_of_another_living_process_neither_stops_nor_fools_us(home: Path) -> None:
    server = EmbeddedServer(home, durable=False).start()
    note(server, "kept")
    os.kill(server.pid() or 0, signal.SIGKILL)
    until(lambda: not server.is_alive())
    server.stop()
    pid_file = home / "pg" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    with subprocess.Popen(["sleep", "600"], user=pid_file.stat().st_uid if os.geteuid() == 0 else None) as foreign:
        pid_file.write_text("\n".join([str(foreign.pid), *lines[1:]]) + "\n")
        assert not server.is_alive()
        assert EmbeddedServer.attach(home) is None
        with EmbeddedServer(home, durable=False) as again:
            assert notes(again) == ["kept"]
            assert foreign.poll() is None
        foreign.kill()


def test_a_second_supervisor_is_told_who_runs_the_folder_and_can_use_the_running_server(shared: Path) -> None:
    with EmbeddedServer(shared):
        with pytest.raises(Conflict) as refusal:
            EmbeddedServer(shared).start()
        assert f"process {os.getpid()}" in refusal.value.detail.en
        assert f"进程 {os.getpid()}" in refusal.value.detail.zh
        guest = EmbeddedServer.attach(shared)
        assert guest is not None and guest.is_alive()
        guest.stop()
        assert guest.is_alive()


def test_the_server_outlives_a_supervisor_killed_with_9_and_the_next_one_takes_it_over(home: Path) -> None:
    child = supervisor(home)
    guest = EmbeddedServer.attach(home)
    assert guest is not None
    first, _ = guest.pid(), note(guest, "kept")
    child.kill()
    child.wait()
    with EmbeddedServer(home, durable=False) as next_one:
        assert next_one.pid() == first
        assert notes(next_one) == ["kept"]
    assert not next_one.is_alive()
    assert not psutil.pid_exists(first or 0) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE


def test_ctrl_c_reaches_the_supervisor_alone(shared: Path) -> None:
    child = supervisor(shared)
    guest = EmbeddedServer.attach(shared)
    assert guest is not None
    assert os.getpgid(guest.pid() or 0) != os.getpgid(child.pid)
    assert os.getsid(guest.pid() or 0) != os.getsid(child.pid)
    assert child.communicate("")[0] == "down\n"
    assert not guest.is_alive()


@pytest.mark.parametrize(
    "name",
    ["with spaces and 网格 数据", "long-" + "x" * 120, 'quote\' and "double", and, commas'],
    ids=["chinese", "long", "quotes"],
)
def test_a_folder_may_be_called_anything(tmp_path: Path, shared: Path, name: str) -> None:
    server = EmbeddedServer(copied(shared, tmp_path / name), durable=False).start()
    try:
        note(server, "网格")
        assert notes(server) == ["网格"]
        with psycopg.connect(server.app_url) as connection:
            assert connection.info.dbname == "wangge"
    finally:
        server.remove()


def test_the_programs_run_from_a_copy_too_which_is_what_root_makes_when_they_are_closed_to_the_service_user(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy"
    binaries._copy(find_binaries().parents[2], copy)
    programs = copy / binaries.WHEEL / binaries.INSTALL / "bin"
    said = subprocess.run([programs / "initdb", "--version"], capture_output=True, text=True, check=True).stdout
    assert "18." in said
    assert {stat.S_IMODE(p.stat().st_mode) for p in programs.iterdir()} == {0o755}


def test_parents_of_the_data_folder_are_left_as_they_were(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "home", durable=False).start()
    try:
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert closed.stat().st_uid == os.geteuid()
    finally:
        server.remove()


def test_a_lost_password_file_is_replaced_by_a_new_password(home: Path) -> None:
    with EmbeddedServer(home, durable=False) as server:
        note(server, "kept")
    before = (home / "database.password").read_text()
    (home / "database.password").unlink()
    with EmbeddedServer(home, durable=False) as server:
        assert notes(server) == ["kept"]
        assert (home / "database.password").read_text() != before


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    wishes = home / "database.conf"
    wishes.write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(Unavailable) as failure:
        EmbeddedServer(home, durable=False).start()
    assert "shared_buffers" in failure.value.detail.zh
    wishes.write_text("shared_buffers = '64MB'\n")
    with EmbeddedServer(home, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("SHOW shared_buffers").fetchone() == ("64MB",)


@pytest.mark.parametrize(
    ("size", "memory", "given"), [(0, 512, 128), (700, 24_000, 128), (18_000, 24_000, 2250), (200_000, 16_000, 2000)]
)
def test_a_server_has_as_much_memory_as_its_database_can_use(size: int, memory: int, given: int) -> None:
    assert buffers(size, memory) == given


def test_a_start_is_waited_for_however_long_it_takes_and_not_in_silence(home: Path) -> None:
    server = EmbeddedServer(home, durable=False).start()
    with psycopg.connect(server.owner_url) as connection:
        connection.execute(
            "CREATE TABLE many AS SELECT i, repeat('x', 100) AS text FROM generate_series(1, 100000) AS i"
        )
    server.stop("immediate")
    said: list[str] = []
    slow = EmbeddedServer(home, say=lambda words: said.append(words.en))
    with ThreadPoolExecutor(1) as thread:
        starting = thread.submit(slow.start)
        first = until(slow.pid, every=0.001)
        os.kill(first, signal.SIGSTOP)  # a recovery that gets nowhere for a while
        until(lambda: said)
        assert not starting.done()
        os.kill(first, signal.SIGCONT)
        starting.result(30)
    assert said[0].startswith("Waiting for the database to")
    with psycopg.connect(slow.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM many").fetchone() == (100000,)
    slow.stop()


def test_a_recovery_says_how_far_it_is_although_we_keep_asking(tmp_path: Path) -> None:
    asked = "2026-11-21 07:17:36 UTC [9] wangge_owner@postgres FATAL:  the database system is not yet accepting connections\n"
    ours = "2026-11-21 07:17:36 UTC [7] @ LOG:  "
    log = tmp_path / "postgresql-Sat.log"

    def after(*words: str) -> str | None:
        log.write_text("".join(f"{ours}{w}\n{asked * 9}" for w in words))
        return redo_position(tmp_path)

    begun = ("starting PostgreSQL 18.4", "redo starts at 0/16ED4A0")
    going = (*begun, "redo in progress, elapsed time: 4.37 s, current LSN: 0/311C140")
    assert redo_position(tmp_path / "nothing") is None
    assert after(*begun) == "0/16ED4A0"
    assert after(*going) == "0/311C140"
    assert after(*going, "redo done at 0/7D05720 system usage: CPU: user: 0.41 s") is None
    assert after(*going, "starting PostgreSQL 18.4") is None  # killed in its recovery and started again


def test_a_finished_segment_is_archived_whole_and_never_overwritten(home: Path) -> None:
    archive = home / "pg" / "archive"
    with (
        EmbeddedServer(home, durable=False) as server,
        psycopg.connect(server.owner_url, autocommit=True) as connection,
    ):
        first = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()[0]  # type: ignore[index]
        until(lambda: (archive / f"{first}.gz").exists())
        kept = (archive / f"{first}.gz").read_bytes()
        segment = home / "pg" / "data" / "other"
        segment.write_bytes(b"something else")
        script = ["sh", "../archive-wal.sh", "other", first]
        refused = subprocess.run(script, cwd=segment.parent, capture_output=True, text=True, check=False)
        assert refused.returncode == 1 and "nothing was overwritten" in refused.stderr
        assert (archive / f"{first}.gz").read_bytes() == kept
        segment.unlink()
