"""The drill: does the backup bring everything back, how much would be lost now, and how long does it take?"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql

from wangge.kernel.db.backup import noted, wal
from wangge.kernel.db.backup.restoring import recover
from wangge.kernel.db.backup.store import Say, Store, utc
from wangge.kernel.db.backup.taking import running, ship_now
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.db.embedded.waiting import Patience
from wangge.kernel.problems import NotFound, Unavailable
from wangge.kernel.words import Words

LOCKED_AT_MOST_MS = 300
STILL_WITHIN = 60.0
"""Seconds to look for a moment at which nobody holds a writing transaction open."""

Verify = Callable[[EmbeddedServer], list[str]]
"""Looks at the restored server and names what is wrong with it."""


@dataclass
class Report:
    """``rpo_seconds``: how far the backups were behind when the drill began: what a lost disk would have cost at that moment.
    ``rto_seconds``: from the decision to restore until the restored server took connections. Rows are compared at one point."""

    at: datetime
    rpo_seconds: float
    rto_seconds: float
    backups: list[str]
    restored_to: datetime
    tables: int
    rows: int
    differences: list[str] = field(default_factory=list)
    ledger: list[str] | None = None
    files: int = 0

    @property
    def passed(self) -> bool:
        return not self.differences and not self.ledger

    def as_json(self) -> str:
        said = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(self).items()}
        return json.dumps({"passed": self.passed, **said}, ensure_ascii=False, indent=1)

    def as_words(self) -> Words:
        """The report as a person reads it."""
        faults = [*self.differences, *(self.ledger or [])]
        zh = [
            f"恢复演练 {self.at:%Y-%m-%d %H:%M:%S} UTC：{'通过' if self.passed else '未通过'}",
            f"  备份 {' + '.join(self.backups)}，恢复到 {self.restored_to:%Y-%m-%d %H:%M:%S} UTC",
            f"  数据丢失窗口 RPO {self.rpo_seconds:.1f} 秒，恢复用时 RTO {self.rto_seconds:.1f} 秒",
            f"  {self.tables} 张表 {self.rows} 行与运行中的数据库{'一致' if not self.differences else '不一致'}；附件 {self.files} 个已核对",
            f"  留痕核验：{'未做' if self.ledger is None else '有误' if self.ledger else '完好'}",
        ]
        en = [
            f"Restore drill {self.at:%Y-%m-%d %H:%M:%S} UTC: {'passed' if self.passed else 'FAILED'}",
            f"  backups {' + '.join(self.backups)}, restored to {self.restored_to:%Y-%m-%d %H:%M:%S} UTC",
            f"  RPO {self.rpo_seconds:.1f} s, RTO {self.rto_seconds:.1f} s",
            f"  {self.tables} tables with {self.rows} rows: {'as' if not self.differences else 'NOT as'} in the running database; "
            f"{self.files} evidence files checked",
            f"  ledger: {'not verified' if self.ledger is None else 'faults' if self.ledger else 'intact'}",
        ]
        more = [f"  - {f}" for f in faults]
        return Words("\n".join(zh + more), "\n".join(en + more))


def drill(
    home: Path, backup_dir: Path, *, verify: Verify | None = None, side: Path | None = None, say: Say = lambda _: None
) -> Report:
    """Restore the newest backup with all WAL into a folder on the side, start it, compare it with the running server, remove it.

    The WAL up to now is shipped first (after the RPO was measured), so that both can be compared at one transaction.
    ``side``: where to make that folder (default: in ``backup_dir``; it needs as much space as the database and its files).
    """
    store, began = Store(Path(backup_dir).absolute()), utc()
    before = store.shipped()
    if not store.backups():
        raise NotFound(Words(f"{store.root} 中没有完整的备份。", f"There is no complete backup in {store.root}."))
    with running(home, say) as server:
        with psycopg.connect(server.owner_url) as reader:
            marker = _still_point(server, reader)
            behind = before[1] if before else store.backups()[-1].finished
            ship_now(server, store, say, marker)
            _has_room(side or store.root, reader, store)
            say(Words("统计运行中的数据库", "Counting the running database"))
            there = counts(reader)
        with store.alone("drill", wait=False), _side(side or store.root) as folder:
            start = time.monotonic()
            say(Words("在旁恢复最近的备份", "Restoring the newest backup on the side"))
            copy, restored = recover(
                store.root, Path(folder) / "home", None, xid=marker.xid, extra={"archive_mode": "off"}, say=say
            )
            took = time.monotonic() - start
            try:
                with psycopg.connect(copy.owner_url) as connection:
                    here = counts(connection)
                ledger = verify(copy) if verify else None
            finally:
                copy.remove()
    report = Report(
        at=began,
        rpo_seconds=max(0.0, (began - behind).total_seconds()),
        rto_seconds=took,
        backups=restored.backups,
        restored_to=marker.at,
        tables=len(there),
        rows=sum(there.values()),
        differences=_differences(there, here),
        ledger=ledger,
        files=restored.files,
    )
    with store.alone("ship", wait=True):
        noted.note_drill(home, began, passed=report.passed)
    return report


def _has_room(folder: Path, reader: psycopg.Connection, store: Store) -> None:
    """Raises Unavailable when the copy would fill the disk, which is often that of the backups."""
    row = reader.execute("SELECT sum(pg_database_size(oid))::bigint FROM pg_database").fetchone()
    assert row is not None
    need = row[0] + sum(p.stat().st_size for p in (*store.wal.iterdir(), *store.files.rglob("*")) if p.is_file())
    free = shutil.disk_usage(folder).free
    if need > free:
        raise Unavailable(
            Words(
                f"{folder} 所在磁盘剩余 {free / 2**30:.1f} GiB，演练需要约 {need / 2**30:.1f} GiB；请用 --side 指定其他位置。",
                f"{folder} has {free / 2**30:.1f} GiB left and the drill needs about {need / 2**30:.1f}; name another place by --side.",
            )
        )


@contextmanager
def _side(where: Path) -> Iterator[str]:
    """A folder for the copy; folders of drills that were killed go first (there is one drill at a time)."""
    for left in where.glob(".drill-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".drill-", dir=where) as folder:
        yield folder


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows of every table that is not the server's own; partitions are counted each, their parents not."""
    found = {}
    for schema, table in _tables(connection):
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))).fetchone()
        found[f"{schema}.{table}"] = row[0] if row else 0
    return found


def _tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           ORDER BY 1, 2"""
    ).fetchall()


def _differences(there: dict[str, int], here: dict[str, int]) -> list[str]:
    return [
        f"{name}: {there.get(name, '-')} → {here.get(name, '-')}"
        for name in sorted(there.keys() | here.keys())
        if there.get(name) != here.get(name)
    ]


def _still_point(server: EmbeddedServer, reader: psycopg.Connection) -> wal.Marker:
    """A transaction that recovery can end with, and ``reader`` seeing exactly what was committed before it.

    For the few milliseconds of taking ``reader``'s snapshot and committing the marker, writers wait: every table is locked against
    writing, which also waits for the writers that are there. A lock that is not had at once is given up, so that nobody waits long.
    """
    reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    patience = Patience()
    while patience.seconds < STILL_WITHIN:
        try:
            with psycopg.connect(server.owner_url) as holder:
                tables = [sql.Identifier(*name) for name in _tables(holder)]
                holder.execute(f"SET LOCAL lock_timeout = {LOCKED_AT_MOST_MS}")
                if tables:
                    holder.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.SQL(", ").join(tables)))
                reader.execute("SELECT pg_current_snapshot()")
                return wal.mark(server)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            reader.rollback()
            patience.pause()
    raise Unavailable(
        Words(
            "有写入事务长时间未结束，找不到可比对的时刻；请稍后再演练。",
            "A writing transaction does not end, so there is no point to compare at; drill later.",
        )
    )
