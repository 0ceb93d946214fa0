"""A database full of made-up cases for the measurements of this folder, and how they measure: not a measurement itself.

Three years of cases, skewed by district, category and unit as real ones are: four days from report to close, archived a month later.

The database is a new one on the server at WANGGE_TEST_DATABASE_URL (an owner's log-in), else on an embedded one, and is dropped afterwards.
With WANGGE_BENCH_KEEP=folder it is an embedded one that is kept in this folder: filling a million takes minutes, and what is measured next
finds them there.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from tests.support.databases import QUIET, Databases  # noqa: E402
from wangge.domain.catalog.models import Category  # noqa: E402
from wangge.domain.people.models import Unit  # noqa: E402
from wangge.domain.places.models import Area  # noqa: E402
from wangge.kernel.access import Grant, Principal, Role, Scope  # noqa: E402
from wangge.kernel.db import roles  # noqa: E402
from wangge.kernel.db.embedded import EmbeddedServer  # noqa: E402
from wangge.kernel.db.embedded.server import DATABASE  # noqa: E402
from wangge.kernel.ids import uuid7  # noqa: E402

KEEP = "WANGGE_BENCH_KEEP"
_FREE = SimpleNamespace(unblock=nullcontext)

DISTRICTS = ("440304", "440305", "440306", "440308")
BEGIN, END = datetime(2023, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
CHANNELS = ("worker", "hotline", "resident", "patrol", "window")
TITLES = (
    "路灯三盏不亮", "垃圾投放点爆满外溢", "路口单车挡住盲道", "顶楼渗水要求查维修资金", "人行道地砖破损松动", "夜间施工噪音扰民", "占道经营影响通行",
    "消防通道被车辆堵塞", "井盖缺失有安全隐患", "电动车在楼道内充电", "绿化带枯枝需要修剪", "高空抛物砸坏雨棚", "河道边有异味", "公交站牌玻璃破裂",
)  # fmt: skip
CASE = (
    "district", "id", "street", "community", "grid", "number", "status", "urgency", "channel", "category", "final_category", "title",
    "text", "confidential", "wants_answer", "reporter", "holder", "lead", "assisting", "stage", "due_at", "overdue_at", "reported_at",
    "received_at", "changed_at", "closed_at", "follow_up", "rating", "returns", "rework", "reopened", "demands_open", "supervision",
    "tags", "lon", "lat", "review_at", "back_to", "address", "result", "source", "body_hash", "version",
)  # fmt: skip
CLOCK = ("district", "id", '"case"', "stage", "unit", "started_at", "due_at", "first_due_at", "stopped_at", "outcome")
SHARE = (
    "district", "id", '"case"', "unit", "kind", "assigned_at", "taken_at", "taken_by", "resolved_at", "resolved_by", "ended_at",
    "ended_how",
)  # fmt: skip
STEP = ("district", "id", '"case"', "at", "act", "after", "actor_kind", "actor_name", "salt", "note", "data")
TABLES = {"case": CASE, "assignment": SHARE, "clock": CLOCK, "step": STEP}


@dataclass(frozen=True)
class Town:
    """What was filled in, the most frequent of each kind first."""

    categories: list[UUID]
    units: dict[str, list[UUID]]
    """Departments by district."""
    centres: dict[str, UUID]
    """By street."""
    persons: list[UUID]


def fill(count: int, owner: Any, *, history: bool = True) -> Town:
    """COPY cases and their shares and, with ``history``, their clocks and steps. A kept database that has as many is left as it is."""
    dice = random.Random(7)
    town = _town(dice)
    [found] = owner.execute("SELECT count(*) FROM cases_case").fetchone()
    if found >= count:
        return town
    if found:
        raise SystemExit(f"the kept database has {found} cases: name another folder in {KEEP}, or ask for as many")
    _name(town)
    gap = (END - BEGIN) / count
    for first in range(0, count, 20_000):
        into: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        for n in range(first, min(first + 20_000, count)):
            _case(into, dice, town, n, BEGIN + gap * n, history)
        for table, columns in TABLES.items():
            with owner.cursor().copy(f"COPY cases_{table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in into[table]:
                    copy.write_row(row)
    for table in TABLES:
        owner.execute(f"VACUUM ANALYZE cases_{table}")
    return town


def _town(dice: random.Random) -> Town:
    """The same one each time."""

    def some(count: int) -> list[UUID]:
        return [UUID(int=dice.getrandbits(128), version=4) for _ in range(count)]

    streets = [f"{d}{n:03d}" for d in DISTRICTS for n in range(1, 11)]
    return Town(some(100), {d: some(40) for d in DISTRICTS}, dict(zip(streets, some(40), strict=True)), some(400))


def _name(town: Town) -> None:
    """Categories, places and units, for the names that a list shows."""
    areas = [Area(code=code, name=code, level="district", valid_from=BEGIN) for code in DISTRICTS]
    areas += [Area(code=code, name=code, level="street", valid_from=BEGIN) for code in town.centres]
    Area.objects.using("owner").bulk_create(areas)
    units = [(unit, district, "department") for district, some in town.units.items() for unit in some]
    units += [(unit, street, "centre") for street, unit in town.centres.items()]
    Unit.objects.using("owner").bulk_create(
        Unit(id=unit, name=f"{area} 单位 {number:02d}", kind=kind, duty="grid_centre", area_id=area, created_at=BEGIN)
        for number, (unit, area, kind) in enumerate(units)
    )
    Category.objects.using("owner").bulk_create(
        Category(id=id, code=f"B{n}", name=f"B{n}", lead_duty="grid_centre", entry_level="street", valid_from=BEGIN)
        for n, id in enumerate(town.categories)
    )  # fmt: skip


def _case(
    into: dict[str, list[tuple[Any, ...]]], dice: random.Random, town: Town, n: int, at: datetime, history: bool
) -> None:
    district = DISTRICTS[min(int(dice.expovariate(1.2)), 3)]
    street = f"{district}{dice.randrange(1, 11):03d}"
    community = f"{street}{dice.randrange(1, 11):03d}"
    case = uuid7()
    accepted = at + timedelta(minutes=int(dice.lognormvariate(3, 1)))
    resolved = accepted + timedelta(minutes=int(dice.lognormvariate(7, 1.2)))
    closed = resolved + timedelta(minutes=int(dice.lognormvariate(6, 1)))
    odd = dice.random() < 0.02
    if odd and closed < END:
        status, ended = dice.choice(("rejected", "void", "withdrawn")), closed
    elif closed < END:
        status, ended = ("archived" if closed < END - timedelta(days=30) else "closed"), closed
    elif resolved < END:
        status, ended = dice.choice(("verifying", "following_up")), None
    elif accepted < END:
        status, ended = ("suspended" if odd else dice.choice(("accepted", "handling", "handling"))), None
    else:
        status, ended = "reported", None
    stage = {"reported": "accept", "accepted": "dispatch", "handling": "handle", "verifying": "verify", "following_up": "follow_up"}.get(status)  # fmt: skip
    late = dice.random() < 0.07
    unit, helper = (town.units[district][min(int(dice.expovariate(0.15)), 39)] for _ in range(2))
    assisting = [helper] if dice.random() < 0.04 and helper != unit else []
    person = dice.choice(town.persons)
    channel = dice.choices(CHANNELS, (50, 25, 15, 8, 2))[0]
    category = town.categories[min(int(dice.expovariate(0.06)), 99)]
    answer = dice.choices(("satisfied", "dissatisfied", "not_wanted"), (60, 8, 32))[0] if ended else None
    demanded = ended is None and dice.random() < 0.05
    changed = ended + timedelta(days=30) if status == "archived" and ended else ended or min(accepted, END)
    located = dice.random() > 0.01
    into["case"].append((
        district, case, street, community if located else None, f"{community}{dice.randrange(1, 16):03d}" if located else None,
        f"{street}{at:%Y%m%d}{n % 100000:05d}", status, dice.choices(("normal", "urgent", "emergency"), (950, 45, 5))[0], channel, category,
        category if ended else None, dice.choice(TITLES), "", dice.random() < 0.005, True, person if channel == "worker" else None, town.centres[street],
        unit if status not in ("reported", "accepted") else None, assisting if status not in ("reported", "accepted") else [], stage,
        at + timedelta(days=dice.randrange(1, 15)) if stage else None, at + timedelta(days=2) if late else None, at, at, changed, ended, answer,
        dice.randrange(3, 6) if answer == "satisfied" else None, int(dice.random() < 0.05), int(dice.random() < 0.04),
        int(dice.random() < 0.01), int(demanded), "ordinary" if demanded else None,
        [dice.choice(("夜间", "占道", "噪音", "复查"))] if dice.random() < 0.02 else [],
        round(113.8 + int(street[-2:]) * 0.05 + int(community[-2:]) * 0.005 + dice.random() * 0.005, 6) if located else None,
        round(22.5 + DISTRICTS.index(district) * 0.08 + dice.random() * 0.08, 6) if located else None,
        END if status == "suspended" else None, "accepted" if status == "suspended" else None, "", "", "", b"x", 5,
    ))  # fmt: skip
    for kind, who in (("lead", [unit]), ("assist", assisting)) if status not in ("reported", "accepted") else ():
        for one in who:
            into["assignment"].append((
                district, uuid7(), case, one, kind, accepted, accepted, person, resolved if ended else None, person if ended else None,
                ended, "done" if ended else None,
            ))  # fmt: skip
    if not history:
        return
    clocks = [("accept", at, 4, accepted), ("handle", accepted, 72, resolved), ("verify", resolved, 24, closed)]
    for name, started, hours, stopped in clocks if ended else clocks[:1]:
        due = started + timedelta(hours=hours)
        into["clock"].append(
            (district, uuid7(), case, name, "hour", started, due, due, stopped, "met" if stopped <= due else "missed")
        )
    into["step"].append((district, uuid7(), case, accepted, "accept", "accepted", "user", "bench", b"x", "", "{}"))


def measure(name: str, call: Callable[[], Any], *, rounds: int = 40, seconds: float = 4.0) -> list[float]:
    """At most ``rounds`` calls, fewer when they would take longer than ``seconds``, but three; milliseconds of each."""
    took: list[float] = []
    result: Any = None
    while len(took) < 3 or (len(took) < rounds and sum(took) < seconds * 1000):
        started = time.perf_counter()
        result = call()
        took.append((time.perf_counter() - started) * 1000)
    hits = len(result["items"]) if isinstance(result, dict) and "items" in result else ""
    print(f"{name:56s} {spread(took)}   {hits}", flush=True)
    return took


def spread(took: list[float]) -> str:
    ordered = sorted(took)
    return f"p50 {ordered[len(ordered) // 2]:8.1f} ms   p95 {ordered[int(len(ordered) * 0.95)]:8.1f} ms"


def person(role: Role, scope: Scope, id: UUID | None = None) -> Principal:
    return Principal(
        kind="user", id=id or UUID(int=1), name="bench", grants=(Grant(role, scope),), units=frozenset(scope.units)
    )


@contextmanager
def database() -> Iterator[Any]:
    """The owner's connection to a new database, or to the one that is kept."""
    if kept := os.environ.get(KEEP):
        with EmbeddedServer(Path(kept), durable=False, extra={**QUIET, "archive_mode": "off"}) as server:
            found = Databases(server.owner_url, _FREE)
            roles.prepare(found.owner_url(DATABASE), found.app_url(DATABASE))
            found.point_django_at(DATABASE)
            call_command("migrate", database="owner", verbosity=0)
            yield _owner()
            connections.close_all()
        return
    with TemporaryDirectory() as home:
        folders = SimpleNamespace(mktemp=lambda name: Path(home) / name)
        with Databases.running(os.environ.get("WANGGE_TEST_DATABASE_URL"), folders, _FREE) as found:
            found.shared = found.copy("bench")
            found.point_django_at(found.shared)
            yield _owner()


def _owner() -> Any:
    connections["owner"].ensure_connection()
    return connections["owner"].connection


@contextmanager
def home() -> Iterator[Path]:
    """A folder for a program that serves the database: kept with it, as its keys open what the database holds."""
    if kept := os.environ.get(KEEP):
        yield Path(kept) / "program"
        return
    with TemporaryDirectory() as folder:
        yield Path(folder) / "program"
