"""Help while a report is written, similar cases with their reasons, one act on many cases, and reporters who are forgotten in time."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.cases.test_acts import following
from tests.domain.cases.test_loop import MONDAY, reported, step
from tests.support.world import FUBAO, category, log_in, point_in
from wangge.domain.cases import actions, intake, queries
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.actions.retention import forget_reporters
from wangge.domain.cases.rules import Channel
from wangge.domain.catalog.actions import change_category
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ledger.verify import verify

HERE = point_in(FUBAO + "001001")


def asked(world: SimpleNamespace, login: str = "bob", **what: Any) -> dict[str, Any]:
    person = world.as_(login)
    bind(person)
    return intake.preview(by=person, **{"text": "益田路边一堆垃圾没人清理", "point": HERE} | what)


def test_the_form_names_the_desk_of_its_channel_and_the_report_comes_to_it(world: SimpleNamespace) -> None:
    rubbish = category("0101")
    with acting(SYSTEM):
        levels = {"hotline": "district", "patrol": "city"}
        change_category(by=SYSTEM, category=rubbish.id, version=rubbish.version, entry_levels=levels)
    with clock.at(MONDAY):
        for channel, desk in (("worker", "fubao"), ("hotline", "futian"), ("patrol", "futian")):
            expected = getattr(world.units, desk)
            assert asked(world, category=rubbish.id, channel=channel)["desk"] == expected
            told = Report(text="垃圾", category=rubbish.id, point=HERE, channel=Channel(channel))
            made, _ = actions.report(by=world.as_("bob"), report=told)
            assert (made["holder"], made["first_receiver"]) == (expected, expected)


def test_a_report_being_written_is_placed_classified_routed_and_timed(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        seen = asked(world)
    assert seen["place"].grid == FUBAO + "001001"
    assert seen["category"].code.startswith("01")
    assert seen["route"].unit_id == world.units.cleaners
    assert "福保环卫所" in seen["route"].why.zh
    assert seen["limits"]["accept"] > MONDAY
    assert seen["problem"] is None


def test_what_cannot_be_told_yet_is_left_open_and_says_why(world: SimpleNamespace) -> None:
    nothing = asked(world, text="", point=None)
    assert (nothing["place"], nothing["category"], nothing["route"], nothing["similar"]) == (None, None, None, [])
    outside = asked(world, point=(114.005, 22.52))
    assert outside["place"] is None
    assert FUBAO + "001001" in outside["problem"].detail.zh


def test_a_case_nearby_of_the_same_kind_is_found_with_its_reasons_and_a_distant_one_is_not(
    world: SimpleNamespace,
) -> None:
    near = reported(world, point=(HERE[0] + 0.0003, HERE[1]), text="益田路边有垃圾一大堆，请清理")
    reported(world, point=(HERE[0] + 0.004, HERE[1]), text="益田路边有垃圾一大堆，请清理")
    reported(world, point=HERE, text="井盖破损", category=category("0402").id)
    found = asked(world)["similar"]
    assert found[0].case["id"] == near["id"]
    said = " ".join(w.zh for w in found[0].why)
    assert "米" in said
    assert "类别相同" in said
    assert "文字相似" in said
    assert all(s.case["id"] != near["id"] or s.score > 0.6 for s in found)


def test_what_lies_outside_ones_scope_is_not_given_away_as_similar(world: SimpleNamespace) -> None:
    reported(world, text="益田路边有垃圾一大堆，请清理")
    assert asked(world, "cora")["similar"] == []
    assert asked(world, "cora")["earlier"] == []
    assert asked(world, "bob")["similar"]
    assert asked(world, "bob")["earlier"]


def test_an_old_case_is_earlier_here_but_not_similar(world: SimpleNamespace) -> None:
    with clock.at(MONDAY - timedelta(days=60)):
        old = reported(world, text="益田路边有垃圾一大堆，请清理")
    seen = asked(world)
    assert seen["similar"] == []
    assert [r["id"] for r in seen["earlier"]] == [old["id"]]


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_between_nothing_and_all_and_the_same_both_ways(a: str, b: str) -> None:
    x, y = intake.grams(a), intake.grams(b)
    assert 0 <= intake.likeness(x, y) <= 1
    assert intake.likeness(x, y) == intake.likeness(y, x)
    assert not x or intake.likeness(x, x) == 1


@given(st.none() | st.floats(0, 1000), st.booleans(), st.booleans(), st.booleans(), st.floats(0, 1), st.floats(0, 60))
def test_a_score_is_between_nothing_and_one(
    metres: float | None, grid: bool, same: bool, top: bool, alike: float, days: float
) -> None:
    total = intake.score(metres=metres, same_grid=grid, same_category=same, same_top=top, alike=alike, days=days)
    assert 0 <= total <= 1


def post(login: str, path: str, body: dict[str, Any]) -> Any:
    token = log_in(login)
    return Client().post(
        f"/api/v1{path}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )


def test_over_http_the_form_gets_everything_in_one_call(world: SimpleNamespace, demo: None) -> None:
    near = reported(world, text="益田路边有垃圾一大堆，请清理")
    body = {"text": "益田路边一堆垃圾没人清理", "point": {"lon": HERE[0], "lat": HERE[1]}}
    seen = post("bob", "/cases/intake", body).json()
    assert seen["route"]["unit_name"] == "福保环卫所"
    assert seen["similar"][0]["number"] == near["number"]
    assert seen["place"]["grid"] == FUBAO + "001001"
    assert set(seen["limits"]) == {"accept", "dispatch", "handle", "verify", "follow_up"}
    nearby = Client().get(f"/api/v1/cases/{near['id']}/nearby", headers={"Authorization": f"Bearer {log_in('bob')}"})
    assert nearby.json() == {"similar": [], "earlier": []}


def test_one_act_on_many_cases_answers_for_each(world: SimpleNamespace, demo: None) -> None:
    good, moved = reported(world), reported(world)
    step(world.as_("bob"), actions.accept, moved)
    cases = [{"case": str(c["id"]), "version": 1} for c in (good, moved)]
    answers = post("bob", "/cases/many", {"act": "accept", "cases": cases, "given": {"note": "一并受理"}}).json()[
        "answers"
    ]
    assert [a["outcome"] for a in answers] == ["applied", "conflict"]
    assert answers[1]["state"]["status"] == "accepted"
    wrong = post("bob", "/cases/many", {"act": "reject", "cases": cases, "given": {}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["path"] == "body.given.note"
    assert [a["outcome"] for a in post("cora", "/cases/many", {"act": "accept", "cases": cases}).json()["answers"]] == [
        "rejected"
    ] * 2


def test_reporters_are_forgotten_when_their_time_is_over_and_the_ledger_stays_valid(world: SimpleNamespace) -> None:
    case = following(world)
    case = step(world.as_("bob"), actions.follow_up, case, outcome="satisfied")
    case = step(world.as_("bob"), actions.close, case)
    waiting = reported(world, by="bob", reporter=Reporter("王大力", "13700000001"))
    with clock.at(case["closed_at"] + timedelta(days=729)):
        assert forget_reporters(730) == 0
    with clock.at(case["closed_at"] + timedelta(days=731)):
        assert forget_reporters(730) == 1
        assert forget_reporters(730) == 0
    with acting(SYSTEM):
        party = queries.detail(by=SYSTEM, case=case["id"])["parties"][0]
        assert (party["name"], party["phone"]) == (None, None)
        assert party["erased_at"] is not None
        assert queries.detail(by=SYSTEM, case=waiting["id"])["parties"][0]["name"] == "王**"
        register = rows.all("SELECT kind, subject, policy, count FROM ledger_erasure")
        assert [(r["kind"], r["subject"], r["count"]) for r in register] == [("case", case["id"], 1)]
        assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'ledger.personal.erased'") == 1


def test_the_ledger_is_intact_after_an_erasure(real_world: SimpleNamespace) -> None:
    from wangge.kernel.ledger.seal import seal

    world = real_world
    case = following(world)
    case = step(world.as_("bob"), actions.follow_up, case, outcome="satisfied")
    case = step(world.as_("bob"), actions.close, case)
    with acting(SYSTEM):
        seal()
    with clock.at(case["closed_at"] + timedelta(days=800)):
        assert forget_reporters(730) == 1
        with acting(SYSTEM):
            seal()
            assert verify(0).ok
