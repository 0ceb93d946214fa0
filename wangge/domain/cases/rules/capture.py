"""When and where a device says that it captured something: evidence, not truth. Nothing is refused for it; what is odd is noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

CLOCK_OFF = timedelta(minutes=5)
"""A clock that is more than this off says little, and is noted."""
LATE = timedelta(days=1)
FAR_M = 200
"""As for photos (evidence.queries): farther than this from the case, beyond what the position may be off."""


@dataclass(frozen=True)
class Capture:
    """``at``: by the device's own clock, which was ``ahead_s`` seconds ahead of ours when it asked for the time. ``point`` (lon, lat,
    WGS 84) and ``accuracy_m``: where the device was, when it knew."""

    at: datetime
    ahead_s: float = 0
    point: tuple[float, float] | None = None
    accuracy_m: float | None = None

    @property
    def by_our_clock(self) -> datetime:
        return self.at - timedelta(seconds=self.ahead_s)


def noted(capture: Capture, *, now: datetime, seen_at: datetime, reports: bool, metres: float | None) -> dict[str, Any]:
    """What the step of the act keeps of it: ``captured_at`` by our clock, ``clock_ahead_s``, ``captured_m`` (whole metres from the case),
    and ``odd``, what a person should look at: *clock* (it was wrong), *late* (it came more than a day later), *time* (not when the case
    says, or before there was a case), *place* (far from it).

    ``seen_at``: when the case was reported; ``reports``: this is its report. ``metres``: from the case, when both places are known.
    """
    at = capture.by_our_clock
    off = at - seen_at
    odd = {
        "clock": abs(capture.ahead_s) > CLOCK_OFF.total_seconds(),
        "late": now - at > LATE,
        "time": off < -CLOCK_OFF or at > now + CLOCK_OFF or (reports and off > CLOCK_OFF),
        "place": metres is not None and metres - (capture.accuracy_m or 0) > FAR_M,
    }
    told: dict[str, Any] = {
        "captured_at": at.isoformat(timespec="seconds"),
        "clock_ahead_s": round(capture.ahead_s),
    }
    if metres is not None:
        told["captured_m"] = round(metres)
    named = [name for name, found in odd.items() if found]
    return told | ({"odd": named} if named else {})
