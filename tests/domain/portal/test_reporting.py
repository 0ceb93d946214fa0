"""Rita sees rubbish in the street. She has no account, a bad network, and perhaps a phone number to give."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.test import Client

from tests.domain.evidence.conftest import jpeg
from tests.domain.portal.conftest import SECRET, Act, Resident, case_of, detail_of, lamp, resolved
from tests.support.world import FUBAO, point_in
from wangge.domain.cases import actions
from wangge.domain.catalog import actions as catalog
from wangge.domain.evidence import actions as evidence
from wangge.domain.notices import actions as notices
from wangge.domain.notices import queries as deliveries
from wangge.domain.notices.rules import Channel
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7


def test_a_report_without_an_account_has_a_number_a_code_and_a_desk(rita: Resident, world: SimpleNamespace) -> None:
    made = rita.report()
    assert made["number"].startswith(FUBAO) and made["link"] == f"/portal/track?number={rita.number}&code={rita.code}"
    case = case_of(rita.number)
    assert (case["channel"], case["holder"], case["reporter"]) == ("resident", world.units.fubao, None)
    seen = rita.sees()
    assert (seen["text"], seen["place"]) == (
        "益田路边有一堆垃圾没人清理",
        {"zh": "福保街道福保社区", "en": "福保社区, 福保街道"},
    )
    assert seen["now"]["zh"].startswith("已收到，") and "whether it is taken on" in seen["now"]["en"]
    assert seen["may"] == ["withdraw"]


def test_what_is_sent_again_is_one_report_with_the_same_code_and_nobody_elses_secret_gets_it(rita: Resident) -> None:
    body = lamp()
    first, again = (rita.ask("POST", "/reports", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    stolen = rita.ask("POST", "/reports", body | {"secret": SECRET + "-of-another"})
    assert (stolen.status_code, stolen.json()["errors"][0]["path"]) == (422, "body.id")
    changed = rita.ask("POST", "/reports", body | {"text": "别的事"})
    assert changed.status_code == 422


def test_the_code_is_kept_nowhere(rita: Resident) -> None:
    rita.report()
    with acting(SYSTEM):
        kept = rows.one("SELECT * FROM cases_follower")
        every = rows.value("SELECT string_agg(body::text, ' ') FROM ledger_entry") + rows.value("SELECT string_agg(body::text, ' ') FROM outbox_event")  # fmt: skip
    plain = rita.code.replace("-", "")
    assert plain not in str(kept) and plain not in every and SECRET not in every
    assert hashlib.sha256(f"{rita.number} {plain}".encode()).digest() != bytes(kept["code_hash"])


def test_a_wrong_code_and_an_unknown_number_are_answered_alike_and_guessing_is_stopped(rita: Resident) -> None:
    rita.report()
    right, rita.code = rita.code, "00000-00000"
    answers = [rita.ask("GET", "/report") for _ in range(20)]
    rita.number = rita.number[:-1] + "9"
    answers.append(rita.ask("GET", "/report"))
    assert {(a.status_code, a.json()["detail"]) for a in answers} == {(404, answers[0].json()["detail"])}
    rita.number, rita.code = rita.number[:-1] + "1", right
    stopped = rita.ask("GET", "/report")
    assert stopped.status_code == 429 and int(stopped["Retry-After"]) > 60


def test_a_code_is_read_however_it_is_typed(rita: Resident) -> None:
    rita.report()
    rita.code = " " + rita.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert rita.sees()["number"] == rita.number


def test_without_a_place_or_outside_all_grids_it_is_said_what_to_do(rita: Resident) -> None:
    nowhere = rita.ask("POST", "/reports", lamp(point=None))
    assert (nowhere.status_code, nowhere.json()["errors"][0]["path"]) == (422, "body.street")
    outside = rita.ask("POST", "/reports", lamp(point={"lon": 114.3, "lat": 22.5}))
    assert (outside.status_code, outside.json()["errors"][0]["path"]) == (422, "body.point")
    assert rita.ask("POST", "/reports", lamp(point=None, street=FUBAO)).status_code == 201


def test_photos_are_sent_with_the_reports_own_code_and_no_other_file_is_taken(rita: Resident, ralf: Resident) -> None:
    photo, promised = jpeg((64, 48)), uuid7()
    rita.report(evidence=[{"id": str(promised), "sha256": hashlib.sha256(photo).hexdigest()}])
    ralf.report()
    assert _upload(ralf, promised, photo).status_code == 404
    assert _upload(rita, uuid7(), photo).status_code == 404
    sent = _upload(rita, promised, photo)
    assert (sent.status_code, sent["Upload-Offset"]) == (201, str(len(photo)))
    evidence.process(promised)
    head = Client(headers=_tus(rita), REMOTE_ADDR=rita.address).head(f"/api/v1/portal/uploads/{promised}")
    assert head["Upload-Offset"] == str(len(photo))
    assert rita.ask("GET", f"/photos/{promised}/thumb").status_code == 404  # nobody has cleared it


def _tus(who: Resident) -> dict[str, str]:
    return {"Authorization": f"Report {who.number}:{who.code}", "Tus-Resumable": "1.0.0"}


def _upload(who: Resident, id: UUID, content: bytes):
    meta = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in (("id", str(id)), ("kind", "photo")))
    client = Client(
        headers=_tus(who) | {"Upload-Length": str(len(content)), "Upload-Metadata": meta}, REMOTE_ADDR=who.address
    )
    return client.post("/api/v1/portal/uploads", content, content_type="application/offset+octet-stream")


def test_a_phone_is_proved_by_the_code_that_came_and_then_finds_its_reports(
    rita: Resident, ralf: Resident, world: SimpleNamespace
) -> None:
    phone = "13800001234"
    ralf.report(phone=phone)  # a number that somebody typed proves nothing
    ticket = proved(rita, phone, world)
    rita.report(phone=phone, ticket=ticket, name="张小明")
    found = rita.ask("POST", "/mine", {"ticket": ticket})
    assert [row["number"] for row in found.json()] == [rita.number]
    rita.code = ticket
    assert rita.sees()["text"]
    rita.number = ralf.number
    assert rita.ask("GET", "/report").status_code == 404
    other = rita.ask("POST", "/reports", lamp(phone="13900005678", ticket=ticket))
    assert other.json()["errors"][0]["path"] == "body.ticket"
    forged = ticket[:-2] + ("00" if ticket[-2:] != "00" else "11")
    assert rita.ask("POST", "/mine", {"ticket": forged}).status_code == 404


def proved(who: Resident, phone: str, world: SimpleNamespace) -> str:
    """The code as a demo's administrator sees it in the list of deliveries."""
    assert who.ask("POST", "/phone/code", {"phone": phone}).status_code == 204
    sam = world.as_("sam")
    bind(sam)
    listed = deliveries.deliveries(by=sam)["items"][0]
    assert (listed["event"], listed["channel"]) == ("resident_code", "sms") and phone not in str(listed)
    code = next(word for word in listed["text"].split() if word.isdigit() and len(word) == 6)
    wrong = who.ask("POST", "/phone/prove", {"phone": phone, "code": "000000" if code != "000000" else "111111"})
    assert wrong.json()["errors"][0]["path"] == "body.code"
    right = who.ask("POST", "/phone/prove", {"phone": phone, "code": code})
    assert who.ask("POST", "/phone/prove", {"phone": phone, "code": code}).status_code == 422  # it holds once
    return right.json()["ticket"]


def test_the_code_goes_out_by_the_adapter_and_outside_a_demo_nobody_reads_it_in_a_list(rita: Resident, world: SimpleNamespace, settings, caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    caplog.set_level("INFO")
    assert rita.ask("POST", "/phone/code", {"phone": "138-0000-1234"}).status_code == 204
    assert notices.send_personal(Channel.SMS) == 1
    sent = next(r for r in caplog.records if r.name == "wangge.notices.sms")
    assert sent.to == "138****1234"
    soon = rita.ask("POST", "/phone/code", {"phone": "13800001234"})
    assert (soon.status_code, int(soon["Retry-After"]) <= 60) == (429, True)
    from dataclasses import replace

    settings.CONFIG = replace(settings.CONFIG, demo=False)
    sam = world.as_("sam")
    bind(sam)
    assert deliveries.deliveries(by=sam)["items"][0]["text"] is None
    settings.CONFIG = replace(settings.CONFIG, sms="")
    assert rita.ask("POST", "/phone/code", {"phone": "13900001234"}).status_code == 503
    assert rita.ask("POST", "/phone/code", {"phone": "0755-8888"}).status_code == 422


def test_one_network_and_one_phone_may_report_so_often_and_are_told_when_again(
    rita: Resident, ralf: Resident, settings
) -> None:
    from dataclasses import replace

    settings.CONFIG = replace(settings.CONFIG, portal_network_limit=2)
    answers = [rita.ask("POST", "/reports", lamp()) for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 429]
    assert int(answers[2]["Retry-After"]) > 3000 and "12345" in answers[2].json()["detail"]
    settings.CONFIG = replace(settings.CONFIG, portal_network_limit=60)
    of_phone = [ralf.ask("POST", "/reports", lamp(phone="13800001234")).status_code for _ in range(7)]
    assert of_phone == [201] * 6 + [429]


def test_who_is_on_the_list_is_told_why_and_until_when_and_can_report_again_afterwards(
    rita: Resident, world: SimpleNamespace
) -> None:
    from datetime import timedelta

    from wangge.domain.portal import actions as portal
    from wangge.domain.portal import queries as lists

    secu = world.as_("secu")
    bind(secu)
    ends = clock.now() + timedelta(days=3)
    made = portal.ban(by=secu, id=uuid7(), network="203.0.113.0/24", reason="连续提交测试内容", expires_at=ends)
    kept = portal.ban(by=secu, id=uuid7(), phone="13800001234", reason="冒用他人手机", expires_at=ends)
    assert kept["shown"] == "138****1234"
    refused = rita.ask("POST", "/reports", lamp())
    assert (
        refused.status_code == 403
        and "连续提交测试内容" in refused.json()["detail"]
        and "12345" in refused.json()["detail"]
    )
    bind(secu)
    portal.lift(by=secu, id=made["id"])
    assert rita.ask("POST", "/reports", lamp()).status_code == 201
    assert rita.ask("POST", "/reports", lamp(phone="+86 138 0000 1234")).status_code == 403
    bind(secu)
    assert [b["lifted_at"] is not None for b in lists.bans(by=secu)] == [False, True]
    with clock.at(ends + timedelta(seconds=1)):
        assert rita.ask("POST", "/reports", lamp(phone="13800001234")).status_code == 201
        portal.forget()
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag LIKE 'portal.ban.%%'") == 3


def test_open_data_tells_of_a_month_by_place_and_kind_without_words_and_of_few_together_with_others(
    rita: Resident,
) -> None:
    with clock.at(datetime(2026, 10, 10, 3, tzinfo=UTC)):
        for n in range(6):
            rita.report(text=f"益田路 {n} 号门口有垃圾", address=f"益田路 {n} 号")
        lon, lat = point_in(FUBAO + "001002")
        rita.report(point={"lon": lon, "lat": lat})  # alone in its grid, its community and its street
    answer = rita.ask("GET", "/open/cases.geojson?month=2026-10")
    told = answer.json()["features"]
    assert [f["properties"]["place"] for f in told] == [FUBAO + "001001"] * 6
    assert {f["properties"]["month"] for f in told} == {"2026-10"} and "益田路" not in answer.content.decode()
    table = rita.ask("GET", "/open/cases.csv?month=2026-10").content.decode("utf-8-sig").splitlines()
    assert len(table) == 7 and all(FUBAO + "001001" in line for line in table[1:])
    assert rita.ask("GET", "/open/cases.geojson?month=2026-09").json()["features"] == []


def test_it_is_said_when_the_centres_are_open_with_the_holidays_and_days_that_make_up_for_them(
    rita: Resident, world: SimpleNamespace
) -> None:
    admin = world.as_("sam")
    bind(admin)
    rest = catalog.Day(date(2026, 12, 31), False, "元旦调休", "New Year")
    catalog.set_days(by=admin, days=[rest, catalog.Day(date(2027, 1, 2), True, "元旦补班", "")])
    catalog.set_hours(by=admin, since=date(2027, 1, 1), week=["08:30-17:30"] * 5 + ["", ""], make_up="10:00-12:00")
    with clock.at(datetime(2026, 12, 29, 17, tzinfo=UTC)):  # in Shenzhen it is the 30th
        told = {d["day"]: (d["open"], d["name"]) for d in rita.ask("GET", "/hours").json()}
    assert list(told)[0] == "2026-12-30" and len(told) == 7
    assert told["2026-12-30"] == (["09:00-12:00", "14:00-18:00"], None)
    assert told["2026-12-31"] == ([], {"zh": "元旦调休", "en": "New Year"})
    assert told["2027-01-01"][0] == ["08:30-17:30"]  # the season's first day
    assert told["2027-01-02"] == (["10:00-12:00"], {"zh": "元旦补班", "en": "元旦补班"})
    assert told["2027-01-03"] == ([], None)


def test_before_it_is_sent_the_words_and_the_place_say_what_it_may_be(rita: Resident) -> None:
    lon, lat = lamp()["point"].values()
    told = rita.ask("POST", "/before", {"text": "路边有垃圾堆", "point": {"lon": lon, "lat": lat}}).json()
    assert told["place"]["community"]["zh"] == "福保社区" and told["kinds"] and told["similar"] == []
    outside = rita.ask("POST", "/before", {"text": "", "point": {"lon": 114.3, "lat": 22.5}}).json()
    assert outside["place"] is None and "nearest" in outside["problem"]["detail"]
    assert rita.ask("GET", f"/where?lon={lon}&lat={lat}").json()["grid"] == FUBAO + "001001"
    assert rita.ask("GET", "/where?lon=114.3&lat=22.5").json()["grid"] is None
    assert {s["code"] for s in rita.ask("GET", "/streets").json()} == {"440304001", FUBAO, "440308004"}
    kinds = rita.ask("GET", "/kinds").json()
    assert any(k["name"]["zh"] and k["group"]["zh"] for k in kinds)


def test_a_similar_report_is_offered_without_a_word_of_it_and_me_too_gets_the_same_answers(
    rita: Resident, ralf: Resident, desk: Act
) -> None:
    rita.report(text="王大妈家门口垃圾成堆，电话13812345678")
    body = lamp()
    told = ralf.ask("POST", "/before", {k: body[k] for k in ("text", "point", "category")})
    [offer] = told.json()["similar"]
    assert "王大妈" not in told.content.decode() and rita.number not in told.content.decode()
    assert set(offer) == {"ref", "kind", "place", "day", "handling"} and offer["place"]["zh"] == "福保社区"
    joined = {"id": str(uuid7()), "secret": SECRET + "-2", "ref": offer["ref"]}
    first, again = (ralf.ask("POST", "/me-too", joined) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    ralf.number, ralf.code = first.json()["number"], first.json()["code"]
    resolved(desk, rita.number)
    mine, theirs = rita.sees(), ralf.sees()
    assert (theirs["mine"], theirs["text"], theirs["address"], theirs["questions"], theirs["may"]) == (
        False,
        None,
        None,
        [],
        [],
    )
    assert [s["text"] for s in theirs["steps"]] == [s["text"] for s in mine["steps"]]
    assert ralf.ask("POST", "/report/follow-up", {"solved": True}).status_code == 403
    assert ralf.ask("POST", "/me-too", joined | {"ref": offer["ref"][:-4] + "0000"}).status_code == 404
    bob = detail_of(rita.number)
    assert bob["me_too"] == 1


def test_after_a_merge_both_follow_the_one_that_goes_on(rita: Resident, ralf: Resident, desk: Act) -> None:
    rita.report()
    ralf.report(text="同一堆垃圾，在垃圾箱旁")
    desk("bob", actions.merge, ralf.number, other=case_of(rita.number)["id"])
    resolved(desk, rita.number)
    seen = ralf.sees()
    assert seen["together"] and seen["number"] == ralf.number and seen["text"] == "同一堆垃圾，在垃圾箱旁"
    assert "已处理完" in seen["now"]["zh"]
    told = [s["text"]["zh"] for s in seen["steps"]]
    assert told[0] == "收到反映" and "与另一件相同的反映一并办理" in told and "检查通过" in told
    assert ralf.ask("POST", "/report/withdraw", {"note": "不用了"}).status_code == 403
    assert seen["may"] == ["follow_up"]
    assert ralf.ask("POST", "/report/follow-up", {"solved": True, "rating": 5}).json()["follow_up"] == "satisfied"
