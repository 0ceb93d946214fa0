"""保存期限: who asked is forgotten when it is no longer needed, and that they were is in the register of deletions.

The case itself stays, with its history and figures; the ledger holds no name and stays valid.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from wangge.domain.cases.rules import OPEN
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.ledger.erase import register
from wangge.kernel.ledger.tags import KernelTag

RETENTION = Principal(kind="system", id=None, name="保存期限")
AT_ONCE = 500


def forget_reporters(days: int) -> int:
    """Erase name and phone of the reporters of cases that ended more than ``days`` ago (a merged case: when its main one did). Returns
    how many cases; as many as ``AT_ONCE`` means that more may wait."""
    policy = f"结案满 {days} 天"
    with acting(RETENTION), transaction.atomic():
        erased = rows.all(
            """WITH due AS (
                   SELECT p.district, p.id, p."case" FROM cases_party p
                   JOIN cases_case c ON c.district = p.district AND c.id = p."case"
                   LEFT JOIN cases_case m ON m.district = c.district AND m.id = c.merged_into
                   WHERE p.erased_at IS NULL AND coalesce(m.closed_at, c.closed_at) < %(before)s AND c.status <> ALL(%(open)s)
                     AND (m.id IS NULL OR m.status <> ALL(%(open)s))
                   ORDER BY p.district, p.id LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED
               )
               UPDATE cases_party p SET name_sealed = NULL, phone_sealed = NULL, phone_hash = NULL, erased_at = %(now)s
               FROM due WHERE p.district = due.district AND p.id = due.id RETURNING p.district, p."case" """,
            {"before": clock.now() - timedelta(days=days), "now": clock.now(), "open": sorted(OPEN), "most": AT_ONCE},
        )
        if not erased:
            return 0
        for row in erased:
            register(by=RETENTION, kind="case", subject=row["case"], policy=policy, count=1)
        ledger.append_many(
            by=RETENTION,
            tag=KernelTag.ERASED,
            kind="case",
            items=[ledger.Item(row["case"], row["district"], {"policy": policy, "count": 1}) for row in erased],
        )
    return len(erased)
