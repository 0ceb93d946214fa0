"""Sam keeps the templates; Bob and Hank write with them; nothing of a reporter gets into one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from tests.support.statements import Statements
from tests.support.world import FUBAO, HAISHAN, category, log_in, point_in
from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.rules import Act, Channel
from wangge.domain.templates import actions, queries, rules
from wangge.domain.templates.actions import NewTemplate, load_defaults
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound


def reported(world: SimpleNamespace, code: str = "0101", **given: Any) -> dict[str, Any]:
    bob = world.as_("bob")
    bind(bob)
    told = Report(text="垃圾没人清", category=category(code).id, point=point_in(FUBAO + "001001"), **given)
    return cases.report(by=bob, report=told)[0]


def added(world: SimpleNamespace, **given: Any) -> dict[str, Any]:
    sam = world.as_("sam")
    bind(sam)
    new = NewTemplate(**{"act": Act.RESOLVE, "title": "清运", "text": "已清运。"} | given)
    return actions.add(by=sam, id=uuid7(), template=new)[0]


def offered(
    world: SimpleNamespace, login: str, case: dict[str, Any], act: Act, outcome: str | None = None
) -> list[Any]:
    by = world.as_(login)
    bind(by)
    return queries.offered(by=by, case=case["id"], act=act, outcome=outcome)


def test_the_nearest_category_comes_first_and_others_do_not_come_at_all(world: SimpleNamespace) -> None:
    added(world, title="本类", category=category("0101").id)
    titles = [t["title"] for t in offered(world, "bob", reported(world), Act.RESOLVE)]
    assert titles == ["本类", "已清理", "已处理完毕"]  # its own category, the one above it, any


def test_the_cases_own_words_are_filled_in_and_what_it_has_not_is_a_gap(world: SimpleNamespace) -> None:
    text = "{number} {title} {category} {holder} {unit} {reported} {{原文}}"
    added(world, act=Act.ACCEPT, title="全部", text=text, position=0)
    case = reported(world, title="路口垃圾")
    found = next(t for t in offered(world, "bob", case, Act.ACCEPT) if t["title"] == "全部")["text"]
    assert found.startswith(f"{case['number']} 路口垃圾 暴露垃圾 ")
    assert rules.MISSING in found and found.endswith("{原文}")


def test_nothing_of_the_reporter_can_be_filled_in(world: SimpleNamespace) -> None:
    assert not {"name", "phone", "reporter"} & set(rules.PLACES)
    with pytest.raises(Invalid) as refused:
        added(world, text="已回复{reporter}")
    assert refused.value.errors[0].path == "body.text" and "{number}" in refused.value.errors[0].message.en
    case = reported(world, channel=Channel.HOTLINE, reporter=Reporter("张三丰", "13800001234"))
    assert not any("张三丰" in t["text"] or "1380000" in t["text"] for t in offered(world, "bob", case, Act.ACCEPT))


def test_of_an_act_with_outcomes_those_of_the_chosen_one_are_offered(world: SimpleNamespace) -> None:
    case = reported(world)
    assert {t["outcome"] for t in offered(world, "bob", case, Act.VERIFY, "fail")} == {"fail"}
    assert {t["outcome"] for t in offered(world, "bob", case, Act.VERIFY)} == {"pass", "fail"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"act": Act.ARCHIVE, "outcome": "pass"}, "outcome"),
        ({"act": Act.UNLINK}, "act"),
        ({"category": UUID(int=7)}, "category"),
        ({"text": "未完{"}, "text"),
        ({"text": "{0}"}, "text"),
        ({"text": "{number.denominator}"}, "text"),
    ],
)
def test_a_template_that_could_not_be_used_is_refused(
    world: SimpleNamespace, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        added(world, **wrong)
    assert [e.path for e in refused.value.errors] == [f"body.{field}"]


def test_only_the_administrator_writes_them_and_each_change_is_on_record(world: SimpleNamespace) -> None:
    row = added(world)
    bob, sam = world.as_("bob"), world.as_("sam")
    bind(bob)
    with pytest.raises(Forbidden):
        actions.remove(by=bob, template=row["id"])
    bind(sam)
    new = NewTemplate(Act.RESOLVE, "清运", "已清运完毕。")
    changed = actions.change(by=sam, template=row["id"], version=1, new=new)
    with pytest.raises(Conflict) as late:
        actions.change(by=sam, template=row["id"], version=1, new=new)
    assert late.value.extra["current"]["version"] == changed["version"] == 2
    actions.remove(by=sam, template=row["id"])
    with pytest.raises(NotFound):
        actions.remove(by=sam, template=row["id"])
    with acting(SYSTEM):
        tags = rows.all("SELECT tag FROM ledger_entry WHERE subject = %(id)s ORDER BY id", {"id": row["id"]})
    assert [t["tag"].rsplit(".")[-1] for t in tags] == ["added", "changed", "removed"]


def test_the_shipped_ones_are_loaded_once_and_each_can_be_filled(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        assert load_defaults(by=SYSTEM) == 0
        listed = queries.templates(by=SYSTEM)
    assert len(listed) > 20
    assert all(rules.fill(t["text"], {}) for t in listed)


def test_over_http(world: SimpleNamespace, settings: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, demo=True)  # an administrator without a second factor
    sam, bob = {"HTTP_AUTHORIZATION": f"Bearer {log_in('sam')}"}, {"HTTP_AUTHORIZATION": f"Bearer {log_in('bob')}"}
    case = reported(world)
    client = Client()
    new = {"id": str(uuid7()), "act": "resolve", "title": "清运", "text": "{number} 已清运"}
    made = client.post("/api/v1/templates", new, content_type="application/json", **sam)
    again = client.post("/api/v1/templates", new, content_type="application/json", **sam)
    assert (made.status_code, again.status_code) == (201, 200)
    other = client.post("/api/v1/templates", new | {"title": "别的"}, content_type="application/json", **sam)
    assert (other.status_code, other.json()["errors"][0]["path"]) == (422, "body.id")
    assert client.post("/api/v1/templates", new, content_type="application/json", **bob).status_code == 403
    with Statements() as few:
        found = client.get(f"/api/v1/cases/{case['id']}/templates?act=resolve", **bob).json()["items"]
    for n in range(20):
        added(world, title=f"又一个 {n}")
    with Statements() as many:
        client.get(f"/api/v1/cases/{case['id']}/templates?act=resolve", **bob)
    assert len(many) == len(few)
    assert f"{case['number']} 已清运" in [t["text"] for t in found]


def test_a_case_outside_ones_scope_has_no_templates(world: SimpleNamespace) -> None:
    charlie = world.as_("charlie")
    case = reported(world)
    bind(charlie)
    assert HAISHAN[:6] != FUBAO[:6]
    with pytest.raises(NotFound):
        queries.offered(by=charlie, case=case["id"], act=Act.RESOLVE)
