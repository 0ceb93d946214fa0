"""Changes of grids that take effect later, as they are listed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from wangge.domain.places.tags import PlacesPermission
from wangge.kernel.access import Columns, Principal
from wangge.kernel.db import rows

_COLUMNS = Columns(grid=None)


def planned_changes(
    *, by: Principal, state: str | None = None, id: UUID | None = None, after: tuple[Any, ...] = (), limit: int = 20
) -> list[dict[str, Any]]:
    """Those of the asker's scope, the last planned first, one more than `limit`; each with the names of its grids. One statement.

    `state`: one of `rules.PLANNED`; None: those that wait and those that failed, which somebody has to look at.
    """
    params: dict[str, Any] = {"state": state, "id": id, "limit": limit + 1}
    terms = [by.require(PlacesPermission.GRIDS_MANAGE).sql("p", params, _COLUMNS)]
    terms.append("p.state = %(state)s" if state else "TRUE" if id else "p.state IN ('waiting', 'failed')")
    if id:
        terms.append("p.id = %(id)s")
    if after:
        params |= {"at": after[0], "last": after[1]}
        terms.append("(p.planned_at, p.id) < (%(at)s::timestamptz, %(last)s::uuid)")
    found = rows.all(
        f"""SELECT p.id, l.key AS layer, p.kind, p.old, p.community, p.due_at, p.state, p.fault, p.planned_at, p.planner, p.ended_at, p.version,
                   n.names, n.names_en
            FROM places_plannedchange p JOIN places_gridlayer l ON l.id = p.layer_id CROSS JOIN LATERAL (
                SELECT array_agg(g.name ORDER BY o.n) AS names, array_agg(g.name_en ORDER BY o.n) AS names_en
                FROM unnest(p.old) WITH ORDINALITY o (code, n) JOIN places_grid g ON g.code = o.code) n
            WHERE {" AND ".join(terms)} ORDER BY p.planned_at DESC, p.id DESC LIMIT %(limit)s""",
        params,
    )
    for row in found:
        row["fault"] = orjson.loads(row["fault"]) if row["fault"] else None
    return found
