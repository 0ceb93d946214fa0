"""The shipped catalogue is whole, and loading it twice changes nothing."""

from __future__ import annotations

import re
from collections import Counter
from types import SimpleNamespace
from typing import Any

from wangge.domain.catalog import queries, rules
from wangge.domain.catalog.actions import load_defaults
from wangge.domain.catalog.tables import shipped_categories, shipped_limits
from wangge.domain.people.rules import DUTIES
from wangge.kernel.access import SYSTEM


def test_every_kind_of_matter_is_complete_in_both_languages() -> None:
    found = shipped_categories()
    tops = [r for r in found if not r.parent]
    leaves = [r for r in found if r.parent]
    assert len(tops) == 14
    assert len(leaves) >= 100
    assert len({r.fields["name"] for r in found}) == len(found)
    for row in leaves:
        assert row.code.startswith(row.parent)
        assert set(row.handle) == set(rules.URGENCIES), row.code
        for name in ("name", "accept_condition", "close_condition"):
            assert re.search("[一-龥]", row.fields[name]), row.code
            assert re.fullmatch("[ -~–’éç]+", row.fields[name + "_en"]), (row.code, row.fields[name + "_en"])
        assert row.fields["keywords"], row.code
        assert row.fields["initials"].isalpha(), row.code
        if any(e["kind"] == "photo" for e in row.fields["evidence"]):
            assert {e["at"] for e in row.fields["evidence"]} == {"report", "result"}, row.code


def test_every_duty_of_the_trade_leads_or_assists_somewhere() -> None:
    used = Counter(d for r in shipped_categories() for d in (r.fields["lead_duty"], *r.fields["assist_duties"]))
    assert set(used) == set(DUTIES)


def test_more_urgent_is_never_slower() -> None:
    hours = {"urgent_work_hour": 1, "hour": 1, "work_hour": 1.5, "day": 24, "work_day": 24}
    for row in shipped_categories():
        if row.handle:
            times = [row.handle[u][0] * hours[row.handle[u][1]] for u in rules.URGENCIES]
            assert times == sorted(times, reverse=True), row.code


def test_bulletins_of_disputes_hazards_and_others_can_be_made_from_the_top_classes() -> None:
    groups = {r.code: r.fields["group"] for r in shipped_categories()}
    assert {g for c, g in groups.items() if len(c) == 2} == set(rules.GROUPS)
    assert all(groups[c[:2]] == g for c, g in groups.items())


def test_general_limits_cover_every_stage_and_urgency() -> None:
    general = {(r["urgency"], r["stage"]) for r in shipped_limits() if not r["category"]}
    assert general == {(u, s) for u in rules.URGENCIES for s in rules.STAGES}


def test_loading_twice_changes_nothing(world: SimpleNamespace) -> None:
    assert world.made["categories"] == 137
    assert world.made["days"] > 600
    assert load_defaults(by=SYSTEM) == {"categories": 0, "limits": 0, "days": 0}


def test_what_residents_write_finds_its_category(world: SimpleNamespace, code: Any) -> None:
    """Sentences made for this test, of the kind that come to a mayor's mailbox."""
    expected = {
        "小区门口的路灯坏了半个月，晚上漆黑一片": "0202",
        "工地夜间施工到凌晨两点，噪音太大": "0804",
        "有人把电动车推上楼充电，很危险": "0402",
        "公司拖欠工资三个月，农民工怎么讨薪": "0605",
        "楼下餐馆油烟直排，窗户不敢开": "0110",
        "井盖没了，小孩差点掉下去": "0201",
        "电梯三天两头坏，昨天又困人了": "0505",
        "请问医保异地就医怎么报销": "1103",
        "安全通道被装上了防盗门": "0401",
        "养猪场粪便臭气熏天，污染环境": "0806",
    }
    for text, wanted in expected.items():
        assert queries.suggest(text=text) == code(wanted).id, text
    assert queries.suggest(text="天气真好") == code(queries.FALLBACK).id
