"""Figures over HTTP, on the command line, at night and on the health page."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.domain.stats.conftest import relayed, report
from tests.support.statements import Statements
from tests.support.world import FUBAO, NANYUAN, log_in
from wangge.domain.stats import actions, checks, jobs
from wangge.domain.stats.commands import COMMANDS, FOUND
from wangge.domain.stats.rules import FEW, FIGURES
from wangge.kernel import clock, health
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.commands import OK
from wangge.kernel.db import rows

Get = Callable[..., dict[str, Any]]


@pytest.fixture
def get(world: SimpleNamespace, settings: Any) -> Get:
    """``get("bob", "summary", area=…)``: what he is answered."""
    settings.CONFIG = replace(settings.CONFIG, demo=True)

    def ask(login: str, what: str, *, status: int = 200, **query: Any) -> dict[str, Any]:
        answer = Client(headers={"Authorization": f"Bearer {log_in(login)}"}).get(f"/api/v1/stats/{what}", query)
        assert answer.status_code == status, answer.content
        return answer.json()

    return ask


def counted() -> None:
    with acting(SYSTEM):
        actions.count(row["id"] for row in rows.all("SELECT id FROM cases_case"))


def test_everybody_sees_the_figures_of_their_own_scope(world: SimpleNamespace, get: Get) -> None:
    report(world)
    report(world)
    report(world, by="cora", grid=NANYUAN + "001001")
    counted()
    assert {login: get(login, "summary")["figures"]["reported"] for login in ("bob", "cora", "charlie", "dan", "amy")} == {
        "bob": 2, "cora": 1, "charlie": 0, "dan": 3, "amy": 0,
    }  # fmt: skip
    assert get("bob", "summary", area=NANYUAN)["figures"]["reported"] == 0


def test_each_figure_comes_with_its_definition_and_the_list_of_its_cases(world: SimpleNamespace, get: Get) -> None:
    report(world)
    counted()
    told = get("bob", "summary")
    assert {d["name"] for d in told["definitions"]} == {*told["figures"], *told["times"]}
    assert set(told["figures"]) == set(FIGURES)
    query = told["drill"]["open"]
    listed = Client(headers={"Authorization": f"Bearer {log_in('bob')}"}).get("/api/v1/cases", query).json()["items"]
    assert len(listed) == told["figures"]["open"] == 1


def test_a_table_and_a_series_add_up_to_the_summary(world: SimpleNamespace, get: Get) -> None:
    for _ in range(3):
        report(world)
    report(world, grid=FUBAO + "002001", by="bob", channel="hotline")
    counted()
    for by in (
        "status",
        "category",
        "category_top",
        "group",
        "channel",
        "level",
        "street",
        "community",
        "grid",
        "person",
    ):
        assert sum(item["figures"]["reported"] for item in get("bob", "table", by=by)["items"]) == 4, by
    for by in ("day", "week", "month"):
        assert sum(item["figures"]["reported"] for item in get("bob", "series", by=by)["items"]) == 4, by
    assert [i["key"] for i in get("bob", "table", by="channel")["items"]] == ["worker", "hotline"]


def test_who_sees_aggregates_alone_is_told_nothing_of_single_cases(world: SimpleNamespace, get: Get) -> None:
    for _ in range(FEW - 1):
        report(world)
    counted()
    few = get("ana", "summary")
    assert few["figures"]["reported"] is None and "reported" in few["suppressed"] and few["drill"] == {}
    report(world)
    counted()
    assert get("ana", "summary")["figures"]["reported"] == FEW
    assert get("ana", "table", by="person", status=403)["type"].endswith("not-allowed")


def test_what_is_wrong_with_a_question_is_said_by_field(world: SimpleNamespace, get: Get) -> None:
    path = lambda **q: get("bob", q.pop("what", "summary"), status=422, **q)["errors"][0]["path"]
    assert path(**{"from": "2026-02-02", "to": "2026-02-01"}) == "query.to"
    assert path(**{"from": "2001-01-01", "to": "2026-02-01"}) == "query.from"
    assert path(what="series", **{"from": "2024-01-01", "to": "2026-02-01"}) == "query.by"
    assert path(what="table") == "query.by"
    assert path(area="44030") == "query.area"


def test_a_dashboard_takes_the_same_few_statements_however_much_there_is(world: SimpleNamespace) -> None:
    from wangge.domain.stats import queries
    from wangge.domain.stats.queries import this_month
    from wangge.domain.stats.sources import Asked

    def statements() -> int:
        by = world.as_("dan")
        with acting(by), Statements() as seen:
            asked = Asked(*this_month())
            queries.summary(by=by, asked=asked)
            queries.table(by=by, asked=asked, dimension="community", times=True)
            queries.series(by=by, asked=asked, step="day")
        return len(seen)

    report(world)
    counted()
    statements()  # what is kept in the process is read
    before = statements()
    for _ in range(5):
        report(world)
    report(world, grid=FUBAO + "002001")
    report(world, by="cora", grid=NANYUAN + "001001")
    counted()
    assert statements() == before


def test_the_relay_feeds_the_figures(real_world: SimpleNamespace) -> None:
    report(real_world)
    relayed()
    with acting(SYSTEM):
        assert rows.value("SELECT sum(reported) FROM stats_cell WHERE dimension = 'all' AND grain = 'month'") == 1
        assert actions.check() == (0, 0)


def test_figures_that_went_wrong_are_put_right_at_night_and_the_health_page_says_so(world: SimpleNamespace) -> None:
    finding = lambda: checks.stats()
    assert "not been recounted" in finding().words.en
    case = report(world)
    counted()
    with acting(SYSTEM):
        jobs.check()
        assert finding().level == health.Level.OK
        rows.run("UPDATE stats_entry SET reported = 7")
        rows.run("UPDATE stats_cell SET closed = 3 WHERE grain = 'day'")
        jobs.check()
        assert finding().level == health.Level.WARN
        assert "1 cases and 2 streets or districts" in finding().words.en
        assert actions.wrong_cases() == [] == actions.wrong_cells()
        jobs.check()
        assert finding().level == health.Level.OK
        with clock.at(clock.now() + timedelta(days=3)):
            assert "wangge stats check" in finding().words.en
        # An event that is still under way is no mistake.
        rows.run(
            "UPDATE cases_case SET returns = 1, version = version + 1, changed_at = %(now)s WHERE id = %(id)s",
            {"now": clock.now(), "id": case["id"]},
        )
        assert actions.wrong_cases() == []


def test_the_commands_rebuild_and_check(world: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    report(world)
    by_name = {command.name[-1]: command for command in COMMANDS}
    run = lambda name: by_name[name].run(argparse.Namespace())
    assert run("rebuild") == OK
    assert run("check") == OK
    with acting(SYSTEM):
        rows.run("UPDATE stats_cell SET closed = 3")
    assert run("check") == FOUND
    with acting(SYSTEM):
        assert rows.run("UPDATE stats_own SET closed = 3 WHERE length(owner) = 12") > 0
    assert run("check") == FOUND
    assert run("check") == OK
    assert "统计无误" in capsys.readouterr().out
