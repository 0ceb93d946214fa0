"""Identifiers: UUIDv7 keys for rows, readable numbers for people."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import date
from typing import Any

import rfc8785
import uuid_utils.compat

CASE_NUMBER = re.compile(r"(\d{9})(\d{8})(\d{5})")
MOST_CASES_A_DAY = 99_999


def uuid7() -> uuid.UUID:
    """A time-ordered key (RFC 9562 §5.7): new rows land at the right edge of their index."""
    return uuid_utils.compat.uuid7()


def case_number(street: str, day: date, sequence: int) -> str:
    """Street (9) + date (8) + sequence of that street and day (5), e.g. ``4403040102026112000007``.

    Raises ValueError beyond 99 999 cases a street and day.
    """
    if not 1 <= sequence <= MOST_CASES_A_DAY:
        raise ValueError(f"sequence {sequence} is outside 1..{MOST_CASES_A_DAY}")
    return f"{street}{day:%Y%m%d}{sequence:05d}"


def body_hash(payload: dict[str, Any]) -> bytes:
    """SHA-256 over the canonical JSON (RFC 8785) of a creating call: the same call sent twice has the same hash."""
    return hashlib.sha256(rfc8785.dumps(payload)).digest()
