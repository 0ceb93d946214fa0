"""Open data: figures by street and the de-identified cases of a month.

A case is told without its text, its day, its number and its place: by the grid, community or street in which at least ``FEW`` of its kind
were reported that month (``rules.coarsened``). Confidential cases and disputes are in no list; in counts they are one of many.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from django.conf import settings

from wangge.domain.cases.rules import Status
from wangge.domain.catalog import queries as catalog
from wangge.domain.places import queries as places
from wangge.domain.portal import rules
from wangge.domain.portal.queries.nearby import told_of, top_of
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows

NOT_TOLD = [str(s) for s in (Status.VOID, Status.WITHDRAWN, Status.MERGED, Status.REJECTED)]
CLOSED = frozenset({Status.CLOSED, Status.ARCHIVED})


def last_month() -> date:
    """The first day of the last month that is over."""
    today = clock.today(ZoneInfo(settings.CONFIG.zone))
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def open_cases(month: date) -> list[dict[str, Any]]:
    """The cases of a month as everybody may have them. One statement; ``point`` is the middle of ``place``, or None."""
    zone = ZoneInfo(settings.CONFIG.zone)
    first = datetime.combine(month.replace(day=1), time.min, zone)
    after = first.replace(day=monthrange(first.year, first.month)[1]) + timedelta(days=1)
    shared = {c.id: top_of(c) for c in catalog.leaves() if told_of(c)}
    with acting(SYSTEM):
        found = rows.all(
            """SELECT category, street, community, grid, status, overdue_at IS NULL AS in_time, public_text FROM cases_case
               WHERE reported_at >= %(first)s AND reported_at < %(after)s AND category = ANY(%(shared)s) AND NOT confidential
                 AND status <> ALL(%(not)s)""",
            {"first": first, "after": after, "shared": list(shared), "not": NOT_TOLD},
        )
    groups = rules.coarsened({**row, "top": shared[row["category"]]} for row in found)
    points, names = middles({place for place, _ in groups}), _names({place for place, _ in groups})
    told = []
    for place, group in groups:
        top = catalog.category(group[0]["top"])
        for row in sorted(group, key=lambda r: (r["status"] not in CLOSED, not r["in_time"], r["public_text"])):
            told.append(
                {
                    "month": f"{first:%Y-%m}",
                    "kind": top.code if top else "",
                    "kind_name": top.name if top else "",
                    "kind_name_en": (top.name_en or top.name) if top else "",
                    "place": place,
                    "place_name": names.get(place, ("", ""))[0],
                    "place_name_en": names.get(place, ("", ""))[1],
                    "closed": row["status"] in CLOSED,
                    "in_time": row["in_time"],
                    "answer": row["public_text"],
                    "point": points.get(place),
                }
            )
    return told


def middles(codes: set[str]) -> dict[str, tuple[float, float]]:
    """A point inside each grid and area that has a border, in degrees."""
    grids = [c for c in codes if len(c) == 15]
    found = rows.all(
        """SELECT g.code, v.geometry FROM places_grid g JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL
           WHERE g.code = ANY(%(codes)s)""",
        {"codes": grids},
    )
    shapes = {row["code"]: shapely.from_wkb(bytes(row["geometry"])) for row in found}
    shapes |= places.area_borders([c for c in codes if len(c) < 15])
    points = {code: shapely.point_on_surface(shape) for code, shape in shapes.items()}
    return {code: (round(p.x, 5), round(p.y, 5)) for code, p in points.items()}


def _names(codes: set[str]) -> dict[str, tuple[str, str]]:
    areas = {code: (zh, en or zh) for code, (zh, en) in places.names_of([c for c in codes if len(c) < 15]).items()}
    grids = rows.all(
        "SELECT code, name, name_en FROM places_grid WHERE code = ANY(%(codes)s)",
        {"codes": [c for c in codes if len(c) == 15]},
    )
    return areas | {g["code"]: (g["name"], g["name_en"] or g["name"]) for g in grids}


def figures(month: date) -> list[dict[str, Any]]:
    """Of each street: how much was reported and closed in a month, and how much of it in time. Numbers below ``FEW`` and rates over fewer
    than ``FEW_CLOSED`` are left out (None). One statement."""
    with acting(SYSTEM):
        found = rows.all(
            """SELECT s.code, s.name, s.name_en, d.name AS district, d.name_en AS district_en, k.reported, k.closed, k.in_time
               FROM stats_cell k JOIN places_area s ON s.code = k.street JOIN places_area d ON d.code = k.district
               WHERE k.dimension = 'all' AND k.grain = 'month' AND k.start = %(month)s ORDER BY s.code""",
            {"month": month.replace(day=1)},
        )
    few = lambda n: None if 0 < n < rules.FEW else n
    return [
        {
            "street": row["code"],
            "name": {"zh": row["name"], "en": row["name_en"] or row["name"]},
            "district": {"zh": row["district"], "en": row["district_en"] or row["district"]},
            "reported": few(row["reported"]),
            "closed": few(row["closed"]),
            "in_time_rate": round(row["in_time"] / row["closed"], 3) if row["closed"] >= rules.FEW_CLOSED else None,
        }
        for row in found
    ]
