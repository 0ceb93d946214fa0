"""What each act of the loop does besides moving the case: shares, returns, requests, pauses, demands, merging, the reporter's answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.cases.test_loop import MONDAY, reported, step, to_verifying
from tests.support.world import FUBAO, category
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Reporter
from wangge.domain.cases.actions.ladder import archive_old
from wangge.domain.cases.rules import Call
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound

LI = Reporter("李小红", "13900005678")


def detail(case: dict[str, Any]) -> dict[str, Any]:
    with acting(SYSTEM):
        return queries.detail(by=SYSTEM, case=case["id"])


def do(
    world: SimpleNamespace, login: str, act: Callable[..., Any], case: dict[str, Any], **given: Any
) -> dict[str, Any]:
    return step(world.as_(login), act, case, **given)


def handling(world: SimpleNamespace, **given: Any) -> dict[str, Any]:
    """A case that the cleaners lead and the wardens assist with."""
    case = do(world, "bob", actions.accept, reported(world, by="bob", reporter=LI, **given))
    return do(world, "bob", actions.dispatch, case, assisting=[world.units.wardens])


def following(world: SimpleNamespace, **given: Any) -> dict[str, Any]:
    case = do(world, "hank", actions.resolve, handling(world, **given), result="已清运")
    return do(world, "alice", actions.verify, case, outcome="pass")


def test_a_lead_and_an_assisting_unit_each_take_and_resolve_their_share(world: SimpleNamespace) -> None:
    case = handling(world)
    case = do(world, "hugo", actions.take, case)
    case = do(world, "hank", actions.take, case)
    with pytest.raises(Conflict):
        do(world, "hugo", actions.take, case)
    case = do(world, "hugo", actions.resolve_share, case, result="摊贩已劝离")
    with pytest.raises(Conflict):
        do(world, "hugo", actions.resolve_share, case, result="又一次")
    with pytest.raises(Forbidden):
        do(world, "hugo", actions.resolve, case, result="不归协办")
    case = do(world, "lea", actions.resolve, case, result="垃圾已清运")
    shares = {a["kind"]: a for a in detail(case)["assignments"]}
    assert shares["assist"]["result"] == "摊贩已劝离"
    assert shares["lead"]["result"] == "垃圾已清运"
    assert all(s["due_at"] and s["taken_at"] and s["resolved_at"] for s in shares.values())


def test_an_assisting_unit_that_declines_loses_sight_of_the_case_and_the_lead_goes_on(world: SimpleNamespace) -> None:
    case = do(world, "hugo", actions.decline, handling(world), note="不属本队职责")
    assert case["assisting"] == []
    with pytest.raises(NotFound):
        queries.visible(by=world.as_("hugo"), case=case["id"])
    assert do(world, "hank", actions.resolve, case, result="已清运")["status"] == "verifying"


def test_after_the_second_return_the_centre_designates_and_nobody_returns_it_again(world: SimpleNamespace) -> None:
    case = do(world, "bob", actions.accept, reported(world))
    for times in (1, 2):
        case = do(world, "bob", actions.dispatch, case)
        case = do(world, "hank", actions.return_, case, note="不是我们的路段")
        assert (case["status"], case["returns"], case["lead"], case["stage"]) == ("accepted", times, None, "dispatch")
    with pytest.raises(Conflict) as told:
        do(world, "bob", actions.dispatch, case)
    assert "指定派遣" in told.value.detail.zh
    case = do(world, "bob", actions.designate, case, unit=world.units.cleaners, note="经核实属环卫")
    assert case["designated"]
    with pytest.raises(Conflict):
        do(world, "hank", actions.return_, case, note="还是不要")
    endings = [a["ended_how"] for a in detail(case)["assignments"]]
    assert endings == ["returned", "returned", None]


def test_a_reassigned_case_has_a_new_lead_with_a_clock_of_its_own(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = do(world, "bob", actions.dispatch, do(world, "bob", actions.accept, reported(world)))
    with clock.at(MONDAY + timedelta(hours=1)):
        moved = do(world, "bob", actions.reassign, case, unit=world.units.wardens, note="现场为流动摊贩")
    assert moved["lead"] == world.units.wardens
    assert moved["due_at"] > case["due_at"]
    assert [a["ended_how"] for a in detail(moved)["assignments"]] == ["reassigned", None]
    with pytest.raises(Invalid):
        do(world, "bob", actions.reassign, moved, unit=world.units.wardens, note="同一单位")


def test_escalating_moves_the_holder_up_and_the_first_receiver_stays_answerable(world: SimpleNamespace) -> None:
    case = reported(world)
    up = do(world, "bob", actions.escalate, case, note="涉及多个街道")
    assert (up["holder"], up["first_receiver"], up["status"]) == (world.units.futian, world.units.fubao, "reported")
    with pytest.raises(Forbidden):
        do(world, "bob", actions.accept, up)
    down = do(world, "dan", actions.delegate, up, note="由街道先办")
    assert down["holder"] == world.units.fubao
    lower = do(world, "bob", actions.delegate, down)
    assert lower["holder"] == world.units.workstation
    assert do(world, "wally", actions.accept, lower)["status"] == "accepted"
    with pytest.raises(Conflict):
        do(
            world,
            "dan",
            actions.escalate,
            do(world, "bob", actions.escalate, do(world, "bob", actions.escalate, lower, note="上"), note="上"),
            note="市里没有",
        )


def test_a_community_does_not_decide_for_its_street(world: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        do(world, "wally", actions.accept, reported(world))


def test_a_unit_that_is_asked_for_help_reads_the_case_and_answers(world: SimpleNamespace) -> None:
    case = do(
        world,
        "bob",
        actions.dispatch,
        do(world, "bob", actions.accept, reported(world, by="bob", reporter=LI, confidential=True)),
    )
    with pytest.raises(NotFound):
        queries.visible(by=world.as_("hugo"), case=case["id"])
    case = do(world, "hank", actions.ask_help, case, unit=world.units.wardens, note="需要封路")
    hugo = world.as_("hugo")
    bind(hugo)
    seen = queries.detail(by=hugo, case=case["id"])
    assert seen["parties"] == []
    assert "answer_help" in {a["act"] for a in seen["acts"]}
    case = do(world, "hugo", actions.answer_help, case, note="明早六点封路")
    assert [(r["kind"], r["outcome"], r["answer"]) for r in detail(case)["requests"]] == [
        ("help", "answered", "明早六点封路")
    ]


def test_an_extension_is_asked_for_before_the_limit_and_granted_by_the_centre(world: SimpleNamespace) -> None:
    with clock.at(MONDAY):
        case = handling(world)
        until = case["due_at"] + timedelta(days=3)
        asked = do(world, "hank", actions.ask_extension, case, due_at=until, note="等设备")
        assert asked["due_at"] == case["due_at"]  # asking moves no clock
        with pytest.raises(Conflict):
            do(world, "hank", actions.ask_extension, asked, due_at=until, note="再问")
    with clock.at(case["due_at"] + timedelta(hours=1)):  # decided late: it was asked for in time
        granted = do(world, "bob", actions.extend, asked)
    assert (granted["due_at"], granted["extensions"]) == (until, 1)
    running = detail(granted)["clocks"][-1]
    assert datetime.fromisoformat(running["due_at"]) == until
    assert datetime.fromisoformat(running["first_due_at"]) == case["due_at"]
    with clock.at(until + timedelta(hours=1)), pytest.raises(Conflict):
        do(world, "hank", actions.ask_extension, granted, due_at=until + timedelta(days=2), note="太晚")


def test_a_refused_request_says_why_and_leaves_the_clock(world: SimpleNamespace) -> None:
    case = handling(world)
    case = do(world, "hank", actions.ask_extension, case, due_at=case["due_at"] + timedelta(days=1), note="等设备")
    refused = do(world, "bob", actions.refuse, case, note="理由不充分")
    assert refused["due_at"] == case["due_at"]
    assert [(r["outcome"], r["answer"]) for r in detail(refused)["requests"]] == [("refused", "理由不充分")]


def test_a_category_that_allows_it_is_settled_on_the_spot_and_some_are_drawn_for_verification(
    world: SimpleNamespace, settings: Any
) -> None:
    from dataclasses import replace

    allowed = next(c for c in catalog.leaves() if c.self_resolve)
    forbidden = next(c for c in catalog.leaves() if not c.self_resolve)
    with pytest.raises(Conflict):
        do(world, "alice", actions.self_resolve, reported(world, category=forbidden.id), result="已扫")
    for percent, status in ((0, "closed"), (100, "verifying")):
        settings.CONFIG = replace(settings.CONFIG, self_resolve_sample=percent)
        case = do(world, "alice", actions.self_resolve, reported(world, category=allowed.id), result="已扫净")
        assert (case["status"], case["self_resolved"]) == (status, True)
    with pytest.raises(Forbidden):
        do(world, "alice", actions.verify, case, outcome="pass")
    back = do(world, "bob", actions.verify, case, outcome="fail", note="仍有")
    assert (back["status"], back["rework"], back["self_resolved"]) == ("accepted", 1, False)


def test_an_unsatisfied_reporter_sends_it_back_once_and_then_a_supervisor_decides(world: SimpleNamespace) -> None:
    case = do(world, "bob", actions.follow_up, following(world), outcome="dissatisfied", rating=1, note="第二天又堆满")
    assert (case["status"], case["reopened"]) == ("handling", 1)
    case = do(world, "hank", actions.resolve, case, result="增设桶位")
    case = do(world, "alice", actions.verify, case, outcome="pass")
    case = do(world, "bob", actions.follow_up, case, outcome="dissatisfied", rating=2, note="仍嫌远")
    assert case["status"] == "following_up"
    with pytest.raises(Conflict):
        do(world, "bob", actions.close, case)
    case = do(world, "sue", actions.decide, case, outcome="uphold", note="已按规范设置")
    assert (case["status"], case["follow_up"], case["rating"]) == ("closed", "dissatisfied", 2)


def test_a_reporter_who_cannot_be_reached_is_tried_three_times_before_the_case_is_closed(
    world: SimpleNamespace,
) -> None:
    case = following(world)
    for tries in (1, 2, 3):
        with pytest.raises(Conflict):
            do(world, "bob", actions.close, case)
        case = do(world, "bob", actions.follow_up, case, outcome="unreachable")
        assert case["tries"] == tries
    assert do(world, "bob", actions.close, case)["follow_up"] == "unreachable"


def test_a_closed_case_is_reopened_once_and_archived_after_its_time(world: SimpleNamespace) -> None:
    case = do(world, "bob", actions.follow_up, following(world), outcome="satisfied", rating=5)
    case = do(world, "bob", actions.close, case, final_category=category("0105").id)
    assert (case["final_category"], case["category"]) == (category("0105").id, category("0101").id)
    case = do(world, "bob", actions.reopen, case, note="居民再次反映")
    assert (case["status"], case["lead"], case["follow_up"], case["closed_at"]) == ("accepted", None, None, None)
    case = do(world, "bob", actions.dispatch, case)
    case = do(world, "hank", actions.resolve, case, result="再次清运")
    case = do(world, "alice", actions.verify, case, outcome="pass")
    case = do(world, "bob", actions.close, do(world, "bob", actions.follow_up, case, outcome="satisfied"))
    with pytest.raises(Conflict):
        do(world, "bob", actions.reopen, case, note="第三次")
    with clock.at(case["closed_at"] + timedelta(days=31)):
        assert archive_old(30) == 1
        assert archive_old(30) == 0
    assert detail(case)["status"] == "archived"
    assert queries.detail(by=world.as_("bob"), case=case["id"])["acts"] == []


def test_merged_reporters_are_kept_and_answered_with_the_case_theirs_became_part_of(world: SimpleNamespace) -> None:
    main = following(world)
    wang = Reporter("王大力", "13700000001")
    twin = reported(world, by="bob", reporter=wang)
    secret = reported(world, by="bob", reporter=Reporter("赵秘", "13700000002"), confidential=True)
    merged = do(world, "bob", actions.merge, twin, other=main["id"], note="同一处")
    do(world, "bob", actions.merge, secret, other=main["id"])
    assert (merged["status"], merged["merged_into"], merged["due_at"]) == ("merged", main["id"], None)
    alice = world.as_("alice")
    bind(alice)
    assert sorted(p["name"] for p in queries.detail(by=alice, case=main["id"])["parties"]) == ["李**", "王**"]
    main = do(world, "bob", actions.follow_up, main, outcome="satisfied", rating=4)
    main = do(world, "bob", actions.close, main)
    child = detail(twin)
    assert [s["act"] for s in child["timeline"]][-1] == "close"
    assert child["timeline"][-1]["data"]["with_number"] == main["number"]
    assert child["result"] == main["result"]
    assert {r["kind"] for r in child["related"]} == {"main"}


def test_merging_is_taken_back_to_where_the_case_stood(world: SimpleNamespace) -> None:
    main, twin = reported(world), do(world, "bob", actions.accept, reported(world))
    merged = do(world, "bob", actions.merge, twin, other=main["id"])
    with pytest.raises(Invalid):
        do(world, "bob", actions.merge, main, other=twin["id"])  # that one is not open
    with pytest.raises(Conflict):
        do(world, "bob", actions.merge, main, other=reported(world)["id"])  # others were merged into it
    back = do(world, "bob", actions.unmerge, merged, note="不是同一处")
    assert (back["status"], back["merged_into"], back["stage"], back["closed_at"]) == (
        "accepted",
        None,
        "dispatch",
        None,
    )
    with pytest.raises(Invalid):
        do(world, "bob", actions.merge, back, other=back["id"])


def test_a_supervised_case_stays_on_the_wall_until_it_is_lifted(world: SimpleNamespace) -> None:
    case = handling(world)
    case = do(world, "sue", actions.supervise, case, level="key", note="媒体关注")
    case = do(world, "sue", actions.supervise, case, level="listed", note="升级")
    case = do(world, "leo", actions.instruct, case, note="请三日内办结")
    case = do(world, "wally", actions.urge, case, note="居民又来问")
    assert (case["demands_open"], case["supervision"], case["urges"]) == (4, "listed", 1)
    with pytest.raises(Invalid) as which:
        do(world, "hank", actions.answer, case, note="已安排")
    assert which.value.errors[0].code == "which"
    open_demands = {(d["kind"], d["level"]): d["id"] for d in detail(case)["demands"]}
    case = do(world, "hank", actions.answer, case, demand=_id(open_demands["supervise", "listed"]), note="今晚加派人手")
    assert case["demands_open"] == 4  # answered, but on the wall until it is lifted
    case = do(world, "sue", actions.lift, case, demand=_id(open_demands["supervise", "listed"]))
    assert (case["demands_open"], case["supervision"]) == (3, "key")
    bob = world.as_("bob")
    bind(bob)
    on_wall = queries.queue(by=bob, filter=queries.Filter(demanded=True, supervision=["key"]))["items"]
    assert [c["id"] for c in on_wall] == [case["id"]]
    case = do(world, "hank", actions.answer, case, demand=_id(open_demands["urge", None]), note="已上门")
    bind(bob)
    by_kind = {
        kind: queries.counts(by=bob, wanted=[(queries.Filter(demand=[kind]), "-reported_at")])[0][0] for kind in Call
    }
    assert by_kind == {Call.URGE: 0, Call.SUPERVISE: 1, Call.INSTRUCT: 1}  # an urge is over when it is answered
    both = queries.Filter(demand=[Call.URGE, Call.INSTRUCT])
    assert queries.counts(by=bob, wanted=[(both, "-reported_at")]) == [(1, False)]


def _id(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


def test_a_comment_is_in_nobodys_way_and_moves_no_clock(world: SimpleNamespace) -> None:
    case = reported(world)
    do(world, "alice", actions.comment, case, note="门口还有一堆")
    accepted = do(world, "bob", actions.accept, case)  # with the version from before the comment
    assert accepted["status"] == "accepted"
    with pytest.raises(Conflict):
        do(world, "bob", actions.reject, case, note="迟了")


def test_making_a_reporter_confidential_hides_them_at_once(world: SimpleNamespace) -> None:
    case = handling(world)
    hank = world.as_("hank")
    bind(hank)
    assert queries.detail(by=hank, case=case["id"])["parties"]
    do(world, "bob", actions.set_confidential, case, confidential=True)
    bind(hank)
    assert queries.detail(by=hank, case=case["id"])["parties"] == []


def test_links_and_tags_help_the_desk_to_find_what_belongs_together(world: SimpleNamespace) -> None:
    one, two = reported(world), reported(world)
    do(world, "bob", actions.link, one, other=two["id"], note="同一商户")
    with pytest.raises(Conflict):
        do(world, "bob", actions.link, two, other=one["id"])
    assert [r["number"] for r in detail(two)["related"]] == [one["number"]]
    do(world, "bob", actions.unlink, two, other=one["id"])
    assert detail(one)["related"] == []
    do(world, "bob", actions.tag, one, tags=["夜间", "夜间", " 占道 "])
    bob = world.as_("bob")
    bind(bob)
    assert [c["tags"] for c in queries.queue(by=bob, filter=queries.Filter(tag="占道"))["items"]] == [["夜间", "占道"]]


def test_what_is_not_for_the_loop_ends_with_its_reason(world: SimpleNamespace) -> None:
    for act, login, end in (
        (actions.reject, "bob", "rejected"),
        (actions.withdraw, "alice", "withdrawn"),
        (actions.void, "bob", "void"),
    ):
        case = reported(world)
        with pytest.raises(Invalid):
            do(world, login, act, case, note=" ")
        ended = do(world, login, act, case, note="不属受理范围")
        assert (ended["status"], ended["due_at"]) == (end, None)
        assert ended["closed_at"] is not None


def test_two_failed_verifications_are_counted(world: SimpleNamespace) -> None:
    case = to_verifying(world, reported(world))
    for times in (1, 2):
        case = do(world, "alice", actions.verify, case, outcome="fail", note="未净")
        assert case["rework"] == times
        case = do(world, "hank", actions.resolve, case, result="又清了")
    assert FUBAO in case["number"]
