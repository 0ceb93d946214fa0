"""How deliveries went, written down one by one. What a worker has claimed is its own until the claim runs out: a worker that dies leaves it
to the next one, and what it had sent but not written down is sent again (at least once), with the same key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wangge.domain.notices.channels import Failed
from wangge.domain.notices.rules import TRIES, after_failure
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row

LEASE = timedelta(minutes=5)
"""Longer than a round can take; then the claim of a worker that died is anybody's."""
BUDGET = 20.0
"""Seconds after which a round begins nothing more with one receiver."""
REST = timedelta(seconds=15)
"""After a failure the rest for the same receiver waits so long; that counts as no try."""
STALE = timedelta(days=2)
"""News that a server which was away could not take for so long is not sent any more."""


@dataclass(frozen=True)
class Outcome:
    """How one delivery went. ``untouched``: it was not tried, because it was not its turn any more or (``failed`` says why) because nothing
    could be."""

    delivery: Row
    http_status: int | None = None
    failed: Failed | None = None
    untouched: bool = False


# Only what is still this claim's: another worker may have taken it when the lease was over.
_MINE = "id = %(id)s AND status = 'waiting' AND claimed_until = %(claim)s"


def note(outcome: Outcome) -> int:
    """Write an outcome down; 1 when it was accepted."""
    delivery, failed, now = outcome.delivery, outcome.failed, clock.now()
    values: dict[str, Any] = {
        "id": delivery["id"],
        "claim": delivery["claimed_until"],
        "now": now,
        "http": outcome.http_status,
    }
    if outcome.untouched:
        if failed is not None and now - delivery["made_at"] > STALE:
            _finish(values, "given_up", failed.error)
            return 0
        rows.run(
            f"""UPDATE notices_delivery SET claimed_until = NULL, tries = tries - 1, next_at = %(next)s, error = coalesce(%(error)s, error)
                WHERE {_MINE}""",
            values | {"next": now + REST, "error": failed.error[:300] if failed else None},
        )
    elif failed is None:
        return rows.run(
            f"""UPDATE notices_delivery SET status = 'sent', done_at = %(now)s, claimed_until = NULL, http_status = %(http)s, error = ''
                WHERE {_MINE}""",
            values,
        )
    else:
        pause = None if failed.final else after_failure(delivery["tries"])
        rows.run(
            f"""UPDATE notices_delivery SET claimed_until = NULL, http_status = %(http)s, error = %(error)s,
                    status = CASE WHEN %(next)s::timestamptz IS NULL THEN 'given_up' ELSE 'waiting' END,
                    done_at = CASE WHEN %(next)s::timestamptz IS NULL THEN %(now)s END, next_at = coalesce(%(next)s, next_at)
                WHERE {_MINE}""",
            values | {"http": failed.http_status, "error": failed.error[:300], "next": now + pause if pause else None},
        )
    return 0


def drop(delivery: Row, reason: str) -> None:
    """It is not to be sent any more."""
    _finish({"id": delivery["id"], "claim": delivery["claimed_until"], "now": clock.now()}, "dropped", reason)


def _finish(values: dict[str, Any], status: str, error: str) -> None:
    rows.run(
        f"UPDATE notices_delivery SET status = %(status)s, done_at = %(now)s, claimed_until = NULL, error = %(error)s WHERE {_MINE}",
        values | {"status": status, "error": error[:300]},
    )


def give_up_lost(channel: str) -> None:
    """What took its worker down with it at every try is given up. It was due when it was claimed: what waits for later need not be looked at."""
    rows.run(
        """UPDATE notices_delivery SET status = 'given_up', done_at = %(now)s, claimed_until = NULL, error = 'the worker was lost at every try'
           WHERE channel = %(channel)s AND status = 'waiting' AND next_at <= %(now)s AND claimed_until < %(now)s AND tries >= %(most)s""",
        {"channel": str(channel), "now": clock.now(), "most": TRIES},
    )
