"""The small world, whose people are told of what happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.test import Client

from tests.support import world as small
from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions import Report
from wangge.domain.notices import actions, addresses, queries
from wangge.domain.notices.models import Confirmation
from wangge.domain.notices.rules import Channel
from wangge.domain.people.models import User
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.outbox.relay import Event


@pytest.fixture
def ask(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``ask("bob", "GET", "/notices")``: the answer to Bob; a Bearer token may stand for a name."""
    configured(monkeypatch, demo=True)
    tokens: dict[str, str] = {}

    def request(who: str, method: str, path: str, body: Any = None) -> Any:
        if who not in tokens:
            tokens[who] = who if who.startswith("wgt_") else small.log_in(who)
        client = Client(headers={"Authorization": f"Bearer {tokens[who]}"})
        data = b"" if body is None else orjson.dumps(body, default=str)
        return client.generic(method, "/api/v1" + path, data, content_type="application/json")

    return request


def configured(monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
    """Settings of this installation, for the test."""
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, **given))


def report(
    world: SimpleNamespace, text: str = "路边有垃圾堆", *, by: str = "bob", grid: str = FUBAO + "001001", **given: Any
) -> dict:
    person = world.as_(by)
    bind(person)
    given = {"category": category("0101").id, "point": point_in(grid)} | given
    return cases.report(by=person, report=Report(text=text, **given))[0]


def act(world: SimpleNamespace, login: str, name: str, row: dict, **given: Any) -> dict:
    """An act of somebody on the case as it is now."""
    person = world.as_(login)
    bind(person)
    with acting(SYSTEM):
        version = rows.value("SELECT version FROM cases_case WHERE id = %(id)s", {"id": row["id"]})
    return getattr(cases, name)(by=person, case=row["id"], version=version, **given)


def dispatched(world: SimpleNamespace, **given: Any) -> dict:
    """A case that the cleaners have, nobody told yet."""
    row = report(world, **given)
    act(world, "bob", "accept", row)
    row = act(world, "bob", "dispatch", row, unit=world.units.cleaners)
    forget_events()
    return row


def events() -> list[Event]:
    """What waits in the outbox: that of this transaction, which the relay could not read yet."""
    with acting(SYSTEM):
        found = rows.all(
            """SELECT pos, xid::text, at, event, kind, subject, district, street, community, grid, units, body::text AS body
               FROM outbox_event WHERE kind = 'case' ORDER BY pos"""
        )
    return [Event(**{**row, "body": orjson.loads(row["body"])}) for row in found]


def forget_events() -> None:
    with acting(SYSTEM):
        rows.run("DELETE FROM outbox_event")


def relayed() -> int:
    """What the relay does with committed events, done with those of this transaction."""
    with acting(SYSTEM):
        made = actions.tell(events())
    forget_events()
    return made


def told(event: str | None = None) -> dict[str, set[str]]:
    """Who was told of what: log-in → events."""
    with acting(SYSTEM):
        found = rows.all("SELECT u.login, n.event FROM notices_notice n JOIN people_user u ON u.id = n.person")
    out: dict[str, set[str]] = {}
    for row in found:
        if event is None or row["event"] == event:
            out.setdefault(row["login"], set()).add(row["event"])
    return out


def ticked(world: SimpleNamespace, *cells: actions.Cell) -> None:
    """Add cells to the matrix in force."""
    now = [actions.Cell(c["event"], c["who"], c["channel"], c["mandatory"]) for c in queries.matrix()["cells"]]
    now = [
        actions.Cell(actions.matrix.Event(c[0]), actions.matrix.Who(c[1]), actions.matrix.Channel(c[2]), c[3])
        for c in now
    ]
    sam = world.as_("sam")
    bind(sam)
    actions.set_matrix(by=sam, version=queries.matrix_version(), cells=[*now, *cells])


def codes_of(login: str) -> dict[str, str]:
    """Channel → the code that is on its way to the person's address."""
    with acting(SYSTEM):
        found = Confirmation.objects.filter(person=person(login), code_sealed__isnull=False)
        return {c.channel: addresses.opened_code(c.id, c.code_sealed) for c in found}


def prefers(world: SimpleNamespace, login: str, **changes: Any) -> None:
    """Set it, and confirm the addresses as if their codes had come back."""
    who = world.as_(login)
    bind(who)
    actions.set_preferences(by=who, changes=changes)
    for channel in codes_of(login):
        bind(who)
        actions.confirm(by=who, channel=Channel(channel), code=codes_of(login)[channel])
    with acting(SYSTEM):
        rows.run("DELETE FROM notices_delivery WHERE confirmation_id IS NOT NULL")


def person(login: str) -> Any:
    return User.objects.get(login=login).id
