"""Before a report is sent: where it is, what it may be, and whether somebody has reported it already.

Nothing that is told of others can be traced to them: kind, community and day, of cases whose kind is everybody's business. What they wrote
is not even compared with what is typed, so that nobody can find it out by guessing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from wangge.domain.cases import intake
from wangge.domain.cases import queries as cases
from wangge.domain.cases.actions.report import Placed, Report, place_of
from wangge.domain.cases.rules import LIVE, Status
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.store import CategoryOf
from wangge.domain.places import queries as places
from wangge.domain.portal import door
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.clock.calendar import say_spans
from wangge.kernel.db import rows
from wangge.kernel.geo.lattice import distance_m, metres_per_degree
from wangge.kernel.problems import Problem

NEAR_M = 150
RECENT = timedelta(days=30)
MOST = 3
WEEK = timedelta(days=7)
PRIVATE_GROUPS = frozenset({"dispute"})


def told_of(category: CategoryOf) -> bool:
    """Whether others may know that such a case exists: not of disputes, which are between people, nor of what is confidential."""
    return category.group not in PRIVATE_GROUPS and not category.confidential


def top_of(category: CategoryOf) -> UUID:
    """The group that a kind belongs to: the top of its branch."""
    return min((i for i in category.path if i), key=lambda i: category.path[i])


def kinds() -> list[dict[str, Any]]:
    """What can be reported, by group: for who wants to choose. In memory."""
    return [
        {"id": c.id, "name": c.words._asdict(), "group": (catalog.category(top_of(c)) or c).words._asdict()}
        for c in catalog.leaves()
    ]


def before(
    *, text: str = "", point: tuple[float, float] | None = None, street: str | None = None, category: UUID | None = None
) -> dict[str, Any]:
    """``place`` (or the ``problem`` with it), the ``kinds`` that the words speak of, and open cases nearby that may be the same."""
    place: Placed | None = None
    problem: Problem | None = None
    if point is not None or street is not None:
        try:
            place = place_of(Report(text=text, point=point, street=street))
        except Problem as wrong:
            problem = wrong
    suggested = [catalog.category(s.category) for s in catalog.suggestions(text=text, most=3)] if text.strip() else []
    likely = [c for c in suggested if c]
    chosen = catalog.category(category) or (likely[0] if likely else None)
    return {
        "place": _place(place),
        "problem": problem,
        "kinds": [{"id": c.id, "name": c.words._asdict()} for c in likely],
        "similar": _similar(point, place, chosen) if point and place and chosen and told_of(chosen) else [],
    }


def _place(place: Placed | None) -> dict[str, Any] | None:
    if place is None:
        return None
    names = places.names_of([c for c in (place.street, place.community) if c])
    words = lambda code: None if code not in names else {"zh": names[code][0], "en": names[code][1] or names[code][0]}
    return {"street": words(place.street), "community": words(place.community), "grid": place.grid}


def _similar(point: tuple[float, float], place: Placed, chosen: CategoryOf) -> list[dict[str, Any]]:
    east, north = metres_per_degree(point[1])
    lon, lat = NEAR_M / east, NEAR_M / north
    shared = {c.id: c for c in catalog.leaves() if told_of(c) and top_of(c) == top_of(chosen)}
    with acting(SYSTEM):
        found = rows.all(
            f"""SELECT c.id, c.category, c.street, c.community, c.lon, c.lat, c.reported_at, c.status FROM cases_case c
                WHERE c.district = %(district)s AND {cases.IN_BOX} AND c.category = ANY(%(shared)s) AND NOT c.confidential
                  AND c.status = ANY(%(open)s) AND c.reported_at >= %(since)s
                ORDER BY c.reported_at DESC, c.id DESC LIMIT 100""",
            {
                "district": place.district,
                "west": point[0] - lon,
                "east": point[0] + lon,
                "south": point[1] - lat,
                "north": point[1] + lat,
                "shared": list(shared),
                "open": [str(s) for s in (*LIVE, Status.SUSPENDED)],
                "since": clock.now() - RECENT,
            },
        )

    def score(row: rows.Row) -> float:
        metres = distance_m(*point, row["lon"], row["lat"])
        same, days = row["category"] == chosen.id, (clock.now() - row["reported_at"]).days
        return intake.score(metres=metres, same_grid=False, same_category=same, same_top=True, alike=0.0, days=days)

    best = sorted(found, key=score, reverse=True)[:MOST]
    names = places.names_of([r["community"] or r["street"] for r in best])
    said = []
    for row in best:
        zh, en = names[row["community"] or row["street"]]
        said.append(
            {
                "ref": door.ref_of(row["id"]),
                "kind": shared[row["category"]].words._asdict(),
                "place": {"zh": zh, "en": en or zh},
                "day": row["reported_at"].astimezone(ZoneInfo(settings.CONFIG.zone)).date(),
                "handling": row["status"] not in (Status.REPORTED, Status.ACCEPTED),
            }
        )
    return said


def where(point: tuple[float, float]) -> dict[str, Any]:
    """The grid that holds a point, with its names; ``grid`` null outside all grids."""
    hit = places.locate([point], layers=["base"])[0]["base"]
    if isinstance(hit, places.Outside):
        return {"grid": None, "name": None, "place": None}
    placed = Placed(hit.district, hit.street, hit.community, hit.code, hit.version_id)
    return {"grid": hit.code, "name": {"zh": hit.name, "en": hit.name_en or hit.name}, "place": _place(placed)}


def hours() -> list[dict[str, Any]]:
    """When the centres are open today and on the six days after: by the work calendar, with the name of a holiday. ``open`` is empty on a day of rest."""
    calendar = catalog.calendar()
    first = clock.today(calendar.zone)
    names = {
        day["day"]: {"zh": day["name"], "en": day["name_en"] or day["name"]}
        for year in sorted({first.year, (first + WEEK).year})
        for day in catalog.days_of(year)
        if day["name"]
    }
    days = [first + timedelta(days=n) for n in range(WEEK.days)]
    return [{"day": day, "open": say_spans(calendar.office(day)).split(), "name": names.get(day)} for day in days]


def streets() -> list[dict[str, Any]]:
    """Where something can be reported without a position: every street with its district, by code. One statement."""
    found = rows.all(
        """SELECT s.code, s.name, s.name_en, d.name AS district, d.name_en AS district_en, b.west, b.south, b.east, b.north
           FROM places_area s JOIN places_area d ON d.code = left(s.code, 6)
           LEFT JOIN places_areaborder b ON b.area = s.code AND b.valid_to IS NULL WHERE s.level = 'street' AND s.valid_to IS NULL
             AND EXISTS (SELECT 1 FROM places_area c WHERE c.parent = s.code AND c.valid_to IS NULL)
           ORDER BY s.code"""
    )
    return [
        {
            "code": row["code"],
            "box": None if row["west"] is None else (row["west"], row["south"], row["east"], row["north"]),
            "name": {"zh": row["name"], "en": row["name_en"] or row["name"]},
            "district": {"zh": row["district"], "en": row["district_en"] or row["district"]},
        }
        for row in found
    ]
