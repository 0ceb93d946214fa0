"""Shipping the WAL archive to the backups, up to a moment that is known."""

from __future__ import annotations

import gzip
import re
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg

from wangge.kernel.db.backup.store import Say, Store, copy_whole, damaged, sync_folder, utc
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.db.embedded.waiting import Patience
from wangge.kernel.problems import Unavailable
from wangge.kernel.words import Words

SEGMENT = re.compile(r"([0-9A-F]{24})\.gz")
ANY = re.compile(r"[0-9A-F]{8}(?:[0-9A-F]{16}(?:\.[0-9A-F]{8}\.backup)?|\.history)\.gz")
ARCHIVED_WITHIN = 120.0
"""Seconds for the server to archive one segment; beyond that something is wrong with its archive, and we say what."""
KEPT_AT_HOME = timedelta(days=7)
"""Shipped segments stay in the installation's own archive that long."""


class Marker(NamedTuple):
    """A transaction of ours that did nothing but commit: a point that recovery can aim at. ``at`` is before its commit."""

    xid: int
    at: datetime


def mark(server: EmbeddedServer) -> Marker:
    """Commit such a transaction now. Without it a target time after the last commit could not be recovered to."""
    with psycopg.connect(server.owner_url) as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint, clock_timestamp()").fetchone()
        assert row is not None
        return Marker(row[0], row[1].astimezone(UTC))


def ship(server: EmbeddedServer, store: Store, say: Say, marker: Marker | None = None) -> datetime:
    """Have everything up to now archived and copied to ``store``; the moment up to which that is. Raises Unavailable."""
    point = marker or mark(server)
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT pg_walfile_name(pg_switch_wal()), (SELECT system_identifier::text FROM pg_control_system())"
        ).fetchone()
        assert row is not None
        segment, system = row
        archive = server.layout.archive
        _await(archive / f"{segment}.gz", connection, say)
    patience = Patience()
    for path in sorted(archive.iterdir()):
        if ANY.fullmatch(path.name) and not (store.wal / path.name).exists():
            copy_whole(path, store.wal / path.name)
            if patience.due():
                say(Words(f"复制归档日志 {path.name}", f"Copying archived WAL {path.name}"))
    sync_folder(store.wal)
    store.note_shipped(segment, point.at, system)
    _tidy(archive, store)
    return point.at


def _await(file: Path, connection: psycopg.Connection, say: Say) -> None:
    patience = Patience()
    while not file.exists():
        if patience.seconds > ARCHIVED_WITHIN:
            failed = connection.execute("SELECT failed_count, last_failed_wal FROM pg_stat_archiver").fetchone()
            raise Unavailable(
                Words(
                    f"数据库未能归档 {file.stem}（失败 {failed}）；请检查磁盘空间与 {file.parent.parent / 'log'}。",
                    f"The server could not archive {file.stem} (failures: {failed}); check the disk's space and "
                    f"{file.parent.parent / 'log'}.",
                )
            )
        if patience.due():
            say(Words(f"等待归档 {file.stem}", f"Waiting for {file.stem} to be archived"))
        patience.pause()


def _tidy(archive: Path, store: Store) -> None:
    """What is shipped and a week old leaves the installation's own archive."""
    before = (utc() - KEPT_AT_HOME).timestamp()
    for path in archive.iterdir():
        if SEGMENT.fullmatch(path.name) and path.stat().st_mtime < before and (store.wal / path.name).exists():
            path.unlink()


def needed(store: Store, first: str) -> list[Path]:
    """The shipped files for a recovery that starts in segment ``first``. Raises Invalid for damaged ones and for a gap."""
    shipped = store.shipped()
    files = [p for p in sorted(store.wal.iterdir()) if ANY.fullmatch(p.name)]
    chosen = [p for p in files if p.name.endswith(".history.gz") or p.name[8:24] >= first[8:]]
    faults = [f"wal/{p.name}: {error}" for p in chosen if (error := _unreadable(p))]
    if shipped:
        have = {p.name[:24] for p in chosen}
        for tail in _between(first[8:], shipped[0][8:]):
            if not any(name.endswith(tail) for name in have):
                faults.append(f"wal/…{tail}.gz: missing")
    if faults:
        raise damaged(faults)
    return chosen


def _between(first: str, last: str) -> list[str]:
    """Names (without timeline) of all segments of 16 MB from ``first`` to ``last``."""
    start, end = (int(n[:8], 16) * 256 + int(n[8:], 16) for n in (first, last))
    return [f"{n // 256:08X}{n % 256:08X}" for n in range(start, end + 1)]


def _unreadable(path: Path) -> str | None:
    """gzip carries a CRC of the contents; it is read to the end."""
    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error) as error:
        return str(error)
    return None
