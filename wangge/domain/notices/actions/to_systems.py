"""Webhooks are sent by a loop of the worker: claimed by SKIP LOCKED, sent with no lock and no transaction open, several receivers at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from queue import SimpleQueue

from django.conf import settings
from django.db import transaction

from wangge.domain.notices import addresses
from wangge.domain.notices.actions.outcomes import BUDGET, LEASE, Outcome, give_up_lost, note
from wangge.domain.notices.channels import Failed, webhook
from wangge.domain.notices.rules import Channel, signature_headers
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row

AT_ONCE, THREADS = 10, 8
"""Deliveries of one receiver in a round, and receivers at a time."""


# One worker claims at a time. What comes later of a case waits until what came before was accepted or given up, for each receiver, so that no
# receiver sees a case go backwards; other cases go on.
_ONE_CLAIMS = "SELECT pg_advisory_xact_lock(2003133032)"
_CLAIM = """
    UPDATE notices_delivery d SET claimed_until = %(until)s, tries = tries + 1 FROM (
        SELECT x.id, w.url, w.secret_sealed, CASE WHEN w.old_until > %(now)s THEN w.old_sealed END AS old_sealed
        FROM (SELECT * FROM notices_webhook WHERE active) w CROSS JOIN LATERAL (
            SELECT id FROM notices_delivery y WHERE y.webhook_id = w.id AND y.status = 'waiting' AND y.next_at <= %(now)s
               AND (y.claimed_until IS NULL OR y.claimed_until < %(now)s)
               AND NOT EXISTS (SELECT 1 FROM notices_delivery before WHERE before.webhook_id = w.id AND before."case" = y."case"
                               AND before.pos < y.pos AND before.status = 'waiting')
            ORDER BY y.next_at, y.id LIMIT %(most)s FOR UPDATE SKIP LOCKED) x
    ) c WHERE d.id = c.id RETURNING d.*, c.url, c.secret_sealed, c.old_sealed"""
# Asked first, so that what waits for all the others is not read to find that no token has ended.
_ENDED = """
    SELECT w.id FROM notices_webhook w JOIN people_token k ON k.id = w.token_id
    WHERE k.revoked_at IS NOT NULL OR k.expires_at <= %(now)s"""
_DROP = """
    UPDATE notices_delivery SET status = 'dropped', done_at = %(now)s, claimed_until = NULL, error = 'the token is not valid any more'
    WHERE webhook_id = ANY(%(ended)s) AND status = 'waiting'"""


def send_webhooks() -> int:
    """Send what is due to other systems, several at a time; of one case in the order it happened. Returns how many were accepted."""
    with acting(SYSTEM):
        give_up_lost(Channel.WEBHOOK)
        if ended := [row["id"] for row in rows.all(_ENDED, {"now": clock.now()})]:
            rows.run(_DROP, {"now": clock.now(), "ended": ended})
        with transaction.atomic():
            rows.run(_ONE_CLAIMS)
            claimed = rows.all(_CLAIM, {"now": clock.now(), "until": clock.now() + LEASE, "most": AT_ONCE})
        if not claimed:
            return 0
        now, allowed = clock.now(), settings.CONFIG.webhook_hosts
        claimed.sort(key=lambda d: (d["webhook_id"], d["next_at"], d["id"]))
        groups = [list(group) for _, group in groupby(claimed, key=lambda d: d["webhook_id"])]
        done: SimpleQueue[Outcome] = SimpleQueue()

        def post(delivery: Row) -> int:
            sealed = [s for s in (delivery["secret_sealed"], delivery["old_sealed"]) if s]
            body = delivery["body"].encode()
            headers = signature_headers(
                [addresses.opened_secret(delivery["webhook_id"], s) for s in sealed],
                id=str(delivery["id"]),
                timestamp=int(now.timestamp()),
                body=body,
            )
            return webhook.post(delivery["url"], body=body, headers=headers, allowed=allowed)

        with ThreadPoolExecutor(min(THREADS, len(groups)), "webhooks") as pool:
            for group in groups:
                pool.submit(_in_turn, group, post, done.put)
            return sum(note(done.get()) for _ in claimed)


def _in_turn(group: list[Row], send: Callable[[Row], int | None], put: Callable[[Outcome], None]) -> None:
    """Send one after the other to one receiver, until one fails or the time is over; every delivery gets its outcome."""
    started, stopped = time.monotonic(), False
    for delivery in group:
        if stopped or time.monotonic() - started > BUDGET:
            put(Outcome(delivery, untouched=True))
            continue
        try:
            put(Outcome(delivery, http_status=send(delivery)))
        except Failed as failed:
            stopped = True
            put(Outcome(delivery, failed=failed))
        except Exception as error:
            stopped = True
            put(Outcome(delivery, failed=Failed(f"{type(error).__name__}: {error}"[:200])))
