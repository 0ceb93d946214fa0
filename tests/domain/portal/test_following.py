"""From the report to its end, as Rita sees it: plain words, a question, an answer, a second try."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from tests.domain.evidence.conftest import jpeg
from tests.domain.notices.conftest import relayed
from tests.domain.portal.conftest import Act, Resident, case_of, detail_of, resolved, stored
from wangge.domain.cases import actions
from wangge.domain.evidence.actions import Promise
from wangge.domain.notices import queries as told
from wangge.kernel import clock
from wangge.kernel.access import bind
from wangge.kernel.problems import Conflict


def test_report_question_answer_result_dissatisfied_again_and_satisfied(
    rita: Resident, desk: Act, world: SimpleNamespace
) -> None:
    rita.report()
    desk("bob", actions.accept, rita.number)
    desk("bob", actions.ask_reporter, rita.number, note="垃圾在路的哪一侧？")
    seen = rita.sees()
    assert seen["questions"][0]["text"] == "垃圾在路的哪一侧？" and "answer_question" in seen["may"]
    seen = rita.ask("POST", "/report/answer", {"note": "东侧，公交站旁"}).json()
    assert seen["questions"][0]["answer"] == "东侧，公交站旁" and "answer_question" not in seen["may"]
    desk("bob", actions.dispatch, rita.number)
    assert "福保环卫所正在处理" in rita.sees()["now"]["zh"]
    desk("hank", actions.take, rita.number)
    desk("hank", actions.resolve, rita.number, result="已清运，内部编号 A-17")
    desk("bob", actions.verify, rita.number, outcome="pass")
    seen = rita.sees()
    assert seen["now"] == {
        "zh": "已处理完并通过检查，请告诉我们问题是否解决",
        "en": "Done and checked. Please tell us whether it is solved",
    }
    silent = rita.ask("POST", "/report/follow-up", {"solved": False, "rating": 2})
    assert silent.json()["errors"][0]["path"] == "body.note"
    seen = rita.ask("POST", "/report/follow-up", {"solved": False, "rating": 2, "note": "又堆起来了"}).json()
    assert (seen["status"], seen["may"]) == ("handling", [])
    desk("hank", actions.resolve, rita.number, result="加派人手")
    desk("bob", actions.verify, rita.number, outcome="pass")
    seen = rita.ask("POST", "/report/follow-up", {"solved": True, "rating": 5, "note": "谢谢"}).json()
    assert (seen["follow_up"], seen["rating"]) == ("satisfied", 5)
    desk("bob", actions.close, rita.number)
    seen = rita.sees()
    assert seen["now"]["zh"] == "已办结" and not seen["open"]
    told = str(seen)
    assert not [word for word in ("Bob", "Hank", "A-17", "加派人手", "派遣", "核查") if word in told]
    timeline = detail_of(rita.number)["timeline"]
    by_her = {s["act"]: s["actor_name"] for s in timeline if s["actor_kind"] == "resident"}
    assert by_her == {"report": "反映人", "answer_question": "反映人", "follow_up": "反映人"}


def test_the_desk_hears_of_the_answer_and_asks_one_thing_at_a_time(
    rita: Resident, desk: Act, world: SimpleNamespace
) -> None:
    rita.report()
    with pytest.raises(Conflict):
        desk("bob", actions.answer_question, rita.number, note="没有问题")
    desk("bob", actions.ask_reporter, rita.number, note="在哪一侧？")
    with pytest.raises(Conflict):
        desk("bob", actions.ask_reporter, rita.number, note="什么时候？")
    relayed()
    rita.ask("POST", "/report/answer", {"note": "东侧"})
    relayed()
    bob = world.as_("bob")
    bind(bob)
    assert told.mine(by=bob)["items"][0]["event"] == "question_answered"


def test_only_what_an_operator_cleared_is_seen_outside_and_it_can_be_taken_back(
    rita: Resident, ralf: Resident, desk: Act, world: SimpleNamespace
) -> None:
    rita.report()
    photo = stored(world.as_("hank"), jpeg((80, 60)))
    resolved(desk, rita.number, evidence=(Promise(photo),))
    assert rita.sees()["photos"] == [] and rita.ask("GET", f"/photos/{photo}/public").status_code == 404
    desk("bob", actions.publish, rita.number, public_text="已清运，并增设垃圾桶", files=[photo])
    seen = rita.sees()
    assert (seen["answer"], seen["photos"]) == ("已清运，并增设垃圾桶", [str(photo)])
    assert ralf.ask("GET", f"/photos/{photo}/public").status_code == 200
    desk("bob", actions.publish, rita.number)
    assert rita.sees()["answer"] == "" and ralf.ask("GET", f"/photos/{photo}/thumb").status_code == 404


def test_she_takes_it_back_before_it_is_dispatched_and_not_after(rita: Resident, ralf: Resident, desk: Act) -> None:
    rita.report()
    ralf.report()
    assert rita.ask("POST", "/report/withdraw", {"note": "已经有人清理了"}).json()["status"] == "withdrawn"
    desk("bob", actions.accept, ralf.number)
    desk("bob", actions.dispatch, ralf.number)
    assert ralf.ask("POST", "/report/withdraw", {"note": "不用了"}).status_code == 409


def test_a_rejection_is_told_with_its_reason_and_a_closed_case_is_reopened_once(
    rita: Resident, ralf: Resident, desk: Act
) -> None:
    rita.report()
    desk("bob", actions.reject, rita.number, note="该处为私人庭院，请联系物业")
    assert [s["why"] for s in rita.sees()["steps"]][-1] == "该处为私人庭院，请联系物业"
    ralf.report()
    resolved(desk, ralf.number)
    desk("bob", actions.follow_up, ralf.number, outcome="not_wanted")
    desk("bob", actions.close, ralf.number)
    assert ralf.sees()["may"] == ["reopen"]
    assert ralf.ask("POST", "/report/reopen", {"note": "问题又出现"}).json()["status"] == "accepted"
    assert ralf.sees()["may"] == ["withdraw"]


def test_what_is_late_is_said_to_be_late(rita: Resident, desk: Act) -> None:
    rita.report()
    with clock.at(case_of(rita.number)["due_at"] + timedelta(days=2)):
        assert "已催办" in rita.sees()["now"]["zh"]


def test_progress_costs_the_same_number_of_statements_however_long_the_story(
    rita: Resident, desk: Act, django_assert_max_num_queries
) -> None:
    rita.report()
    with django_assert_max_num_queries(10):
        rita.sees()
    resolved(desk, rita.number)
    with django_assert_max_num_queries(10):
        rita.sees()


def test_the_page_keeps_language_and_size_of_print_on_every_way_on(client: Client) -> None:
    page = client.get("/portal/track?lang=en&size=1.25").content.decode()
    assert 'data-size="1.25"' in page and 'lang="en"' in page
    assert 'href="/portal/track?lang=en&amp;size=1.5"' in page and 'href="/portal/track?lang=zh&amp;size=1.25"' in page
    assert '<input type="hidden" name="size" value="1.25">' in page
    assert 'data-size="1"' in client.get("/portal/track?size=9").content.decode()
