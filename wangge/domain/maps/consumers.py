"""What happened to a case is told to the pack that may hold it: heard of by the outbox."""

from __future__ import annotations

from wangge.domain.cases.tags import CaseEvent
from wangge.domain.maps import actions
from wangge.kernel.outbox.relay import Event, consumer


@consumer("maps", events={str(event) for event in CaseEvent})
def tell(events: list[Event]) -> None:
    """By the case as it is now, never from the event: order and repeats make no difference."""
    if changed := {event.subject for event in events if event.subject}:
        actions.told(changed)
