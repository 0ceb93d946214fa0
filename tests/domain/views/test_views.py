"""Bob keeps views of his desk; Sue supervises Futian and publishes some; Charlie in Yantian sees none of them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.support.statements import Statements
from tests.support.world import FUBAO, HAISHAN, category, log_in
from wangge.domain.cases import queries as cases
from wangge.domain.cases.schemas import QueueFilter
from wangge.domain.people.models import Unit
from wangge.domain.views import actions, queries
from wangge.domain.views.schemas import ViewFields
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound


def fields(name: str = "超期未结", **given: Any) -> ViewFields:
    given.setdefault("query", QueueFilter(overdue=True, sort="due_at"))
    return ViewFields(name=name, **given)


def saved(world: SimpleNamespace, login: str, name: str = "超期未结", **given: Any) -> dict[str, Any]:
    by = world.as_(login)
    bind(by)
    return actions.save(by=by, id=uuid7(), given=fields(name, **given))[0]


def seen(world: SimpleNamespace, login: str) -> list[str]:
    by = world.as_(login)
    bind(by)
    return [row["name"] for row in queries.views(by=by)]


def test_a_view_is_kept_as_it_was_said_and_opens_the_queue_again(world: SimpleNamespace) -> None:
    view = saved(world, "bob", columns=["number", "title", "due_at"])
    assert (view["query"], view["columns"]) == ({"overdue": True, "sort": "due_at"}, ["number", "title", "due_at"])
    assert (view["problems"], view["own"], view["version"]) == ([], True, 1)
    again = QueueFilter.model_validate(view["query"])
    assert cases.queue(by=world.as_("bob"), filter=again.filter(), sort=again.sort)["items"] == []


def test_own_views_are_seen_by_nobody_else_and_stand_in_the_chosen_order(world: SimpleNamespace) -> None:
    for name, position in (("丙", 2), ("甲", 1), ("乙", 1)):
        saved(world, "bob", name, position=position)
    assert seen(world, "bob") == ["乙", "甲", "丙"]
    assert seen(world, "cora") == []
    bind(world.as_("cora"))
    assert rows.value("SELECT count(*) FROM views_view") == 0


@pytest.mark.parametrize(
    ("publisher", "where", "readers", "others"),
    [
        ("sue", {"area": FUBAO}, ["sue", "bob", "alice", "wally"], ["cora", "charlie", "hank"]),
        ("sue", {"area": "440304"}, ["bob", "cora", "dan", "alice"], ["charlie", "hank"]),
        ("leo", {"area": "4403"}, ["bob", "charlie", "dan"], ["hank"]),
        ("lea", {"unit": "cleaners"}, ["lea", "hank"], ["bob", "hugo"]),
    ],
)
def test_a_published_view_is_seen_where_it_was_published(
    world: SimpleNamespace, publisher: str, where: dict[str, str], readers: list[str], others: list[str]
) -> None:
    saved(world, publisher, "本周重点", **{k: getattr(world.units, v) if k == "unit" else v for k, v in where.items()})
    assert all(seen(world, reader) == ["本周重点"] for reader in readers)
    assert all(seen(world, other) == [] for other in others)
    with acting(SYSTEM):
        entry = rows.one("SELECT tag, body FROM ledger_entry WHERE kind = 'view'")
    assert entry is not None and entry["tag"] == "views.view.published"


@pytest.mark.parametrize(
    ("login", "where"), [("bob", {"area": FUBAO}), ("sue", {"area": HAISHAN}), ("lea", {"area": FUBAO})]
)
def test_publishing_takes_the_right_role_and_ones_own_place(
    world: SimpleNamespace, login: str, where: dict[str, str]
) -> None:
    with pytest.raises(Forbidden):
        saved(world, login, **where)
    assert seen(world, "bob") == []


def test_a_view_is_for_a_unit_or_an_area(world: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match="not both"):
        saved(world, "sue", area=FUBAO, unit=world.units.cleaners)


def test_sent_again_it_is_the_same_view_and_another_content_is_refused(world: SimpleNamespace) -> None:
    bob, id = world.as_("bob"), uuid7()
    bind(bob)
    assert actions.save(by=bob, id=id, given=fields())[1] is True
    assert actions.save(by=bob, id=id, given=fields())[1] is False
    with pytest.raises(Invalid, match="something else"):
        actions.save(by=bob, id=id, given=fields("另一个"))
    cora = world.as_("cora")
    bind(cora)
    with pytest.raises(Invalid, match="something else"):
        actions.save(by=cora, id=id, given=fields())


def test_one_view_is_preferred_the_last_that_was_said(world: SimpleNamespace) -> None:
    first, second = saved(world, "bob", "甲", preferred=True), saved(world, "bob", "乙", preferred=True)
    bob = world.as_("bob")
    preferred = lambda: [row["name"] for row in queries.views(by=bob) if row["preferred"]]
    assert preferred() == ["乙"]
    actions.change(by=bob, view=first["id"], version=1, given=fields("甲", preferred=True))
    assert preferred() == ["甲"]
    assert second["version"] == 1


def test_a_change_of_what_was_changed_meanwhile_is_refused_with_what_it_is_now(world: SimpleNamespace) -> None:
    view = saved(world, "bob")
    bob = world.as_("bob")
    assert actions.change(by=bob, view=view["id"], version=1, given=fields("新名"))["version"] == 2
    with pytest.raises(Conflict) as refused:
        actions.change(by=bob, view=view["id"], version=1, given=fields("旧名", preferred=True))
    assert refused.value.extra["current"]["name"] == "新名"
    assert [row["preferred"] for row in queries.views(by=bob)] == [False]


def test_a_published_view_is_changed_by_who_may_publish_there_and_by_nobody_else(world: SimpleNamespace) -> None:
    view = saved(world, "leo", area=FUBAO)
    bob, sue = world.as_("bob"), world.as_("sue")
    for act in (
        lambda by: actions.delete(by=by, view=view["id"]),
        lambda by: actions.change(by=by, view=view["id"], version=1, given=fields()),
    ):
        bind(bob)
        with pytest.raises(Forbidden):
            act(bob)
    bind(sue)
    with pytest.raises(NotFound):  # it lies below her: she does not see it in her list, and publishes another
        actions.delete(by=sue, view=view["id"])
    leo = world.as_("leo")
    bind(leo)
    actions.change(by=leo, view=view["id"], version=1, given=fields())
    assert seen(world, "bob") == []


def test_nobody_finds_anothers_view(world: SimpleNamespace) -> None:
    view = saved(world, "bob")
    cora = world.as_("cora")
    bind(cora)
    with pytest.raises(NotFound):
        actions.delete(by=cora, view=view["id"])


def test_a_filter_that_could_not_be_used_is_refused_by_name(world: SimpleNamespace) -> None:
    for query, path in (
        ({"category": uuid7()}, "body.query.category"),
        ({"lead": uuid7()}, "body.query.lead"),
        ({"box": "3,2,1,0"}, "body.query.box"),
    ):
        with pytest.raises(Invalid) as refused:
            saved(world, "bob", query=QueueFilter(**query))
        assert [e.path for e in refused.value.errors] == [path]


@pytest.mark.parametrize(("columns", "code"), [(["number", "colour"], "unknown"), (["number", "number"], "twice")])
def test_columns_are_fields_of_the_list_each_once(world: SimpleNamespace, columns: list[str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        saved(world, "bob", columns=columns)
    assert [(e.path, e.code) for e in refused.value.errors] == [("body.columns", code)]


def test_a_filter_that_became_invalid_is_shown_with_what_is_wrong(world: SimpleNamespace) -> None:
    saved(world, "bob", query=QueueFilter(lead=world.units.cleaners, status=["handling"]))
    stored = saved(world, "bob", "旧版", query=QueueFilter(category=category("01").id))
    with acting(SYSTEM):
        Unit.objects.filter(id=world.units.cleaners).update(active=False)
        rows.run(
            """UPDATE views_view SET query = '{"colour": "red", "status": ["handling", "lost"]}' WHERE id = %(id)s""",
            {"id": stored["id"]},
        )
    bob = world.as_("bob")
    bind(bob)
    found = {row["name"]: [(e.path, e.code) for e in row["problems"]] for row in queries.views(by=bob)}
    assert found == {
        "超期未结": [("query.lead", "gone")],
        "旧版": [("query.status[1]", "enum"), ("query.colour", "extra_forbidden")],
    }


def test_the_list_is_two_statements_however_long_it_is(world: SimpleNamespace) -> None:
    bob = world.as_("bob")
    for count in (1, 4):
        for n in range(count):
            saved(world, "bob", f"{count}-{n}", query=QueueFilter(unit=world.units.cleaners))
        with Statements() as said:
            queries.views(by=bob)
        assert len(said) == 2


def test_a_person_keeps_no_more_views_than_can_be_found_again(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST", 2)
    saved(world, "bob", "甲")
    saved(world, "bob", "乙")
    with pytest.raises(Invalid, match="At most 2"):
        saved(world, "bob", "丙")


def test_over_http_a_view_is_saved_changed_and_deleted_and_a_wrong_field_is_named(
    world: SimpleNamespace, settings: Any
) -> None:
    settings.CONFIG = replace(settings.CONFIG, demo=True)
    bob = Client(headers={"Authorization": f"Bearer {log_in('bob')}", "Accept-Language": "en"})
    ask = {"content_type": "application/json"}
    body = {
        "id": str(uuid7()),
        "name": "待受理",
        "query": {"status": ["reported"], "sort": "due_at"},
        "columns": ["number"],
    }
    made = bob.post("/api/v1/views", body, **ask)
    assert made.status_code == 201, made.content
    assert bob.post("/api/v1/views", body, **ask).status_code == 200
    [shown] = bob.get("/api/v1/views").json()["items"]
    assert (shown["query"], shown["problems"], shown["own"]) == (body["query"], [], True)
    one = f"/api/v1/views/{body['id']}"
    wrong = bob.put(one, {"version": 1, "name": "", "query": {"statuses": ["reported"]}}, **ask)
    assert wrong.status_code == 422
    assert {(e["path"], e["message"]) for e in wrong.json()["errors"]} == {
        ("body.name", "At least 1 character."),
        ("body.query.statuses", "There is no such field; remove it."),
    }
    assert bob.put(one, {"version": 1, "name": "全部"}, **ask).json()["query"] == {}
    assert bob.delete(one).status_code == 204
    assert bob.delete(one).status_code == 404
