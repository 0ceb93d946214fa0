"""Figures of a scope read what is of that scope, and of a wide one sums alone. Found at a million cases, where a unit's leader waited 1.8 s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, connections

from tests.support import world as small
from tests.support.reading import rows_read
from tests.support.world import FUBAO
from wangge.domain.stats import actions, facts, queries, sources
from wangge.domain.stats.sources import Asked
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind

EACH = 20
"""Entries of each street on each of sixty days."""
STREETS, DAYS = 40, 60
PERIOD = Asked(date(2026, 9, 8), date(2026, 10, 27))
"""Begins and ends within five days."""


@pytest.fixture
def counted(real_world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A city of forty streets, in one of which half a day's cases are in one community and a tenth are led by one unit."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO stats_entry (district, "case", day, version, street, community, grid, status, category, channel, level, lead, reported, closed)
               SELECT '440304', gen_random_uuid(), date '2026-09-01' + d, 1, '4403040' || lpad((9 + s)::text, 2, '0'),
                      '4403040' || lpad((9 + s)::text, 2, '0') || CASE WHEN n %% 2 = 0 THEN '001' ELSE '002' END, NULL,
                      'handling', %s, 'worker', 'street', CASE WHEN n %% 10 = 0 THEN %s::uuid END, 1, n %% 2
               FROM generate_series(1, %s) s, generate_series(0, %s - 1) d, generate_series(1, %s) n""",
            [small.category("0101").id, real_world.units.cleaners, STREETS, DAYS, EACH],
        )
        cursor.execute("UPDATE stats_entry SET lead = NULL WHERE street <> %s", [FUBAO])
        columns = ", ".join((*facts.CELL, *facts.MEASURES))
        cursor.execute(f"INSERT INTO stats_cell ({columns}) {facts.cells('stats_entry')}")
        columns = ", ".join((*facts.OWN, *facts.MEASURES))
        cursor.execute(f"INSERT INTO stats_own ({columns}) {facts.own_sums('stats_entry')}")
    with acting(SYSTEM), clock.at(datetime(2026, 12, 1, tzinfo=UTC)):
        actions.pack()
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE stats_entry, stats_cell, stats_own, stats_times")

    def by_text(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    monkeypatch.setattr(sources, "binary", by_text)
    return real_world


def read(world: SimpleNamespace, login: str, of: str = "stats_entry") -> dict[str, int]:
    by = world.as_(login)
    bind(by)
    found = {
        dimension: rows_read(lambda d=dimension: queries.table(by=by, asked=PERIOD, dimension=d), of=of)
        for dimension in ("category", "level", "unit", "street")
    }
    return found | {"summary": rows_read(lambda: queries.summary(by=by, asked=PERIOD), of=of)}


def test_figures_read_sums_and_of_a_part_of_a_span_what_is_of_their_scope(counted: SimpleNamespace) -> None:
    for login, share in (("wally", 2), ("lea", 10), ("hank", 10)):
        seen = read(counted, login)
        ends = (7 + 4) * EACH // share
        assert seen.pop("summary") == 0
        assert seen.pop("unit" if share == 10 else "street") == 0
        assert max(seen.values()) <= 2 * ends + 50, (login, seen)
        assert max(read(counted, login, of="stats_own").values()) < 4 * DAYS
    own = EACH * DAYS
    assert max((seen := read(counted, "bob")).values()) <= 2 * own + 50, seen
    for login in ("dan", "sue", "ana"):
        seen = read(counted, login)
        assert set(seen.values()) == {0}, (login, seen)
        assert max(read(counted, login, of="stats_cell").values()) < 100 * STREETS
