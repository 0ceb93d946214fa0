"""A receiver never sees a case go backwards, whatever fails; one case that cannot be taken does not hold up the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.domain.notices.conftest import act, configured, relayed, report
from tests.domain.notices.test_systems import delivered, subscribed, token
from tests.support.hooks import Server, receiver
from wangge.domain.notices import actions
from wangge.domain.notices.rules import TRIES
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    configured(monkeypatch, webhook_hosts=("127.0.0.1",))
    with receiver() as server:
        yield server


def got(other: Server, row: dict) -> list[str]:
    """What the receiver was told of a case and accepted, or not."""
    return [g.json["type"] for g in other.got if g.json["case"]["id"] == str(row["id"])]


def test_later_events_of_a_case_wait_for_the_one_that_failed_and_other_cases_do_not(
    world: SimpleNamespace, other: Server
) -> None:
    subscribed(token(world, "440304"), other.url)
    row, second = report(world), report(world)
    act(world, "bob", "accept", row)
    act(world, "bob", "dispatch", row, unit=world.units.cleaners)
    relayed()
    other.answers = [500]
    now = clock.now() + timedelta(seconds=1)
    with clock.at(now):
        assert actions.send_webhooks() == 0
    with clock.at(now + timedelta(seconds=16)):
        other.answers = [500]
        actions.send_webhooks()  # the first case's first event fails again
    with clock.at(now + timedelta(seconds=40)):
        while actions.send_webhooks():
            continue
    assert got(other, second) == ["case.reported"]
    assert got(other, row) == ["case.reported"] * 2
    with clock.at(now + timedelta(minutes=5)):
        while actions.send_webhooks():
            continue
    assert got(other, row)[2:] == ["case.reported", "case.dispatched"]


def test_what_was_given_up_lets_the_rest_go_on_and_all_of_it_is_sent_again_at_once(
    world: SimpleNamespace, other: Server
) -> None:
    by = token(world, "440304")
    hook, _ = subscribed(by, other.url)
    row = report(world)
    act(world, "bob", "accept", row)
    act(world, "bob", "dispatch", row, unit=world.units.cleaners)
    relayed()
    other.answers = [500] * TRIES
    now = clock.now()
    for day in range(1, TRIES + 1):
        with clock.at(now + timedelta(days=day)):
            actions.send_webhooks()
    with clock.at(now + timedelta(days=TRIES + 1)):
        assert actions.send_webhooks() == 1
    assert [d["status"] for d in delivered()] == ["given_up", "sent"]
    with pytest.raises(NotFound):
        actions.send_missed(by=token(world, "440308"), webhook=hook.id)
    assert actions.send_missed(by=by, webhook=hook.id) == 1
    assert actions.send_missed(by=by, webhook=hook.id) == 0
    assert actions.send_webhooks() == 1
    assert {d["status"] for d in delivered()} == {"sent"}
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'notices.webhook.missed_sent_again'") == 1
