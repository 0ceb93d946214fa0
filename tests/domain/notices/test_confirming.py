"""An address is written to only after the code that was sent there came back: once, in time, within few tries, and answered alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.notices.conftest import codes_of, configured, relayed, report, ticked
from tests.support.smtp import Server, sink
from wangge.domain.notices import actions, queries
from wangge.domain.notices.actions import Cell
from wangge.domain.notices.rules import Channel, Event, Who
from wangge.domain.people.models import User
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid, TooMany

Ask = Callable[..., Any]
BOB = "bob@futian.example"


@pytest.fixture
def server(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with sink() as found:
        configured(monkeypatch, smtp_url=found.url, mail_from="网格平台 <grid@futian.example>", demo=True)
        yield found


def gives(world: SimpleNamespace, login: str = "bob", **addresses: str) -> Any:
    who = world.as_(login)
    bind(who)
    actions.set_preferences(by=who, changes=addresses)
    return who


def confirms(who: Any, code: str, channel: Channel = Channel.EMAIL) -> bool:
    """Whether the code held. Every other one is refused alike."""
    bind(who)
    try:
        actions.confirm(by=who, channel=channel, code=code)
    except Invalid as refused:
        [found] = refused.errors
    else:
        return True
    return (found.path, found.code) != ("body.code", "wrong")


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def confirmed(who: Any) -> bool:
    bind(who)
    return queries.preferences(by=who)["email_confirmed"]


def test_nothing_but_the_code_is_sent_to_an_address_before_it_is_confirmed(
    world: SimpleNamespace, server: Server, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked(world, Cell(Event.REPORTED, Who.HOLDER, Channel.EMAIL))
    configured(monkeypatch, smtp_url=server.url, mail_from="grid@futian.example", demo=True)
    given = ask("bob", "PATCH", "/notices/preferences", {"email": BOB}).json()
    assert (given["email"], given["email_confirmed"]) == ("b***@futian.example", False)
    report(world, by="alice")
    relayed()
    assert actions.send_personal(Channel.EMAIL) == 1
    [mail] = server.mails
    code = codes_of("bob")["email"]
    assert (mail["To"], mail["Subject"]) == (BOB, "请确认您的邮箱地址")
    assert f"验证码 {code}" in mail.get_content() and code not in mail["Subject"]
    wrong = ask("bob", "POST", "/notices/preferences/confirm", {"channel": "email", "code": other_than(code)})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "body.code")
    right = ask("bob", "POST", "/notices/preferences/confirm", {"channel": "email", "code": code})
    assert right.json()["email_confirmed"] is True
    report(world, by="alice")
    relayed()
    assert actions.send_personal(Channel.EMAIL) == 1
    assert "新案件" in server.mails[1]["Subject"]


def test_the_code_speaks_the_persons_language(world: SimpleNamespace, server: Server) -> None:
    User.objects.filter(login="bob").update(language="en")
    gives(world, email=BOB)
    actions.send_personal(Channel.EMAIL)
    assert server.mails[0]["Subject"] == "Confirm your e-mail address"
    assert "holds for 60 minutes" in server.mails[0].get_content().replace("\n", " ")


def test_a_mobile_number_is_confirmed_by_sms(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.domain.notices.test_persons import Operator

    Operator.sent.clear()
    configured(monkeypatch, sms="tests.domain.notices.test_persons:Operator")
    who = gives(world, mobile="138 0013 8000")
    assert actions.send_personal(Channel.SMS) == 1
    code = codes_of("bob")["sms"]
    [(to, text, _)] = Operator.sent
    assert (to, code in text) == ("13800138000", True)
    assert confirms(who, code, Channel.SMS)
    assert queries.preferences(by=who)["mobile_confirmed"] is True


def test_a_code_holds_once_for_an_hour_and_for_five_tries(world: SimpleNamespace) -> None:
    bob = gives(world, email=BOB)
    code, made = codes_of("bob")["email"], clock.now()
    with clock.at(made + timedelta(hours=1)):
        assert not confirms(bob, code)
    for _ in range(5):
        assert not confirms(bob, other_than(code))
    assert not confirms(bob, code), "the sixth try"
    with clock.at(made + timedelta(minutes=2)):
        bind(bob)
        actions.send_code(by=bob, channel=Channel.EMAIL)
        fresh = codes_of("bob")["email"]
        assert confirms(bob, fresh) and confirmed(bob)
        assert not confirms(bob, fresh), "used"


def test_who_never_asked_is_answered_as_who_guessed_wrong(world: SimpleNamespace, ask: Ask) -> None:
    def answer(login: str) -> Any:
        wrong = {"channel": "email", "code": other_than(codes_of("bob")["email"])}
        found = ask(login, "POST", "/notices/preferences/confirm", wrong)
        return found.status_code, found.json()

    gives(world, email=BOB)
    assert answer("bob") == answer("cora")
    bob, cora = world.as_("bob"), world.as_("cora")
    assert not confirms(cora, codes_of("bob")["email"]), "another person's code"
    assert not confirmed(bob)


def test_another_address_begins_anew_and_the_same_one_does_not(world: SimpleNamespace) -> None:
    bob = gives(world, email=BOB)
    old = codes_of("bob")["email"]
    assert confirms(bob, old)
    gives(world, email=BOB)
    assert confirmed(bob) and codes_of("bob") == {}
    with clock.at(clock.now() + timedelta(minutes=2)):
        gives(world, email="robert@futian.example")
        assert not confirmed(bob)
        assert not confirms(bob, old) or old == codes_of("bob")["email"]
        gives(world, email="")
        assert codes_of("bob") == {} and not confirmed(bob)


def test_a_code_of_an_address_that_was_taken_back_is_not_sent(world: SimpleNamespace, server: Server) -> None:
    gives(world, email=BOB)
    gives(world, email="")
    assert actions.send_personal(Channel.EMAIL) == 0 and server.mails == []
    with acting(SYSTEM):
        assert rows.value("SELECT error FROM notices_delivery") == "the code holds no more"


def test_nobodys_mailbox_is_filled_by_somebody_else(world: SimpleNamespace) -> None:
    start = clock.now()
    for n in range(5):
        with clock.at(start + timedelta(minutes=2 * n)):
            gives(world, email=f"stranger{n}@futian.example")
            with pytest.raises(TooMany) as soon:
                gives(world, email="other@futian.example")
            assert 0 < soon.value.extra["retry_after"] <= (86_400 if n == 4 else 60)
    with clock.at(start + timedelta(hours=20)), pytest.raises(TooMany):
        gives(world, email=BOB)
    bind(world.as_("bob"))
    assert queries.preferences(by=world.as_("bob"))["email"] == "s***@futian.example", (
        "what was refused changed nothing"
    )
    with clock.at(start + timedelta(hours=25)):
        gives(world, email=BOB)


def test_a_new_code_is_for_an_address_that_waits_for_one(world: SimpleNamespace) -> None:
    bob = world.as_("bob")
    bind(bob)
    with pytest.raises(Invalid):
        actions.send_code(by=bob, channel=Channel.EMAIL)
    gives(world, email=BOB)
    assert confirms(bob, codes_of("bob")["email"])
    with pytest.raises(Invalid):
        actions.send_code(by=bob, channel=Channel.EMAIL)


def test_codes_are_sealed_seen_by_nobody_else_and_forgotten(world: SimpleNamespace) -> None:
    gives(world, email=BOB)
    code = codes_of("bob")["email"]
    with acting(SYSTEM):
        assert code.encode() not in bytes(rows.value("SELECT code_sealed FROM notices_confirmation"))
    for stranger in ("cora", "sam", "secu"):
        bind(world.as_(stranger))
        assert rows.value("SELECT count(*) FROM notices_confirmation") == 0
    with clock.at(clock.now() + timedelta(days=3)):
        actions.forget_addresses()
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM notices_confirmation") == 0
        assert rows.value("SELECT count(*) FROM notices_delivery") == 0
