"""The search over HTTP, as Bob's desk asks for it, and on the command line."""

from __future__ import annotations

import argparse
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.domain.search.conftest import indexed, report
from tests.support.world import FUBAO, log_in
from wangge.domain.cases.actions import Reporter
from wangge.domain.search.commands import COMMANDS
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.commands import OK
from wangge.kernel.db import rows


@pytest.fixture
def bob(world: SimpleNamespace, settings: Any) -> Client:
    settings.CONFIG = replace(settings.CONFIG, demo=True)
    return Client(headers={"Authorization": f"Bearer {log_in('bob')}"})


def test_a_search_answers_rows_of_the_queue_with_highlights(world: SimpleNamespace, bob: Client) -> None:
    case = report(world, "益田路边垃圾成堆", reporter=Reporter(name="欧阳示范", phone="13800001111"))
    report(world, "垃圾", grid=FUBAO + "002001")
    indexed()
    answer = bob.get("/api/v1/search", {"q": "益田路 垃圾", "community": FUBAO + "001", "sort": "-reported_at"})
    assert answer.status_code == 200, answer.content
    [row] = answer.json()["items"]
    assert (row["number"], row["lead"]) == (case["number"], None)
    assert [s["text"] for h in row["highlights"] if h["field"] == "text" for s in h["segments"] if s["hit"]] == [
        "益田路",
        "垃圾",
    ]
    assert "欧阳" not in answer.content.decode()


def test_what_is_wrong_with_a_search_is_said_by_field(bob: Client) -> None:
    assert bob.get("/api/v1/search", {"q": "！"}).json()["errors"][0]["path"] == "query.q"
    assert bob.get("/api/v1/search", {"q": "路", "sort": "due_at"}).status_code == 422
    assert bob.get("/api/v1/search", {"q": "路", "after": "x"}).json()["errors"][0]["path"] == "query.after"


def test_a_phone_is_looked_up_with_a_purpose(world: SimpleNamespace, bob: Client) -> None:
    case = report(world, "漏水", reporter=Reporter(phone="13800001111"))
    given = {"phone": "138 0000 1111", "purpose": "来电人追问进度"}
    answer = bob.post("/api/v1/search/by-phone", given, content_type="application/json")
    assert [row["number"] for row in answer.json()["items"]] == [case["number"]]
    assert (
        bob.post("/api/v1/search/by-phone", {"phone": "13800001111"}, content_type="application/json").status_code
        == 422
    )


def test_the_index_is_rebuilt_by_command(world: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    report(world, "一件")
    [command] = COMMANDS
    assert command.run(argparse.Namespace()) == OK
    assert "1" in capsys.readouterr().out
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM search_document") == 1
