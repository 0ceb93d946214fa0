"""On a database of its own, with real commits and several connections."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connections

from tests.domain.people.conftest import PASSWORD, START
from tests.support.statements import Statements
from wangge.domain.people import rules
from wangge.domain.people.actions import authenticate, sessions
from wangge.domain.people.models import Post, Session
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.access.bind import NAMES
from wangge.kernel.db import rows
from wangge.kernel.problems import TooMany, Unauthorized

NOW = START + timedelta(days=10)


def test_guesses_at_once_over_several_connections_are_all_counted(real_people) -> None:
    together = threading.Barrier(8)

    def guess(_: int) -> str:
        try:
            together.wait()
            with clock.at(NOW):
                sessions.log_in(login="alice", password="wrong-password", address="10.0.0.7")
        except TooMany:
            return "locked"
        except Unauthorized:
            return "wrong"
        finally:
            connections.close_all()
        return "in"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(guess, range(8)))
    assert sorted(said) == ["locked"] * 3 + ["wrong"] * rules.BY_PERSON.free


def test_the_session_is_looked_up_in_one_statement_and_planned_once(real_people) -> None:
    with clock.at(NOW):
        opened = sessions.log_in(login="dora", password=PASSWORD, address=None)
        for _ in range(3):
            authenticate.member_of_staff(opened.token)
        with Statements() as seen:
            me = authenticate.member_of_staff(opened.token)
        assert me.units == {real_people.units.police}
        assert len(seen) == 1
        kept = rows.value(
            """SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements
               WHERE statement LIKE '%people_session%' AND statement NOT LIKE '%pg_prepared%'"""
        )
    assert kept == 2, "planned once, from the third time on"


def test_the_connection_sees_what_the_person_sees_and_no_more_after_the_right_is_gone(real_people) -> None:
    def told() -> dict[str, str]:
        return {n: rows.value(f"SELECT current_setting('{n}', true)") for n in NAMES}

    with clock.at(NOW), acting(SYSTEM):
        opened = sessions.log_in(login="alice", password=PASSWORD, address=None)
        me = authenticate.member_of_staff(opened.token)
        bind(me)
        assert told() == me.visible.settings()
        Post.objects.filter(user_id=real_people.alice).update(ends=NOW)
        me = authenticate.member_of_staff(opened.token)
        bind(me)
        assert told() == me.visible.settings()
        assert told()["wangge.grids"] == "{}"


def test_requests_of_one_session_at_once_write_that_it_was_seen_once(real_people) -> None:
    with clock.at(NOW):
        opened = sessions.log_in(login="alice", password=PASSWORD, address=None)
    together = threading.Barrier(6)

    def ask(_: int) -> bool:
        try:
            together.wait()
            with clock.at(NOW + timedelta(minutes=5)):
                return authenticate.member_of_staff(opened.token) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(ask, range(6)))
    assert Session.objects.get(id=opened.session).last_seen == NOW + timedelta(minutes=5)
