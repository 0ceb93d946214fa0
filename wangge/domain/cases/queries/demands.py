"""Demands that are open, each with its case: what supervision looks at."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.queries.columns import ROW
from wangge.domain.cases.queries.filter import Filter
from wangge.domain.cases.rules import Status
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.web import paging

_OWED_BY = f"CASE WHEN c.status = '{Status.HANDLING}' AND c.lead IS NOT NULL THEN c.lead ELSE c.holder END"
"""Who has the case: its lead unit while it is handled, else the centre that holds it."""
_DEMAND = "d.id, d.kind, d.level, d.text, d.made_at, d.made_by_name, d.answer_by, d.answered_at, d.answer, d.lifted_at"


def demands(
    *,
    by: Principal,
    filter: Filter,
    answered: bool | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """One page of the urges, supervisions and instructions that are not lifted, of cases that pass ``filter`` (its ``demand`` names their
    kinds as well): first those without an answer, each the oldest first. One statement. Shape: ``schemas.OpenDemandOut``."""
    params: dict[str, Any] = {"limit": limit + 1}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    # The terms of the small index of the wall, which leads to the few cases that have one.
    cases = " AND ".join(["c.demands_open > 0", scope, *filter.sql(params)])
    which = ["d.lifted_at IS NULL"]
    if filter.demand:
        which.append("d.kind = ANY(%(f_demand)s)")
    if answered is not None:
        which.append(f"d.answered_at IS {'NOT ' if answered else ''}NULL")
    if after:
        params["after_answered"], params["after_made"], params["after_id"] = paging.decode(
            after, kinds=(bool, datetime, UUID)
        )
        which.append(
            "(d.answered_at IS NOT NULL, d.made_at, d.id) > (%(after_answered)s, %(after_made)s, %(after_id)s)"
        )
    order = "d.answered_at IS NOT NULL, d.made_at, d.id"
    found = rows.all(
        f"""SELECT w.id, w.kind, w.level, w.text, w.made_at, w.made_by_name, w.answer_by, w.answered_at, w.answer, w.lifted_at, w.answered,
                   w.owed_by, u.name AS owed_by_name, u.name_en AS owed_by_name_en,
                   (SELECT to_jsonb(r) FROM (SELECT {ROW} FROM cases_case c WHERE c.district = w.district AND c.id = w."case") r) AS "case"
            FROM (SELECT {_DEMAND}, d.district, d."case", d.answered_at IS NOT NULL AS answered, o.owed_by
                  FROM (SELECT c.district, c.id, {_OWED_BY} AS owed_by FROM cases_case c WHERE {cases}) o
                  JOIN cases_demand d ON d.district = o.district AND d."case" = o.id
                  WHERE {" AND ".join(which)} ORDER BY {order} LIMIT %(limit)s) w
            LEFT JOIN people_unit u ON u.id = w.owed_by
            ORDER BY w.answered, w.made_at, w.id""",
        params,
    )
    for row in found:
        row["case"] = orjson.loads(row["case"])
    return paging.page(found, limit, keys=("answered", "made_at", "id"))
