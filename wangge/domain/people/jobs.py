"""What is no longer needed is not kept."""

from __future__ import annotations

from datetime import timedelta

from wangge.domain.people import rules
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.jobs import every, job

# The ledger keeps that somebody logged in; the device and address of an ended session are of use for a short while only.
KEEP_SESSIONS = timedelta(days=90)


@every(hours=6)
@job("people.tidy")
def tidy() -> None:
    """Delete failures that count no more, and sessions that ended long ago."""
    now = clock.now()
    rows.run(
        "DELETE FROM people_throttle WHERE last_at < %(old)s AND (locked_until IS NULL OR locked_until < %(now)s)",
        {"old": now - max(rules.BY_PERSON.window, rules.BY_NETWORK.window), "now": now},
    )
    rows.run(
        "DELETE FROM people_session WHERE coalesce(ended_at, least(expires_at, last_seen + idle)) < %(old)s",
        {"old": now - KEEP_SESSIONS},
    )
