"""Partners as their administrator enters, changes and sees them, and questions as a desk sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.exchange.conftest import Caller, case_of, order, saved
from tests.domain.exchange.test_hotline import ask, dispatched
from tests.domain.exchange.test_levels import Below
from tests.domain.notices.conftest import act, configured, report
from tests.support.hooks import Server, receiver
from tests.support.world import FUBAO
from wangge.domain.exchange.levels import signing
from wangge.domain.exchange.rules import MessageKind
from wangge.domain.notices.actions import send_webhooks
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

Call = Callable[..., Any]


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The partner's own server, which this installation is allowed to reach."""
    configured(monkeypatch, webhook_hosts=("127.0.0.1",))
    with receiver() as server:
        yield server


def entered(call: Call, **given: Any) -> dict[str, Any]:
    body = {"id": uuid7(), "kind": "hotline", "name": "深圳 12345", "source": "sz-12345", "street": FUBAO} | given
    answer = call("secu", "POST", "/exchange/partners", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def changed(call: Call, row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = call("secu", "PATCH", f"/exchange/partners/{row['id']}", {"version": row["version"]} | changes)
    assert answer.status_code == 200, answer.content
    return answer.json()


def shown(call: Call) -> dict[str, Any]:
    """The one partner as the list shows it."""
    [row] = call("secu", "GET", "/exchange/partners").json()["items"]
    return row


def sent_to(row: dict[str, Any], secret: str | None = None) -> Caller:
    return Caller(row["new_token"], SimpleNamespace(id=row["id"]), secret)


def plain(number: str) -> dict[str, Any]:
    """An order of a partner without a mapping."""
    return {"number": number, "received": "2026-11-20 09:30", "text": "楼下垃圾成堆，气味大"}


def tags() -> list[str]:
    with acting(SYSTEM):
        return [
            r["tag"] for r in rows.all("SELECT tag FROM ledger_entry WHERE tag LIKE 'exchange.partner.%' ORDER BY id")
        ]


def test_a_partner_is_entered_with_a_token_of_its_own_which_is_shown_this_once(
    world: SimpleNamespace, call: Call
) -> None:
    mapping = saved(world)
    body = {"id": uuid7(), "mapping": mapping, "states": {"replied": "办结"}}
    row = entered(call, **body)
    assert row["new_token"].startswith("wgt_") and row["secret"] is None
    assert entered(call, **body)["new_token"] is None  # sent twice
    [taken] = sent_to(row).send(order("S-1"))
    assert taken["state"] == "made"
    listed = call("secu", "GET", "/exchange/partners").json()
    assert listed["mappings"] == [mapping]
    [seen] = listed["items"]
    assert (seen["street_name"], seen["token_valid"], seen["waiting"]) == ("福保街道", True, None)
    assert seen["last_heard"] and seen["token_expires_at"] and row["new_token"] not in str(listed)
    assert tags() == ["exchange.partner.added"]
    with acting(SYSTEM):
        assert rows.value("SELECT areas FROM people_token WHERE id = %(id)s", {"id": row["token"]}) == ["440304"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"street": "440304999"}, "body.street"),
        ({"mapping": "没有的"}, "body.mapping"),
        ({"push_to": "http://127.0.0.1/push"}, "body.push_to"),
        ({"areas": ["999999"]}, "body.area"),
        ({"expires_at": "2199-01-01T00:00:00Z"}, "body.expires_at"),
        ({"token": uuid7()}, "body.token"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_leaves_nothing_behind(
    world: SimpleNamespace, call: Call, given: dict[str, Any], field: str
) -> None:
    body = {"id": uuid7(), "kind": "hotline", "name": "热线", "source": "s", "street": FUBAO} | given
    answer = call("secu", "POST", "/exchange/partners", body)
    assert answer.status_code == 422
    assert [e["path"] for e in answer.json()["errors"]] == [field]
    assert call("secu", "GET", "/exchange/partners").json()["items"] == []
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM people_token") == 0


def test_it_is_pushed_to_when_an_address_is_given_and_fetches_again_when_it_is_taken_away(
    world: SimpleNamespace, call: Call, other: Server
) -> None:
    row = entered(call)
    partner = sent_to(row)
    partner.send(plain("S-1"))
    row = changed(call, row, push_to=other.url + "/one", states={"ask_return": "退单申请"})
    assert row["push_to"] == other.url + "/one" and row["secret"].startswith("whsec_")
    secret = row["secret"]
    moved = changed(call, row, push_to=other.url + "/two", name="市 12345")
    assert (moved["push_to"], moved["secret"], moved["name"]) == (other.url + "/two", None, "市 12345")
    ask(world, "bob", case_of("S-1"), partner, MessageKind.ASK_RETURN)
    assert shown(call)["waiting"] == 1
    assert send_webhooks() == 1
    assert other.got[0].path == "/two" and other.got[0].is_signed_with(secret)
    assert other.got[0].json["state"] == "退单申请"
    left = changed(call, moved, push_to=None)
    assert (left["push_to"], left["waiting"], left["unanswered"]) == (None, None, 1)
    assert [m["kind"] for m in partner.messages()] == ["ask_return"]
    stale = call("secu", "PATCH", f"/exchange/partners/{row['id']}", {"version": row["version"], "name": "x"})
    assert (stale.status_code, stale.json()["current"]["version"]) == (409, left["version"])


def test_one_that_is_stopped_exchanges_nothing_and_gets_what_waited_when_it_goes_on(
    world: SimpleNamespace, call: Call, other: Server
) -> None:
    row = entered(call, push_to=other.url)
    partner = sent_to(row)
    partner.send(plain("S-1"))
    ask(world, "bob", case_of("S-1"), partner, MessageKind.ASK_RETURN)
    row = changed(call, row, active=False)
    assert partner("GET", "/exchange/messages").status_code == 403
    assert send_webhooks() == 0 and other.got == []
    changed(call, row, active=True)
    assert partner("GET", "/exchange/messages").status_code == 200
    assert send_webhooks() == 1


def test_another_token_ends_the_old_one_and_pushes_go_on(world: SimpleNamespace, call: Call, other: Server) -> None:
    row = entered(call, push_to=other.url)
    old = sent_to(row)
    old.send(plain("S-1"))
    ask(world, "bob", case_of("S-1"), old, MessageKind.ASK_RETURN)
    until = clock.now() + timedelta(days=90)
    answer = call(
        "secu", "POST", f"/exchange/partners/{row['id']}/token", {"version": row["version"], "expires_at": until}
    )
    new = answer.json()
    assert new["new_token"] not in (None, row["new_token"]) and new["token_expires_at"][:16] == until.isoformat()[:16]
    assert old("GET", "/exchange/messages").status_code == 401
    assert len(sent_to(new).messages()) == 1
    assert send_webhooks() == 1  # of the new token, so that it is not dropped
    assert tags()[-1] == "exchange.partner.changed"


def test_the_list_says_what_waits_what_failed_and_why(world: SimpleNamespace, call: Call, other: Server) -> None:
    row = entered(call, push_to=other.url)
    partner = sent_to(row)
    partner.send(plain("S-1"), plain("S-2"))
    assert (shown(call)["failed"], shown(call)["error"]) == (0, "")
    ask(world, "bob", case_of("S-1"), partner, MessageKind.ASK_RETURN)
    other.answers = [410]
    send_webhooks()
    ask(world, "bob", case_of("S-2"), partner, MessageKind.ASK_RETURN)
    seen = shown(call)
    assert (seen["waiting"], seen["failed"], seen["error"], seen["unanswered"]) == (1, 1, "HTTP 410", 2)
    call("secu", "DELETE", f"/tokens/{row['token']}")
    assert shown(call)["token_valid"] is False


def test_another_installation_stands_in_the_list_with_its_key_and_cannot_be_given_a_token(
    world: SimpleNamespace, call: Call, tmp_path: Any
) -> None:
    below = Below(tmp_path)
    row = report(world)
    ask(world, "bob", row, SimpleNamespace(partner=below.partner), MessageKind.HAND_OVER)
    seen = shown(call)
    assert (seen["kind"], seen["token"], seen["waiting"], seen["last_heard"]) == ("below", None, 1, None)
    assert seen["level_key"] and seen["level_url"] == ""
    assert below.say(below.case("X-1", street="999999999")).status_code == 200
    newest = shown(call)["waiting"]
    below.say(after=10**6)
    seen = shown(call)
    assert seen["last_heard"] and newest == 2
    path = f"/exchange/partners/{seen['id']}"
    assert call("secu", "POST", path + "/token", {"version": seen["version"]}).status_code == 409
    pushed = call("secu", "PATCH", path, {"version": seen["version"], "push_to": "https://8.8.8.8/x"})
    assert pushed.json()["errors"][0]["path"] == "body.push_to"
    assert signing.own_key()


def offered(call: Call, who: str, row: dict[str, Any]) -> dict[str, list[str]]:
    answer = call(who, "GET", f"/cases/{row['id']}/exchange")
    assert answer.status_code == 200, answer.content
    return {offer["kind"]: offer["asks"] for offer in answer.json()["offers"]}


def test_only_what_may_be_asked_now_is_offered_and_only_to_the_centre_that_holds_the_case(
    world: SimpleNamespace, call: Call, hotline: Caller, police: Caller
) -> None:
    hotline.send(order("S-1"))
    row = case_of("S-1")
    assert offered(call, "bob", row) == {"hotline": ["ask_return"], "police": ["hand_over"]}
    assert call("hank", "GET", f"/cases/{row['id']}/exchange").status_code == 403
    assert call("charlie", "GET", f"/cases/{row['id']}/exchange").status_code == 404
    body = {"id": uuid7(), "partner": police.partner.id, "kind": "hand_over", "note": "属治安警情"}
    answer = call("bob", "POST", f"/cases/{row['id']}/exchange", body).json()
    assert [o["kind"] for o in answer["offers"]] == ["hotline"] and answer["items"][0]["answer"] == "waiting"
    police.answer(str(body["id"]), False, note="不属警情")
    dispatched(world, "S-1")
    assert offered(call, "bob", row) == {"hotline": ["ask_extension"], "police": ["hand_over"]}
    own = report(world)
    assert offered(call, "bob", own) == {"police": ["hand_over"]}
    act(world, "bob", "reject", own, note="不属本级职责")
    assert offered(call, "bob", own) == {}


def test_a_desk_finds_what_partners_have_not_answered_of_its_own_cases(
    world: SimpleNamespace, call: Call, hotline: Caller, police: Caller
) -> None:
    hotline.send(order("S-1"))
    first = ask(world, "bob", case_of("S-1"), hotline, MessageKind.ASK_RETURN, note="应由南园街道办理")
    second = ask(world, "bob", report(world), police, MessageKind.HAND_OVER)
    page = call("bob", "GET", "/exchange/questions?limit=1").json()
    [found] = page["items"]
    assert (found["id"], found["kind"], found["partner_name"]) == (str(first), "ask_return", "12345 热线")
    assert (found["number"], found["text"]) == (case_of("S-1")["number"], "应由南园街道办理")
    rest = call("bob", "GET", f"/exchange/questions?limit=1&after={page['next']}").json()
    assert ([q["id"] for q in rest["items"]], rest["next"]) == ([str(second)], None)
    assert call("charlie", "GET", "/exchange/questions").json()["items"] == []
    hotline.answer(str(first), True)
    assert [q["id"] for q in call("bob", "GET", "/exchange/questions").json()["items"]] == [str(second)]
