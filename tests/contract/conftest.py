"""A world in which something exists for every place of an address, and a session for each role in it."""

from __future__ import annotations

import base64
import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.domain.evidence.conftest import jpeg
from tests.matrix.test_routes import HOLDERS
from tests.support import world as small
from tests.support.databases import Databases
from wangge.domain.catalog import queries as catalog
from wangge.domain.evidence import actions as evidence
from wangge.domain.places.queries import locating
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger import seal
from wangge.kernel.outbox import relay

PHOTO = jpeg((64, 48))


@dataclass
class Office:
    """The small world with its people logged in. ``known`` holds, for each name in curly brackets of an address, what exists."""

    tokens: dict[str, str]
    known: dict[str, list[str]]

    def headers(self, login: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[login]}"} if login else {}

    def ask(self, login: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = body if isinstance(body, bytes) else orjson.dumps(body)
        given = self.headers(login) | {k.replace("_", "-"): v for k, v in headers.items()}
        kind = given.pop("Content-Type", "application/json")
        return Client(headers=given).generic(method, f"/api/v1{path}", sent, content_type=kind)

    def tell(self, login: str, path: str, body: Any, **headers: str) -> None:
        """What must succeed."""
        answer = self.ask(login, "POST", path, body, **headers)
        assert answer.status_code < 300, answer.content.decode()

    def log_in(self, login: str) -> None:
        """Anew: a session may have been ended by what was tried, and so many failures lock the network's address."""
        rows.run("DELETE FROM people_throttle")
        self.tokens[login] = small.log_in(login)


@dataclass(frozen=True)
class Furnished:
    """An office that was made once, to be copied: its database, its folder, who is logged in, what is there."""

    database: str
    home: Path
    office: Office


@pytest.fixture(scope="session")
def furnished(
    databases: Databases, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Furnished:
    """To copy it takes a fraction of a second, to make it several: that time is better spent on requests."""
    home = tmp_path_factory.mktemp("office")

    def furnish() -> Office:
        made, world = Office({}, {}), small.build()
        for login in HOLDERS:
            made.log_in(login)
        _furnish(made, world)
        return made

    with django_db_blocker.unblock(), override_settings(CONFIG=replace(settings.CONFIG, home=home, demo=True)):
        name, office = databases.furnished("office", furnish)
    return Furnished(name, home, office)


@pytest.fixture
def office(
    furnished: Furnished, databases: Databases, django_db_blocker: Any, tmp_path: Path, settings: Any
) -> Iterator[Office]:
    """An office of this test's own, with real commits."""
    settings.CONFIG = replace(settings.CONFIG, home=tmp_path, demo=True)
    shutil.copytree(furnished.home, tmp_path, dirs_exist_ok=True)
    with django_db_blocker.unblock(), databases.for_one_test(furnished.database):
        locating.forget()
        catalog.forget()
        yield copy.deepcopy(furnished.office)


def _furnish(office: Office, world: SimpleNamespace) -> None:
    """Cases on several desks, a photo with its copies, and one of each other thing; nobody's rights hang on what may be taken away."""
    cases = [str(uuid7()) for _ in range(4)]
    user, upload = str(uuid7()), str(uuid7())
    office.tell("secu", "/users", {"id": user, "login": "spare", "name": "闲人"})
    meta = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in (("id", upload), ("kind", "photo")))
    sent = {"Tus_Resumable": "1.0.0", "Upload_Length": str(len(PHOTO)), "Upload_Metadata": meta}
    office.tell("bob", "/uploads", PHOTO, **sent, Content_Type="application/offset+octet-stream")
    lon, lat = small.point_in(small.FUBAO + "001001")
    for case in cases:
        body = {
            "id": case,
            "text": "路边有垃圾堆",
            "category": str(small.category("0101").id),
            "point": {"lon": lon, "lat": lat},
        }
        office.tell("bob", "/cases", body | ({"evidence": [{"id": upload}]} if case == cases[0] else {}))
    for number, (login, act, inputs) in enumerate(
        [("bob", "accept", {}), ("bob", "dispatch", {}), ("hank", "resolve", {"result": "已清运"})]
    ):
        for case in cases[number + 1 :]:
            office.tell(login, f"/cases/{case}/{act}", inputs | {"version": number + 1})
    evidence.process(UUID(upload))
    seal.seal_all()
    with acting(SYSTEM):
        some = lambda table: [str(r["id"]) for r in rows.all(f"SELECT id FROM {table} ORDER BY id LIMIT 3")]
        office.known = {
            "case": cases,
            "upload": [upload],
            "user": [user],
            "unit": [str(world.units.wardens), str(world.units.police)],
            "category": some("catalog_category"),
            "entry": some("ledger_entry"),
            "code": [small.FUBAO + "001001", small.FUBAO, small.FUBAO + "001"],
            "key": ["base"],
            "layer": ["base"],
            "year": ["2026"],
        }
    while relay.relay_once():
        pass
