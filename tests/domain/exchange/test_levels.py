"""Level to level, with the other installation played by hand: what it signs counts once, what anybody else signs counts for nothing."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.test import Client

from tests.domain.exchange.conftest import case_of
from tests.domain.exchange.test_hotline import dispatched
from tests.domain.notices.conftest import act, events, report
from tests.support.world import FUBAO, HAISHAN
from wangge.domain.exchange import actions, checks
from wangge.domain.exchange.levels import figures, signing
from wangge.domain.exchange.levels.links import add_level
from wangge.domain.exchange.rules import MessageKind, PartnerKind
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.crypto import Keyring
from wangge.kernel.crypto.keyring import signature_is_valid
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid

PATH = "/api/v1/exchange/levels"


class Below:
    """The installation of a district below ours, with a key of its own."""

    def __init__(self, tmp_path: Any) -> None:
        self.ring = Keyring(tmp_path / "below.json")
        self.ring.create()
        with crypto.using(self.ring):
            public = signing.own_key().public.hex()
        with acting(SYSTEM):
            self.partner = add_level(kind=PartnerKind.BELOW, name="福田区", source="futian", key=public, street=FUBAO)
        self.seq = 0

    def message(self, kind: str, **said: Any) -> dict[str, Any]:
        self.seq += 1
        return {"seq": self.seq, "id": str(uuid7()), "kind": kind, "at": clock.now().isoformat(), **said}

    def case(self, number: str, **matter: Any) -> dict[str, Any]:
        told = {
            "street": FUBAO,
            "reported_at": "2026-11-20T01:30:00Z",
            "text": "跨区河道漂浮垃圾",
            "category_code": "0101",
            "urgency": "urgent",
        }
        return self.message("hand_over", case=number, text="请市里协调", matter=told | matter)

    def say(self, *messages: dict[str, Any], after: int = 0, **other: Any) -> Any:
        content = {"to": signing.own_key().id, "at": clock.now().isoformat(), "after": after, "messages": messages}
        with crypto.using(self.ring):
            body, headers = signing.signed(content | other, signing.REQUEST)
        return self.post(body, headers)

    @staticmethod
    def post(body: bytes, headers: dict[str, str]) -> Any:
        return Client(headers=headers).post(PATH, body, content_type="application/json")


@pytest.fixture
def below(world: SimpleNamespace, tmp_path: Any) -> Below:
    return Below(tmp_path)


def counted() -> tuple[int, int]:
    """Cases from below, and messages taken in."""
    with acting(SYSTEM):
        row = rows.one(
            """SELECT (SELECT count(*) FROM cases_case WHERE source = 'futian') AS cases, (SELECT count(*) FROM exchange_inbox) AS inbox"""
        )
    assert row is not None
    return row["cases"], row["inbox"]


def test_a_case_from_below_becomes_one_here_and_is_answered_however_often_it_comes(below: Below) -> None:
    first, second = below.case("440304010-1"), below.case("440304010-2", confidential=True)
    for _ in range(2):
        answer = below.say(first, second)
        assert answer.status_code == 200, answer.content
        public, signed = signing.own_key().public, signing.ANSWER + answer.content
        assert signature_is_valid(public, base64.b64decode(answer.headers["Wangge-Signature"]), signed)
        said = answer.json()
        assert said["have"] == 2
        assert [(m["kind"], m["accepted"]) for m in said["messages"]] == [("answer", True)] * 2
    assert below.say(first | {"seq": 3}).json()["have"] == 3  # the same message under another number
    assert counted() == (2, 2)
    row = case_of("440304010-1")
    assert (row["channel"], row["urgency"], row["number"]) == ("unit", "urgent", said["messages"][0]["number"])
    assert case_of("440304010-2")["confidential"]
    assert below.say(after=said["messages"][0]["seq"]).json()["messages"] == said["messages"][1:]


def test_nobody_else_is_heard(below: Below, tmp_path: Any) -> None:
    content = {"to": signing.own_key().id, "at": clock.now().isoformat(), "after": 0, "messages": [below.case("X-1")]}
    with crypto.using(below.ring):
        right = signing.signed(content, signing.REQUEST)
        other_purpose = signing.signed(content, signing.ANSWER)
    stranger = Keyring(tmp_path / "stranger.json")
    stranger.create()
    with crypto.using(stranger):
        forged = signing.signed(content, signing.REQUEST)
    stolen_name = (forged[0], forged[1] | {"Wangge-Key": right[1]["Wangge-Key"]})
    altered = (right[0].replace(b"X-1", b"X-2"), right[1])
    for body, headers in (forged, stolen_name, altered, other_purpose, (right[0], {})):
        assert below.post(body, headers).status_code == 403
    old = (clock.now() - timedelta(minutes=6)).isoformat()
    assert below.say(below.case("X-3"), at=old).status_code == 403
    assert below.say(below.case("X-4"), to="0123456789abcdef").status_code == 403
    assert below.say({"seq": "no"}).status_code == 403
    assert counted() == (0, 0)


def test_what_cannot_be_done_is_answered_or_kept_and_stops_nothing(below: Below) -> None:
    answer = below.say(
        below.case("A-1", street="999999999"),
        below.case("A-2", text=""),
        below.message("something_new", order="1"),
        below.message("answer", message=str(uuid7()), accepted=True),
        below.case("A-3"),
    ).json()
    assert answer["have"] == 5
    assert [m["accepted"] for m in answer["messages"]] == [False, False, True]
    assert "没有街道 999999999" in answer["messages"][0]["text"]
    assert counted() == (1, 5)
    with acting(SYSTEM):
        [finding] = checks.exchange()
    assert "1 messages of 福田区" in finding.words.en


def test_after_a_restore_on_either_side_all_is_told_again_and_nothing_is_done_twice(below: Below) -> None:
    first = below.case("A-1")
    [answer] = below.say(first).json()["messages"]
    assert below.say(after=answer["seq"] + 1000).json()["messages"] == [answer]  # ours is older than what it knew
    below.seq = 0  # theirs is: numbers begin anew
    assert below.say(below.case("A-2"), first | {"seq": 2}).json()["have"] == 2
    assert counted() == (2, 2)


def test_what_becomes_of_a_case_from_below_is_told_there(world: SimpleNamespace, below: Below) -> None:
    below.say(below.case("A-1"))
    row = dispatched(world, "A-1")
    act(world, "hank", "take", row)
    with acting(SYSTEM):
        actions.tell(events())
    said = below.say().json()["messages"][1:]
    assert [(m["kind"], m["order"]) for m in said] == [("accepted", "A-1"), ("dispatched", "A-1")]
    assert said[1]["unit"] == "福保环卫所"


def test_a_case_that_is_passed_down_stays_open_here_and_hears_how_it_goes(world: SimpleNamespace, below: Below) -> None:
    row, other = report(world, "楼道堆物，联系13812345678"), report(world)
    bob = world.as_("bob")
    bind(bob)
    key = uuid7()
    actions.ask(by=bob, id=key, case=row["id"], partner=below.partner.id, kind=MessageKind.HAND_OVER, note="请办理")
    [sent] = below.say().json()["messages"]
    assert (sent["kind"], sent["case"], sent["matter"]["text"]) == (
        "hand_over",
        row["number"],
        "楼道堆物，联系138****5678",
    )
    below.say(
        below.message("answer", message=str(key), accepted=True, number="F-1"),
        below.message("replied", order=row["number"], case="F-1", text="已清理"),
        below.message("replied", order=other["number"], case="F-2", text="从未移交的案件"),
    )
    with acting(SYSTEM):
        notes = rows.all("""SELECT "case", note FROM cases_step WHERE act = 'comment' ORDER BY id""")
        status = rows.value("SELECT status FROM cases_case WHERE id = %(id)s", {"id": row["id"]})
    assert status == "reported"
    assert {n["case"] for n in notes} == {row["id"]}
    assert "F-1" in notes[1]["note"] and notes[2]["note"] == "福田区（F-1）：已答复，已清理"


def test_daily_figures_are_told_once_and_seen_by_those_whose_streets_they_are(
    world: SimpleNamespace, below: Below, tmp_path: Any
) -> None:
    day = {"street": FUBAO, "reported": 3, "closed": 2, "in_time": 1, "open": 4, "overdue": 1}
    far = day | {"street": HAISHAN}
    below.say(below.message("figures", day="2026-11-19", streets=[day | {"reported": 1}, far]))
    below.say(below.message("figures", day="2026-11-19", streets=[day]))  # counted again: the last holds
    for who, streets in (("sue", [FUBAO]), ("charlie", [HAISHAN]), ("leo", [FUBAO, HAISHAN])):
        person = world.as_(who)
        bind(person)
        found = figures.figures(by=person, day=date(2026, 11, 19))
        assert [f["street"] for f in found] == streets
    assert found[0] == day | {"day": date(2026, 11, 19), "partner": below.partner.id, "partner_name": "福田区"}
    above = Keyring(tmp_path / "above.json")
    above.create()
    with crypto.using(above):
        public = signing.own_key().public.hex()
    with acting(SYSTEM):
        add_level(kind=PartnerKind.ABOVE, name="省", source="gd", key=public, street=FUBAO, url="https://gd.example")
    report(world)
    today = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date()
    assert (figures.report(day=today), figures.report(day=today)) == (1, 0)
    with acting(SYSTEM):
        body = orjson.loads(rows.value("SELECT body FROM exchange_message WHERE kind = 'figures'"))
    assert body["streets"] == [{"street": FUBAO, "reported": 1, "closed": 0, "in_time": 0, "open": 1, "overdue": 0}]


def test_a_level_is_entered_with_a_key_and_a_safe_address(world: SimpleNamespace, below: Below) -> None:
    good = {"name": "x", "source": "x", "key": "ab" * 32, "street": FUBAO}
    wrong: list[dict[str, Any]] = [
        {"kind": PartnerKind.ABOVE, "url": "http://gd.example"},
        {"kind": PartnerKind.BELOW, "url": "https://gd.example"},
        {"kind": PartnerKind.BELOW, "key": "ab"},
        {"kind": PartnerKind.BELOW, "street": "440304999"},
        {"kind": PartnerKind.ABOVE, "source": "futian", "url": "https://gd.example"},
    ]
    for given in wrong:
        with acting(SYSTEM), pytest.raises(Invalid):
            add_level(**(good | given))
