"""How long a dashboard takes: `python bench/dashboard.py [cases]` (default 200 000), over made-up cases of three years.

The database is the server at WANGGE_TEST_DATABASE_URL (an owner's log-in), else an embedded one; it is dropped afterwards. Each line is
p50 and p95 of whole calls over random periods. The floors of the same run: `SELECT 1`, and a plain count over the cases of the same
scope. Target: p95 < 50 ms at 1 000 000 cases. Then: how many cases a second the consumer counts, and how long a check takes.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.fill import DISTRICTS, database, fill, measure, person, spread
from wangge.domain.stats import actions, queries
from wangge.domain.stats.queries import Asked
from wangge.kernel.access import SYSTEM, Role, Scope, acting, bind
from wangge.kernel.db import rows


def any_period(dice: random.Random) -> Asked:
    """What people ask: a day, a week, a month, a quarter, a year, three; ending on any day."""
    length = dice.choice((1, 7, 30, 31, 90, 91, 365, 366, 1095))
    last = date(2026, 10, 31) - timedelta(days=dice.randrange(0, 1096 - length) if length < 1095 else 0)
    return Asked(last - timedelta(days=length - 1), last)


def run(owner: Any, count: int) -> None:
    started = time.perf_counter()
    fill(count, owner)
    print(f"{count} cases filled in {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    with acting(SYSTEM):
        entries = actions.rebuild()
        size = rows.one(
            "SELECT "
            + ", ".join(
                f"pg_size_pretty(pg_total_relation_size('stats_{t}')) AS {t}" for t in ("entry", "cell", "times")
            )
        )
        cells = rows.value("SELECT count(*) FROM stats_cell")
        unit, community = (
            rows.value("SELECT lead FROM cases_case LIMIT 1"),
            rows.value("SELECT community FROM cases_case LIMIT 1"),
        )
    print(f"rebuilt in {time.perf_counter() - started:.0f} s: {entries} entries, {cells} cells, {size}")
    for table in ("entry", "cell", "times"):
        owner.execute(f"VACUUM ANALYZE stats_{table}")
    who = {
        "four districts": person(Role.LEADER, Scope(districts=frozenset(DISTRICTS))),
        "the largest district": person(Role.LEADER, Scope(districts=frozenset(DISTRICTS[:1]))),
        "a street": person(Role.OPERATOR, Scope.area(DISTRICTS[0] + "001")),
        "a community": person(Role.WORKSTATION, Scope.area(community)),
        "a unit": person(Role.HANDLER, Scope(units=frozenset({unit}))),
    }
    every: list[float] = []
    for name, by in who.items():
        bind(by)
        print(f"-- {name}")
        measure("floor: SELECT 1", lambda: rows.value("SELECT 1"))
        params: dict[str, Any] = {}
        scope = by.scope(queries.StatsPermission.READ).sql("c", params, queries.SCOPE)
        measure(
            "floor: count of the cases",
            lambda scope=scope, params=params: rows.value(f"SELECT count(*) FROM cases_case c WHERE {scope}", params),
        )
        dice = random.Random(3)
        asked = partial(any_period, dice)
        every += measure(
            "summary with medians, any period", lambda by=by, asked=asked: queries.summary(by=by, asked=asked())
        )
        for dimension in ("category", "level", "street", "unit"):
            every += measure(
                f"table by {dimension}",
                lambda by=by, asked=asked, d=dimension: queries.table(by=by, asked=asked(), dimension=d),
            )
        every += measure(
            "series by day of a year, or months",
            lambda by=by: queries.series(by=by, asked=Asked(date(2025, 11, 1), date(2026, 10, 31)), step="month"),
        )
        every += measure(
            "series by day, 90 days",
            lambda by=by: queries.series(by=by, asked=Asked(date(2026, 8, 3), date(2026, 10, 31)), step="day"),
        )
        measure(
            "table by category with medians of each",
            lambda by=by, asked=asked: queries.table(by=by, asked=asked(), dimension="category", times=True),
        )
    print(f"-- a dashboard's part, any scope and period: {spread(every)}")
    bind(SYSTEM)
    some = [row["id"] for row in rows.all("SELECT id FROM cases_case ORDER BY reported_at DESC LIMIT 5000")]
    rows.run("UPDATE cases_case SET returns = returns + 1 WHERE id = ANY(%(ids)s)", {"ids": some})
    started = time.perf_counter()
    for batch in rows.batches(some, actions.AT_ONCE):
        actions.count(batch)
    print(f"counted: {len(some) / (time.perf_counter() - started):.0f} changed cases a second")
    started = time.perf_counter()
    print(f"check: {actions.check()} wrong, in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    with database() as owner:
        run(owner, int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
