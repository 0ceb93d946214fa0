"""What happened to a case is soon found: the index hears of it by the outbox."""

from __future__ import annotations

from wangge.domain.cases.tags import CaseEvent
from wangge.domain.search import actions
from wangge.kernel.outbox.relay import Event, consumer


@consumer("search", events={str(event) for event in CaseEvent})
def index(events: list[Event]) -> None:
    """From the case as it is now, never from the event: order and repeats make no difference."""
    actions.index({event.subject for event in events if event.subject})
