"""Whatever happens to cases: every figure of every scope and period is what a recount from the rows gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.domain.cases.test_properties import RIGHT, START, choices, given_for, moving
from tests.domain.stats import recount
from tests.domain.stats.conftest import report
from tests.support.world import FUBAO, HAISHAN, NANYUAN
from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions import Reporter
from wangge.domain.cases.actions.ladder import climb
from wangge.domain.cases.rules import TABLE, Act
from wangge.domain.stats import actions, queries
from wangge.domain.stats.rules import DURATIONS, figures
from wangge.domain.stats.sources import Asked
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Problem

# Along the line mostly, so that histories come to their end.
LINE = [
    (Act.ACCEPT, None), (Act.DISPATCH, None), (Act.TAKE, None), (Act.RESOLVE, None), (Act.VERIFY, "pass"),
    (Act.FOLLOW_UP, "satisfied"), (Act.CLOSE, None),
]  # fmt: skip
PLACES = [
    (FUBAO + "001001", "bob"),
    (FUBAO + "002001", "bob"),
    (NANYUAN + "001001", "cora"),
    (HAISHAN + "001001", "charlie"),
]
ASKERS = ("bob", "dan", "cora", "charlie", "leo", "hank", "hugo", "alice", "amy", "wally", "lea")
NO_SHRINK = [p for p in Phase if p != Phase.shrink]  # a history takes a second: shrinking one would take an hour
turns = st.tuples(
    st.integers(0, 3),
    st.just("line") | st.sampled_from(choices) | st.sampled_from(moving),
    st.integers(0, 2),
    st.integers(0, 60 * 24 * 9),
)
year = st.tuples(st.just(-304), st.integers(364, 800))  # from the first of January: sums of whole years
periods = st.tuples(st.integers(-5, 120), st.integers(0, 120)) | year


def heard() -> None:
    """What the relay does with committed events, done with those of this transaction."""
    with acting(SYSTEM):
        told = rows.all("SELECT DISTINCT subject FROM outbox_event WHERE kind = 'case' AND event LIKE 'cases.%%'", {})
        actions.count(row["subject"] for row in told)
        rows.run("DELETE FROM outbox_event")


@contextmanager
def apart() -> Iterator[None]:
    """Each example starts from the bare world."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def history(world: SimpleNamespace, sequence: list[Any], *, packed: bool = False) -> None:
    """Acts of the people whose acts they are; what is not possible just does not happen. Counted after each, as the relay would, and now and
    then ``packed`` in between."""
    now = START
    known = []
    with clock.at(now):
        for n, (grid, operator) in enumerate(PLACES):
            reporter = Reporter("欧阳明月", "13800001234") if n % 2 else None
            known.append(
                (report(world, by="alice" if n == 0 else operator, grid=grid, reporter=reporter)["id"], operator)
            )
        heard()
    for which, what, pick, wait in sequence:
        case, operator = known[which]
        now += timedelta(minutes=wait)
        with clock.at(now):
            climb()
            with acting(SYSTEM):
                row = rows.one("SELECT * FROM cases_case WHERE id = %(id)s", {"id": case})
            assert row is not None
            places = {
                "reported": 0,
                "accepted": 1,
                "handling": 2 + (wait % 2),
                "verifying": 4,
                "following_up": 5 + (row["follow_up"] is not None),
            }
            act, outcome = LINE[places.get(row["status"], 0)] if what == "line" else what
            permission = next(r.permission for r in TABLE if r.act == act)
            person = world.as_(
                "sue" if act == Act.VERIFY else RIGHT.get(permission, operator if row["street"] != FUBAO else "bob")
            )
            bind(person)
            given = given_for(act, outcome, world, known[(which + 1) % 4][0], pick)
            try:
                cases.perform(by=person, act=act, case=case, version=row["version"], given=given)
            except Problem:
                pass
            heard()
            if packed and wait % 3 == 0:
                with acting(SYSTEM):
                    actions.pack()


@settings(max_examples=15, deadline=None, phases=NO_SHRINK, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(turns, min_size=5, max_size=40), periods, st.booleans())
def test_every_figure_is_what_a_recount_gives(
    world: SimpleNamespace, sequence: list[Any], period: tuple[int, int], packed: bool
) -> None:
    with apart():
        compare(world, sequence, period, packed)


def compare(world: SimpleNamespace, sequence: list[Any], period: tuple[int, int], packed: bool) -> None:
    history(world, sequence, packed=packed)
    first = date(2026, 11, 1) + timedelta(days=period[0])
    last = first + timedelta(days=period[1])
    if packed and period[1] % 2:
        with acting(SYSTEM), clock.at(START + timedelta(days=400)):
            actions.pack()
    with acting(SYSTEM):
        assert actions.wrong_cases() == []
        assert actions.wrong_cells() == []
    facts = recount.facts()
    for login in ASKERS:
        by = world.as_(login)
        bind(by)
        scope = by.scope(queries.StatsPermission.READ)
        keep = lambda f, scope=scope: recount.covered(scope, f)
        asked = Asked(first, last)
        told = queries.summary(by=by, asked=asked)
        assert told["figures"] == figures(recount.sums(facts, first, last, keep)), login
        assert told["times"] == {d: recount.percentiles(facts, d, first, last, keep) for d in DURATIONS}
        for dimension in ("status", "category", "channel", "level", "street", "community", "grid", "unit"):
            check_table(by, asked, dimension, facts, keep)
        if by.may(queries.StatsPermission.PERSONS):
            check_table(by, asked, "person", facts, keep)
        step = ("day", "week", "month")[period[0] % 3]
        for point in queries.series(by=by, asked=asked, step=step)["items"]:
            assert point["figures"] == figures(recount.sums(facts, point["from_"], point["to"], keep))
        for area in ("440304", FUBAO, FUBAO + "001", FUBAO + "001001"):
            inside = lambda f, area=area, keep=keep: (
                keep(f) and area in (f["district"], f["street"], f["community"], f["grid"])
            )
            told = queries.summary(by=by, asked=Asked(first, last, area))
            assert told["figures"] == figures(recount.sums(facts, first, last, inside)), (login, area)
            assert told["times"] == {d: recount.percentiles(facts, d, first, last, inside) for d in DURATIONS}
        for narrow in ({"channel": "worker"}, {"unit": world.units.cleaners}):
            inside = lambda f, narrow=narrow, keep=keep: keep(f) and all(f[k] == v for k, v in narrow.items())
            told = queries.summary(by=by, asked=Asked(first, last, **narrow))
            assert told["figures"] == figures(recount.sums(facts, first, last, inside)), (login, narrow)


def check_table(by: Any, asked: Asked, dimension: str, facts: list[dict[str, Any]], keep: Any) -> None:
    """Each group is right, and there is no group more or less."""
    told = queries.table(by=by, asked=asked, dimension=dimension, times=True)["items"]
    said = {item["key"]: item for item in told}
    assert len(said) == len(told)
    for key in {str(f[dimension]) if f[dimension] else None for f in facts} | set(said):
        inside = lambda f, key=key: keep(f) and (str(f[dimension]) if f[dimension] else None) == key
        sums = recount.sums(facts, asked.first, asked.last, inside)
        assert (key in said) == any(sums.values()), (dimension, key)
        if key in said:
            assert said[key]["figures"] == figures(sums)
            assert said[key]["times"] == {
                d: recount.percentiles(facts, d, asked.first, asked.last, inside) for d in DURATIONS
            }


@settings(max_examples=6, deadline=None, phases=NO_SHRINK, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(turns, min_size=5, max_size=25))
def test_counting_once_at_the_end_counting_again_and_rebuilding_give_the_same(
    world: SimpleNamespace, sequence: list[Any]
) -> None:
    something = "(reported, responded, ended) <> (0, 0, 0)"

    def kept() -> list[Any]:
        return [
            sorted(map(repr, rows.all(f"SELECT * FROM {table}")))
            for table in ("stats_entry", f"stats_cell WHERE {something}", f"stats_own WHERE {something}")
        ]

    with apart(), acting(SYSTEM):
        history(world, sequence)
        bind(SYSTEM)
        stepwise = kept()
        every = [row["id"] for row in rows.all("SELECT id FROM cases_case")]
        actions.count(every)
        assert kept() == stepwise
        rows.run("UPDATE stats_cell SET reported = reported + 1, closed = closed + 3")
        rows.run("UPDATE stats_own SET reported = reported + 1")
        rows.run("DELETE FROM stats_entry WHERE day > '2026-11-17'")
        actions.rebuild()
        assert kept() == stepwise
        rows.run("DELETE FROM stats_entry")
        rows.run("DELETE FROM stats_cell")
        rows.run("DELETE FROM stats_own")
        actions.count(every)
        assert kept() == stepwise
