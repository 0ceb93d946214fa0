"""One's own notices over HTTP: a list, a number, read or not; gone when the case may not be seen any more."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.domain.notices.conftest import act, forget_events, person, relayed, report
from tests.support.statements import Statements
from wangge.domain.live import source
from wangge.domain.notices import actions, queries
from wangge.domain.notices.tags import NoticeEvent
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.outbox.relay import Event

Ask = Callable[..., Any]


def some(world: SimpleNamespace, count: int) -> list[dict]:
    made = [report(world, by="alice", title=f"第 {n} 处") for n in range(count)]
    relayed()
    return made


def test_a_notice_says_what_why_and_of_which_case(world: SimpleNamespace, ask: Ask) -> None:
    [row] = some(world, 1)
    [notice] = ask("bob", "GET", "/notices").json()["items"]
    assert notice["text"]["zh"].startswith(f"新案件 {row['number']}「第 0 处」待受理（期限 2")
    assert notice["text"]["en"].startswith(f"New case {row['number']} “第 0 处”, to be accepted (reported, due 2")
    assert (notice["event"], notice["case"], notice["number"], notice["read_at"]) == (
        "reported",
        str(row["id"]),
        row["number"],
        None,
    )
    assert [w["key"] for w in notice["why"]] == ["holder"] and notice["why"][0]["name"]["zh"] == "承办中心坐席"
    assert ask("cora", "GET", "/notices").json()["items"] == []


def test_pages_follow_each_other_without_gaps(world: SimpleNamespace, ask: Ask) -> None:
    made = some(world, 7)
    seen, after = [], ""
    while True:
        page = ask("bob", "GET", f"/notices?limit=3{after}").json()
        seen += [n["case"] for n in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == 7 and set(seen) == {str(row["id"]) for row in made}
    assert ask("bob", "GET", "/notices?after=x").status_code == 422


def test_one_many_and_all_are_marked_as_read(world: SimpleNamespace, ask: Ask) -> None:
    some(world, 5)
    ids = [n["id"] for n in ask("bob", "GET", "/notices").json()["items"]]
    assert ask("bob", "GET", "/notices/unread").json() == {"unread": 5, "more": False}
    assert ask("bob", "POST", "/notices/read", {"ids": ids[:1]}).json() == {"changed": 1, "unread": 4, "more": False}
    assert ask("bob", "POST", "/notices/read", {"ids": ids[:2]}).json()["changed"] == 1
    left = ask("bob", "GET", "/notices?unread=true").json()["items"]
    assert [n["id"] for n in left] == ids[2:]
    assert ask("bob", "POST", "/notices/read", {"before": left[0]["at"]}).json() == {
        "changed": 3,
        "unread": 0,
        "more": False,
    }
    assert all(n["read_at"] for n in ask("bob", "GET", "/notices").json()["items"])
    for wrong in ({}, {"ids": ids, "before": "2026-01-01T00:00:00Z"}, {"ids": []}):
        assert ask("bob", "POST", "/notices/read", wrong).status_code == 422


def test_nobody_marks_what_is_anothers(world: SimpleNamespace, ask: Ask) -> None:
    some(world, 1)
    ids = [n["id"] for n in ask("bob", "GET", "/notices").json()["items"]]
    assert ask("cora", "POST", "/notices/read", {"ids": ids}).json()["changed"] == 0
    assert ask("bob", "GET", "/notices/unread").json()["unread"] == 1


def test_notices_of_a_case_that_went_to_others_are_gone(world: SimpleNamespace, ask: Ask) -> None:
    row = report(world, by="alice")
    act(world, "bob", "accept", row)
    act(world, "bob", "dispatch", row, unit=world.units.cleaners)
    relayed()
    assert ask("hank", "GET", "/notices/unread").json()["unread"] == 1
    act(world, "bob", "reassign", row, unit=world.units.wardens, note="派错单位")
    assert ask("hank", "GET", "/notices").json()["items"] == []
    assert ask("hank", "GET", "/notices/unread").json()["unread"] == 0


def test_row_level_security_shows_nobody_elses(world: SimpleNamespace) -> None:
    some(world, 1)
    for login, count in (("bob", 1), ("dan", 0), ("sam", 0)):
        bind(world.as_(login))
        assert rows.value("SELECT count(*) FROM notices_notice") == count
        assert rows.value("SELECT count(*) FROM notices_delivery") == 0


def test_a_page_of_any_length_is_one_statement(world: SimpleNamespace) -> None:
    bob = world.as_("bob")

    def statements() -> int:
        bind(bob)
        with Statements() as captured:
            queries.mine(by=bob, limit=100)
        return len(captured)

    some(world, 1)
    first = statements()
    some(world, 12)
    assert first == statements() == 1


def test_preferences_are_ones_own(ask: Ask) -> None:
    empty = {
        "email": None,
        "email_confirmed": False,
        "mobile": None,
        "mobile_confirmed": False,
        "quiet_from": None,
        "quiet_to": None,
        "off": [],
        "zone": "Asia/Shanghai",
    }
    assert ask("bob", "GET", "/notices/preferences").json() == empty
    changed = ask(
        "bob",
        "PATCH",
        "/notices/preferences",
        {"email": "bob@futian.example", "quiet_from": "22:00", "quiet_to": "07:00", "off": ["sms"]},
    )
    assert changed.json() == empty | {
        "email": "b***@futian.example",
        "quiet_from": "22:00",
        "quiet_to": "07:00",
        "off": ["sms"],
    }
    assert (
        ask("bob", "PATCH", "/notices/preferences", {"quiet_from": None, "quiet_to": None}).json()["email"]
        == "b***@futian.example"
    )
    assert ask("bob", "PATCH", "/notices/preferences", {"off": ["in_app"]}).status_code == 422
    assert ask("cora", "GET", "/notices/preferences").json() == empty


def test_the_live_stream_hints_to_the_person_alone(world: SimpleNamespace) -> None:
    event = Event(7, "5", None, str(NoticeEvent.MADE), "notice", person("bob"), None, None, None, None, [], {})  # type: ignore[arg-type]
    [hint] = source.happenings_of([event])
    assert hint.for_(world.as_("bob").visible) == b"id: 5-7\nevent: notice\ndata: {}\n\n"
    assert hint.for_(world.as_("dan").visible) is None
    assert hint.for_(SYSTEM.visible) is None


def test_old_notices_and_deliveries_are_deleted(world: SimpleNamespace) -> None:
    some(world, 3)
    with acting(SYSTEM):
        rows.run(
            "UPDATE notices_notice SET at = at - interval '91 days' WHERE id IN (SELECT id FROM notices_notice LIMIT 2)"
        )
    assert actions.forget(90) == 2
    assert actions.forget(90) == 0
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM notices_notice") == 1
    forget_events()
