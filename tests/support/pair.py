"""Two real PostgreSQL servers: a primary, and a standby that follows it by streaming replication."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.program import lives
from tests.support.wait import until
from wangge.kernel.db.embedded import EmbeddedServer, find_binaries

QUIET = {"autovacuum": "off", "archive_mode": "off"}


@dataclass
class Pair:
    """``standby`` is a copy of ``primary`` in a folder beside it, under the same log-ins."""

    primary: EmbeddedServer
    standby: EmbeddedServer = field(init=False)

    def __post_init__(self) -> None:
        self.standby = EmbeddedServer(
            self.primary.home.parent / "standby", durable=False, extra=QUIET | {"primary_conninfo": self._feed()}
        )

    def _feed(self) -> str:
        """How the standby finds the primary."""
        parts = conninfo_to_dict(self.primary.owner_url)
        known = {k: parts[k] for k in ("user", "password", "port")}
        return make_conninfo("", **known, host=unquote(str(parts["host"])), application_name="standby")

    def copy(self) -> None:
        """Make the standby's folder of the primary as it is, and start it."""
        parts, layout = conninfo_to_dict(self.primary.owner_url), self.standby.layout
        making = self.standby.home.parent / "base"
        subprocess.run(
            [
                *(find_binaries() / "pg_basebackup", f"--pgdata={making}", "--checkpoint=fast", "--no-sync"),
                *(f"--host={unquote(str(parts['host']))}", f"--port={parts['port']}", f"--username={parts['user']}"),
            ],
            env={"PGPASSWORD": str(parts["password"]), "LC_ALL": "C"},
            check=True,
            capture_output=True,
        )
        (making / "standby.signal").touch()
        layout.pg.mkdir(parents=True, mode=0o700)
        making.rename(layout.data)
        self._as_the_primarys(layout.pg)
        shutil.copy2(self.primary.layout.password_file, layout.password_file)
        self.standby.start()

    def _as_the_primarys(self, folder: Path) -> None:
        owner = self.primary.layout.pg.stat()
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, owner.st_uid, owner.st_gid)

    def ask(self, server: EmbeddedServer, sql: str, *params: Any) -> Any:
        """The first column of the first row, by the owner."""
        with psycopg.connect(server.owner_url, autocommit=True) as connection:
            row = connection.execute(sql, params).fetchone()
            return row and row[0]

    def wait_for_the_standby(self) -> None:
        """From now on each commit of the primary is acknowledged once the standby has it, too (synchronous replication)."""
        with psycopg.connect(self.primary.owner_url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            connection.execute("SELECT pg_reload_conf()")
        until(lambda: self.ask(self.primary, "SELECT sync_state = 'sync' FROM pg_stat_replication"))

    def level(self) -> None:
        """Return when the standby has replayed all that the primary has."""
        position = self.ask(self.primary, "SELECT pg_current_wal_flush_lsn()::text")
        until(lambda: self.ask(self.standby, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", position))

    def kill_the_standby(self) -> None:
        """With signal 9. Return when nothing of it is left: a session outlives its server for a moment, and answers."""
        first = psutil.Process(self.standby.pid())
        family = [first, *first.children(recursive=True)]
        first.kill()
        until(lambda: not any(lives(process) for process in family))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The standby replays nothing in the block: what is written meanwhile it gets and does not show."""
        self.level()
        self.ask(self.standby, "SELECT pg_wal_replay_pause()")
        until(lambda: self.ask(self.standby, "SELECT pg_get_wal_replay_pause_state() = 'paused'"))
        try:
            yield
        finally:
            self.ask(self.standby, "SELECT pg_wal_replay_resume()")
        self.level()


@contextmanager
def two_servers(folder: Path, **extra: str) -> Iterator[Pair]:
    """An empty primary, for ``copy`` to be called on once it holds what both shall hold. ``extra``: settings of the primary."""
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedServer(folder / "primary", durable=False, extra=QUIET | extra) as primary:
        pair = Pair(primary)
        try:
            yield pair
        finally:
            pair.standby.stop("immediate")
