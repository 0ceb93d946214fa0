"""What happens to a case that another system gave us is soon told to that system."""

from __future__ import annotations

from wangge.domain.cases.tags import CaseEvent
from wangge.domain.exchange import actions
from wangge.kernel.outbox.relay import Event, consumer


@consumer("exchange", events={CaseEvent.REPORTED, CaseEvent.CHANGED, CaseEvent.BROUGHT_IN})
def tell(events: list[Event]) -> None:
    actions.tell(events)
