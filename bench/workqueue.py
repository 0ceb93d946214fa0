"""How long a page of the work queue takes: `python bench/workqueue.py [cases]` (default 200 000), over made-up cases of three years.

The database is the server at WANGGE_TEST_DATABASE_URL (an owner's log-in), else an embedded one; it is dropped afterwards. Five people
ask for every filter in every order that the API offers; each line is p50 and p95 of whole calls over the four orders' first three
pages, the best of three calls each. The floors of the same run: `SELECT 1`, and `pgbench -S` where it is found. Target at 1 000 000 cases: p95 < 30 ms, 800 pages a second.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from bench.fill import DISTRICTS, END, Town, database, fill, measure, person, spread  # noqa: I001 — sets Django up first
from django.db import connections
from wangge.domain.cases import boxes
from wangge.domain.cases.queries import SORTS, Filter, queue
from wangge.kernel import clock
from wangge.kernel.access import Principal, Role, Scope, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7


def people(town: Town) -> dict[str, Principal]:
    first, worker = DISTRICTS[0], town.persons[0]
    grid = rows.value("SELECT grid FROM cases_case WHERE district = %(d)s AND grid IS NOT NULL LIMIT 1", {"d": first})
    return {
        "operator of a street": person(Role.OPERATOR, Scope.area(f"{first}003"), uuid7()),
        "operator of three districts": person(Role.OPERATOR, Scope(districts=frozenset(DISTRICTS[:3])), uuid7()),
        "handler of the largest unit": person(Role.HANDLER, Scope(units=frozenset({town.units[first][0]})), uuid7()),
        "worker of a grid, with own reports": person(Role.GRID_WORKER, Scope(grids=frozenset({grid})), worker),
        "leader of the city": person(Role.LEADER, Scope(districts=frozenset(DISTRICTS)), uuid7()),
    }


def filters(town: Town) -> dict[str, Filter]:
    """Every filter that the API offers, common and rare, alone; and what people put together."""
    first = DISTRICTS[0]
    month = END - timedelta(days=400)
    return {
        "none": Filter(),
        "status reported": Filter(status=("reported",)),
        "status, all open": Filter(status=("reported", "accepted", "handling", "verifying", "following_up", "suspended")),
        "status suspended": Filter(status=("suspended",)),
        "status closed": Filter(status=("closed",)),
        "status void": Filter(status=("void",)),
        "status merged (none is)": Filter(status=("merged",)),
        "status archived": Filter(status=("archived",)),
        "street": Filter(street=f"{first}004"),
        "community": Filter(community=f"{first}003004"),
        "grid": Filter(grid=f"{first}003004005"),
        "category, the commonest": Filter(category=town.categories[0]),
        "category, the rarest": Filter(category=town.categories[98]),
        "channel hotline": Filter(channel=("hotline",)),
        "channel window": Filter(channel=("window",)),
        "channel camera (none is)": Filter(channel=("camera",)),
        "urgency emergency": Filter(urgency=("emergency",)),
        "lead, a small unit": Filter(lead=town.units[first][35]),
        "lead, of another district": Filter(lead=town.units[DISTRICTS[3]][0]),
        "holder": Filter(holder=town.centres[f"{first}003"]),
        "unit, leads or assists": Filter(unit=town.units[first][5]),
        "reporter": Filter(reporter=town.persons[7]),
        "overdue": Filter(overdue=True),
        "not overdue": Filter(overdue=False),
        "not located": Filter(located=False),
        "reported in a month a year ago": Filter(reported_from=month, reported_to=month + timedelta(days=30)),
        "reported on a day": Filter(reported_from=month, reported_to=month + timedelta(days=1)),
        "number": Filter(number=rows.value("SELECT number FROM cases_case LIMIT 1")),
        "tag": Filter(tag="占道"),
        "tag (none has)": Filter(tag="无"),
        "demanded": Filter(demanded=True),
        "supervised": Filter(supervision=("ordinary",)),
        "returned": Filter(returned=True),
        "reopened": Filter(reopened=True),
        "confidential": Filter(confidential=True),
        "box, a few streets": Filter(box=(113.9, 22.5, 114.1, 22.58)),
        "box, a block": Filter(box=(113.96, 22.52, 113.963, 22.523)),
        "box, at sea": Filter(box=(115.0, 22.0, 115.1, 22.1)),
        "open and category and hotline": Filter(status=("reported", "accepted"), category=town.categories[3], channel=("hotline",)),
        "void in a community": Filter(status=("void",), community=f"{first}003004"),
        "emergency, rare category": Filter(urgency=("emergency",), category=town.categories[60]),
    }  # fmt: skip


def pages(by: Principal, filter: Filter, sort: str) -> tuple[list[float], list[float]]:
    """Milliseconds of the first three pages, each asked three times: all, and the best of each, which other users of the machine spoil less."""
    every: list[float] = []
    best: list[float] = []
    after = None
    for _ in range(3):
        took = []
        for _ in range(3):
            started = time.perf_counter()
            page = queue(by=by, filter=filter, sort=sort, after=after)
            took.append((time.perf_counter() - started) * 1000)
        every += took
        best.append(min(took))
        after = page["next"]
        if after is None:
            break
    return every, best


def throughput(by: Principal, threads: int = 4, seconds: float = 5.0) -> float:
    """First pages a second from several connections, each with the rows fetched."""
    done = [0] * threads
    until = time.perf_counter() + seconds

    def ask(n: int) -> None:
        bind(by)
        while time.perf_counter() < until:
            queue(by=by, filter=Filter(status=("reported", "accepted")))
            done[n] += 1
        connections.close_all()

    all_of = [Thread(target=ask, args=(n,)) for n in range(threads)]
    for one in all_of:
        one.start()
    for one in all_of:
        one.join()
    return sum(done) / seconds


def pgbench(owner: Any) -> str:
    """Transactions a second of `pgbench -S` with 4 clients on the same server."""
    from wangge.kernel.db.embedded.binaries import find_binaries

    program = find_binaries() / "pgbench"
    if not program.exists():
        return "not found"
    env = {
        "PGHOST": owner.info.host,
        "PGPORT": str(owner.info.port),
        "PGUSER": owner.info.user,
        "PGDATABASE": owner.info.dbname,
    }
    env |= {"PGPASSWORD": owner.info.password} if owner.info.password else {}
    subprocess.run([program, "-i", "-q", "-s", "10"], env=env, check=True, capture_output=True)
    said = subprocess.run([program, "-S", "-c", "4", "-T", "5"], env=env, check=True, capture_output=True, text=True)
    return next(line for line in said.stdout.splitlines() if line.startswith("tps"))


def run(owner: Any, count: int) -> None:
    started = time.perf_counter()
    town = fill(count, owner, history=False)
    print(f"{count} cases filled in {time.perf_counter() - started:.0f} s")
    report(town, owner)


def report(town: Town, owner: Any) -> None:
    bind(person(Role.LEADER, Scope(districts=frozenset(DISTRICTS))))
    who, asked = people(town), filters(town)
    every: list[float] = []
    best: list[float] = []
    with clock.at(END):
        for name, by in who.items():
            bind(by)
            print(f"-- {name}")
            measure("floor: SELECT 1", lambda: rows.value("SELECT 1"))
            measure("badges", lambda by=by: boxes.counted(by=by, since=END - timedelta(days=1)))
            own: list[float] = []
            for what, filter in asked.items():
                slowest, took = ("", 0.0), []
                for sort in SORTS:
                    all_of, found = pages(by, filter, sort)
                    every += all_of
                    took += found
                    slowest = max(slowest, (sort, max(found)), key=lambda s: s[1])
                own += took
                print(f"{what:34s} {spread(took)}   slowest {slowest[0]} {slowest[1]:.1f}", flush=True)
            best += own
            print(f"{name}, best of three: {spread(own)}")
        print(f"-- all of them, best of three: {spread(best)}; every call: {spread(every)}")
        for name, by in who.items():
            print(f"{name}: {throughput(by):.0f} first pages a second of what is reported or accepted")
    print(f"floor: pgbench -S: {pgbench(owner)}")


if __name__ == "__main__":
    with database() as owner:
        run(owner, int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
