"""保存期限: who asked is forgotten when it is no longer needed or when they want it, and that they were is in the register of deletions.

The case itself stays, with its history and figures; the ledger holds no name and stays valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

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
        _on_record(erased, policy)
    return len(erased)


def forget_phone(*, hashes: Sequence[bytes], until: datetime, policy: str, but: UUID) -> tuple[int, int]:
    """Erase name and phone of who reported with this phone before ``until``, in every district: of the cases that have ended, ``but`` one.
    Returns how many were erased, and how many wait until their case ends. Inside the caller's transaction."""
    mine = {"phone": list(hashes), "until": until, "but": but, "open": sorted(OPEN), "now": clock.now()}
    found = rows.all(
        """SELECT p.district, p.id, p."case", c.status = ANY(%(open)s) OR coalesce(m.status = ANY(%(open)s), FALSE) AS waits
           FROM cases_party p JOIN cases_case c ON c.district = p.district AND c.id = p."case"
           LEFT JOIN cases_case m ON m.district = c.district AND m.id = c.merged_into
           WHERE p.phone_hash = ANY(%(phone)s) AND p.erased_at IS NULL AND c.received_at <= %(until)s AND c.id <> %(but)s
           ORDER BY p.district, p.id FOR UPDATE OF p""",
        mine,
    )
    due = [row for row in found if not row["waits"]]
    rows.run(
        """UPDATE cases_party SET name_sealed = NULL, phone_sealed = NULL, phone_hash = NULL, erased_at = %(now)s
           WHERE (district, id) IN (SELECT * FROM unnest(%(districts)s::text[], %(ids)s::uuid[]))""",
        mine | {"districts": [row["district"] for row in due], "ids": [row["id"] for row in due]},
    )
    _on_record(due, policy)
    return len(due), len(found) - len(due)


def _on_record(erased: Sequence[rows.Row], policy: str) -> None:
    """Each in the register of deletions and on the ledger."""
    for row in erased:
        register(by=RETENTION, kind="case", subject=row["case"], policy=policy, count=1)
    if erased:
        ledger.append_many(
            by=RETENTION,
            tag=KernelTag.ERASED,
            kind="case",
            items=[ledger.Item(row["case"], row["district"], {"policy": policy, "count": 1}) for row in erased],
        )
