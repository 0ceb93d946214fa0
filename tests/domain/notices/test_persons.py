"""Mail and SMS to persons: to the address they gave, in their language, not in their quiet hours, never of what they may not see."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from tests.domain.notices.conftest import act, configured, dispatched, person, prefers, relayed, report, ticked, told
from tests.support.smtp import Server, sink
from wangge.domain.notices import actions, queries
from wangge.domain.notices.actions import Cell
from wangge.domain.notices.channels import Failed, mail
from wangge.domain.notices.rules import TRIES, Channel, Event, Who
from wangge.domain.people.models import User
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, Invalid

NIGHT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
MORNING = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # 07:00
MAIL = Cell(Event.REPORTED, Who.HOLDER, Channel.EMAIL)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with sink() as found:
        configured(monkeypatch, smtp_url=found.url, mail_from="网格平台 <grid@futian.example>")
        yield found


def statuses() -> list[str]:
    with acting(SYSTEM):
        return [d["status"] for d in rows.all("SELECT status FROM notices_delivery ORDER BY made_at, id")]


def error() -> str:
    with acting(SYSTEM):
        return rows.value("SELECT error FROM notices_delivery")


def test_a_mail_says_what_happened_in_the_persons_language(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    User.objects.filter(login="bob").update(language="en")
    row = report(world, by="alice", title="张三13812345678家门口路灯不亮")
    relayed()
    assert actions.send_personal(Channel.EMAIL) == 1
    [got] = server.mails
    assert (got["To"], got["Auto-Submitted"]) == ("bob@futian.example", "auto-generated")
    assert "grid@futian.example" in str(got["From"])
    assert got["Subject"].startswith(
        f"New case {row['number']} “张三138****5678家门口路灯不亮”, to be accepted (reported, due 2"
    )
    assert got["Subject"] in got.get_content().replace("\n", "")
    with acting(SYSTEM):
        assert got["Message-ID"] == f"<{rows.value('SELECT id FROM notices_delivery')}@futian.example>"
    assert actions.send_personal(Channel.EMAIL) == 0 and len(server.mails) == 1


def test_of_a_confidential_case_only_the_number_leaves(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    report(world, by="alice", title="举报某工地", confidential=True)
    relayed()
    actions.send_personal(Channel.EMAIL)
    assert "举报" not in server.mails[0]["Subject"] + server.mails[0].get_content()


def test_without_an_address_nothing_is_queued(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    report(world, by="alice")
    relayed()
    assert statuses() == [] and told() == {"bob": {"reported"}}


def test_mails_wait_for_the_end_of_the_quiet_hours(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example", quiet_from=time(22), quiet_to=time(7))
    with clock.at(NIGHT):
        report(world, by="alice")
        relayed()
        assert told() == {"bob": {"reported"}}, "in the app at once"
        assert actions.send_personal(Channel.EMAIL) == 0
    with clock.at(MORNING - timedelta(seconds=1)):
        assert actions.send_personal(Channel.EMAIL) == 0
    with clock.at(MORNING):
        assert actions.send_personal(Channel.EMAIL) == 1


@pytest.mark.parametrize("urgency", ["urgent", "emergency"])
def test_urgent_cases_do_not_wait(world: SimpleNamespace, server: Server, urgency: str) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example", quiet_from=time(22), quiet_to=time(7))
    with clock.at(NIGHT):
        report(world, by="alice", urgency=urgency)
        relayed()
        assert actions.send_personal(Channel.EMAIL) == 1


def test_who_opted_out_gets_only_what_is_mandatory(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL, Cell(Event.RETURNED, Who.HOLDER, Channel.EMAIL, mandatory=True))
    prefers(world, "bob", email="bob@futian.example", off=["email"])
    row = dispatched(world, by="alice")
    report(world, by="alice")
    act(world, "hank", "return_", row, note="不属本单位职责")
    relayed()
    actions.send_personal(Channel.EMAIL)
    assert [m["Subject"][:2] for m in server.mails] == ["案件"] and "退单" in server.mails[0]["Subject"]


def test_what_was_read_in_the_app_is_not_mailed_in_the_morning(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example", quiet_from=time(22), quiet_to=time(7))
    with clock.at(NIGHT):
        report(world, by="alice")
        relayed()
        bob = world.as_("bob")
        bind(bob)
        actions.mark_read(by=bob, before=clock.now())
    with clock.at(MORNING):
        assert actions.send_personal(Channel.EMAIL) == 0
    assert (statuses(), error(), server.mails) == (["dropped"], "read in the app", [])


def test_who_may_not_see_the_case_any_more_by_then_is_not_written_to(world: SimpleNamespace, server: Server) -> None:
    ticked(world, Cell(Event.DISPATCHED, Who.LEAD, Channel.EMAIL))
    prefers(world, "hank", email="hank@futian.example", quiet_from=time(22), quiet_to=time(7))
    with clock.at(NIGHT):
        row = report(world, by="alice")
        act(world, "bob", "accept", row)
        act(world, "bob", "dispatch", row, unit=world.units.cleaners)
        relayed()
        act(world, "bob", "reassign", row, unit=world.units.wardens, note="派错单位")
    with clock.at(MORNING):
        assert actions.send_personal(Channel.EMAIL) == 0
    assert (statuses(), error(), server.mails) == (["dropped"], "may not see it any more", [])


def test_a_refused_address_is_given_up_and_holds_up_nobody(world: SimpleNamespace, server: Server) -> None:
    ticked(world, Cell(Event.SUPERVISED, Who.LEAD, Channel.EMAIL))
    for login in ("hank", "lea"):
        prefers(world, login, email=f"{login}@futian.example")
    server.refusals["hank@futian.example"] = "550 no such user <hank@futian.example>"
    row = dispatched(world)
    act(world, "sue", "supervise", row, level="key", note="进展缓慢")
    relayed()
    assert actions.send_personal(Channel.EMAIL) == 1
    assert server.addresses() == ["lea@futian.example"]
    sam = world.as_("sam")
    bind(sam)
    [failed] = queries.deliveries(by=sam, failed=True)["items"]
    assert (failed["status"], failed["error"]) == ("given_up", "550 no such user <…>")
    server.refusals.clear()
    actions.send_again(by=sam, delivery=failed["id"])
    assert actions.send_personal(Channel.EMAIL) == 1
    with pytest.raises(Conflict):
        actions.send_again(by=sam, delivery=failed["id"])


def test_an_address_that_is_busy_is_tried_again(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    report(world, by="alice")
    relayed()
    server.refusals["bob@futian.example"] = "450 later"
    assert actions.send_personal(Channel.EMAIL) == 0
    server.refusals.clear()
    with clock.at(clock.now() + timedelta(seconds=16)):
        assert actions.send_personal(Channel.EMAIL) == 1


def test_a_mail_server_that_is_away_costs_no_tries_but_news_grow_old(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink() as gone:
        url = gone.url
    configured(monkeypatch, smtp_url=url, mail_from="grid@futian.example")
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    for _ in range(3):
        report(world, by="alice")
    relayed()
    for hours, status in ((0, "waiting"), (1, "waiting"), (47, "waiting"), (49, "given_up")):
        with clock.at(clock.now() + timedelta(hours=hours)):
            assert actions.send_personal(Channel.EMAIL) == 0
        with acting(SYSTEM):
            found = rows.all("SELECT DISTINCT tries, status, error FROM notices_delivery")
        tries = 0 if status == "waiting" else 1
        assert found == [{"tries": tries, "status": status, "error": "mail server: ConnectionRefusedError"}]


def test_a_sender_that_the_server_refuses_is_no_fault_of_the_mails(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    for _ in range(2):
        report(world, by="alice")
    relayed()
    server.refusals["grid@futian.example"] = "550 who are you"
    assert actions.send_personal(Channel.EMAIL) == 0
    assert statuses() == ["waiting", "waiting"]
    server.refusals.clear()
    with clock.at(clock.now() + timedelta(seconds=20)):
        assert actions.send_personal(Channel.EMAIL) == 2


def test_addresses_of_closed_accounts_are_deleted(world: SimpleNamespace) -> None:
    prefers(world, "bob", email="bob@futian.example")
    prefers(world, "cora", email="cora@futian.example")
    User.objects.filter(login="bob").update(active=False)
    assert actions.forget_addresses() == 1
    with acting(SYSTEM):
        assert rows.value("SELECT person FROM notices_preference") == person("cora")


def test_a_channel_without_settings_keeps_what_is_queued(world: SimpleNamespace) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    report(world, by="alice")
    relayed()
    assert actions.send_personal(Channel.EMAIL) == 0
    assert statuses() == ["waiting"]


@pytest.mark.parametrize(("url", "sender"), [("http://mail", "a@b"), ("mail.example.cn", "a@b"), ("smtp://mail", "")])
def test_wrong_settings_say_which_and_what_is_right(url: str, sender: str) -> None:
    with pytest.raises(Invalid) as refused:
        mail.configured(url, sender)
    assert refused.value.errors[0].path.startswith("WANGGE_")


class Operator:
    """An SMS operator that fails first."""

    sent: ClassVar[list[tuple[str, str, str]]] = []
    failures: ClassVar[list[Exception]] = []

    def send(self, *, to: str, text: str, key: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((to, text, key))


def test_an_adapter_sends_sms_and_may_fail(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, sms=f"{__name__}:Operator")
    Operator.sent.clear()
    Operator.failures[:] = [RuntimeError("13800001111 is busy"), Failed("quota", unreachable=True)]
    ticked(world, Cell(Event.REPORTED, Who.HOLDER, Channel.SMS))
    prefers(world, "bob", mobile="138-0000-1111")
    report(world, by="alice")
    relayed()
    now = clock.now()
    for later, sent in ((0, 0), (16, 0), (120, 1)):
        with clock.at(now + timedelta(seconds=later)):
            assert actions.send_personal(Channel.SMS) == sent
            assert "13800001111" not in error()
    [(to, text, _)] = Operator.sent
    assert to == "13800001111" and text.startswith("新案件 ")


def test_the_log_adapter_tells_neither_number_nor_text(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    configured(monkeypatch, sms="log")
    ticked(world, Cell(Event.REPORTED, Who.HOLDER, Channel.SMS))
    prefers(world, "bob", mobile="13800001111")
    row = report(world, by="alice")
    relayed()
    with caplog.at_level(logging.INFO, "wangge.notices.sms"):
        assert actions.send_personal(Channel.SMS) == 1
    [record] = caplog.records
    assert record.to == "138****1111"
    assert "13800001111" not in str(vars(record)) and row["number"] not in str(vars(record))


@pytest.mark.parametrize("name", ["nowhere:Class", "wangge.config:Nothing", "log2", ":"])
def test_an_adapter_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    configured(monkeypatch, sms=name)
    with pytest.raises(Invalid) as refused:
        actions.configured(Channel.SMS)
    assert refused.value.errors[0].path == "WANGGE_SMS"


# — addresses ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_an_address_is_sealed_and_shown_masked_to_its_owner(world: SimpleNamespace) -> None:
    prefers(world, "bob", email="zhang.san@futian.example", mobile="+86 138 0000 1111")
    bob = world.as_("bob")
    shown = queries.preferences(by=bob)
    assert (shown["email"], shown["mobile"]) == ("z***@futian.example", "138****1111")
    with acting(SYSTEM):
        row = rows.one("SELECT * FROM notices_preference")
    assert row is not None and row["person"] == person("bob")
    assert b"zhang" not in bytes(row["email_sealed"]) and b"1380000" not in bytes(row["mobile_sealed"])
    prefers(world, "bob", email=None)
    assert (queries.preferences(by=bob)["email"], queries.preferences(by=bob)["mobile"]) == (None, "138****1111")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"email": "nobody"}, "body.email"),
        ({"email": "a@b@c.cn"}, "body.email"),
        ({"email": "a b@c.cn"}, "body.email"),
        ({"email": "a@other.example"}, "body.email"),
        ({"email": "a@futian.example\r\nBcc: x@y.cn"}, "body.email"),
        ({"mobile": "12"}, "body.mobile"),
        ({"mobile": "无"}, "body.mobile"),
        ({"quiet_from": time(22)}, "body.quiet_to"),
    ],
)
def test_what_is_no_address_is_refused(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], path: str
) -> None:
    configured(monkeypatch, mail_domains=("futian.example",))
    with pytest.raises(Invalid) as refused:
        prefers(world, "bob", **changes)
    assert refused.value.errors[0].path == path


def test_mails_are_given_up_after_the_last_try(world: SimpleNamespace, server: Server) -> None:
    ticked(world, MAIL)
    prefers(world, "bob", email="bob@futian.example")
    server.refusals["bob@futian.example"] = "450 later"
    with clock.at(NIGHT):
        report(world, by="alice")
        relayed()
    for day in range(TRIES + 1):
        with clock.at(NIGHT + timedelta(days=day)):
            actions.send_personal(Channel.EMAIL)
    assert statuses() == ["given_up"]
