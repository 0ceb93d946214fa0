"""How today goes, for the wall: cases in and out by the hour, and how the clocks of open cases stand. Read from the cases themselves, so that
it is of this moment (what `queries` sums follows the cases by a second)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from wangge.domain.cases.rules import Status
from wangge.domain.stats.models import SCOPE
from wangge.domain.stats.queries import zone
from wangge.domain.stats.sources import Asked, within
from wangge.domain.stats.tags import StatsPermission
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows

SOON = timedelta(hours=2)
"""A limit that ends within it is soon: what lists and the map colour so as well."""


def today(*, by: Principal, area: str | None = None) -> dict[str, Any]:
    """Cases ``reported`` and ``closed`` in each hour of today that has begun, and the open cases by their clock: in time, soon, overdue,
    paused. One statement, over the cases of today and the open ones."""
    scope = replace(by.require(StatsPermission.CASES), person=None)
    now = clock.now()
    day = clock.today(zone())
    begin = datetime.combine(day, time.min, zone())
    params: dict[str, Any] = {"begin": begin, "now": now, "soon": now + SOON}
    params |= {"suspended": str(Status.SUSPENDED), "closed": [Status.CLOSED, Status.ARCHIVED]}
    asked = Asked(day, day, area)
    where = " AND ".join([within(scope, SCOPE, params), *asked.terms(params)])
    hour = "floor(extract(epoch FROM {} - %(begin)s) / 3600)::int"
    found = rows.all(
        f"""SELECT 'reported' AS what, {hour.format("e.reported_at")} AS hour, count(*) AS n FROM cases_case e
            WHERE e.reported_at >= %(begin)s AND e.reported_at <= %(now)s AND {where} GROUP BY 2
            UNION ALL
            SELECT 'closed', {hour.format("e.closed_at")}, count(*) FROM cases_case e
            WHERE e.changed_at >= %(begin)s AND e.closed_at >= %(begin)s AND e.closed_at <= %(now)s AND e.status = ANY(%(closed)s) AND {where} GROUP BY 2
            UNION ALL
            SELECT CASE WHEN e.status = %(suspended)s THEN 'paused' WHEN e.due_at < %(now)s THEN 'overdue'
                        WHEN e.due_at < %(soon)s THEN 'soon' ELSE 'in_time' END, NULL, count(*) FROM cases_case e
            WHERE e.closed_at IS NULL AND {where} GROUP BY 1""",
        params,
    )
    counted = {(row["what"], row["hour"]): row["n"] for row in found}
    hours = int((now - begin).total_seconds() // 3600) + 1
    return {
        "at": now,
        "day": day,
        "hours": [
            {"hour": h, "reported": counted.get(("reported", h), 0), "closed": counted.get(("closed", h), 0)}
            for h in range(hours)
        ],
        "clocks": {name: counted.get((name, None), 0) for name in ("in_time", "soon", "overdue", "paused")},
    }
