"""Rita has proved her phone. She wants to know what is held on it, to put it right, and to be forgotten."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.portal.conftest import SECRET, Act, Resident, case_of, lamp, resolved
from tests.domain.portal.test_reporting import proved
from tests.support.world import category
from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions.reveal import reveal
from wangge.domain.cases.rules import Channel
from wangge.domain.portal import actions, rules
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

PHONE = "13800001234"


def party_of(number: str) -> dict[str, Any]:
    with acting(SYSTEM):
        row = rows.one('SELECT * FROM cases_party WHERE "case" = %(id)s', {"id": case_of(number)["id"]})
    assert row is not None
    return row


def granted(desk: Act, world: SimpleNamespace, number: str) -> None:
    """The district's centre takes the request on, has it looked into, and closes it."""
    desk("dan", cases.accept, number)
    desk("dan", cases.dispatch, number, unit=world.units.cleaners)
    desk("hank", cases.resolve, number, result="已核对，同意删除")
    desk("sue", cases.verify, number, outcome="pass")
    desk("dan", cases.follow_up, number, outcome="not_wanted")
    desk("dan", cases.close, number)


def closed(desk: Act, number: str) -> None:
    resolved(desk, number)
    desk("bob", cases.follow_up, number, outcome="satisfied")
    desk("bob", cases.close, number)


@pytest.fixture
def ticket(rita: Resident, world: SimpleNamespace) -> str:
    return proved(rita, PHONE, world)


@pytest.fixture
def asks(rita: Resident, ticket: str) -> Any:
    """``asks("/own-data/erase", …)``: with the phone that was proved."""
    return lambda path, **given: rita.ask("POST", path, {"phone": PHONE, "ticket": ticket} | given)


def test_she_sees_what_is_held_until_when_and_who_has_looked_what_for(
    rita: Resident, ralf: Resident, desk: Act, world: SimpleNamespace, ticket: str, asks: Any
) -> None:
    ralf.report(phone=PHONE, name="王大力", text="别人写的话")  # a number typed in: perhaps not hers
    rita.report(phone=PHONE, ticket=ticket, name="张小明")
    bob = world.as_("bob")
    bind(bob)
    reveal(
        by=bob, case=case_of(rita.number)["id"], party=party_of(rita.number)["id"], field="phone", purpose="核实地点"
    )
    rita.number = ""
    told = asks("/own-data").json()
    own, typed = told["reports"]
    assert (own["name"], own["text"], own["proved"], own["erased_on"]) == ("张小明", lamp()["text"], True, None)
    assert [(look["field"], look["purpose"]) for look in own["looks"]] == [("phone", "核实地点")]
    assert (typed["name"], typed["text"], typed["address"], typed["proved"]) == ("王**", None, None, False)
    hers = Resident("203.0.113.251")
    hers.report(phone=PHONE, name="李红", confidential=True)  # somebody else's secret, with a digit wrong in the number
    secret = asks("/own-data").json()["reports"][0]
    assert (secret["number"], secret["name"], secret["kind"], secret["text"], secret["looks"]) == (hers.number, "", None, None, [])  # fmt: skip
    closed(desk, typed["number"])
    assert asks("/own-data").json()["reports"][2]["erased_on"]
    with acting(SYSTEM):
        seen = rows.value("SELECT string_agg(body::text, ' ') FROM ledger_entry WHERE tag = 'portal.own_data.shown'")
    assert '"found": 3' in seen and PHONE not in seen


@pytest.mark.parametrize("path", ["/own-data", "/own-data/correct", "/own-data/erase"])
def test_a_ticket_of_another_phone_or_none_opens_nothing(rita: Resident, ticket: str, path: str) -> None:
    rita.report(phone=PHONE, ticket=ticket)
    given = {"id": str(uuid7()), "secret": SECRET} if path.endswith("erase") else {}
    for wrong in ({"phone": "13900005678", "ticket": ticket}, {"phone": PHONE, "ticket": ticket[:-2] + "zz"}):
        assert rita.ask("POST", path, wrong | given).json()["errors"][0]["path"] == "body.ticket"


def test_name_and_phone_are_put_right_where_she_has_proved_that_they_are_hers(
    rita: Resident, ralf: Resident, world: SimpleNamespace, ticket: str, asks: Any
) -> None:
    ralf.report(phone=PHONE, name="王大力")
    assert asks("/own-data/correct", name="张晓明").status_code == 404
    rita.report(phone=PHONE, ticket=ticket, name="张小明")
    assert asks("/own-data/correct").status_code == 422
    assert asks("/own-data/correct", name="张晓明").json() == {"reports": 1}
    assert {r["name"] for r in asks("/own-data").json()["reports"]} == {"张晓明", "王**"}
    other = "13700009999"
    unproved = asks("/own-data/correct", new_phone=other, new_ticket=ticket)
    assert unproved.json()["errors"][0]["path"] == "body.new_ticket"
    number, rita.number = rita.number, ""
    second = proved(rita, other, world)
    assert asks("/own-data/correct", new_phone=other, new_ticket=second).json() == {"reports": 1}
    now = rita.ask("POST", "/own-data", {"phone": other, "ticket": second}).json()["reports"]
    assert [(r["number"], r["name"]) for r in now] == [(number, "张晓明")]
    assert [r["number"] for r in rita.ask("POST", "/mine", {"ticket": second}).json()] == [number]


def test_the_wish_to_be_erased_is_a_case_of_its_own_kind_and_clock_sent_again_the_same(
    rita: Resident, ticket: str, asks: Any, world: SimpleNamespace
) -> None:
    body = {"id": str(uuid7()), "secret": SECRET, "note": "已搬走"}
    assert asks("/own-data/erase", **body).status_code == 404  # nothing is held
    rita.report(phone=PHONE, ticket=ticket)
    first, again = (asks("/own-data/erase", **body) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    case = case_of(first.json()["number"])
    assert (case["category"], case["confidential"], case["holder"]) == (category(rules.ERASURE).id, True, world.units.futian)  # fmt: skip
    assert case["due_at"] and "已搬走" in case["text"]
    rita.number, rita.code = first.json()["number"], first.json()["code"]
    assert rita.sees()["kind"]["en"] == "Erasure of personal data"


def test_what_was_granted_is_erased_what_is_open_when_it_ends_and_the_request_last_of_all(
    rita: Resident, ralf: Resident, desk: Act, ticket: str, asks: Any, world: SimpleNamespace
) -> None:
    ended, still, later = (Resident(rita.address) for _ in range(3))
    ended.report(phone=PHONE, ticket=ticket, name="张小明")
    closed(desk, ended.number)
    still.report(phone=PHONE, name="张小明")
    ralf.report(phone="13900005678", name="王大力")
    closed(desk, ralf.number)
    number = asks("/own-data/erase", id=str(uuid7()), secret=SECRET).json()["number"]
    assert actions.carry_out() == 0  # nobody has granted it yet
    granted(desk, world, number)
    assert actions.carry_out() == 1 and actions.carry_out() == 0
    gone = lambda n: (party_of(n)["name_sealed"], party_of(n)["phone_sealed"], party_of(n)["phone_hash"]) == (None,) * 3
    assert gone(ended.number) and not gone(still.number) and not gone(number) and not gone(ralf.number)
    later.report(phone=PHONE, name="张小明")  # what came after the request was not asked for
    closed(desk, later.number)
    closed(desk, still.number)
    assert actions.carry_out() == 2
    assert gone(still.number) and gone(number) and not gone(later.number) and not gone(ralf.number)
    assert [r["number"] for r in asks("/own-data").json()["reports"]] == [later.number]
    assert rita.ask("POST", "/mine", {"ticket": ticket}).json() == []
    with acting(SYSTEM):
        registered = rows.all("SELECT policy, subject FROM ledger_erasure ORDER BY at, id")
    assert {r["policy"] for r in registered} == {f"本人申请 {number}"} and len(registered) == 3


def test_a_request_that_was_refused_or_that_nobody_has_proved_erases_nothing(
    rita: Resident, ralf: Resident, desk: Act, ticket: str, asks: Any, world: SimpleNamespace
) -> None:
    rita.report(phone=PHONE, ticket=ticket, name="张小明")
    closed(desk, rita.number)
    refused = asks("/own-data/erase", id=str(uuid7()), secret=SECRET).json()["number"]
    desk("dan", cases.reject, refused, note="依法须保存至诉讼结束")
    ralf.report(phone=PHONE, category=str(category(rules.ERASURE).id), text="请删除")  # of a number that he only typed
    granted(desk, world, ralf.number)
    assert actions.carry_out() == 0
    bob = world.as_("bob")
    bind(bob)
    at_window = functools.partial(cases.Report, text="本人持证件到窗口", category=category(rules.ERASURE).id)
    made, _ = cases.report(by=bob, report=at_window(channel=Channel.WINDOW, street=case_of(rita.number)["street"], reporter=cases.Reporter("张小明", PHONE)))  # fmt: skip
    granted(desk, world, made["number"])
    assert actions.carry_out() == 4  # hers, the two requests, and what was typed with her number
