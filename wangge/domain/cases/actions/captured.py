"""What is done now was captured by a device before: its steps say when and where. Around an act, as ``clock.at`` is around a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from wangge.domain.cases.rules.capture import Capture, noted
from wangge.kernel import clock
from wangge.kernel.geo.lattice import distance_m

_capture: ContextVar[Capture | None] = ContextVar("wangge_capture", default=None)


@contextmanager
def captured(capture: Capture | None) -> Iterator[None]:
    """Inside the block every step of a person is noted to be captured so. What a rule does meanwhile by itself is not."""
    token = _capture.set(capture)
    try:
        yield
    finally:
        _capture.reset(token)


def capture_data(*, seen_at: datetime, lon: float | None, lat: float | None, reports: bool = False) -> dict[str, Any]:
    """The data of a step of the case that was seen at ``seen_at`` and lies there; empty for what was not captured before."""
    capture = _capture.get()
    if capture is None:
        return {}
    metres = None
    if capture.point is not None and lon is not None and lat is not None:
        metres = distance_m(*capture.point, lon, lat)
    return noted(capture, now=clock.now(), seen_at=seen_at, reports=reports, metres=metres)
