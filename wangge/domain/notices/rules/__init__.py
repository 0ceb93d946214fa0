"""Notices in pure functions: what happened, what is said of it, when it is sent, how it is signed."""

from wangge.domain.notices.rules.events import (
    CHANNEL_WORDS,
    OF_GRIDS,
    PERSONAL,
    WHO_WORDS,
    Channel,
    Event,
    Who,
    event_of,
    fits,
    stands,
)
from wangge.domain.notices.rules.signing import new_secret, sign, signature_headers
from wangge.domain.notices.rules.texts import (
    EVENT_NAMES,
    RESIDENT_CODE,
    Case,
    GridChange,
    masked_title,
    payload,
    say,
    say_of_grids,
)
from wangge.domain.notices.rules.timing import TRIES, after_failure, quiet_until

__all__ = [
    "CHANNEL_WORDS",
    "EVENT_NAMES",
    "OF_GRIDS",
    "PERSONAL",
    "RESIDENT_CODE",
    "TRIES",
    "WHO_WORDS",
    "Case",
    "Channel",
    "Event",
    "GridChange",
    "Who",
    "after_failure",
    "event_of",
    "fits",
    "masked_title",
    "new_secret",
    "payload",
    "quiet_until",
    "say",
    "say_of_grids",
    "sign",
    "signature_headers",
    "stands",
]
