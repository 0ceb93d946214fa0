"""What happens to a case, or to a planned change of grids, is soon told to those whom the matrix names."""

from __future__ import annotations

from wangge.domain.cases.tags import CaseEvent
from wangge.domain.notices import actions
from wangge.domain.places.tags import PlacesEvent
from wangge.kernel.outbox.relay import Event, consumer


@consumer("notices", events={*map(str, CaseEvent), str(PlacesEvent.CHANGE_FAILED)})
def tell(events: list[Event]) -> None:
    actions.tell([e for e in events if e.kind == "case"])
    actions.tell_of_grids([e for e in events if e.event == PlacesEvent.CHANGE_FAILED])
