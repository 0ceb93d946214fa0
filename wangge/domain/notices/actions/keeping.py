"""保存期限: notices are news, not records. The ledger and the case's history stay."""

from __future__ import annotations

from datetime import timedelta

from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows

AT_ONCE = 5_000


def forget(days: int) -> int:
    """Delete notices and deliveries older than ``days``. Returns how many; 0 means that no more are there."""
    values = {"before": clock.now() - timedelta(days=days), "most": AT_ONCE}
    with acting(SYSTEM):
        notices = rows.run(
            """WITH old AS MATERIALIZED (
                   SELECT id FROM notices_notice WHERE at < %(before)s ORDER BY at LIMIT %(most)s FOR UPDATE SKIP LOCKED),
               theirs AS (DELETE FROM notices_delivery WHERE notice_id IN (SELECT id FROM old))
               DELETE FROM notices_notice WHERE id IN (SELECT id FROM old)""",
            values,
        )
        deliveries = rows.run(
            """DELETE FROM notices_delivery WHERE id IN (SELECT id FROM notices_delivery WHERE made_at < %(before)s AND webhook_id IS NOT NULL
                   ORDER BY made_at LIMIT %(most)s FOR UPDATE SKIP LOCKED)""",
            values,
        )
    return notices + deliveries


def forget_addresses() -> int:
    """Delete the addresses and wishes of those whose account is closed, and codes and messages of other days. Returns how many addresses."""
    with acting(SYSTEM):
        rows.run(
            """WITH old AS (SELECT id FROM notices_message WHERE made_at < %(before)s),
                    theirs AS (DELETE FROM notices_delivery WHERE message_id IN (SELECT id FROM old))
               DELETE FROM notices_message WHERE id IN (SELECT id FROM old)""",
            {"before": clock.now() - timedelta(days=2)},
        )
        rows.run(
            """WITH old AS (SELECT k.id FROM notices_confirmation k JOIN people_user u ON u.id = k.person
                            WHERE k.made_at < %(before)s OR NOT u.active),
                    theirs AS (DELETE FROM notices_delivery WHERE confirmation_id IN (SELECT id FROM old))
               DELETE FROM notices_confirmation WHERE id IN (SELECT id FROM old)""",
            {"before": clock.now() - timedelta(days=2)},
        )
        return rows.run("DELETE FROM notices_preference f USING people_user u WHERE u.id = f.person AND NOT u.active")
