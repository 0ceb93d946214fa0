"""查看原文: one sensitive field in clear, for a stated purpose, written down before it is shown (DESIGN §5)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from wangge.kernel.access import Principal
from wangge.kernel.crypto.masked import Masked, opened
from wangge.kernel.ledger.append import append
from wangge.kernel.ledger.tags import KernelTag
from wangge.kernel.problems import Invalid

SHORTEST, LONGEST = 2, 200


def reveal(
    *, by: Principal, value: Masked, kind: str, subject: UUID, district: str | None, field: str, purpose: str
) -> str:
    """The text behind a mask. Permission and scope are the caller's to check.

    The entry names the field and the purpose, never the text, and is committed with the answer or not at all. Raises Invalid
    without a purpose.
    """
    said = purpose.strip()
    if not SHORTEST <= len(said) <= LONGEST:
        raise Invalid.field(
            "body.purpose",
            "purpose",
            f"请写明查看原文的用途（{SHORTEST}–{LONGEST} 字），将记入留痕。",
            f"Say what you need it for ({SHORTEST}–{LONGEST} characters); it goes on record.",
        )
    with transaction.atomic():
        body = {"field": field, "purpose": said}
        append(by=by, tag=KernelTag.REVEALED, kind=kind, subject=subject, district=district, body=body)
        return opened(value)
