"""110: what is the police's is handed over and acknowledged; what is not theirs comes in as a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import orjson
import pytest

from tests.domain.exchange.conftest import Caller, case_of, partnered
from tests.domain.exchange.test_hotline import ask
from tests.domain.notices.conftest import act, report
from wangge.domain.cases.actions import Reporter
from wangge.domain.exchange import checks, queries
from wangge.domain.exchange.rules import MessageKind
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict

CALLER = Reporter("王小明", "13812345678")


def test_a_case_is_handed_over_and_ends_here_when_the_police_acknowledge_it(
    world: SimpleNamespace, police: Caller
) -> None:
    row = report(world, "楼上打架，联系13812345678", reporter=CALLER)
    key = ask(world, "bob", row, police, MessageKind.HAND_OVER, note="属治安警情")
    [message] = police.messages()
    assert (message["kind"], message["answer"], message["order"]) == ("hand_over", "waiting", None)
    assert message["matter"]["text"] == "楼上打架，联系138****5678"
    assert message["matter"]["lon"] == row["lon"]
    assert "王小明" not in str(message) and "13812345678" not in str(message)
    assert police.answer(key, True, note="已出警", number="J-1").status_code == 204
    bob = world.as_("bob")
    bind(bob)
    [said] = queries.of_case(by=bob, case=row["id"])["items"]
    assert (said["answer"], said["their_number"]) == ("accepted", "J-1")
    with acting(SYSTEM):
        ended = rows.one("SELECT note, after FROM cases_step WHERE act = 'reject'")
    assert ended is not None and ended["after"] == "rejected" and "J-1" in ended["note"]


def test_of_a_confidential_case_the_police_get_the_place_and_no_words(world: SimpleNamespace, police: Caller) -> None:
    row = report(world, "举报聚众赌博", reporter=CALLER, confidential=True, address="福保路1号")
    ask(world, "bob", row, police, MessageKind.HAND_OVER)
    with acting(SYSTEM):
        body = orjson.loads(rows.value("SELECT body FROM exchange_message"))
    assert body["matter"].keys() & {"title", "text"} == set()
    assert not any(word in str(body) for word in ("举报聚众", "王小明", "1381234", "福保路1号"))


def test_what_is_refused_stays_with_the_desk_and_a_case_in_hand_is_not_ended(
    world: SimpleNamespace, police: Caller
) -> None:
    row = report(world)
    refused = ask(world, "bob", row, police, MessageKind.HAND_OVER)
    assert police.answer(refused, False, note="不属警情").status_code == 204
    act(world, "bob", "accept", row)
    key = ask(world, "bob", row, police, MessageKind.HAND_OVER)
    assert police.answer(key, True, number="J-2").status_code == 204
    with acting(SYSTEM):
        assert rows.value("SELECT status FROM cases_case WHERE id = %(id)s", {"id": row["id"]}) == "accepted"


def test_what_is_not_theirs_comes_in_as_a_case_of_another_authority(
    world: SimpleNamespace, police: Caller, heard: Callable[[], int]
) -> None:
    [taken] = police.send({"number": "J-9", "received": "2026-11-20 23:10", "text": "噪音扰民，非警务"})
    row = case_of("J-9")
    assert (taken["number"], row["channel"], row["status"]) == (row["number"], "unit", "reported")
    with pytest.raises(Conflict):
        ask(world, "bob", row, police, MessageKind.HAND_OVER)
    act(world, "bob", "reject", row, note="商家已整改")
    heard()
    assert [m["kind"] for m in police.messages()] == ["returned"]


def test_nothing_is_handed_over_to_a_hotline(world: SimpleNamespace) -> None:
    with pytest.raises(Conflict):
        ask(world, "bob", report(world), partnered(world), MessageKind.HAND_OVER)


def test_the_health_page_says_who_does_not_answer(world: SimpleNamespace, police: Caller) -> None:
    ask(world, "bob", report(world), police, MessageKind.HAND_OVER)
    with acting(SYSTEM):
        assert checks.exchange() == []
        with clock.at(clock.now() + timedelta(minutes=31)):
            [finding] = checks.exchange()
    assert "公安 110" in finding.words.zh
