"""Backup, restore to a second, damage and the drill, on one real server with evidence files beside it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.wait import until
from wangge import cli
from wangge.kernel.db.backup import Report, backup, drill, manifest, noted, restore, ship
from wangge.kernel.db.backup.store import RECORD, Store
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.problems import Conflict, Invalid, NotFound, Unavailable


@dataclass
class Installation:
    """A running installation with rows and files, and moments at which its row count is known."""

    server: EmbeddedServer
    target: Path
    rows: dict[datetime, int] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.server.home

    def write(self, count: int) -> None:
        with psycopg.connect(self.server.owner_url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS matter (text text)")
            connection.execute("INSERT INTO matter SELECT repeat('x', 200) FROM generate_series(1, %s)", [count])

    def remember(self) -> datetime:
        """The database's own time now, after everything before it and before everything after it."""
        with psycopg.connect(self.server.owner_url) as connection:
            count, now = connection.execute("SELECT count(*), clock_timestamp() FROM matter").fetchone()  # type: ignore[misc]
        self.rows[now] = count
        return now

    def keep_file(self, contents: bytes) -> str:
        name = hashlib.sha256(contents).hexdigest()
        path = self.home / "files" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        return f"{name[:2]}/{name}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A full backup, an incremental one and shipped WAL, each with rows before, between and after."""
    folder = tmp_path_factory.mktemp("backup 备份")
    with EmbeddedServer(folder / "home", durable=False) as server:
        town = Installation(server, folder / "target")
        town.write(100)
        town.keep_file(b"first photo")
        backup(town.home, town.target)
        town.remember()
        town.write(50)
        town.remember()
        town.keep_file(b"second photo")
        backup(town.home, town.target, incremental=True)
        town.write(7)
        town.remember()
        ship(town.home, town.target)
        yield town


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "restored"
    if (tmp_path / "restored" / "pg" / "data").exists():
        EmbeddedServer(tmp_path / "restored").remove()


@pytest.fixture
def damageable(town: Installation, tmp_path: Path) -> Store:
    """A copy of the backups that a test may damage, by ``put``: its files are links to the real ones."""
    shutil.copytree(town.target, tmp_path / "copy", copy_function=os.link)
    return Store(tmp_path / "copy")


def rows_in(home: Path) -> int:
    with EmbeddedServer(home, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        return connection.execute("SELECT count(*) FROM matter").fetchone()[0]  # type: ignore[index]


def test_backups_are_a_full_one_and_an_increment_and_both_pass_our_check(town: Installation) -> None:
    store = Store(town.target)
    kinds = [b.kind for b in store.backups()]
    assert kinds == ["full", "incremental"]
    for item in store.backups():
        assert manifest.faults(store.data(item), lambda _: None, whole=item.manifest, wal=item.wal) == []
    assert (town.target.stat().st_mode & 0o777) == 0o700


def test_the_last_moment_is_restored_with_every_evidence_file_and_the_copy_is_an_installation(
    town: Installation, side: Path
) -> None:
    done = restore(town.target, side)
    assert len(done.backups) == 2
    assert rows_in(side) == 157
    assert {p.read_bytes() for p in (side / "files").rglob("*") if p.is_file()} == {b"first photo", b"second photo"}
    assert (side / "database.password").read_text() != (town.home / "database.password").read_text()
    assert not (side / "pg" / "restore-wal").exists()


def test_any_moment_between_is_restored_with_exactly_the_rows_it_had(town: Installation, side: Path) -> None:
    moments = sorted(town.rows)
    restore(town.target, side, moments[1])
    assert rows_in(side) == town.rows[moments[1]] == 150


def test_rows_changed_between_a_full_backup_and_its_increment_are_not_counted_twice(tmp_path: Path, side: Path) -> None:
    """By an index-only scan, which believes the visibility map."""
    with EmbeddedServer(tmp_path / "home", durable=False) as server:
        with psycopg.connect(server.owner_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE thing (id int PRIMARY KEY, n int) WITH (autovacuum_enabled = off)")
            connection.execute("INSERT INTO thing SELECT i, 0 FROM generate_series(1, 1000) i")
            connection.execute("VACUUM thing")
            backup(server.home, tmp_path / "target")
            connection.execute("UPDATE thing SET n = n + 1, id = -id WHERE id % 7 = 0")
            backup(server.home, tmp_path / "target", incremental=True)
    restore(tmp_path / "target", side)
    with EmbeddedServer(side, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        assert connection.execute("SELECT count(*) FROM thing WHERE id IS NOT NULL").fetchone() == (1000,)


def test_a_moment_the_backups_do_not_hold_is_refused_with_the_span_they_do(town: Installation, side: Path) -> None:
    for moment in (datetime(2001, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)):
        with pytest.raises(NotFound, match="they reach over"):
            restore(town.target, side, moment)
    assert not side.exists()


def test_a_used_folder_is_not_overwritten(town: Installation) -> None:
    with pytest.raises(Conflict, match="in use"):
        restore(town.target, town.home)


def some_table_file(store: Store) -> Path:
    return max(
        (store.data(store.backups()[0]) / "base").rglob("[0-9]*"), key=lambda p: p.stat().st_size if p.is_file() else 0
    )


def put(path: Path, contents: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(contents)


def flip(path: Path) -> None:
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2] ^= 1
    put(path, contents)


def change_record(store: Store, **values: str) -> None:
    for item in store.backups():
        record = store.root / item.name / RECORD
        put(record, json.dumps({**json.loads(record.read_text()), **values}).encode())


def test_one_flipped_bit_in_a_data_file_is_named_and_nothing_is_restored(damageable: Store, side: Path) -> None:
    victim = some_table_file(damageable)
    flip(victim)
    with pytest.raises(Invalid) as refusal:
        restore(damageable.root, side)
    assert victim.relative_to(damageable.root).as_posix() in refusal.value.extra["damaged"][0]
    assert not (side / "pg").exists()


def test_a_missing_file_an_added_file_and_a_changed_manifest_are_each_named(damageable: Store) -> None:
    first = damageable.backups()[0]
    data = damageable.data(first)

    def faults() -> list[str]:
        return manifest.faults(data, lambda _: None, whole=first.manifest, wal=first.wal)

    (data / "base" / "stranger").write_text("x")
    assert faults() == ["base/stranger: does not belong to the backup"]
    (data / "base" / "stranger").unlink()
    victim = some_table_file(damageable)
    victim.unlink()
    assert faults() == [f"{victim.relative_to(data).as_posix()}: missing"]
    flip(data / manifest.NAME)
    assert len(faults()) == 1 and faults()[0].startswith("backup_manifest: ")


def test_damaged_wal_a_gap_in_it_and_a_damaged_evidence_file_are_each_named(damageable: Store, side: Path) -> None:
    segments = sorted(damageable.wal.glob("0*.gz"))
    segments = [s for s in segments if len(s.name) == 27]
    whole = segments[-1].read_bytes()
    put(segments[-1], whole[: len(whole) // 2])
    with pytest.raises(Invalid, match=segments[-1].name):
        restore(damageable.root, side)
    segments[-1].unlink()
    with pytest.raises(Invalid, match="missing"):
        restore(damageable.root, side)
    put(segments[-1], whole)
    photo = next(p for p in damageable.files.rglob("*") if p.is_file())
    put(photo, b"another photo")
    with pytest.raises(Invalid, match=photo.name):
        restore(damageable.root, side)
    assert not (side / "files").exists()


def test_an_increment_without_its_base_is_refused(damageable: Store, side: Path) -> None:
    shutil.rmtree(damageable.root / damageable.backups()[0].name)
    with pytest.raises(Invalid, match="builds on it"):
        restore(damageable.root, side)


def test_a_backup_that_was_not_finished_does_not_count(damageable: Store, side: Path) -> None:
    for item in damageable.backups():
        (damageable.root / item.name / RECORD).unlink()
    with pytest.raises(NotFound, match="no complete backup"):
        restore(damageable.root, side)


def test_the_drill_compares_every_table_under_writes_and_reports_what_would_be_lost_and_how_long_it_takes(
    town: Installation,
) -> None:
    asked: list[int] = []
    done = threading.Event()

    def keep_writing() -> None:
        while not done.wait(0.002):
            town.write(1)

    def verify(copy: EmbeddedServer) -> list[str]:
        with psycopg.connect(copy.owner_url) as connection:
            asked.append(connection.execute("SELECT count(*) FROM matter").fetchone()[0])  # type: ignore[index]
        return []

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(keep_writing)
        try:
            report = drill(town.home, town.target, verify=verify)
        finally:
            done.set()
        writing.result()
    assert report.passed and report.ledger == []
    assert asked == [report.rows] and report.rows >= 157
    assert (report.tables, report.files) == (1, 2)
    assert 0 < report.rpo_seconds < 3600 and 0 < report.rto_seconds < 600
    assert json.loads(report.as_json())["passed"] is True
    assert "RPO" in report.as_words().zh and "RTO" in report.as_words().en
    assert not list(town.target.glob(".drill-*"))
    assert town.server.is_alive()


def test_a_difference_or_a_fault_in_the_ledger_fails_the_drill() -> None:
    now = datetime.now(UTC)
    assert not Report(now, 1, 1, ["b"], now, 1, 1, differences=["public.matter: 2 → 1"]).passed
    broken = Report(now, 1, 1, ["b"], now, 1, 1, ledger=["entry 7 was altered"])
    assert not broken.passed and "entry 7 was altered" in broken.as_words().en


def test_old_chains_go_with_the_wal_nobody_needs_and_the_newest_chain_stays(
    town: Installation, damageable: Store
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=90)
    names = [b.name for b in damageable.backups()]
    change_record(damageable, finished=long_ago.isoformat())
    oldest = damageable.wal / "000000010000000000000001.gz"
    put(oldest, gzip.compress(b"needed by nobody"))
    taken = backup(town.home, damageable.root, keep_days=30)
    assert sorted(taken.removed) == sorted(names)
    assert [b.name for b in damageable.backups()] == [taken.backup.name] if taken.backup else False
    assert not oldest.exists()


def test_backups_of_another_database_are_not_mixed_in(town: Installation, damageable: Store) -> None:
    change_record(damageable, system="12345")
    with pytest.raises(Conflict, match="another database"):
        backup(town.home, damageable.root)


def test_a_server_of_others_is_said_to_be_its_operators_to_back_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql://owner@db.example/wangge")
    assert cli.main(["--lang", "en", "backup", str(tmp_path)]) == 4
    assert "its operator's work" in capsys.readouterr().err


def test_the_command_backs_up_the_running_installation(
    town: Installation, damageable: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WANGGE_DATABASE_URL", raising=False)
    monkeypatch.setenv("WANGGE_HOME", os.fspath(town.home))
    assert cli.main(["backup", str(damageable.root), "--wal", "--json"]) == 0
    assert datetime.fromisoformat(json.loads(capsys.readouterr().out)["until"]) > max(town.rows)


def test_an_installation_knows_its_last_backup(town: Installation) -> None:
    base = backup(town.home, town.target, incremental=True).backup
    shipped = ship(town.home, town.target)
    assert base is not None
    assert noted.read(town.home)[:2] == (base.started, shipped.until)


def test_a_drill_that_has_no_room_is_refused_before_it_fills_the_disk_and_one_that_passed_is_noted(
    town: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drill(town.home, town.target).at == noted.read(town.home).restored
    full = shutil.disk_usage(town.target)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(Unavailable, match="--side"):
        drill(town.home, town.target)
    assert not list(town.target.glob(".drill-*"))


def test_a_second_in_the_middle_of_a_load_is_restored_with_all_that_was_acknowledged_until_then(
    tmp_path: Path, side: Path
) -> None:
    """Four writers commit one row after the other; the moment is a whole second while they do."""
    acknowledged: list[tuple[int, datetime]] = []
    end = threading.Event()
    with EmbeddedServer(tmp_path / "home", durable=False) as server:
        with psycopg.connect(server.owner_url) as connection:
            connection.execute("CREATE TABLE entry (id int PRIMARY KEY, at timestamptz NOT NULL)")
        backup(server.home, tmp_path / "target")

        def load(first: int) -> None:
            with psycopg.connect(server.owner_url, autocommit=True) as connection:
                for id in range(first, 10**9, 4):
                    connection.execute("INSERT INTO entry VALUES (%s, clock_timestamp())", [id])
                    acknowledged.append((id, datetime.now(UTC)))
                    if end.is_set():
                        return

        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(load, first) for first in range(4)]
            began = until(lambda: acknowledged and acknowledged[0][1])
            moment = began.replace(microsecond=0) + timedelta(seconds=2)
            until(lambda: datetime.now(UTC) > moment + timedelta(seconds=0.5))
            ship(server.home, tmp_path / "target")
            end.set()
            for writer in writers:
                writer.result()
    restore(tmp_path / "target", side, moment)
    with EmbeddedServer(side, durable=False) as server, psycopg.connect(server.owner_url) as connection:
        there = dict(connection.execute("SELECT id, at FROM entry").fetchall())
    assert {id for id, at in acknowledged if at <= moment} - there.keys() == set()
    assert max(there.values()) <= moment
    assert 10 < len(there) < len(acknowledged)
