"""A planned change of grids that failed: who planned it and who look after the grids there are told, as long as they do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest

from tests.domain.notices.conftest import configured, forget_events, person, prefers, ticked, told
from tests.support.smtp import sink
from tests.support.statements import Statements
from tests.support.world import FUBAO
from wangge.domain.notices import actions
from wangge.domain.notices.actions import Cell
from wangge.domain.notices.rules import Channel, Event, Who
from wangge.domain.people.models import Post
from wangge.domain.places.actions import apply_due, plan_change, preview_change
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.outbox.relay import Event as Heard

Ask = Callable[..., Any]
GRID = FUBAO + "001001"


def failed(by: Any, grid: str = GRID) -> UUID:
    """A change that is planned, and whose grid is another one when its day has come."""
    bind(SYSTEM)
    asked = {"kind": "split", "grids": [grid], "count": 2}
    tomorrow = clock.now() + timedelta(days=2)
    with acting(SYSTEM):
        id = plan_change(by=by, on=tomorrow.date(), token=preview_change(by=by, **asked).token, **asked)[1]
        rows.run(
            "UPDATE places_plannedchange SET old = old || %(more)s::varchar[] WHERE id = %(id)s",
            {"id": id, "more": [FUBAO + "001002"]},
        )
        with clock.at(tomorrow):
            assert apply_due() == 0
    return id


def relayed() -> int:
    with acting(SYSTEM):
        found = rows.all(
            """SELECT pos, xid::text, at, event, kind, subject, district, street, community, grid, units, body::text AS body
               FROM outbox_event WHERE event = 'places.change.failed' ORDER BY pos"""
        )
        made = actions.tell_of_grids([Heard(**{**row, "body": orjson.loads(row["body"])}) for row in found])
        assert actions.tell_of_grids([Heard(**{**row, "body": {}}) for row in found]) == 0, (
            "a repeat tells nobody twice"
        )
    forget_events()
    return made


def test_who_planned_it_is_told_why_and_where_to_look(world: SimpleNamespace, ask: Ask) -> None:
    change = failed(world.as_("sam"))
    assert relayed() == 1 and told() == {"sam": {"grids_failed"}}
    [notice] = ask("sam", "GET", "/notices").json()["items"]
    assert (
        GRID in notice["text"]["zh"]
        and "未能生效" in notice["text"]["zh"]
        and "could not take effect" in notice["text"]["en"]
    )
    assert (notice["change"], notice["community"], notice["case"]) == (str(change), FUBAO + "001", None)
    assert {w["key"] for w in notice["why"]} == {"planner", "administrator"}
    assert ask("sam", "GET", "/notices/unread").json()["unread"] == 1
    assert ask("sam", "POST", "/notices/read", {"ids": [notice["id"]]}).json()["unread"] == 0
    assert ask("bob", "GET", "/notices").json()["items"] == []


def test_who_does_not_look_after_grids_any_more_is_told_nothing(world: SimpleNamespace, ask: Ask) -> None:
    failed(world.as_("sam"))
    assert relayed() == 1
    Post.objects.filter(user=person("sam")).update(role="leader", everywhere=False, area_id="440304", district="440304")
    assert ask("sam", "GET", "/notices").json()["items"] == []
    failed(SYSTEM, FUBAO + "002001")
    assert relayed() == 0


def test_many_take_as_many_statements_as_one(world: SimpleNamespace) -> None:
    def statements() -> int:
        with Statements() as captured:
            relayed()
        return len(captured)

    failed(SYSTEM)
    one = statements()
    for grid in (GRID, FUBAO + "002001"):
        failed(SYSTEM, grid)
    assert statements() == one


def test_it_goes_out_by_mail_when_the_matrix_says_so(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink() as server:
        configured(monkeypatch, smtp_url=server.url, mail_from="网格平台 <grid@futian.example>")
        ticked(world, Cell(Event.GRIDS_FAILED, Who.PLANNER, Channel.EMAIL))
        prefers(world, "sam", email="sam@futian.example")
        failed(world.as_("sam"))
        relayed()
        assert actions.send_personal(Channel.EMAIL) == 1
        [got] = server.mails
    assert got["To"] == "sam@futian.example" and GRID in got["Subject"] and "未能生效" in got["Subject"]
