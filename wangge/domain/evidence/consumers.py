"""A file that is whole gets its copies made, by a job."""

from __future__ import annotations

from wangge.domain.evidence.tags import EvidenceEvent
from wangge.kernel.jobs import start
from wangge.kernel.outbox.relay import Event, consumer


@consumer("evidence", events={EvidenceEvent.STORED})
def make_copies(events: list[Event]) -> None:
    for event in events:
        start("evidence.process", upload=str(event.subject))
