"""The hotline gives orders, hears how they go on and says what it wants; both sides may give back and extend."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.exchange.conftest import Caller, case_of, order, partnered, saved
from tests.domain.notices.conftest import act, configured, report
from tests.support.http import serving
from tests.support.world import FUBAO, HAISHAN, NANYUAN, category
from wangge.demo import other_side
from wangge.domain.exchange import actions
from wangge.domain.exchange.commands import COMMANDS
from wangge.domain.exchange.rules import MessageKind
from wangge.domain.notices.actions import send_webhooks
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.outbox import relay
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound


def dispatched(world: SimpleNamespace, number: str) -> dict[str, Any]:
    row = case_of(number)
    act(world, "bob", "accept", row)
    return act(world, "bob", "dispatch", row, unit=world.units.cleaners)


def handled(world: SimpleNamespace, number: str) -> dict[str, Any]:
    row = dispatched(world, number)
    act(world, "hank", "take", row)
    act(world, "hank", "resolve", row, result="已清运，联系电话13812345678。")
    return act(world, "sue", "verify", row, outcome="pass")


def ask(world: SimpleNamespace, who: str, row: dict, partner: Caller, kind: MessageKind, **given: Any) -> Any:
    person = world.as_(who)
    bind(person)
    key = given.pop("id", uuid7())
    values = {"note": "不属本街道职责"} | given
    actions.ask(by=person, id=key, case=row["id"], partner=partner.partner.id, kind=kind, **values)
    return key


def test_orders_come_in_by_the_mapping_each_once_and_bad_ones_say_why(hotline: Caller) -> None:
    first = hotline.send(order("S-1"), order("S-2", ""), order("S-3", 受理时间="昨天"))
    assert [o["state"] for o in first] == ["made", "refused", "refused"]
    assert first[1]["errors"][0]["field"] == "群众诉求" and "时间" in first[2]["errors"][0]["message"]["zh"]
    row = case_of("S-1")
    assert (row["number"], row["status"], row["street"]) == (first[0]["number"], "reported", FUBAO)
    assert (row["category"], row["source"], row["channel"]) == (category("0101").id, "hotline-sz", "hotline")
    again = hotline.send(order("S-1", "别的内容"), order("S-2"), order("S-2"))
    assert [o["state"] for o in again] == ["known", "made", "refused"]
    assert again[0]["number"] == row["number"] and case_of("S-1")["text"] == row["text"]
    assert hotline("GET", "/exchange/order?number=S-1").json()["status"] == "reported"


def test_our_own_names_of_fields_do_without_a_mapping(world: SimpleNamespace) -> None:
    plain = partnered(world)
    [taken] = plain.send({"number": "E-1", "received": "2026-11-20 09:30", "text": "路灯不亮"}, street=NANYUAN)
    assert (taken["state"], case_of("E-1")["street"]) == ("made", NANYUAN)


def test_an_order_outside_the_tokens_scope_or_of_a_stranger_is_refused(world: SimpleNamespace, hotline: Caller) -> None:
    body = {"orders": [{"street": HAISHAN, "fields": order("S-1")}]}
    assert hotline("POST", "/exchange/orders", body).status_code == 403
    assert (
        hotline("POST", "/exchange/orders", {"orders": [{"street": "440304999", "fields": order("S-1")}]}).status_code
        == 422
    )
    other = partnered(world, source="other")
    hotline.send(order("S-1"))
    assert other("GET", "/exchange/order?number=S-1").status_code == 404
    assert other.tell("S-1", "urge").status_code == 404
    secu = world.as_("secu")
    bind(secu)
    actions.change_partner(by=secu, partner=hotline.partner.id, version=1, changes={"active": False})
    assert hotline("GET", "/exchange/messages").status_code == 403


def test_it_hears_how_its_orders_go_on_and_nothing_of_others_or_of_what_is_said_within(
    world: SimpleNamespace, hotline: Caller, heard: Callable[[], int]
) -> None:
    hotline.send(order("S-1"))
    act(world, "bob", "accept", report(world))
    row = handled(world, "S-1")
    act(world, "bob", "comment", row, note="内部意见")
    assert hotline.tell("S-1", "satisfied", "谢谢", rating=5).status_code == 204
    act(world, "bob", "close", row)
    heard()
    said = hotline.messages()
    assert [m["kind"] for m in said] == ["accepted", "dispatched", "progress", "replied"]
    assert {m["order"] for m in said} == {"S-1"}
    assert said[1]["unit"] == "福保环卫所" and said[1]["due_at"]
    assert (said[3]["state"], said[3]["text"]) == ("办结", "已清运，联系电话138****5678。")
    assert "内部意见" not in str(said) and "王小明" not in str(said)
    assert case_of("S-1")["rating"] == 5
    assert hotline.messages(after=said[1]["seq"]) == said[2:]


def test_what_it_says_is_done_once_in_its_name_and_only_when_it_can_be(world: SimpleNamespace, hotline: Caller) -> None:
    hotline.send(order("S-1"), order("S-2"))
    key = uuid7()
    for _ in range(2):
        assert hotline.tell("S-1", "urge", id=key).status_code == 204
    assert case_of("S-1")["urges"] == 1
    assert hotline.tell("S-1", "urge", "别的话", id=key).status_code == 422
    with acting(SYSTEM):
        step = rows.one("""SELECT actor_name, actor_kind FROM cases_step WHERE act = 'urge'""")
    assert step == {"actor_name": "12345 热线", "actor_kind": "system"}
    assert hotline.tell("S-2", "withdraw", "群众已撤诉").status_code == 204
    assert case_of("S-2")["status"] == "withdrawn"
    refused = hotline.tell("S-2", "urge")
    assert (refused.status_code, refused.json()["current"]["status"]) == (409, "withdrawn")
    row = dispatched(world, "S-1")
    assert hotline.tell("S-1", "withdraw").status_code == 409
    later = row["due_at"] + timedelta(days=3)
    assert hotline.tell("S-1", "extend", due_at=later.isoformat()).status_code == 204
    assert case_of("S-1")["due_at"] == later


def test_a_caller_who_is_not_satisfied_has_it_done_again(world: SimpleNamespace, hotline: Caller) -> None:
    hotline.send(order("S-1"), order("S-2"))
    handled(world, "S-1")
    assert hotline.tell("S-1", "dissatisfied", "第二天又堆满了").status_code == 204
    assert case_of("S-1")["status"] == "handling"
    row = handled(world, "S-2")
    hotline.tell("S-2", "satisfied", "可以了")
    act(world, "bob", "close", row)
    assert hotline.tell("S-2", "dissatisfied", "又来了").status_code == 204
    assert case_of("S-2")["status"] == "accepted"


def test_a_desk_asks_to_give_an_order_back_and_it_is_given_back_when_the_hotline_agrees(
    world: SimpleNamespace, hotline: Caller, heard: Callable[[], int]
) -> None:
    hotline.send(order("S-1"), order("S-2"))
    first, second = case_of("S-1"), case_of("S-2")
    for who, problem in (("charlie", NotFound), ("hank", Forbidden), ("wally", NotFound)):
        with pytest.raises(problem):
            ask(world, who, first, hotline, MessageKind.ASK_RETURN)
    one = ask(world, "bob", first, hotline, MessageKind.ASK_RETURN)
    ask(world, "bob", first, hotline, MessageKind.ASK_RETURN, id=one)  # sent twice
    with pytest.raises(Conflict):
        ask(world, "bob", first, hotline, MessageKind.ASK_RETURN)
    two = ask(world, "bob", second, hotline, MessageKind.ASK_RETURN)
    assert [(m["kind"], m["answer"]) for m in hotline.messages()] == [("ask_return", "waiting")] * 2
    assert hotline.answer(one, True, note="转区城管局").status_code == 204
    assert hotline.answer(one, True).status_code == 204
    assert hotline.answer(one, False).status_code == 409
    assert hotline.answer(two, False, note="属你街道").status_code == 204
    assert (case_of("S-1")["status"], case_of("S-2")["status"]) == ("rejected", "reported")
    heard()
    returned = hotline.messages()[-1]
    assert (returned["kind"], returned["state"]) == ("returned", "已退单") and "转区城管局" in returned["text"]
    assert partnered(world, source="other").answer(one, True).status_code == 404


def test_more_time_is_asked_for_and_moves_the_limit_when_it_is_given(world: SimpleNamespace, hotline: Caller) -> None:
    hotline.send(order("S-1"))
    row = dispatched(world, "S-1")
    with pytest.raises(Conflict):
        ask(world, "bob", row, hotline, MessageKind.ASK_RETURN)
    with pytest.raises(Invalid):
        ask(world, "bob", row, hotline, MessageKind.ASK_EXTENSION, due_at=clock.now() - timedelta(days=1))
    wanted = clock.now() + timedelta(days=60)
    key = ask(world, "bob", row, hotline, MessageKind.ASK_EXTENSION, due_at=wanted, note="须协调产权单位")
    assert hotline.answer(key, True, due_at=(wanted - timedelta(days=1)).isoformat()).status_code == 204
    assert case_of("S-1")["due_at"] == wanted - timedelta(days=1)


def test_partners_are_the_security_administrators(world: SimpleNamespace, hotline: Caller) -> None:
    for who in ("sam", "bob", "audrey"):
        person = world.as_(who)
        bind(person)
        with pytest.raises(Forbidden):
            actions.change_partner(by=person, partner=hotline.partner.id, version=1, changes={"name": "x"})
    with pytest.raises(Invalid):
        partnered(world)  # the source is taken
    with pytest.raises(Invalid):
        partnered(world, source="new", mapping="没有的")
    secu = world.as_("secu")
    bind(secu)
    with pytest.raises(Conflict):
        actions.change_partner(by=secu, partner=hotline.partner.id, version=7, changes={"name": "x"})


def test_a_partner_is_entered_on_the_command_line_with_a_token_of_its_own(
    world: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    [command] = [c for c in COMMANDS if c.name == ("partner", "add")]
    parser = argparse.ArgumentParser()
    assert command.arguments is not None
    command.arguments(parser)
    assert command.run(parser.parse_args(["12345", "--source", "cli", "--street", FUBAO])) == 0
    caller = Caller(capsys.readouterr().out.strip(), None, None)
    assert caller.send({"number": "C-1", "received": "2026-11-20 09:30", "text": "路灯不亮"})[0]["state"] == "made"


def test_a_hotline_over_real_sockets_gets_every_message_once_pushed_and_fetched(
    real_world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(monkeypatch, webhook_hosts=("127.0.0.1",))
    secret: list[str] = []
    with serving() as url:
        sim = other_side.Partner(url, "")
        with other_side.listening(sim, secret) as push_to:
            partner = partnered(real_world, mapping=saved(real_world), push_to=push_to)
            sim.token = partner.token
            secret.append(str(partner.secret))
            assert [o["state"] for o in sim.send(order("S-1"), order("S-1/2"))] == ["made", "made"]
            sim.tell("S-1/2", "urge", "群众再次来电")
            handled(real_world, "S-1")
            sim.tell("S-1", "satisfied", "谢谢")
            act(real_world, "bob", "close", case_of("S-1"))
            while relay.relay_once():
                continue
            while send_webhooks():
                continue
            pushed = list(sim.messages.values())
            assert [m["kind"] for m in pushed] == ["accepted", "dispatched", "progress", "replied"]
            assert sim.fetch() == [] and len(sim.messages) == 4  # the same ones, by their ids
            with pytest.raises(RuntimeError, match="404"):
                sim.tell("S-9", "urge", "x")
