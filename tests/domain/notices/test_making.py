"""Who is told of what."""

from __future__ import annotations

from types import SimpleNamespace

from tests.domain.notices.conftest import act, dispatched, forget_events, relayed, report, told


def test_a_report_is_told_to_the_desk_that_has_it_and_not_to_who_reported(world: SimpleNamespace) -> None:
    report(world, by="alice")
    assert relayed() == 1
    assert told() == {"bob": {"reported"}}
