"""Cases as a collection of the OGC API: for a GIS desktop with a token, within the token's scope.

Points of cases as the queue lists them. Who reported one is never in it, and confidential cases are not at all: what is drawn on somebody's
desktop is copied on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wangge.domain.cases import queries
from wangge.domain.cases.queries.filter import Filter
from wangge.domain.cases.tags import CasePermission
from wangge.domain.places.ogc import Box, Found
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

MOST = 1000
SHOWN = (
    "number", "status", "urgency", "channel", "category_name", "category_name_en", "title", "address", "street", "community", "grid",
    "lead_name", "lead_name_en", "due_at", "overdue_at", "reported_at", "changed_at", "closed_at",
)  # fmt: skip


class Cases:
    key = "Cases"
    words = Words("案件", "Cases")
    about = Words(
        "权限范围内有位置的案件（保密案件除外），时间为上报时间",
        "Cases with a place in one's scope, but for confidential ones; their time is that of the report",
    )

    def readable(self, by: Principal) -> bool:
        return by.may(CasePermission.READ)

    def items(self, by: Principal, *, box: Box | None, times: dict[str, Any], after: str, limit: int) -> Found:
        until = times.get("at")
        since = times.get("since", until)
        chosen = Filter(
            located=True,
            confidential=False,
            box=box,
            reported_from=since,
            reported_to=until and until + timedelta(microseconds=1),  # the end belongs to an interval of the standard
        )
        page = queries.queue(by=by, filter=chosen, after=after or None, limit=min(limit, MOST))
        return Found([feature(row) for row in page["items"]], page["next"])

    def item(self, by: Principal, id: str) -> dict[str, Any]:
        chosen = Filter(located=True, confidential=False, number=id)
        page = queries.queue(by=by, filter=chosen, limit=1)
        if not page["items"]:
            raise NotFound(Words(f"没有案件 {id}。", f"There is no case {id}."))
        return feature(page["items"][0])


def feature(row: rows.Row) -> dict[str, Any]:
    """A case by its number, at its place."""
    point = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    return {
        "type": "Feature",
        "id": row["number"],
        "geometry": point,
        "properties": {name: row[name] for name in SHOWN},
    }
