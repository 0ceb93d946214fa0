"""A resident with nothing but a browser, and the desk beside them."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import queries
from wangge.domain.evidence import actions as evidence
from wangge.domain.evidence.rules import Kind
from wangge.kernel.access import SYSTEM, Principal, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

Act = Callable[..., Any]
SECRET = "a-secret-the-phone-made-up"
_count = itertools.count(1)


@dataclass
class Resident:
    """Asks the portal from one address, and keeps the number and code they were given."""

    address: str
    number: str = ""
    code: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Accept-Language": "en"} | (
            {"Authorization": f"Report {self.number}:{self.code}"} if self.number else {}
        )
        client = Client(headers=given | headers, REMOTE_ADDR=self.address)
        sent = b"" if body is None else orjson.dumps(body)
        return client.generic(method, f"/api/v1/portal{path}", sent, content_type="application/json")

    def report(self, **given: Any) -> Any:
        """Report a lamp; the number and code are kept."""
        made = self.ask("POST", "/reports", lamp(**given))
        assert made.status_code in (200, 201), made.content
        self.number, self.code = made.json()["number"], made.json()["code"]
        return made.json()

    def sees(self) -> Any:
        answer = self.ask("GET", "/report")
        assert answer.status_code == 200, answer.content
        return answer.json()


def lamp(**given: Any) -> dict[str, Any]:
    lon, lat = point_in(FUBAO + "001001")
    return {"id": str(uuid7()), "secret": SECRET, "text": "益田路边有一堆垃圾没人清理", "category": str(category("0101").id), "point": {"lon": lon, "lat": lat}} | given  # fmt: skip


@pytest.fixture(autouse=True)
def _demo(settings: Any, tmp_path: Path) -> None:
    settings.CONFIG = replace(settings.CONFIG, demo=True, sms="log", home=tmp_path)


def stored(person: Principal, content: bytes) -> UUID:
    """A photo that a member of staff has uploaded, with its copies."""
    bind(person)
    id = uuid7()
    evidence.create(by=person, id=id, length=len(content), kind=Kind.PHOTO)
    evidence.receive(by=person, upload=id, offset=0, read=io.BytesIO(content).read, length=len(content))
    with acting(SYSTEM):
        evidence.process(id)
    return id


@pytest.fixture
def rita(world: SimpleNamespace) -> Resident:
    return Resident(f"203.0.113.{next(_count) % 250}")


@pytest.fixture
def ralf(world: SimpleNamespace) -> Resident:
    """Another resident, elsewhere."""
    return Resident(f"198.51.100.{next(_count) % 250}")


def case_of(number: str) -> dict[str, Any]:
    with acting(SYSTEM):
        row = rows.one("SELECT * FROM cases_case WHERE number = %(n)s", {"n": number})
    assert row is not None
    return row


def detail_of(number: str) -> dict[str, Any]:
    """The case as the system sees it, with its timeline."""
    with acting(SYSTEM):
        return queries.detail(by=SYSTEM, case=case_of(number)["id"])


@pytest.fixture
def desk(world: SimpleNamespace) -> Act:
    """``desk("bob", actions.accept, number, …)``: one act of a member of staff on the case as it is now."""

    def act(login: str, function: Any, number: str, **given: Any) -> dict[str, Any]:
        person, row = world.as_(login), case_of(number)
        bind(person)
        return function(by=person, case=row["id"], version=row["version"], **given)

    return act


def resolved(desk: Act, number: str, **given: Any) -> None:
    """From the desk to the check: what the centre and the unit do between two looks of the resident."""
    from wangge.domain.cases import actions

    desk("bob", actions.accept, number)
    desk("bob", actions.dispatch, number)
    desk("hank", actions.take, number)
    desk("hank", actions.resolve, number, result="已清运，内部编号 A-17", **given)
    desk("bob", actions.verify, number, outcome="pass")
