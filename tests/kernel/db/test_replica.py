"""Reads on a replica: two real servers, the API in front of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from prometheus_client import REGISTRY

from tests.support import world
from tests.support.databases import Databases
from tests.support.pair import Pair, two_servers
from tests.support.wait import until
from tests.support.world import FUBAO, PASSWORD, log_in, point_in
from wangge.kernel.db import replica, roles
from wangge.kernel.health import checks
from wangge.kernel.ids import uuid7
from wangge.kernel.web.replica import COOKIE, HEADER
from wangge.settings import replica as described

LISTS = (
    "/cases",
    "/cases/counts",
    "/cases/count",
    "/cases/map?box=113.9,22.4,114.2,22.6&zoom=12",
    "/stats/summary?from=2026-01-01&to=2026-01-31",
    "/stats/table?from=2026-01-01&to=2026-01-31&by=status",
    "/stats/series?from=2026-01-01&to=2026-01-31&by=day",
    "/stats/today",
    "/search?q=垃圾",
    "/exports/cases?format=csv",
    "/exports/search?format=csv&q=垃圾",
    "/exports/stats?format=csv&from=2026-01-01&to=2026-01-31&by=status",
)
"""Every read that a replica may answer."""


class Person:
    """A browser: it keeps the cookies it is given."""

    def __init__(self, login: str) -> None:
        self.client = Client(headers={"Accept-Language": "en"})
        answer = self.client.post(
            "/api/v1/session", {"login": login, "password": PASSWORD}, content_type="application/json"
        )
        assert answer.status_code == 200, answer.content

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.content
        return answer

    def sees(self) -> set[str]:
        return {row["id"] for row in self.get("/cases").json()["items"]}

    def reports(self) -> str:
        lon, lat = point_in(FUBAO + "001001")
        body = {
            "id": str(uuid7()),
            "text": "路边有垃圾堆",
            "category": str(world.category("0101").id),
            "point": {"lon": lon, "lat": lat},
        }
        answer = self.client.post("/api/v1/cases", body, content_type="application/json")
        assert answer.status_code == 201, answer.content
        return body["id"]


def answered(by: str) -> float:
    return REGISTRY.get_sample_value("wangge_replica_reads_total", {"by": by}) or 0.0


def gave(by: str, path: str, person: Person) -> bool:
    """Whether it was ``by`` that answered the person's read."""
    before = answered(by)
    person.get(path)
    return answered(by) > before


@pytest.fixture(scope="module")
def pair(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, key_file: Any, django_db_blocker: Any
) -> Iterator[Pair]:
    with two_servers(tmp_path_factory.mktemp("replica")) as pair, django_db_blocker.unblock():
        with databases.elsewhere(pair.primary.owner_url, pair.primary.app_url):
            roles.prepare(pair.primary.owner_url, pair.primary.app_url)
            call_command("migrate", database="owner", verbosity=0)
            world.build()
            pair.copy()
            yield pair


@pytest.fixture
def town(
    databases: Databases, pair: Pair, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimpleNamespace]:
    """The program on the pair; alice reports in Fubao, bob works there, dan in the whole district."""
    monkeypatch.setattr(replica, "_turn", replica._Turn())
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, demo=True))
    with (
        django_db_blocker.unblock(),
        databases.elsewhere(pair.primary.owner_url, pair.primary.app_url, replica=described(pair.standby.app_url, "")),
    ):
        pair.level()
        yield SimpleNamespace(pair=pair, alice=Person("alice"), bob=Person("bob"), charlie=Person("charlie"))


def test_every_list_figure_map_and_export_is_answered_by_the_replica_and_says_the_same(town: SimpleNamespace) -> None:
    town.alice.reports()
    pair: Pair = town.pair
    pair.level()
    sue = Person("sue")
    pair.level()
    for path in LISTS:
        person = sue if path.startswith(("/stats", "/exports/stats")) else town.bob
        assert gave("replica", path, person), path
        far = person.get(path)
        del person.client.cookies[COOKIE]
        assert gave("unknown", path, person), path
        assert told(person.get(path)) == told(far), path
        person.client.cookies[COOKIE] = "0/1"


def test_no_other_route_is_answered_by_the_replica() -> None:
    from wangge.api import api

    found = {
        path
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        if hasattr(operation.view_func, "__wrapped__")
    }
    assert found == {path.partition("?")[0] for path in LISTS}


def told(answer: Any) -> Any:
    if answer.streaming:
        return b"".join(answer.streaming_content)
    found = answer.json()
    found.pop("at", None)
    return found


def test_what_one_has_written_one_sees_at_once_and_others_once_the_replica_has_it(town: SimpleNamespace) -> None:
    with town.pair.paused():
        case = town.alice.reports()
        assert gave("behind", "/cases", town.alice) and case in town.alice.sees()
        assert gave("replica", "/cases", town.bob) and case not in town.bob.sees()
    assert case in town.bob.sees()
    assert gave("replica", "/cases", town.alice) and case in town.alice.sees()


def test_a_client_without_cookies_carries_the_position_in_a_header(town: SimpleNamespace) -> None:
    token = {"Authorization": f"Bearer {log_in('bob')}"}
    with town.pair.paused():
        case = town.alice.reports()
        bare, behind = Client(headers=token), answered("unknown")
        path = f"/api/v1/cases/{case}/accept"
        answer = bare.post(path, {"version": 1}, content_type="application/json")
        assert answer.status_code == 200
        bare.cookies.clear()
        assert bare.get("/api/v1/cases").json()["items"][0]["status"] == "accepted" and answered("unknown") > behind
        for position, sees in ((answer[HEADER], "accepted"), ("0/1", None), ("nonsense", "accepted")):
            found = {row["id"]: row for row in bare.get("/api/v1/cases", headers={HEADER: position}).json()["items"]}
            assert found.get(case, {}).get("status") == sees, position


def test_scope_and_row_level_security_hold_on_the_replica(town: SimpleNamespace) -> None:
    case = town.alice.reports()
    town.pair.level()
    for person, sees in ((town.bob, True), (town.charlie, False), (town.bob, True)):
        assert gave("replica", "/cases", person)
        assert (case in person.sees()) == sees
    connections["replica"].close()
    del connections["replica"]
    with connections["replica"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case")
        assert cursor.fetchone() == (0,), "a connection that was never bound sees nothing, there as here"


def test_a_replica_that_is_killed_costs_nobody_an_answer_and_is_used_again_when_it_is_back(
    town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "AGAIN_AFTER", 0.2)
    assert gave("replica", "/cases", town.bob)
    town.pair.kill_the_standby()
    case = town.alice.reports()
    for _ in range(3):
        assert case in town.bob.sees()
        town.bob.get("/stats/today")
    town.pair.standby.start()
    until(lambda: gave("replica", "/cases", town.bob))
    town.pair.level()
    assert case in town.bob.sees()


def test_a_read_that_the_replica_breaks_off_begins_anew_on_the_primary(
    town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "KNOWN_FOR", 600.0)  # it is taken for one that follows until it breaks the read off
    assert gave("replica", "/cases", town.bob)
    pid = connections["replica"].connection.info.backend_pid
    town.pair.ask(town.pair.standby, "SELECT pg_terminate_backend(%s)", pid)
    until(lambda: not town.pair.ask(town.pair.standby, "SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid))
    assert gave("broken", "/cases", town.bob)


def test_a_replica_far_behind_answers_nobody(town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "MOST_BEHIND", 0.3)
    monkeypatch.setattr(replica, "KNOWN_FOR", 0.0)
    monkeypatch.setattr(replica, "AGAIN_AFTER", 0.0)
    with town.pair.paused():
        case = town.alice.reports()
        until(lambda: gave("away", "/cases", town.bob))
        assert case in town.bob.sees()
    until(lambda: gave("replica", "/cases", town.bob))


def test_the_health_page_says_how_the_replica_is(town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    (fine,) = as_list(checks.reads())
    assert fine.level == "ok" and "follows" in fine.words.en
    monkeypatch.setattr(replica, "MOST_BEHIND", 0.0)
    with town.pair.paused():
        town.alice.reports()
        late = until(lambda: next((f for f in as_list(checks.reads()) if f.level == "warn"), None))
        assert "behind" in late.words.en
    town.pair.kill_the_standby()
    (gone,) = as_list(checks.reads())
    town.pair.standby.start()
    assert gone.level == "warn" and "does not answer" in gone.words.en


def as_list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def test_what_a_process_remembers_of_the_rules_is_read_from_the_primary(town: SimpleNamespace) -> None:
    from wangge.domain.catalog import store

    with town.pair.paused():
        town.pair.ask(town.pair.primary, "UPDATE catalog_state SET stamp = gen_random_uuid() RETURNING 1")
        store.forget()
        with replica.instead():
            stamp = store.snapshot().stamp
        store.forget()
        assert store.snapshot().stamp == stamp
