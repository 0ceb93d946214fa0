"""Numbers of cases for the auditor, who reads what was done and sees no case: every entry of a case's act says its number anyway."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows


def numbers_of(ids: Sequence[UUID]) -> dict[UUID, str]:
    """The number of each of these cases, in any scope."""
    with acting(SYSTEM):
        found = rows.all("SELECT id, number FROM cases_case WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
    return {row["id"]: row["number"] for row in found}


def id_of_number(number: str) -> UUID | None:
    """The case of this number, in any scope."""
    with acting(SYSTEM):
        return rows.value("SELECT id FROM cases_case WHERE number = %(number)s", {"number": number})
