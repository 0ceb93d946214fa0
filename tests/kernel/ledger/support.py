"""What the ledger's tests share: a tag, a person, and short ways to write and seal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from wangge.kernel import ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger import LedgerTag
from wangge.kernel.words import Words


class TestTag(LedgerTag):
    __test__ = False
    NOTED = "test.noted"


ledger.say({TestTag.NOTED: Words("记录了 {n}", "noted {n}")})

BY = Principal(kind="user", id=UUID("018f0000-0000-7000-8000-000000000001"), name="alice")


def note(*, personal: dict[str, Any] | None = None, subject: UUID | None = None, **body: Any) -> UUID:
    """One entry, in the transaction that is open."""
    return ledger.append(
        by=BY,
        tag=TestTag.NOTED,
        kind="case",
        subject=subject or uuid7(),
        district="440304",
        body=body,
        personal=personal,
    )


def entries(subject: UUID) -> list[dict[str, Any]]:
    return rows.all("SELECT * FROM ledger_entry WHERE subject = %(subject)s ORDER BY pos", {"subject": subject})
