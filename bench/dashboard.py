"""How long a dashboard takes: `python bench/dashboard.py [cases]` (default 200 000), over made-up cases of three years.

The database is the server at WANGGE_TEST_DATABASE_URL (an owner's log-in), else an embedded one; it is dropped afterwards. Each line is
p50 and p95 of whole calls over random periods. The floors of the same run: `SELECT 1`, and a plain count over the cases of the same
scope. Target: p95 < 50 ms at 1 000 000 cases. Then: how many cases a second the consumer counts, and how long a check takes.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

django.setup()

from django.db import connections  # noqa: E402

from tests.support.databases import Databases  # noqa: E402
from wangge.domain.stats import actions, queries  # noqa: E402
from wangge.domain.stats.queries import Asked  # noqa: E402
from wangge.kernel.access import SYSTEM, Grant, Principal, Role, Scope, acting, bind  # noqa: E402
from wangge.kernel.db import rows  # noqa: E402
from wangge.kernel.ids import uuid7  # noqa: E402

DISTRICTS = ("440304", "440305", "440306", "440308")
BEGIN, END = datetime(2023, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
CHANNELS = ("worker", "hotline", "resident", "patrol", "window")
CASE = (
    "district", "id", "street", "community", "grid", "number", "status", "urgency", "channel", "category", "final_category", "title",
    "text", "confidential", "wants_answer", "holder", "lead", "stage", "due_at", "overdue_at", "reported_at", "received_at",
    "changed_at", "closed_at", "follow_up", "rating", "returns", "rework", "address", "result", "source", "body_hash", "version",
)  # fmt: skip
CLOCK = ("district", "id", '"case"', "stage", "unit", "started_at", "due_at", "first_due_at", "stopped_at", "outcome")
SHARE = (
    "district", "id", '"case"', "unit", "kind", "assigned_at", "taken_at", "taken_by", "resolved_at", "resolved_by", "ended_at",
    "ended_how",
)  # fmt: skip
STEP = ("district", "id", '"case"', "at", "act", "after", "actor_kind", "actor_name", "salt", "note", "data")


def fill(count: int, owner: Any) -> None:
    """COPY cases with their clocks, shares and steps: skewed by district, category and unit, three days from report to close."""
    dice = random.Random(7)
    categories = [uuid7() for _ in range(100)]
    units = {d: [uuid7() for _ in range(40)] for d in DISTRICTS}
    persons = [uuid7() for _ in range(400)]
    holder, gap = uuid7(), (END - BEGIN) / count
    for first in range(0, count, 20_000):
        into: dict[str, list[tuple[Any, ...]]] = {"case": [], "clock": [], "assignment": [], "step": []}
        for n in range(first, min(first + 20_000, count)):
            district = DISTRICTS[min(int(dice.expovariate(1.2)), 3)]
            street = f"{district}{dice.randrange(1, 11):03d}"
            community = f"{street}{dice.randrange(1, 11):03d}"
            at, case = BEGIN + gap * n, uuid7()
            accepted = at + timedelta(minutes=int(dice.lognormvariate(3, 1)))
            resolved = accepted + timedelta(minutes=int(dice.lognormvariate(7, 1.2)))
            closed = resolved + timedelta(minutes=int(dice.lognormvariate(6, 1)))
            over, late = closed < END, dice.random() < 0.07
            unit, person = units[district][min(int(dice.expovariate(0.15)), 39)], dice.choice(persons)
            category = categories[min(int(dice.expovariate(0.06)), 99)]
            answer = dice.choices(("satisfied", "dissatisfied", "not_wanted"), (60, 8, 32))[0] if over else None
            into["case"].append((
                district, case, street, community, f"{community}{dice.randrange(1, 16):03d}", f"{street}{at:%Y%m%d}{n % 100000:05d}",
                "archived" if over else "handling", "normal", dice.choices(CHANNELS, (50, 25, 15, 8, 2))[0], category,
                category if over else None, "", "", False, True, holder, unit, None if over else "handle", None if over else END + timedelta(days=9),
                at + timedelta(days=2) if late else None, at, at, closed if over else accepted, closed if over else None, answer,
                dice.randrange(3, 6) if answer == "satisfied" else None, int(dice.random() < 0.05), int(dice.random() < 0.04),
                "", "", "", b"x", 5,
            ))  # fmt: skip
            clocks = [("accept", at, 4, accepted), ("handle", accepted, 72, resolved), ("verify", resolved, 24, closed)]
            for stage, started, hours, stopped in clocks if over else clocks[:1]:
                due = started + timedelta(hours=hours)
                into["clock"].append(
                    (
                        district,
                        uuid7(),
                        case,
                        stage,
                        "hour",
                        started,
                        due,
                        due,
                        stopped,
                        "met" if stopped <= due else "missed",
                    )
                )
            into["assignment"].append((
                district, uuid7(), case, unit, "lead", accepted, accepted, person, resolved if over else None, person if over else None,
                closed if over else None, "done" if over else None,
            ))  # fmt: skip
            into["step"].append(
                (district, uuid7(), case, accepted, "accept", "accepted", "user", "bench", b"x", "", "{}")
            )
        for table, columns in (("case", CASE), ("clock", CLOCK), ("assignment", SHARE), ("step", STEP)):
            with owner.cursor().copy(f"COPY cases_{table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in into[table]:
                    copy.write_row(row)
    for table in ("case", "clock", "assignment", "step"):
        owner.execute(f"VACUUM ANALYZE cases_{table}")


def measure(name: str, call: Callable[[], Any], *, rounds: int = 40, seconds: float = 4.0) -> list[float]:
    """At most ``rounds`` calls, fewer when they would take longer than ``seconds``, but three."""
    took: list[float] = []
    while len(took) < 3 or (len(took) < rounds and sum(took) < seconds * 1000):
        started = time.perf_counter()
        call()
        took.append((time.perf_counter() - started) * 1000)
    ordered = sorted(took)
    print(
        f"{name:44s} p50 {ordered[len(took) // 2]:8.1f} ms   p95 {ordered[int(len(took) * 0.95)]:8.1f} ms", flush=True
    )
    return took


def person(role: Role, scope: Scope) -> Principal:
    return Principal(kind="user", id=UUID(int=1), name="bench", grants=(Grant(role, scope),))


def a_period(dice: random.Random) -> tuple[date, date]:
    """What people ask: a day, a week, a month, a quarter, a year, three; ending on any day."""
    length = dice.choice((1, 7, 30, 31, 90, 91, 365, 366, 1095))
    last = date(2026, 10, 31) - timedelta(days=dice.randrange(0, 1096 - length) if length < 1095 else 0)
    return last - timedelta(days=length - 1), last


def run(count: int) -> None:
    with connections["owner"].cursor():
        pass
    owner = connections["owner"].connection
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
        asked = lambda dice=dice: Asked(*a_period(dice))
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
    every.sort()
    print(
        f"-- a dashboard's part, any scope and period: p50 {every[len(every) // 2]:.1f} ms, p95 {every[int(len(every) * 0.95)]:.1f} ms"
    )
    bind(SYSTEM)
    some = [row["id"] for row in rows.all("SELECT id FROM cases_case ORDER BY reported_at DESC LIMIT 5000")]
    rows.run("UPDATE cases_case SET returns = returns + 1 WHERE id = ANY(%(ids)s)", {"ids": some})
    started = time.perf_counter()
    for batch in rows.batches(some, actions.AT_ONCE):
        actions.count(batch)
    print(f"counted: {len(some) / (time.perf_counter() - started):.0f} changed cases a second")
    started = time.perf_counter()
    print(f"check: {actions.check()} wrong, in {time.perf_counter() - started:.0f} s")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    url = os.environ.get("WANGGE_TEST_DATABASE_URL")
    with TemporaryDirectory() as folder:
        made = Path(folder)

        class Folders:
            def mktemp(self, name: str) -> Path:
                return made / name

        class Unblocked:
            def unblock(self) -> Any:
                return nullcontext()

        with Databases.running(url, Folders(), Unblocked()) as found, found.for_one_test():
            run(count)


if __name__ == "__main__":
    main()
