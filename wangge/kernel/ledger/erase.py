"""Erasing the personal data of entries: the entries stay, the chain stays valid, and that it was done is on record itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger.append import append
from wangge.kernel.ledger.tags import KernelTag


def erase(*, by: Principal, entries: Sequence[UUID], policy: str, kind: str, subject: UUID | None = None) -> int:
    """Remove salt and data of these entries, so that the commitment in the chain can no longer be opened by anybody.

    ``policy`` names the rule (a retention policy, a person's request); it and ``kind`` go into the register of deletions, which
    holds no personal data. Returns how many were erased; those erased before are left as they are.
    """
    with transaction.atomic():
        present = rows.all(
            "SELECT entry FROM ledger_personal WHERE entry = ANY(%(entries)s) AND data IS NOT NULL FOR UPDATE",
            {"entries": list(entries)},
        )
        if not present:
            return 0
        now = clock.now()
        erased = [row["entry"] for row in present]
        erasure = register(by=by, kind=kind, subject=subject, policy=policy, count=len(erased))
        rows.run(
            """UPDATE ledger_personal SET salt = NULL, data = NULL, erased_at = %(at)s, erasure = %(erasure)s
               WHERE entry = ANY(%(entries)s)""",
            {"at": now, "erasure": erasure, "entries": erased},
        )
        append(
            by=by,
            tag=KernelTag.ERASED,
            kind="erasure",
            subject=erasure,
            body={"policy": policy, "count": len(erased), "entries": [str(e) for e in erased]},
        )
        return len(erased)


def register(*, by: Principal, kind: str, subject: UUID | None, policy: str, count: int) -> UUID:
    """A line of the register of deletions, which holds no personal data; its id. Inside the transaction that erases. Whoever erases in a
    table of their own (a case's reporter) says so here and in the ledger."""
    erasure = uuid7()
    rows.run(
        """INSERT INTO ledger_erasure (id, at, kind, subject, policy, count, actor_kind, actor)
           VALUES (%(id)s, %(at)s, %(kind)s, %(subject)s, %(policy)s, %(count)s, %(actor_kind)s, %(actor)s)""",
        {
            "id": erasure,
            "at": clock.now(),
            "kind": kind,
            "subject": subject,
            "policy": policy,
            "count": count,
            "actor_kind": by.kind,
            "actor": by.id,
        },
    )
    return erasure
