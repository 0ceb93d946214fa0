"""The proof of a step, for whoever may read the case: the ledger's entry says what the timeline says, and no more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from wangge.domain.cases.queries.case import NO_CASE, seen
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ledger.proof import proof
from wangge.kernel.problems import NotFound


def step_proof(*, by: Principal, case: UUID, step: UUID) -> dict[str, Any]:
    """What ``ledger.proof`` gives for the entry of a step. NotFound for a case one may not know, a step of another one, and a step that is not
    sealed yet. Reveals and exports are no steps: who looked is the auditor's to know."""
    if seen(by=by, case=case) is None:
        raise NotFound(NO_CASE)
    entry = rows.value(
        "SELECT id FROM ledger_entry WHERE subject = %(case)s AND kind = 'case' AND body->>'step' = %(step)s",
        {"case": case, "step": str(step)},
    )
    if entry is None:
        raise NotFound(NO_CASE)
    return proof(entry)
