"""The outbox: nothing missed, nothing out of order, one bad event does not stop the rest."""

from __future__ import annotations

import re
from uuid import uuid4

import psycopg
import pytest

from wangge.kernel import outbox
from wangge.kernel.access.policies import protect, scope_predicate
from wangge.kernel.db import rows
from wangge.kernel.outbox import EventName, relay
from wangge.kernel.outbox.relay import Event, consumer, relay_once


class TestEvent(EventName):
    __test__ = False
    HAPPENED = "test.thing.happened"
    OTHER = "test.thing.other"


@pytest.fixture(autouse=True)
def no_other_consumers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_consumers", {})


def emit(n: int, event: EventName = TestEvent.HAPPENED) -> None:
    outbox.emit(event, kind="thing", subject=uuid4(), place={"district": "440304"}, body={"n": n})


def numbers(events: list[Event]) -> list[int]:
    return [e.body["n"] for e in events]


def test_events_reach_a_consumer_once_and_in_order(own_database: str) -> None:
    heard: list[int] = []
    consumer("ear")(lambda events: heard.extend(numbers(events)))
    for n in range(5):
        emit(n)
    while relay_once():
        pass
    emit(5)
    relay_once()
    assert heard == [0, 1, 2, 3, 4, 5]


def test_to_find_that_nothing_waits_the_events_that_were_told_are_not_read(own_database: str) -> None:
    """It is asked some times a second, and a large installation keeps half a million events."""
    consumer("ear")(lambda events: None)
    emit(0)
    with psycopg.connect(own_database, autocommit=True) as owner:
        columns = "event, kind, subject, district, street, community, grid, units, body"
        owner.execute(
            f"INSERT INTO outbox_event ({columns}) SELECT {columns} FROM outbox_event, generate_series(1, 20000)"
        )
        while relay_once():
            pass
        owner.execute("VACUUM ANALYZE outbox_event")
        plan = "\n".join(line for (line,) in owner.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {relay._STATE}"))
    assert "Seq Scan on outbox_event" not in plan and re.search(r"outbox_event_pkey.* rows=0", plan), plan


def test_the_order_is_that_of_numbers_not_of_their_digits(own_database: str) -> None:
    """A backlog from transaction 999 to 1000 is read in that order; by digits the second comes first and the first is never read."""
    heard: list[int] = []
    consumer("ear")(lambda events: heard.extend(numbers(events)))
    for n, xid in enumerate((98, 99, 100, 101)):
        emit(n)
        rows.run(
            "UPDATE outbox_event SET xid = %(xid)s::text::xid8 WHERE body->>'n' = %(n)s",
            {"xid": xid, "n": str(n)},
            using="owner",
        )
    relay_once()
    assert heard == [0, 1, 2, 3]
    assert [e.body["n"] for e in relay.after("99", 0)] == [1, 2, 3]


def test_a_consumer_hears_only_what_it_asked_for(own_database: str) -> None:
    heard: list[int] = []
    consumer("ear", events={TestEvent.OTHER})(lambda events: heard.extend(numbers(events)))
    emit(1)
    emit(2, TestEvent.OTHER)
    relay_once()
    assert heard == [2]
    assert relay_once() == 0


def test_a_transaction_that_commits_late_is_not_skipped(own_database: str) -> None:
    heard: list[int] = []
    consumer("ear")(lambda events: heard.extend(numbers(events)))
    with psycopg.connect(own_database) as slow:
        slow.execute(
            "INSERT INTO outbox_event (event, kind, district, body) VALUES ('test.thing.happened', 'thing', '440304', '{\"n\": 1}')"
        )
        emit(2)
        relay_once()
        assert heard == []  # 2 is committed, but 1 has an older transaction and might still come
        slow.commit()
    relay_once()
    assert heard == [1, 2]


def test_what_a_consumer_wrote_is_undone_with_its_failure_and_tried_again(own_database: str) -> None:
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute("CREATE TABLE counted (n int)")
        owner.execute("GRANT ALL ON counted TO wangge_app")
    fails = iter([True, False])

    @consumer("counter")
    def count(events: list[Event]) -> None:
        for n in numbers(events):
            rows.run("INSERT INTO counted VALUES (%(n)s)", {"n": n})
        if next(fails, False):
            raise RuntimeError("on the way")

    emit(7)
    assert relay_once() == 0
    assert rows.value("SELECT count(*) FROM counted") == 0
    relay_once()
    assert rows.value("SELECT array_agg(n) FROM counted") == [7]


def test_a_server_lost_between_two_consumers_hides_nothing_from_the_next(own_database: str) -> None:
    """The second of a round is asked on a new connection: it sees what it is to see, and no event that only the lost server had."""
    heard: list[list[int]] = []
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute("CREATE TABLE secret (district text, street text, community text, grid text)")
        owner.execute("INSERT INTO secret VALUES ('440304', '440304010', NULL, NULL)")
        owner.execute(protect("secret", scope_predicate()))

        @consumer("first")
        def lose(events: list[Event]) -> None:
            if 2 in numbers(events):
                owner.execute("DELETE FROM outbox_event WHERE body->>'n' = '2'")
                owner.execute("SELECT pg_terminate_backend(%s, 5000)", [rows.value("SELECT pg_backend_pid()")])
            rows.value("SELECT 1")

        @consumer("second")
        def look(events: list[Event]) -> None:
            heard.append([*numbers(events), rows.value("SELECT count(*) FROM secret")])

        emit(1)
        emit(2)
        relay_once()
    assert heard == [[1, 1]]


def test_one_bad_event_is_set_aside_after_its_tries_and_the_rest_goes_on(own_database: str) -> None:
    heard: list[int] = []

    @consumer("ear")
    def listen(events: list[Event]) -> None:
        if 2 in numbers(events):
            raise RuntimeError("cannot read this one")
        heard.extend(numbers(events))

    for n in (1, 2, 3):
        emit(n)
    for _ in range(relay.TRIES + 5):
        relay_once()
    assert heard == [1, 3]
    stuck = rows.all("SELECT consumer, event, error FROM outbox_stuck")
    assert [(s["consumer"], "cannot read" in s["error"]) for s in stuck] == [("ear", True)]
    assert [(c["stuck"], c["failures"]) for c in relay.lag()] == [(1, 0)]


def test_two_relays_at_once_do_not_hand_on_twice(own_database: str) -> None:
    heard: list[int] = []
    consumer("ear")(lambda events: heard.extend(numbers(events)))
    emit(1)
    relay_once()
    emit(2)
    with psycopg.connect(own_database) as other:
        other.execute("SELECT 1 FROM outbox_cursor WHERE consumer = 'ear' FOR UPDATE")
        assert relay_once() == 0
    relay_once()
    assert heard == [1, 2]
