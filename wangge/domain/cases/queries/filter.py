"""What a list of cases can be narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.cases.rules import OPEN
from wangge.kernel import clock

IN_BOX = "c.lon BETWEEN %(west)s AND %(east)s AND c.lat BETWEEN %(south)s AND %(north)s"
"""Plain comparisons: row-level security lets no index answer an operator that is not leakproof, such as ``point <@ box``."""

Box = tuple[float, float, float, float]
"""West, south, east, north; WGS 84 degrees."""
IN_SHAPE = "point(c.lon, c.lat) <@ %(f_within)s::polygon"
"""Looked at after ``IN_BOX`` alone, which an index answers. The edge counts as inside."""

WAITING = """(SELECT DISTINCT r.district, r."case" FROM cases_request r WHERE r.outcome = 'pending' AND r.kind <> 'question' AND r.of {})"""
"""Few requests wait at any time: they lead to their cases, not each case to its requests."""
PENDING = f"(c.district, c.id) IN {WAITING}"
OPEN_DEMAND = """EXISTS (SELECT FROM cases_demand d
                        WHERE d.district = c.district AND d."case" = c.id AND d.lifted_at IS NULL AND d.kind = ANY({}))"""


@dataclass(frozen=True)
class Filter:
    """What the queue can be narrowed to; None and empty mean "any". ``overdue`` and ``located`` are three-valued."""

    status: Sequence[str] = ()
    street: str | None = None
    community: str | None = None
    grid: str | None = None
    category: UUID | None = None
    channel: Sequence[str] = ()
    urgency: Sequence[str] = ()
    lead: UUID | None = None
    overdue: bool | None = None
    located: bool | None = None
    reported_from: datetime | None = None
    reported_to: datetime | None = None
    number: str | None = None
    holder: UUID | None = None
    unit: UUID | None = None
    """Has a share in it: leads or assists."""
    reporter: UUID | None = None
    tag: str | None = None
    demanded: bool | None = None
    """Urged, supervised or instructed, and not lifted."""
    demand: Sequence[str] = ()
    """Kinds of demands (``Call``), one of which is open."""
    supervision: Sequence[str] = ()
    returned: bool | None = None
    returns: int | None = None
    """Returned at least so often."""
    reopened: bool | None = None
    reworked: bool | None = None
    """Failed a verification."""
    helper: UUID | None = None
    """The unit was asked for help and has not answered."""
    requested: bool | None = None
    """Help, an extension or a suspension was asked of the centre, which has not answered."""
    confidential: bool | None = None
    box: Box | None = None
    within: Sequence[tuple[float, float]] = ()
    """The corners (longitude, latitude) of a drawn area, in their order; the last is joined to the first."""

    def __post_init__(self) -> None:
        # What says the same is equal, however it was read: the queue and the map choose their way by what a filter does not say.
        for name in ("status", "channel", "urgency", "demand", "supervision", "within"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def bounds(self) -> Box | None:
        """The box that holds all that passes; from east to west when nothing can."""
        boxes = [self.box] if self.box else []
        if self.within:
            lons, lats = zip(*self.within, strict=True)
            boxes.append((min(lons), min(lats), max(lons), max(lats)))
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return max(west), max(south), min(east), min(north)

    def sql(self, params: dict[str, Any]) -> list[str]:
        """The terms over ``c``; their values are added to ``params`` under names that start with ``f_``, and as ``IN_BOX`` says."""
        return [*self.of_status(params), *self.but_status(params)]

    def of_status(self, params: dict[str, Any]) -> list[str]:
        if not self.status:
            return []
        params["f_status"] = list(self.status)
        # said again as the small indexes say it: of a million cases few are open
        return ["c.status = ANY(%(f_status)s)", *(["c.closed_at IS NULL"] if OPEN.issuperset(self.status) else [])]

    def but_status(self, params: dict[str, Any]) -> list[str]:
        terms: list[str] = []

        def term(name: str, value: Any, text: str) -> None:
            if value is not None and value != () and value != []:
                params[f"f_{name}"] = list(value) if isinstance(value, tuple | list) else value
                terms.append(text.format(f"%(f_{name})s"))

        term("street", self.street, "c.street = {}")
        term("community", self.community, "c.community = {}")
        term("grid", self.grid, "c.grid = {}")
        term("category", self.category, "c.category = {}")
        term("channel", self.channel, "c.channel = ANY({})")
        term("urgency", self.urgency, "c.urgency = ANY({})")
        term("lead", self.lead, "c.lead = {}")
        term("reported_from", self.reported_from, "c.reported_at >= {}")
        term("reported_to", self.reported_to, "c.reported_at < {}")
        term("number", self.number, "c.number = {}")
        if self.overdue is not None:
            params["f_now"] = clock.now()
            terms.append(
                "c.due_at < %(f_now)s AND c.closed_at IS NULL"
                if self.overdue
                else "(c.due_at IS NULL OR c.due_at >= %(f_now)s)"
            )
        term("holder", self.holder, "c.holder = {}")
        term("unit", self.unit, "(c.lead = {0} OR {0} = ANY(c.assisting))")
        term("reporter", self.reporter, "c.reporter = {}")
        term("tag", self.tag, "{} = ANY(c.tags)")
        term("supervision", self.supervision, "c.supervision = ANY({})")
        term("confidential", self.confidential, "c.confidential = {}")
        if self.demanded is not None:
            terms.append("c.demands_open > 0" if self.demanded else "c.demands_open = 0")
        # said again as the small index of the wall says it
        term("demand", self.demand, f"(c.demands_open > 0 AND {OPEN_DEMAND})")
        if self.returned is not None:
            terms.append("c.returns > 0" if self.returned else "c.returns = 0")
        term("returns", self.returns, "c.returns >= {}")
        if self.reopened is not None:
            terms.append("c.reopened > 0" if self.reopened else "c.reopened = 0")
        if self.reworked is not None:
            terms.append("c.rework > 0" if self.reworked else "c.rework = 0")
        term("helper", self.helper, PENDING.format("= {}"))
        if self.requested is not None:
            terms.append(("" if self.requested else "NOT ") + PENDING.format("IS NULL"))
        if self.bounds:
            params |= dict(zip(("west", "south", "east", "north"), self.bounds, strict=True))
            terms.append(IN_BOX)
        if self.within:
            params["f_within"] = f"({','.join(f'({lon!r},{lat!r})' for lon, lat in self.within)})"
            terms.append(IN_SHAPE)
        if self.located is not None:
            terms.append("c.lon IS NOT NULL" if self.located else "c.lon IS NULL")
        return terms
