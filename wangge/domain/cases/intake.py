"""What helps who takes a report in: where it is, what it is, who would get it and by when, and whether it is known already.

Nothing is written. Similar cases are found near, recent, of the same kind and in similar words, and each says why it was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.actions.report import Placed, Report, place_of
from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.rules import OPEN, Channel, Stage, Urgency
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.places import queries as places
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.geo.lattice import distance_m, metres_per_degree
from wangge.kernel.problems import Problem
from wangge.kernel.words import Words, counted

NEAR_M = 250
HERE_M = 60
RECENT = timedelta(days=30)
JUST_ENDED = timedelta(days=7)
MOST_CANDIDATES = 300
MOST = 5
LIKELY = 0.45
"""Below this score a case is not worth an operator's look."""


@dataclass(frozen=True)
class Similar:
    """A case that may be the same matter. ``score`` 0–1; ``why``: what speaks for it."""

    case: rows.Row
    score: float
    why: list[Words]


def grams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters, without blanks and punctuation."""
    plain = "".join(c for c in text.lower() if c.isalnum())
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1))


def likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Share of the shorter text's pairs that stand in the other: a report that says more is still the same."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def score(
    *, metres: float | None, same_grid: bool, same_category: bool, same_top: bool, alike: float, days: float
) -> float:
    """How likely two reports are about one matter: place and kind first, then the words, a little less with each day."""
    place = max(0.0, 1 - metres / NEAR_M) if metres is not None else 0.5 if same_grid else 0.1
    kind = 1.0 if same_category else 0.5 if same_top else 0.0
    return (0.4 * place + 0.3 * kind + 0.3 * min(1.0, alike * 1.5)) * (1 - min(days, 30) / 120)


def similar(
    *,
    by: Principal,
    point: tuple[float, float] | None,
    place: Placed | None,
    text: str,
    category: UUID | None,
    but: UUID | None = None,
) -> list[Similar]:
    """Cases in the person's scope that may be the same matter, likeliest first. One statement."""
    now = clock.now()
    params: dict[str, Any] = {
        "since": now - RECENT,
        "ended": now - JUST_ENDED,
        "open": sorted(OPEN),
        "but": but,
        "most": MOST_CANDIDATES,
    }
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    if point is not None:
        where = queries.IN_BOX
        params |= _box(point, NEAR_M)
    elif place is not None:
        where = "c.grid = %(grid)s" if place.grid else "c.street = %(street)s"
        params |= {"grid": place.grid, "street": place.street}
    else:
        return []
    found = rows.all(
        f"""SELECT c.id, c.number, c.title, c.text, c.status, c.category, c.grid, c.lon, c.lat, c.reported_at, c.closed_at, c.confidential
            FROM cases_case c
            WHERE {where} AND c.reported_at >= %(since)s AND {scope} AND c.id IS DISTINCT FROM %(but)s::uuid
              AND (c.status = ANY(%(open)s) OR c.closed_at >= %(ended)s) AND c.merged_into IS NULL
            ORDER BY c.reported_at DESC LIMIT %(most)s""",
        params,
    )
    wanted = grams(text)
    judged = [_judge(row, point, place, wanted, category) for row in found]
    return sorted((s for s in judged if s.score >= LIKELY), key=lambda s: -s.score)[:MOST]


def _judge(
    row: rows.Row,
    point: tuple[float, float] | None,
    place: Placed | None,
    wanted: frozenset[str],
    category: UUID | None,
) -> Similar:
    metres = None if point is None or row["lon"] is None else distance_m(*point, row["lon"], row["lat"])
    same_grid = place is not None and place.grid is not None and place.grid == row["grid"]
    same_category = category is not None and category == row["category"]
    same_top = same_category or (category is not None and _top(category) == _top(row["category"]))
    alike = likeness(wanted, grams(row["title"] + row["text"]))
    days = (clock.now() - row["reported_at"]).total_seconds() / 86400
    why = []
    if metres is not None:
        why.append(Words(f"相距 {metres:.0f} 米", f"{metres:.0f} m away"))
    elif same_grid:
        why.append(Words("同一网格", "same grid"))
    if same_category:
        why.append(Words("类别相同", "same category"))
    elif same_top:
        why.append(Words("大类相同", "same group of categories"))
    if alike >= 0.3:
        why.append(Words(f"文字相似 {alike:.0%}", f"{alike:.0%} of the words alike"))
    why.append(Words(f"{days:.0f} 天前上报", f"reported {counted(days, 'day')} ago"))
    total = score(
        metres=metres, same_grid=same_grid, same_category=same_category, same_top=same_top, alike=alike, days=days
    )
    return Similar(row, round(total, 3), why)


def _top(category: UUID) -> UUID | None:
    found = catalog.category(category)
    return min(found.path, key=found.path.__getitem__) if found and found.path else None


def _box(point: tuple[float, float], metres: float) -> dict[str, float]:
    east, north = metres_per_degree(point[1])
    lon, lat = metres / east, metres / north
    return {"west": point[0] - lon, "east": point[0] + lon, "south": point[1] - lat, "north": point[1] + lat}


def earlier_here(
    *, by: Principal, point: tuple[float, float], but: UUID | None = None, most: int = 20
) -> list[rows.Row]:
    """The cases within 60 m of a place, newest first, whatever became of them."""
    params: dict[str, Any] = {"but": but, "most": most} | _box(point, HERE_M)
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    return rows.all(
        f"""SELECT c.id, c.number, c.title, c.status, c.category, c.reported_at, c.closed_at FROM cases_case c
            WHERE {queries.IN_BOX} AND {scope} AND c.id IS DISTINCT FROM %(but)s::uuid
            ORDER BY c.reported_at DESC, c.id DESC LIMIT %(most)s""",
        params,
    )


def preview(
    *,
    by: Principal,
    text: str,
    title: str = "",
    point: tuple[float, float] | None = None,
    street: str | None = None,
    category: UUID | None = None,
    urgency: str | None = None,
    channel: str = Channel.WORKER,
) -> dict[str, Any]:
    """Everything above for a report that is being written; parts that cannot be told yet are None or empty."""
    by.require(CasePermission.REPORT)
    now = clock.now()
    problem: Problem | None = None
    place: Placed | None = None
    if point is not None or street is not None:
        try:
            place = place_of(Report(text=text, point=point, street=street))
        except Problem as wrong:
            problem = wrong
    suggested = catalog.suggestions(text=text, title=title) if text.strip() else []
    chosen = category or (suggested[0].category if suggested else None)
    found = catalog.category(chosen)
    route = desk = None
    if found is not None and place is not None:
        grids = {layer: hit.code for layer, hit in places.held(*point).items()} if point else {}
        where = catalog.Place(place.district, place.street, place.community, place.grid, grids)
        route = catalog.choose_route(found.id, where, now)
        desk = catalog.entry_desk(found, channel, place)
    level = urgency or (found.urgency if found else Urgency.NORMAL)
    return {
        "place": place,
        "problem": problem,
        "suggestions": suggested,
        "category": found,
        "urgency": str(level),
        "desk": desk,
        "route": route,
        "limits": {str(s): catalog.due(found.id, str(level), str(s), now) for s in Stage} if found else {},
        "similar": similar(by=by, point=point, place=place, text=f"{title} {text}", category=chosen),
        "earlier": earlier_here(by=by, point=point) if point is not None else [],
    }


def names_of(units: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Names of units in Chinese and English."""
    found = rows.all("SELECT id, name, name_en FROM people_unit WHERE id = ANY(%(ids)s)", {"ids": list(units)})
    return {r["id"]: (r["name"], r["name_en"] or r["name"]) for r in found}
