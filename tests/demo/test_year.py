"""The demo's year: the figures that three offices printed come out of it. The large set is told in part here; whole by ``wangge demo``."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.support.databases import Databases
from wangge import demo
from wangge.demo import year
from wangge.domain.places import queries as places
from wangge.domain.stats import actions as stats
from wangge.domain.stats import queries as figures
from wangge.domain.stats.sources import Asked
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows

NOW = datetime(2026, 6, 17, 2, 30, tzinfo=UTC)
FIRST, LAST = date(2025, 5, 1), date(2026, 4, 30)


def thinned(some: year.Set, by: int) -> year.Set:
    parts = tuple(
        dataclasses.replace(
            p, **{n: getattr(p, n) // by for n in ("count", "rejected", "open", "late", "overdue", "after")}
        )
        for p in some.parts
    )
    return dataclasses.replace(some, parts=parts)


SETS = tuple(s if s.key == "meilin" else thinned(s, 20) for s in year.SETS)


@pytest.fixture(scope="module")
def told(demo_setting: None, databases: Databases, django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    """The demo with its year, the large sets a twentieth of what they are; yields how many cases were made."""
    with django_db_blocker.unblock(), databases.for_one_test():
        places.forget()
        with clock.at(NOW):
            demo.load(say=None)
            with acting(SYSTEM):
                made = year.load(sets=SETS)
                stats.rebuild()
                yield made
    places.forget()


def asked(area: str) -> dict[str, Any]:
    return figures.summary(by=SYSTEM, asked=Asked(FIRST, LAST, area))["figures"]


def test_the_sets_add_up_to_what_was_printed() -> None:
    sets = {s.key: s for s in year.SETS}
    fubao = sets["fubao"].parts
    assert ([p.count for p in fubao], sets["fubao"].count) == ([375, 2242, 5389], 8006)
    assert sets["fubao"].count - sum(p.open for p in fubao) == 6219
    (meilin,) = sets["meilin"].parts
    due = meilin.count - meilin.rejected - meilin.after
    assert (meilin.count, meilin.count - meilin.rejected, due) == (1054, 996, 972)
    assert (due - meilin.overdue, due - meilin.overdue - meilin.late) == (911, 737)
    (yantian,) = sets["yantian"].parts
    assert (yantian.count, yantian.count - yantian.open) == (25_301, 24_950)


def test_a_year_is_whole_months_that_are_over(told: int) -> None:
    assert year.period(NOW) == (FIRST, LAST)
    assert told == sum(s.count for s in SETS)
    outside = rows.value(
        "SELECT count(*) FROM cases_case WHERE source = %(s)s AND NOT (reported_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN %(a)s AND %(b)s",
        {"s": year.SOURCE, "a": FIRST, "b": LAST},
    )
    assert outside == 0


def test_a_city_management_office_reproduces_its_rates(told: int) -> None:
    found = asked(year.MEILIN)
    assert (found["reported"], found["dropped"]) == (1054, 58)
    assert found["closing_rate_due"] == 93.72
    assert found["in_time_rate_due"] == 75.82


def test_the_three_kinds_of_bulletins_add_up(told: int) -> None:
    items = figures.table(by=SYSTEM, asked=Asked(FIRST, LAST, year.FUBAO), dimension="group")["items"]
    parts = next(s for s in SETS if s.key == "fubao").parts
    found = {i["key"]: i["figures"]["reported"] for i in items}
    assert found == dict(zip(("dispute", "hazard", "other"), (p.count for p in parts), strict=True))


@pytest.mark.parametrize("key", ["fubao", "yantian"])
def test_what_is_closed_and_what_is_not_is_as_the_set_says(told: int, key: str) -> None:
    some = next(s for s in SETS if s.key == key)
    found = asked(some.areas[0])
    unfinished = sum(p.open for p in some.parts)
    assert (found["reported"], found["open"], found["dropped"]) == (some.count, unfinished, 0)
    assert found["solved"] == some.count - unfinished


def test_every_case_of_the_year_is_one_that_the_loop_knows(told: int) -> None:
    """By the constraints of the tables, and: nobody verified what they handled, and no open one is without a clock."""
    kinds = Counter(
        r["status"] for r in rows.all("SELECT status FROM cases_case WHERE source = %(s)s", {"s": year.SOURCE})
    )
    assert {"closed", "suspended", "handling", "rejected"} <= set(kinds)
    assert not rows.value(
        """SELECT count(*) FROM cases_case c JOIN cases_step t ON t.district = c.district AND t."case" = c.id
           WHERE c.source = %(s)s AND t.act = 'verify' AND t.actor = ANY(c.handled_by)""",
        {"s": year.SOURCE},
    )
    assert not rows.value(
        """SELECT count(*) FROM cases_step t JOIN cases_case c ON c.district = t.district AND c.id = t."case"
           WHERE c.source = %(s)s AND t.at > %(now)s""",
        {"s": year.SOURCE, "now": NOW},
    )


def test_told_again_nothing_is_made(told: int) -> None:
    with clock.at(NOW):
        assert year.load(sets=SETS) == 0
