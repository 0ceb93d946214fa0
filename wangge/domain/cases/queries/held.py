"""How much open work hangs on a person's posts: what a successor will find. Counts alone, for who appoints people and sees no case."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.cases.rules import OPEN
from wangge.domain.people import queries as people
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.access.roles import DESK
from wangge.kernel.db import rows

MOST_POSTS = 500

_WORK = """SELECT p.id AS post, CASE
        WHEN p.grid IS NOT NULL THEN (SELECT count(*) FROM cases_case c
            WHERE c.district = p.district AND c.grid = p.grid AND c.status = ANY(%(open)s))
        WHEN p.unit_id IS NOT NULL THEN (SELECT count(*) FROM cases_assignment a WHERE a.unit = p.unit_id AND a.ended_at IS NULL)
        WHEN p.role = ANY(%(desk)s) THEN (SELECT count(*) FROM cases_case c JOIN people_unit u ON u.id = c.holder
            WHERE u.area = p.area AND c.status = ANY(%(open)s))
        ELSE 0 END AS cases
    FROM people_post p WHERE p.id = ANY(%(posts)s)"""


def open_work(*, by: Principal, user: UUID, at: datetime | None = None) -> list[dict[str, Any]]:
    """``post`` and ``cases`` for each post of ``user`` in the asker's scope that is held at ``at`` (default now): open cases of the grid, of the
    unit (as lead or assisting), or on the desk. NotFound for a person outside the scope."""
    by.require(PeoplePermission.POSTS_MANAGE)
    people.user(user, by.scope(PeoplePermission.POSTS_MANAGE))
    held = people.posts(by=by, user=user, at=at or clock.now(), limit=MOST_POSTS)["items"]
    with acting(SYSTEM):  # an appointer's own eyes see no case; these are numbers
        return rows.all(
            _WORK,
            {"posts": [post["id"] for post in held], "open": sorted(OPEN), "desk": sorted(str(role) for role in DESK)},
        )
