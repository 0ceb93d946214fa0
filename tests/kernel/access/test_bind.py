"""Whatever happens on a connection, it shows what it was last told to show: checked against the database's own settings."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wangge.kernel.access import (
    ALONG,
    NOTHING,
    SYSTEM,
    Grant,
    Principal,
    Role,
    Scope,
    Settings,
    acting,
    bind,
    look_up,
    settings_of,
)
from wangge.kernel.access.bind import NAMES
from wangge.kernel.db import rows

NOBODY = settings_of(NOTHING)


def person(number: int) -> Principal:
    scope = Scope.area(f"44030401000{number}") | Scope(units=frozenset({UUID(int=number)}))
    return Principal(kind="user", id=UUID(int=100 + number), name="Alice", grants=(Grant(Role.HANDLER, scope),))


PEOPLE = [SYSTEM, *(person(n) for n in (1, 2))]


def told() -> Settings:
    """What the database itself says, past everything that is remembered."""
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{n}', true)" for n in NAMES))
        return tuple(v or nothing for v, nothing in zip(cursor.fetchone(), NOBODY, strict=True))


class Failing(Exception):
    pass


people = st.sampled_from(range(len(PEOPLE)))
simple = st.one_of(
    st.tuples(st.just("bind"), people),
    st.tuples(st.just("ask"), people, st.none() | people, st.sampled_from(["found", "unknown", "defect"])),
    st.just(("fail",)),
    st.just(("next request",)),
)
steps = st.recursive(
    st.lists(simple, max_size=4),
    lambda inner: st.lists(
        simple
        | st.tuples(st.just("atomic"), inner, st.sampled_from(["end", "raise", "roll back", "fail"]))
        | st.tuples(st.just("acting"), people, inner, st.sampled_from(["end", "raise", "fail"])),
        max_size=5,
    ),
    max_leaves=8,
)


class Walk:
    """Does the steps on the connection and on ``self.now``, the plainest model: what is told now."""

    def __init__(self) -> None:
        self.now = NOBODY

    def do(self, step: tuple) -> None:
        kind, *rest = step
        getattr(self, kind.replace(" ", "_"))(*rest)
        if kind != "fail" or not connection.in_atomic_block:
            assert told() == self.now, step

    def bind(self, who: int) -> None:
        bind(PEOPLE[who])
        self.now = settings_of(PEOPLE[who].visible)

    def ask(self, who: int, guess: int | None, end: str) -> None:
        def make(row: tuple) -> Principal:
            if end == "defect":
                raise Failing
            return PEOPLE[row[0]]

        found = None
        with suppress(Failing):
            found = look_up(
                f"SELECT %(who)s::int, {ALONG} WHERE %(known)s",
                {"who": who, "known": end != "unknown"},
                guess=None if guess is None else settings_of(PEOPLE[guess].visible),
                make=make,
            )
        assert found is (PEOPLE[who] if end == "found" else None)
        if end != "unknown":
            self.now = settings_of(PEOPLE[who].visible) if end == "found" else NOBODY

    def fail(self) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.run("SELECT 1 / 0")

    def next_request(self) -> None:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()

    def atomic(self, inner: list, end: str) -> None:
        before = self.now
        try:
            with transaction.atomic():
                for step in inner:
                    self.do(step)
                self.end(end)
        except (Failing, DatabaseError):
            assert end in ("raise", "fail")
        if end != "end":
            self.now = before

    def acting(self, who: int, inner: list, end: str) -> None:
        before = self.now
        with (
            suppress(Failing, DatabaseError),
            transaction.atomic() if end == "fail" else nullcontext(),
            acting(PEOPLE[who]),
        ):
            self.now = settings_of(PEOPLE[who].visible)
            for step in inner:
                self.do(step)
            self.end(end)
        self.now = before

    @staticmethod
    def end(how: str) -> None:
        if how == "raise":
            raise Failing
        if how == "roll back":
            transaction.set_rollback(True)
        if how == "fail":
            rows.run("SELECT 1 / 0")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=steps)
def test_after_any_steps_the_database_is_told_what_was_last_told_and_not_taken_back(
    own_database: str, walk: list
) -> None:
    connection.close()
    connection.ensure_connection()
    model = Walk()
    for step in walk:
        model.do(step)


def test_an_error_inside_acting_is_the_one_that_is_raised(own_database: str) -> None:
    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic(), acting(SYSTEM):
        rows.run("SELECT 1 / 0")
    assert told() == NOBODY


def test_a_connection_lost_between_two_requests_is_made_anew_and_told_again(own_database: str) -> None:
    alice = PEOPLE[1]
    bind(alice)
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    connection.close_if_unusable_or_obsolete()  # as at the start of each request
    bind(alice)
    assert told() == settings_of(alice.visible)


def test_a_connection_lost_inside_a_transaction_is_an_error_and_not_half_a_transaction(own_database: str) -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        bind(PEOPLE[1])
        with psycopg.connect(own_database, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        bind(PEOPLE[2])
    bind(PEOPLE[2])
    assert told() == settings_of(PEOPLE[2].visible)


def test_a_statement_that_is_cut_off_leaves_nothing_remembered(own_database: str) -> None:
    alice, bob = PEOPLE[1], PEOPLE[2]
    bind(alice)
    with pytest.raises(OperationalError, match="timeout"):
        rows.run("SET statement_timeout = '20ms'")
        look_up(
            f"WITH slow AS MATERIALIZED (SELECT pg_sleep(5)) SELECT 1, {ALONG} FROM slow",
            {},
            guess=settings_of(bob.visible),
            make=lambda row: bob,
        )
    rows.run("RESET statement_timeout")
    assert told() == settings_of(alice.visible)
    bind(bob)
    assert told() == settings_of(bob.visible)


def test_what_is_told_twice_outside_a_transaction_costs_a_statement_once(own_database: str) -> None:
    def asked() -> int:
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute("SELECT coalesce(sum(generic_plans + custom_plans), 0) FROM pg_prepared_statements")
            return int(cursor.fetchone()[0])

    alice = PEOPLE[1]
    bind(alice)
    before = asked()
    bind(alice)
    with acting(alice):
        bind(alice)
    assert asked() == before
    for _ in range(2):
        look_up(f"SELECT 1, {ALONG}", {}, guess=settings_of(alice.visible), make=lambda row: alice)
        bind(alice)
    assert asked() == before + 2
    look_up(f"SELECT 1, {ALONG}", {}, guess=settings_of(PEOPLE[2].visible), make=lambda row: alice)
    assert asked() == before + 4, "a wrong guess costs a second one"
