"""Taking a backup: base or incremental, then WAL, then evidence files; and letting go of old ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from wangge.kernel.db.backup import evidence, manifest, noted, wal
from wangge.kernel.db.backup.store import Backup, Say, Store, damaged, run, utc
from wangge.kernel.db.embedded import EmbeddedServer, find_binaries
from wangge.kernel.problems import Unavailable
from wangge.kernel.words import Words


class Taken(NamedTuple):
    """``backup`` is None when only WAL and evidence files were shipped. ``until``: everything up to then can be restored."""

    backup: Backup | None
    until: datetime
    files: int
    file_bytes: int
    removed: list[str]


@contextmanager
def running(home: Path, say: Say) -> Iterator[EmbeddedServer]:
    """The server of ``home``: the running one, else started for the block."""
    found = EmbeddedServer.attach(home)
    if found:
        yield found
    else:
        with EmbeddedServer(home, say=say, tied=True) as server:
            yield server


def backup(
    home: Path, target_dir: Path, *, incremental: bool = False, keep_days: int = 30, say: Say = lambda _: None
) -> Taken:
    """Back ``home`` up into ``target_dir``: a base backup, or the changes since the last one there, checked after it was written.

    Chains whose newest member is older than ``keep_days`` are removed afterwards, never the newest chain. Raises Unavailable when
    the server or the disk does not let us, Conflict when the folder holds another database's backups.
    """
    _must_exist(home)
    store = Store(Path(target_dir).absolute())
    store.make()
    with store.alone("backup", wait=False), running(home, say) as server:
        for left in store.root.glob(".2*Z-*"):  # of a backup that was killed
            shutil.rmtree(left)
        taken = _take(server, store, incremental, say)
        until, files, size = ship_now(server, store, say, base=taken.started)
        return Taken(taken, until, files, size, _let_go(store, utc() - timedelta(days=keep_days)))


def ship_now(
    server: EmbeddedServer, store: Store, say: Say, marker: wal.Marker | None = None, base: datetime | None = None
) -> tuple[datetime, int, int]:
    """WAL first, then the evidence files: a row's files were written before the row, so all that it refers to is there.

    ``base``: start of a base backup that this completes.
    """
    with store.alone("ship", wait=True):
        until = wal.ship(server, store, say, marker)
        shipped = evidence.ship(server.home, store, say)
        noted.note(server.home, until, base)
        return (until, *shipped)


def ship(home: Path, target_dir: Path, *, say: Say = lambda _: None) -> Taken:
    """WAL and evidence files alone: seconds of work, to be done every minute or so; it is what bounds the loss of a lost disk."""
    _must_exist(home)
    store = Store(Path(target_dir).absolute())
    store.make()
    with running(home, say) as server:
        store.check_belongs_to(_system(server))
        until, files, size = ship_now(server, store, say)
    return Taken(None, until, files, size, [])


def _must_exist(home: Path) -> None:
    if not (home / "pg" / "data" / "PG_VERSION").exists():
        raise Unavailable(
            Words(f"{home} 中没有内置数据库，无可备份。", f"There is no embedded database in {home} to back up.")
        )


def _system(server: EmbeddedServer) -> str:
    with psycopg.connect(server.owner_url) as connection:
        row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
        assert row is not None
        return row[0]


def _take(server: EmbeddedServer, store: Store, incremental: bool, say: Say) -> Backup:
    system = _system(server)
    store.check_belongs_to(system)
    parent = store.backups()[-1] if incremental and store.backups() else None
    if incremental and parent is None:
        say(Words("尚无基础备份，改做全量", "No backup to build on yet: taking a full one"))
    if parent:
        faults = manifest.faults(store.data(parent), say, whole=parent.manifest, wal=parent.wal)
        if faults:
            raise damaged([f"{parent.name}/{f}" for f in faults])
        try:
            return _copy(server, store, system, parent, say)
        except Unavailable as error:
            # WAL summaries can be missing (kept 30 days; none for the time before a restore): a full backup is always possible
            said = error.detail.en.splitlines()[-1]
            say(
                Words(
                    f"无法做增量备份（{said}），改做全量", f"No incremental backup possible ({said}): taking a full one"
                )
            )
    return _copy(server, store, system, None, say)


def _copy(server: EmbeddedServer, store: Store, system: str, parent: Backup | None, say: Say) -> Backup:
    started = utc()
    kind = "incremental" if parent else "full"
    name = f"{started:%Y%m%dT%H%M%S}.{started.microsecond // 1000:03d}Z-{kind}"
    making = store.root / f".{name}"
    address = conninfo_to_dict(server.owner_url)
    command: list[str | Path] = [
        find_binaries() / "pg_basebackup",
        f"--pgdata={making / 'data'}",
        f"--host={unquote(str(address['host']))}",
        f"--port={address['port']}",
        f"--username={address['user']}",
        "--no-password",
        "--checkpoint=fast",
        "--wal-method=stream",
        "--manifest-checksums=SHA256",
    ]
    if parent:
        command.append(f"--incremental={store.data(parent) / manifest.NAME}")
    words = (
        Words("复制数据库（增量）", "Copying the database (incremental)")
        if parent
        else Words("复制数据库", "Copying the database")
    )
    try:
        making.mkdir(mode=0o700)
        run(command, words, say, env={"PGPASSWORD": str(address["password"])})
        sums = manifest.wal_sums(making / "data")
        faults = manifest.faults(making / "data", say, wal=sums)
        if faults:
            raise damaged(faults)
        timeline, lsn = manifest.first_lsn(making / "data")
        taken = Backup(
            name=name,
            kind=kind,
            parent=parent.name if parent else None,
            system=system,
            version=(making / "data" / "PG_VERSION").read_text().strip(),
            started=started,
            finished=utc(),
            first_segment=segment_of(timeline, lsn),
            manifest=manifest.sha256(making / "data" / manifest.NAME),
            wal=sums,
        )
        taken.write(making)
        making.rename(store.root / name)
        return taken
    finally:
        shutil.rmtree(making, ignore_errors=True)


def segment_of(timeline: int, lsn: str) -> str:
    """Name of the 16 MB segment that holds ``lsn``."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return f"{timeline:08X}{high:08X}{low >> 24:08X}"


def _let_go(store: Store, before: datetime) -> list[str]:
    """Remove chains that ended before ``before``, and the WAL that no remaining backup needs."""
    chains: list[list[Backup]] = []
    for item in store.backups():
        if item.parent and any(item.parent == b.name for c in chains for b in c):
            next(c for c in chains if any(b.name == item.parent for b in c)).append(item)
        else:
            chains.append([item])
    old = [c for c in chains[:-1] if c[-1].finished < before]
    removed = []
    for chain in old:
        for item in reversed(chain):  # the newest first: what is left is usable at every moment
            shutil.rmtree(store.root / item.name)
            removed.append(item.name)
    left = store.backups()
    if removed and left:
        oldest = min(b.first_segment[8:] for b in left)
        for path in store.wal.iterdir():
            if wal.SEGMENT.fullmatch(path.name) and path.name[8:24] < oldest:
                path.unlink()
    return removed
