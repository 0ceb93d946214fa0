"""What units have to do: for who chooses one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from wangge.domain.cases.rules import Status
from wangge.domain.cases.tags import CasePermission
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row


def load(*, by: Principal, units: Sequence[UUID]) -> list[Row]:
    """Of each of these units that is active: the cases under way that it ``leads`` and ``assists``, and how many of both are ``overdue``
    or ``due_today`` (later today, by the case's limit and the installation's day). Counts of all its cases, also of those outside the
    asker's scope: nobody is dispatched to well by half the load. One statement."""
    by.require(CasePermission.DISPATCH)
    zone, now = ZoneInfo(settings.CONFIG.zone), clock.now()
    tomorrow = datetime.combine(clock.today(zone) + timedelta(days=1), time.min, zone)
    with acting(SYSTEM):
        return rows.all(
            """SELECT u.id AS unit, count(*) FILTER (WHERE w.leads) AS leads, count(*) FILTER (WHERE NOT w.leads) AS assists,
                      count(*) FILTER (WHERE w.due_at < %(now)s) AS overdue,
                      count(*) FILTER (WHERE w.due_at >= %(now)s AND w.due_at < %(tomorrow)s) AS due_today
               FROM people_unit u LEFT JOIN LATERAL (
                   SELECT true AS leads, c.due_at FROM cases_case c
                   WHERE c.lead = u.id AND c.closed_at IS NULL AND c.status = %(handling)s
                   UNION ALL
                   SELECT false, c.due_at FROM cases_mark m JOIN cases_case c ON c.district = m.district AND c.id = m."case"
                   WHERE m.mark = 'u:' || u.id::text AND m.due_at IS NOT NULL AND u.id = ANY(c.assisting) AND c.status = %(handling)s) w ON true
               WHERE u.active AND u.id = ANY(%(units)s) GROUP BY u.id ORDER BY u.id""",
            {
                "units": list(units),
                "now": now,
                "tomorrow": tomorrow,
                "handling": str(Status.HANDLING),
            },
        )
