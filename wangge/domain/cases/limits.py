"""What another category or urgency would make of the limit that runs: told before the act, reckoned as the act and the ladder reckon."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.actions.outside import counted_anew
from wangge.domain.cases.rules import LIVE
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.problems import Conflict, Invalid
from wangge.kernel.words import Words


def recount(*, by: Principal, case: UUID, category: UUID | None = None, urgency: str | None = None) -> dict[str, Any]:
    """``due_at`` as it would be beside ``due_before``; ``rung``: how far the ladder climbs at once (1 reminded, 2 overdue, 3 raised);
    ``raised_at``: when the centre ``above`` would hold it (None: there is none)."""
    by.require(CasePermission.RECLASSIFY)
    if category is not None and catalog.category(category) is None:
        raise Invalid.field("query.category", "unknown", "没有这个类别。", "There is no such category.")
    row = queries.visible(by=by, case=case)
    if row["status"] not in LIVE:
        raise Conflict(Words("案件现在没有计时。", "No clock of this case runs now."))
    plan = counted_anew(row, category=category or row["category"], urgency=urgency or row["urgency"])
    raised = plan.share(2.0)
    above = queries.centre_above(row)
    return {
        "stage": str(plan.stage),
        "due_before": row["due_at"],
        "due_at": plan.due_at,
        "rung": sum(moment <= clock.now() for moment in (plan.next_at, plan.due_at, raised)),
        "raised_at": raised,
        "above": above and above["id"],
        "above_name": above and above["name"],
        "above_name_en": above and above["name_en"],
    }
