"""The matrix: a shipped one, changed whole and by version, on record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.notices.conftest import configured, prefers, relayed, report, ticked, told
from wangge.domain.notices import actions, checks, queries
from wangge.domain.notices.actions import Cell
from wangge.domain.notices.rules import Channel, Event, Who
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.health import Level
from wangge.kernel.problems import Conflict, Forbidden


def test_an_installation_begins_with_the_shipped_matrix(world: SimpleNamespace) -> None:
    shown = queries.matrix()
    assert shown["version"] == 1
    assert {"event": "reported", "who": "holder", "channel": "in_app", "mandatory": False} in shown["cells"]
    assert queries.channels_used() == {"in_app", "webhook"}
    assert {n["key"] for n in shown["events"]} == set(Event) and all(
        n["name"]["zh"] and n["name"]["en"] for n in shown["events"]
    )


def test_what_is_not_ticked_is_not_told(world: SimpleNamespace) -> None:
    sam = world.as_("sam")
    bind(sam)
    actions.set_matrix(by=sam, version=1, cells=[Cell(Event.REPORTED, Who.SUPERVISOR, Channel.IN_APP)])
    report(world, by="alice")
    relayed()
    assert told() == {"sue": {"reported"}}


def test_a_change_is_a_new_version_with_its_difference_on_record(world: SimpleNamespace, ask: Any) -> None:
    shown = ask("sam", "GET", "/notices/matrix").json()
    removed = {"event": "reported", "who": "holder", "channel": "in_app", "mandatory": False}
    added = {"event": "reported", "who": "supervisor", "channel": "email", "mandatory": True}
    cells = [c for c in shown["cells"] if c != removed] + [added]
    answer = ask("sam", "PUT", "/notices/matrix", {"version": 1, "cells": cells})
    assert answer.status_code == 200 and answer.json()["version"] == 2
    assert added in answer.json()["cells"] and removed not in answer.json()["cells"]
    with acting(SYSTEM):
        body = rows.value(
            "SELECT body ->> 'added' || (body ->> 'removed') FROM ledger_entry WHERE tag = 'notices.matrix.changed'"
        )
        assert rows.value("SELECT count(*) FROM notices_rule WHERE version = 1") == len(shown["cells"])
    assert body == '["reported/supervisor/email!"]["reported/holder/in_app"]'
    assert ask("sam", "PUT", "/notices/matrix", {"version": 2, "cells": cells}).json()["version"] == 2, (
        "nothing to change"
    )
    late = ask("sam", "PUT", "/notices/matrix", {"version": 1, "cells": []})
    assert (late.status_code, late.json()["current"]) == (409, {"version": 2})


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        (("reported", "holder", "webhook", False), "body.cells[0].channel"),
        (("reported", "subscriber", "email", False), "body.cells[0].channel"),
        (("reported", "holder", "in_app", True), "body.cells[0].mandatory"),
        (("reported", "nobody", "in_app", False), "body.cells[0].who"),
        (("reported", "planner", "in_app", False), "body.cells[0].who"),
        (("grids_failed", "holder", "in_app", False), "body.cells[0].who"),
        (("grids_failed", "subscriber", "webhook", False), "body.cells[0].who"),
        (("born", "holder", "in_app", False), "body.cells[0].event"),
    ],
)
def test_cells_that_cannot_be_are_named(ask: Any, cell: tuple[str, str, str, bool], path: str) -> None:
    given = dict(zip(("event", "who", "channel", "mandatory"), cell, strict=True))
    answer = ask("sam", "PUT", "/notices/matrix", {"version": 1, "cells": [given]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == path
    twice = {"event": "reported", "who": "holder", "channel": "in_app"}
    answer = ask("sam", "PUT", "/notices/matrix", {"version": 1, "cells": [twice, twice]})
    assert answer.json()["errors"][0]["path"] == "body.cells[1]"


def test_only_the_system_administrator_sets_it(world: SimpleNamespace) -> None:
    for login in ("bob", "secu", "leo"):
        with pytest.raises(Forbidden):
            actions.set_matrix(by=world.as_(login), version=1, cells=[])
    with pytest.raises(Conflict):
        actions.set_matrix(by=world.as_("sam"), version=0, cells=[])


# — health —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def findings() -> list[tuple[Level, str]]:
    with acting(SYSTEM):
        return [(f.level, f.words.en) for f in checks.notices()]


def test_a_fresh_installation_is_well(world: SimpleNamespace) -> None:
    assert findings() == []


def test_a_channel_that_is_used_and_not_set_up_is_named(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked(world, Cell(Event.REPORTED, Who.HOLDER, Channel.EMAIL), Cell(Event.REPORTED, Who.HOLDER, Channel.SMS))
    assert findings() == [
        (Level.WARN, "The matrix of notices uses E-mail, which is not configured (WANGGE_SMTP_URL)."),
        (Level.WARN, "The matrix of notices uses SMS, which is not configured (WANGGE_SMS)."),
    ]
    configured(monkeypatch, smtp_url="http://mail", sms="log")
    [(level, text)] = findings()
    assert level == Level.BAD and "smtps://host:port" in text


def test_deliveries_that_fail_or_wait_too_long_are_counted(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(monkeypatch, smtp_url="smtp://127.0.0.1:1", mail_from="a@futian.example")
    ticked(world, Cell(Event.REPORTED, Who.HOLDER, Channel.EMAIL))
    prefers(world, "bob", email="bob@futian.example")
    report(world, by="alice")
    relayed()
    assert findings() == []
    with acting(SYSTEM):
        rows.run("UPDATE notices_delivery SET next_at = %(at)s", {"at": clock.now().replace(year=2025)})
    assert findings() == [(Level.WARN, "Late, by E-mail: 1; see that a worker runs.")]
    actions.send_personal(Channel.EMAIL)
    assert [text for _, text in findings()] == [
        "Failed and to be tried again, by E-mail: 1; the last error: mail server: ConnectionRefusedError"
    ]
    with acting(SYSTEM):
        rows.run("UPDATE notices_delivery SET status = 'given_up', done_at = now()")
    assert [text for _, text in findings()] == ["Given up within a day, by E-mail: 1; see /notices/deliveries."]
