"""A database that is killed with much of its log to replay: it is waited for, it is told, and everything acknowledged is there.

``WANGGE_RECOVERY_MB`` says how much (64; by ``make torture`` 2048).
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.support.burst import Burst
from tests.support.furnished import furnished
from tests.support.invariants import database, whole
from tests.support.program import Running
from tests.support.wait import until

MEGABYTES = int(os.environ.get("WANGGE_RECOVERY_MB", "64"))
WISHES = "checkpoint_timeout = '1h'\nmax_wal_size = '16GB'\nmin_wal_size = '1GB'\narchive_command = '/bin/true'\n"
"""No checkpoint by itself: all of it has to be replayed."""
FILL = """INSERT INTO much SELECT n, md5(n::text || random()::text) || repeat(md5(random()::text), 12)
          FROM generate_series(1, 20000) n"""


def test_a_database_killed_with_much_to_replay_comes_back_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    running = Running(tmp_path / "long", env={"WANGGE_DEMO": "true"})
    (running.home / "var").mkdir(parents=True)
    (running.home / "var" / "database.conf").write_text(WISHES)
    running.start()
    burst = Burst(running.address, furnished(running), clients=2)
    try:
        until(lambda: burst.journal.count > 20, 120)
        with database(running) as sql:
            sql.execute("CREATE TABLE much (n int, x text)")
            sql.execute("CHECKPOINT")
            begun = sql.execute("SELECT pg_current_wal_insert_lsn() AS at").fetchone()
            written = 0.0
            while written < MEGABYTES:
                sql.execute(FILL)
                row = sql.execute(
                    "SELECT pg_current_wal_insert_lsn() - %s::pg_lsn AS bytes", [begun["at"] if begun else None]
                ).fetchone()
                written = float(row["bytes"]) / 2**20 if row else 0
        server = running.process("postgres")
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([server], 60)
        killed, before = time.monotonic(), burst.journal.count
        until(lambda: burst.journal.count > before + 5, 900)
        back = time.monotonic() - killed
    finally:
        journal = burst.stop()
    whole(running, journal)
    with database(running) as sql:
        sql.execute("DROP TABLE much")
    running.stop()
    print(f"\n{written:.0f} MB of WAL replayed: acts are acknowledged again {back:.0f} s after the kill")
