"""What happened to a case is soon counted: the figures hear of it by the outbox."""

from __future__ import annotations

from wangge.domain.cases.tags import CaseEvent
from wangge.domain.stats import actions
from wangge.kernel.outbox.relay import Event, consumer


@consumer("stats", events={str(event) for event in CaseEvent})
def count(events: list[Event]) -> None:
    """From the case as it is now, never from the event: order and repeats make no difference."""
    actions.count({event.subject for event in events if event.subject})
