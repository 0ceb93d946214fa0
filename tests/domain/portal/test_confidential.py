"""Twelve ways in which a confidential reporter could be found out, and that each is closed.

Rita reports confidentially, with name and phone. Only the centre of her case may know of them, and it too sees them masked until it states
a purpose (tests/domain/cases/test_reveal.py). Here everybody else looks: Alice works in the grid, Hank's unit handles the case, Sue
supervises, another system reads by token, a stranger asks in public.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.test import Client

from tests.domain.notices.conftest import configured, relayed
from tests.domain.portal.conftest import Act, Resident, case_of, lamp
from tests.support import world as small
from wangge.domain.cases import actions
from wangge.domain.live import source
from wangge.domain.notices import actions as notices
from wangge.domain.people.actions.authenticate import integration
from wangge.domain.people.actions.tokens import make_token
from wangge.domain.search import actions as search
from wangge.domain.stats import actions as stats
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

NAME, PHONE = "李小红", "13900005678"
CLUES = (NAME, PHONE, "李**", "139****5678", "小红")
Ask = Callable[..., str]


@pytest.fixture
def number(rita: Resident, desk: Act) -> str:
    """Her case, which Hank's unit has."""
    rita.report(name=NAME, phone=PHONE, confidential=True, text="路灯整夜不亮", address="福保社区")
    desk("bob", actions.accept, rita.number)
    desk("bob", actions.dispatch, rita.number)
    return rita.number


@pytest.fixture
def ask(world: SimpleNamespace) -> Ask:
    """``ask("hank", "GET", "/cases")``: all that the API answers, as text."""

    def request(login: str, method: str, path: str, body: Any = None) -> str:
        client = Client(headers={"Authorization": f"Bearer {small.log_in(login)}"})
        data = b"" if body is None else orjson.dumps(body)
        answer = client.generic(method, f"/api/v1{path}", data, content_type="application/json")
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code in (200, 403, 404), content
        return content.decode("utf-8", "replace")

    return request


def closed(text: str) -> None:
    assert not [clue for clue in CLUES if clue in text]


def test_1_the_search_finds_nobody_by_name_or_phone(number: str, ask: Ask) -> None:
    with acting(SYSTEM):
        search.mend()
    assert number in ask("hank", "GET", "/search?q=路灯")
    for login in ("alice", "hank", "sue", "bob"):
        assert number not in ask(login, "GET", f"/search?q={NAME}") + ask(login, "GET", f"/search?q={PHONE}")
    for login in ("alice", "hank", "sue"):  # whose phone it is, only the centre may ask
        assert number not in ask(login, "POST", "/search/by-phone", {"phone": PHONE, "purpose": "回电"})


def test_3_the_map_shows_a_case_and_no_reporter(number: str, ask: Ask) -> None:
    for login in ("alice", "hank", "sue", "bob"):
        told = ask(login, "GET", "/cases/map?box=113.9,22.4,114.2,22.6&zoom=16")
        closed(told)
        assert login == "hank" or number in told


def test_4_the_figures_count_and_name_nobody(number: str, ask: Ask, rita: Resident) -> None:
    with acting(SYSTEM):
        stats.count([case_of(number)["id"]])
    for by in ("person", "grid", "channel"):
        closed(ask("sue", "GET", f"/stats/table?by={by}"))
    month = f"{clock.now():%Y-%m}"
    figures = rita.ask("GET", f"/figures?month={month}").json()["streets"]
    assert [s["reported"] for s in figures] == [None]  # one case alone is not told
    assert rita.ask("GET", f"/open/cases.geojson?month={month}").json()["features"] == []


def test_5_notices_say_what_happened_and_not_to_whom(number: str, ask: Ask, desk: Act) -> None:
    relayed()
    desk("hank", actions.take, number)
    desk("hank", actions.resolve, number, result="已修复")
    relayed()
    for login in ("alice", "bob", "hank"):
        told = ask(login, "GET", "/notices")
        closed(told)
        assert number in told


def test_6_a_webhook_has_the_number_and_not_even_the_title(
    number: str, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(monkeypatch, webhook_hosts=("127.0.0.1",))
    token = _token(world)
    notices.add_webhook(by=token, id=uuid7(), name="另一系统", url="http://127.0.0.1:9/")
    relayed()
    with acting(SYSTEM):
        bodies = [row["body"] for row in rows.all("SELECT body FROM notices_delivery WHERE webhook_id IS NOT NULL")]
    assert bodies and all(number in body for body in bodies)
    closed(" ".join(bodies))
    assert not [body for body in bodies if "路灯" in body]


def _token(world: SimpleNamespace) -> Any:
    token = integration(_token_text(world), None)
    assert token is not None
    bind(token)
    return token


def _token_text(world: SimpleNamespace) -> str:
    secu = world.as_("secu")
    bind(secu)
    permissions = ["cases.read", "cases.report", "notices.webhooks"]
    _, text = make_token(
        by=secu, name="另一系统", permissions=permissions, areas=["440304"], expires_at=clock.now() + timedelta(days=1)
    )
    return text


def test_7_open311_does_not_know_such_a_request(world: SimpleNamespace, desk: Act, number: str) -> None:
    key = _token_text(world)
    given = {
        "api_key": key,
        "service_code": "0101",
        "description": "路灯整夜不亮",
        "phone": PHONE,
        "last_name": "李",
        "first_name": "小红",
    }
    lon, lat = lamp()["point"].values()
    sent = Client().post("/open311/v2/requests.json", given | {"lat": lat, "long": lon})
    theirs = sent.json()[0]["service_request_id"]
    ask = lambda path: Client().get(f"/open311/v2/{path}", {"api_key": key}).content.decode()
    closed(ask("requests.json") + ask(f"requests/{theirs}.xml"))
    desk("bob", actions.set_confidential, theirs, confidential=True)
    for told in (
        ask("requests.json"),
        ask(f"requests/{theirs}.json"),
        ask(f"tokens/{theirs}.json"),
        ask(f"requests/{number}.xml"),
    ):
        closed(told)
        assert theirs not in told and number not in told


def test_8_what_is_printed_is_what_is_shown_and_that_has_no_reporter(number: str, ask: Ask) -> None:
    case = case_of(number)["id"]
    for login in ("alice", "hank", "sue"):
        shown = ask(login, "GET", f"/cases/{case}")
        closed(shown)
        assert orjson.loads(shown)["parties"] == []
        assert {s["actor_name"] for s in orjson.loads(shown)["timeline"] if s["actor_kind"] == "resident"} == {"反映人"}
        closed(ask(login, "GET", "/cases"))
    assert "李**" in ask("bob", "GET", f"/cases/{case}")  # the centre, masked


def test_9_the_ledger_proves_the_acts_and_holds_no_person(number: str, ask: Ask) -> None:
    with acting(SYSTEM):
        entries = rows.all(
            "SELECT e.body::text AS body, p.data FROM ledger_entry e LEFT JOIN ledger_personal p ON p.entry = e.id"
        )
    assert len(entries) >= 3
    closed(" ".join(row["body"] for row in entries))
    closed(" ".join(bytes(row["data"]).decode("utf-8", "replace") for row in entries if row["data"]))
    closed(ask("audrey", "GET", "/ledger/entries"))


def test_10_no_log_line_has_the_name_the_phone_or_the_code(rita: Resident, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rita.report(name=NAME, phone=PHONE, confidential=True)
    rita.ask("POST", "/phone/code", {"phone": PHONE})
    notices.send_personal(notices.to_persons.Channel.SMS)
    rita.sees()
    rita.ask("POST", "/reports", {"text": NAME})
    ours = " ".join(str(r.__dict__) for r in caplog.records if r.name.startswith("wangge"))
    assert "portal/reports" in ours
    assert not [clue for clue in (NAME, PHONE, rita.code, rita.code.replace("-", "")) if clue in ours]


def test_12_no_stranger_is_told_that_there_is_such_a_report_nearby(number: str, ralf: Resident, rita: Resident) -> None:
    body = {k: lamp()[k] for k in ("point", "category")} | {"text": "路灯整夜不亮"}
    told = ralf.ask("POST", "/before", body).json()
    assert told["similar"] == []
    rita.report(text="另一件，不保密")
    assert len(ralf.ask("POST", "/before", body).json()["similar"]) == 1
    seen = ralf.ask("POST", "/me-too", {"id": str(uuid7()), "secret": "x" * 30, "ref": "00" * 40})
    assert seen.status_code == 404


class TestCommitted:
    """What reads on a connection of its own."""

    @pytest.fixture
    def world(self, in_own_world: SimpleNamespace) -> SimpleNamespace:
        return in_own_world

    def test_2_an_export_has_no_column_for_them(self, number: str, ask: Ask) -> None:
        for login in ("hank", "sue", "bob"):
            names = (
                [c["name"] for c in orjson.loads(ask(login, "GET", "/exports/columns"))["items"]]
                if login == "bob"
                else []
            )
            told = ask(login, "GET", "/exports/cases?format=csv" + "".join(f"&columns={n}" for n in names))
            closed(told)
            assert login == "hank" or number in told

    def test_11_the_live_feed_tells_of_the_case_and_of_nobody(self, number: str) -> None:
        happenings, _ = source.after(("0", 0))
        told = b" ".join(h.change for h in happenings if hasattr(h, "change")).decode()
        assert number in told
        closed(told)
