"""Log-in: the password, lock-out, the second factor, sessions and their end."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from tests.domain.people.conftest import PASSWORD, START, principal_of
from wangge.domain.people import rules
from wangge.domain.people.actions import authenticate, second_factor, sessions
from wangge.domain.people.models import Credential, Post, Session, User
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Forbidden, Invalid, NotFound, TooMany, Unauthorized

NOW = START + timedelta(days=10)


@pytest.fixture(autouse=True)
def fixed():
    with clock.at(NOW):
        yield


def enter(login: str, password: str = PASSWORD, address: str = "10.0.0.7") -> sessions.LogIn:
    return sessions.log_in(login=login, password=password, address=address, device="test")


def test_a_right_password_opens_a_session_that_knows_the_person_and_her_posts(people) -> None:
    opened = enter(" ALICE ")
    me = authenticate.member_of_staff(opened.token)
    assert (me.id, me.roles, me.pending) == (people.alice, {"grid_worker"}, None)
    assert me.visible.grids == {"440304010001001"}
    assert Session.objects.filter(token_hash__contains=opened.token.encode()).count() == 0


def test_a_wrong_password_an_unknown_log_in_and_an_inactive_account_are_answered_alike(people) -> None:
    User.objects.filter(login="eve").update(active=False)
    said = []
    for login, password in (("alice", "x" * 12), ("nobody", PASSWORD), ("eve", PASSWORD)):
        with pytest.raises(Unauthorized) as refused:
            enter(login, password)
        said.append(refused.value.as_json("en"))
    assert said[0] == said[1] == said[2]


def test_an_unknown_log_in_costs_the_same_hash(people, monkeypatch) -> None:
    from wangge.domain.people import passwords

    full = []
    verify = passwords.FULL.verify
    monkeypatch.setattr(
        passwords.FULL, "verify", lambda p, stored: (full.append(not passwords._is_light(stored)), verify(p, stored))[1]
    )
    for login in ("alice", "nobody"):
        full.clear()
        with pytest.raises(Unauthorized):
            enter(login, "wrong-password")
        assert full.count(True) == 1


def test_failed_log_ins_are_in_the_ledger_without_what_was_typed(people) -> None:
    with pytest.raises(Unauthorized):
        enter("my-secret-typed-here", "other-secret")
    entry = rows.one("SELECT tag, subject, body::text AS body FROM ledger_entry WHERE tag = 'people.login.failed'")
    assert entry["subject"] is None
    everything = rows.value("SELECT string_agg(t::text, ' ') FROM (SELECT * FROM ledger_entry) t") + str(
        rows.all("SELECT * FROM people_throttle")
    )
    assert "secret" not in everything


def test_after_five_failures_the_person_waits_and_the_answer_says_how_long(people) -> None:
    for _ in range(5):
        with pytest.raises(Unauthorized):
            enter("alice", "wrong-password")
    with pytest.raises(TooMany) as refused:
        enter("alice")
    assert 55 <= refused.value.extra["retry_after"] <= 62
    assert "1 分钟" in refused.value.detail.zh
    assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'people.login.locked'") == 1
    assert enter("bob")
    with clock.at(NOW + timedelta(seconds=70)):
        assert enter("alice")
    assert enter("alice").token


def test_each_further_failure_doubles_the_wait_up_to_an_hour(people) -> None:
    waits = [rules.BY_PERSON.wait(n).total_seconds() / 60 for n in range(4, 14)]
    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_network_that_guesses_many_log_ins_is_shut_out(people) -> None:
    for i in range(rules.BY_NETWORK.free):
        with pytest.raises(Unauthorized):
            sessions.log_in(login=f"guess{i}", password="x", address="2001:db8::1", device="")
    with pytest.raises(TooMany):
        enter("alice", address="2001:db8::ffff:1")
    assert enter("alice", address="2001:db8:0:1::1")


def test_idle_and_old_sessions_are_over(people) -> None:
    opened = enter("dora")
    for later, alive in ((timedelta(minutes=29), True), (timedelta(minutes=58), True), (timedelta(minutes=90), False)):
        with clock.at(NOW + later):
            assert (authenticate.member_of_staff(opened.token) is not None) is alive
    phone = enter("alice")
    with clock.at(NOW + timedelta(hours=11)):
        assert authenticate.member_of_staff(phone.token)


def test_last_seen_is_written_at_most_once_a_minute(people) -> None:
    opened = enter("alice")
    for later, seen in ((30, 0), (61, 61), (100, 61), (122, 122)):
        with clock.at(NOW + timedelta(seconds=later)):
            authenticate.member_of_staff(opened.token)
        assert Session.objects.get(id=opened.session).last_seen == NOW + timedelta(seconds=seen)


def test_a_removed_right_is_gone_at_the_next_request(people) -> None:
    opened = enter("alice")
    assert authenticate.member_of_staff(opened.token).roles
    Post.objects.filter(user_id=people.alice).update(ends=NOW)
    me = authenticate.member_of_staff(opened.token)
    assert me.roles == frozenset()
    User.objects.filter(id=people.alice).update(active=False)
    assert authenticate.member_of_staff(opened.token) is None


def test_a_person_sees_and_ends_only_her_own_sessions(people) -> None:
    from wangge.domain.people import queries

    mine, phone, his = enter("alice"), enter("alice"), enter("dora")
    me = authenticate.member_of_staff(mine.token)
    assert {(s["id"], s["current"]) for s in queries.sessions(by=me)} == {(mine.session, True), (phone.session, False)}
    with pytest.raises(NotFound):
        sessions.end_session(by=me, session=his.session)
    assert authenticate.member_of_staff(his.token)
    assert sessions.end_other_sessions(by=me) == 1
    assert authenticate.member_of_staff(phone.token) is None
    sessions.end_session(by=me, session=mine.session)
    assert authenticate.member_of_staff(mine.token) is None


def test_changing_the_password_ends_the_other_sessions_and_refuses_poor_ones(people) -> None:
    mine, phone = enter("alice"), enter("alice")
    me = authenticate.member_of_staff(mine.token)
    for poor in ("short", "password123", "1234567890", "alice-was-here", PASSWORD):
        with pytest.raises(Invalid):
            sessions.change_password(by=me, current=PASSWORD, new=poor)
    with pytest.raises(Invalid):
        sessions.change_password(by=me, current="not-the-one", new="a-much-better-one")
    sessions.change_password(by=me, current=PASSWORD, new="a-much-better-one")
    assert authenticate.member_of_staff(mine.token)
    assert authenticate.member_of_staff(phone.token) is None
    assert enter("alice", "a-much-better-one")


def test_a_first_password_must_be_changed_before_anything_else(people) -> None:
    Credential.objects.filter(user_id=people.alice).update(must_change=True)
    opened = enter("alice")
    assert opened.pending == "password"
    me = authenticate.member_of_staff(opened.token)
    assert me.pending == "password"
    assert me.visible.is_empty
    sessions.change_password(by=me, current=PASSWORD, new="a-much-better-one")
    assert authenticate.member_of_staff(opened.token).pending is None


def set_up(token: str) -> tuple[pyotp.TOTP, list[str]]:
    me = authenticate.member_of_staff(token)
    begun = second_factor.begin_factor(by=me, password=PASSWORD)
    totp = pyotp.TOTP(begun["secret"])
    return totp, second_factor.confirm_factor(by=me, code=totp.at(clock.now()))


def test_an_operator_may_nothing_until_the_second_factor_is_set_up(people) -> None:
    opened = enter("bob")
    assert opened.pending == "second_factor_setup"
    me = authenticate.member_of_staff(opened.token)
    assert me.visible.is_empty
    set_up(opened.token)
    assert authenticate.member_of_staff(opened.token).pending is None
    again = enter("bob")
    assert again.pending == "second_factor"
    assert bytes(Credential.objects.get(user_id=people.bob).factor_sealed)


def test_a_code_is_accepted_once_and_a_recovery_code_once(people) -> None:
    with clock.at(NOW - timedelta(minutes=5)):
        totp, recovery = set_up(enter("bob").token)
    first, second = enter("bob"), enter("bob")
    code = totp.at(NOW)
    second_factor.show_factor(by=authenticate.member_of_staff(first.token), code=code)
    assert authenticate.member_of_staff(first.token).pending is None
    with pytest.raises(Unauthorized):
        second_factor.show_factor(by=authenticate.member_of_staff(second.token), code=code)
    second_factor.show_factor(by=authenticate.member_of_staff(second.token), code=recovery[0].upper())
    third = enter("bob")
    with pytest.raises(Unauthorized):
        second_factor.show_factor(by=authenticate.member_of_staff(third.token), code=recovery[0])
    with pytest.raises(Forbidden):
        second_factor.remove_factor(by=authenticate.member_of_staff(first.token), password=PASSWORD)


def test_guessing_codes_locks_the_second_factor(people) -> None:
    with clock.at(NOW - timedelta(minutes=5)):
        totp, _ = set_up(enter("bob").token)
    me = authenticate.member_of_staff(enter("bob").token)
    wrong = "000000" if totp.at(NOW) != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(Unauthorized):
            second_factor.show_factor(by=me, code=wrong)
    with pytest.raises(TooMany):
        second_factor.show_factor(by=me, code=totp.at(NOW))


def test_a_reset_by_the_security_administrator_ends_the_sessions(people, as_) -> None:
    opened = enter("bob")
    set_up(opened.token)
    with pytest.raises(Forbidden):
        second_factor.reset_factor(by=as_("bob"), user=people.alice)
    second_factor.reset_factor(by=as_("secu"), user=people.bob)
    assert authenticate.member_of_staff(opened.token) is None
    assert enter("bob").pending == "second_factor_setup"
    assert SYSTEM.may and principal_of("bob")


def test_a_phone_is_given_the_same_keys_at_each_log_in_and_no_other_phone_or_person_is(people) -> None:
    from wangge.kernel import crypto
    from wangge.kernel.crypto import Use

    phone, other = uuid7(), uuid7()
    alice, bob = principal_of("alice"), principal_of("bob")
    first = sessions.device_keys(by=alice, device=phone)
    assert [len(key) for key in first] == [32]
    assert sessions.device_keys(by=alice, device=phone) == first
    assert sessions.device_keys(by=alice, device=other) != first
    assert sessions.device_keys(by=bob, device=phone) != first
    # what was sealed before the keys of the installation were changed still opens
    crypto.keyring().rotate(Use.LOOKUP)
    assert sessions.device_keys(by=alice, device=phone)[1:] == first
