"""What happens to a case is soon told to those whom the matrix names."""

from __future__ import annotations

from wangge.domain.cases.tags import CaseEvent
from wangge.domain.notices import actions
from wangge.kernel.outbox.relay import Event, consumer


@consumer("notices", events={str(event) for event in CaseEvent})
def tell(events: list[Event]) -> None:
    actions.tell(events)
