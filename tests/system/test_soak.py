"""Load for a long time: memory, files, connections, queues and dead rows find their level and stay there.

``WANGGE_SOAK_MINUTES`` says for how long (half a minute; by ``make torture`` 10, and 480 for a night). The last three quarters are
compared: a program that grows for ever grows in them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.support.burst import Burst
from tests.support.furnished import furnished
from tests.support.invariants import database, whole
from tests.support.program import Running
from tests.support.wait import until

MINUTES = float(os.environ.get("WANGGE_SOAK_MINUTES", "0.5"))
LONG = MINUTES >= 8
SAMPLES = 60
MORE = 60
"""Megabytes an hour that all processes together may grow by: less than what the caches of an idle week take."""
OURS = ("web", "work", "live")


def test_nothing_grows_under_load_that_lasts(tmp_path: Path) -> None:
    running = Running(tmp_path / "long", env={"WANGGE_DEMO": "true", "WANGGE_LOG_LEVEL": "WARNING"}).start()
    burst = Burst(running.address, furnished(running), clients=3)
    begun, samples = time.monotonic(), []
    try:
        for n in range(SAMPLES):
            until(lambda n=n: time.monotonic() - begun > MINUTES * 60 * n / SAMPLES, 3600, every=0.1)
            samples.append({"at": (time.monotonic() - begun) / 3600} | sample(running))
    finally:
        journal = burst.stop()
    whole(running, journal)
    running.stop()
    later = samples[SAMPLES // 4 :]
    print(
        f"\n{MINUTES:g} minutes, {journal.count} acknowledged, {journal.reads} reads; at a quarter → at the end, and per hour:"
    )
    for name in later[0]:
        if name != "at":
            print(f"  {name:20} {later[0][name]:10.0f} → {later[-1][name]:10.0f}   {slope(later, name):+10.1f}")
    for name in ("connections", "files"):
        assert later[-1][name] <= later[0][name] * 1.5 + 10, name
    for name in ("outbox behind", "jobs waiting", "entries unsealed"):
        assert max(s[name] for s in later) < 1000, name
    if LONG:
        assert slope(later, "MB web") + slope(later, "MB work") + slope(later, "MB live") < MORE
        assert later[-1]["dead rows share"] < 0.5


def sample(running: Running) -> dict[str, float]:
    found: dict[str, float] = {}
    files = 0
    for kind in OURS:
        head = running.process(kind)
        family = [head, *head.children(recursive=True)]
        found[f"MB {kind}"] = sum(_if_there(lambda p=p: p.memory_info().rss) for p in family) / 2**20
        files += sum(_if_there(p.num_fds) for p in family)
    found["files"] = files
    with database(running) as sql:

        def number(query: str) -> float:
            row: dict[str, Any] = sql.execute(query).fetchone() or {}
            return float(next(iter(row.values())) or 0)

        found["connections"] = number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        found["outbox behind"] = number(
            "SELECT max(n) FROM (SELECT count(e.pos) AS n FROM outbox_cursor c LEFT JOIN outbox_event e ON (e.xid, e.pos) > (c.xid, c.pos) GROUP BY c.consumer) x"
        )
        found["jobs waiting"] = number("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        found["entries unsealed"] = number(
            "SELECT count(*) FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_link l WHERE l.pos = e.pos)"
        )
        found["dead rows share"] = number(
            "SELECT sum(n_dead_tup)::float / greatest(sum(n_live_tup + n_dead_tup), 1) FROM pg_stat_user_tables"
        )
    found["MB PostgreSQL"] = sum(_if_there(lambda p=p: p.memory_full_info().pss) for p in _postgres(running)) / 2**20
    return found


def _postgres(running: Running) -> list[psutil.Process]:
    head = running.process("postgres")
    return [head, *head.children(recursive=True)]


def _if_there(ask: Callable[[], int]) -> int:
    """What a process says of itself, 0 if it is gone: a connection may have been closed meanwhile, a picture be done."""
    try:
        return ask()
    except psutil.NoSuchProcess:
        return 0


def slope(samples: list[dict[str, float]], name: str) -> float:
    """Of the straight line through the samples, per hour."""
    return float(np.polyfit([s["at"] for s in samples], [s[name] for s in samples], 1)[0])
