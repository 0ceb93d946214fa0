"""How long a map takes: `python bench/map.py [cases]` (default 200 000), over made-up cases of three years.

The database is the server at WANGGE_TEST_DATABASE_URL (an owner's log-in), else an embedded one; it is dropped afterwards. Each line is
p50 and p95 of whole calls over random views: the city, districts, streets and blocks, as squares and as hexagons. The floors of the same
run: `SELECT 1`, and a plain count of the cases of the view. Target at 1 000 000 cases: p95 < 100 ms. Beside them the milliseconds of a processor that
one answer takes in Python and in PostgreSQL, which other work on the machine does not change.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.fill import DISTRICTS, END, Town, database, fill, measure, person, spread
from wangge.domain.cases.queries import Filter
from wangge.domain.cases.rules import OPEN
from wangge.domain.maps import actions, queries
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, Role, Scope, acting, bind
from wangge.kernel.db import rows

CITY = (113.8, 22.45, 114.45, 22.85)


def views(dice: random.Random) -> Iterator[dict[str, Any]]:
    """Views of a screen at the zooms that people look at, the whole city first."""
    while True:
        zoom = dice.choice((10, 10, 11, 12, 13, 14, 15, 17))
        wide, high = (n * 360 / 512 / 2**zoom for n in (1440, 800))
        west, south = dice.uniform(113.8, 114.3), dice.uniform(22.5, 22.75)
        box = CITY if zoom == 10 else (west, south, west + wide, south + high)
        yield {"box": box, "zoom": zoom, "shape": dice.choice(("square", "hex"))}


def filters(town: Town) -> dict[str, Filter]:
    day = timedelta(days=1)
    return {
        "all open": Filter(status=tuple(sorted(OPEN))),
        "overdue": Filter(overdue=True),
        "everything": Filter(),
        "a month, a year ago": Filter(reported_from=END - 400 * day, reported_to=END - 370 * day),
        "a year": Filter(reported_from=END - 400 * day, reported_to=END - 35 * day),
        "the commonest category": Filter(category=town.categories[0]),
        "hotline, a year": Filter(channel=("hotline",), reported_from=END - 400 * day),
        "a street": Filter(street=f"{DISTRICTS[0]}004"),
        "returned": Filter(returned=True),
        "a large unit's": Filter(lead=town.units[DISTRICTS[0]][0]),
    }


def people(town: Town) -> dict[str, Principal]:
    return {
        "leader of the city": person(Role.LEADER, Scope(districts=frozenset(DISTRICTS))),
        "operator of the largest district": person(Role.OPERATOR, Scope.area(DISTRICTS[0])),
        "operator of a street": person(Role.OPERATOR, Scope.area(DISTRICTS[0] + "001")),
        "handler of the largest unit": person(Role.HANDLER, Scope(units=frozenset({town.units[DISTRICTS[0]][0]}))),
    }


def run(owner: Any, count: int) -> None:
    started = time.perf_counter()
    town = fill(count, owner, history=False)
    print(f"{count} cases filled in {time.perf_counter() - started:.0f} s")
    every: list[float] = []
    with clock.at(END):
        with acting(SYSTEM):
            started = time.perf_counter()
            actions.check()
            packs = actions.pack()
            size = rows.value("SELECT pg_size_pretty(pg_total_relation_size('maps_pack'))")
            print(f"{packs} packs made in {time.perf_counter() - started:.0f} s, {size}", flush=True)
            owner.execute("VACUUM ANALYZE maps_pack")
        for name, by in people(town).items():
            bind(by)
            print(f"-- {name}")
            measure("floor: SELECT 1", lambda: rows.value("SELECT 1"))
            measure("floor: count of the cases", lambda: rows.value("SELECT count(*) FROM cases_case"), rounds=5)
            for what, filter in filters(town).items():
                every += _measured(what, _asked(by, filter))
    print(f"-- a map of any view: {spread(every)}")


def _measured(what: str, ask: Callable[[], Any]) -> list[float]:
    backend = psutil.Process(rows.value("SELECT pg_backend_pid()"))

    def spent() -> tuple[float, float]:
        of_it = backend.cpu_times()
        return time.process_time(), of_it.user + of_it.system

    before = spent()
    took = measure(what, ask)
    python, postgres = ((b - a) / len(took) * 1000 for a, b in zip(before, spent(), strict=True))
    print(f"{'':56s} of a processor: Python {python:.0f} ms, PostgreSQL {postgres:.0f} ms")
    return took


def _asked(by: Principal, filter: Filter) -> Callable[[], Any]:
    seen = views(random.Random(3))

    def ask() -> Any:
        view = next(seen)
        return queries.cases(by=by, filter=replace(filter, box=view["box"]), zoom=view["zoom"], shape=view["shape"])

    return ask


if __name__ == "__main__":
    with database() as owner:
        run(owner, int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
