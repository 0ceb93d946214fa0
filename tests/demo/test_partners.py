"""The 12345 hotline and the police of the demo: entered with the data, and running beside it."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from tests.support.http import serving
from tests.support.program import Running, lives
from tests.support.wait import until
from wangge import demo
from wangge.demo import history, partners
from wangge.demo.beside import FILE
from wangge.demo.other_side import PARTS, OtherSide, Partner
from wangge.demo.plan import FUBAO
from wangge.domain.catalog import queries as catalog
from wangge.domain.exchange.actions import ask
from wangge.domain.exchange.rules import MessageKind, PartnerKind
from wangge.domain.places import queries as places
from wangge.kernel.access import SYSTEM, Role, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

LOOP = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "examples" / "first_loop.py")))
NOTE = "与昨日来单重复，已合并答复。"


@pytest.fixture
def address(demo_setting: None, own_database: str) -> Iterator[str]:
    """The loaded demo behind a real socket."""
    places.forget()
    demo.load(None)
    with serving() as url:
        yield url
    places.forget()


def _tokens() -> dict[str, str]:
    return json.loads((settings.CONFIG.home / FILE).read_text("utf-8"))


def test_both_are_entered_once_and_their_tokens_are_for_the_owners_eyes(address: str) -> None:
    tokens = _tokens()
    assert set(tokens) == set(PARTS) == {str(kind) for kind in partners.SIDES}
    assert (settings.CONFIG.home / FILE).stat().st_mode & 0o777 == 0o600
    demo.load(None)
    assert _tokens() == tokens
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM exchange_partner") == 2


def test_every_word_of_theirs_is_translated_and_the_orders_lie_on_the_desk_of_fubao(address: str) -> None:
    for kind, token in _tokens().items():
        part = PARTS[kind]._replace(few=len(PARTS[kind].stories))
        OtherSide(Partner(address, token), part, lambda *said: None).turn(datetime.now(UTC))
    with acting(SYSTEM):
        found = rows.all("SELECT source, title, category, street FROM cases_case WHERE source IN ('12345', '110')")
    given = {(part.name, story.title): story.kind for part in PARTS.values() for story in part.stories}
    codes = {c.id: c.code for c in catalog.leaves()}
    assert len(found) == len(given) and {row["street"] for row in found} == {FUBAO}
    for row in found:
        assert codes[row["category"]] == partners.CATEGORIES[given[row["source"], row["title"]]], row["title"]


def test_what_the_desk_hands_to_the_police_ends_with_their_number(address: str) -> None:
    desk = history.person(Role.OPERATOR, area=FUBAO)
    with acting(SYSTEM):
        police = rows.value("SELECT id FROM exchange_partner WHERE kind = %(k)s", {"k": PartnerKind.POLICE})
        case = rows.value("SELECT id FROM cases_case WHERE street = %(s)s AND status = 'reported' LIMIT 1", {"s": FUBAO})  # fmt: skip
    with acting(desk):
        ask(by=desk, id=uuid7(), case=case, partner=police, kind=MessageKind.HAND_OVER, note="属治安警情")
    OtherSide(Partner(address, _tokens()["police"]), PARTS["police"], lambda *said: None).turn(datetime.now(UTC))
    with acting(SYSTEM):
        ended = rows.one("SELECT status FROM cases_case WHERE id = %(id)s", {"id": case})
        step = rows.one("""SELECT note FROM cases_step WHERE "case" = %(id)s AND act = 'reject'""", {"id": case})
    assert ended == {"status": "rejected"} and step is not None and "110-J" in step["note"]


def _exchanged(running: Running) -> list[dict[str, str]]:
    """What both sides did, as the log has it."""
    lines = map(json.loads, filter(None, running.log.splitlines()))
    return [line for line in lines if line["logger"] == "wangge.demo.beside"]


def _reject(running: Running, order: str) -> None:
    """The desk of Fubao, over the API."""
    tokens = json.loads((running.home / "var" / FILE).read_text("utf-8"))
    case = Partner(running.address, tokens["hotline"]).stands(order)
    assert case is not None
    desk = LOOP.Person(running.address, "fubao", LOOP.PASSWORD)
    version = desk.ask("GET", f"/cases/{case['case']}")["version"]
    desk.ask("POST", f"/cases/{case['case']}/reject", {"version": version, "note": NOTE})


def test_they_run_beside_the_demo_come_back_when_killed_and_go_away_with_it(tmp_path: Path) -> None:
    running = Running(tmp_path / "demo", command="demo").start()
    try:
        assert "12345 hotline" in running.said
        until(
            lambda: len([line for line in _exchanged(running) if line["what"] == "made"]) >= 4
        )  # three orders and one
        first = running.process("partners")
        first.kill()
        second = until(lambda: next(p for p in [running.process("partners")] if p.pid != first.pid))
        until(lambda: second.num_threads() >= 3)  # it, the hotline and the police
        order = next(line["number"] for line in _exchanged(running) if line["kind"] == "hotline")
        _reject(running, order)
        heard = until(lambda: [line for line in _exchanged(running) if line["pid"] == second.pid and line["number"] == order])  # fmt: skip
        assert heard[0]["what"] == "已退单"
        made = Counter(line["number"] for line in _exchanged(running) if line["what"] == "made")
        assert set(made.values()) == {1}
        assert NOTE not in running.log
    finally:
        running.stop()
    assert not lives(second)
