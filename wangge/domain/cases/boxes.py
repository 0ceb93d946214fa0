"""What waits for a person: the boxes of their desk, unit and grids, each a filter of the queue with its count (docs/queue.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from wangge.domain.cases.queries import Filter, counts
from wangge.domain.cases.rules import OPEN, Status
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.kernel.access import Principal, Scope
from wangge.kernel.words import Words

MOST = 1000
"""A badge says 1000+ and counts no further."""
MOST_PLACES = 6
"""So many desks, units and grids of one person have boxes of their own: who holds more looks at lists."""

NAMES = {
    "accept": Words("待受理", "To be accepted"),
    "dispatch": Words("待派遣", "To be dispatched"),
    "returned": Words("被退单", "Returned by the unit"),
    "requested": Words("待审批", "Requests to be decided"),
    "handle": Words("处置中", "In handling"),
    "reworked": Words("核查退回", "Failed verification"),
    "asked": Words("待答复协同", "Help to be answered"),
    "verify": Words("待核查", "To be verified"),
    "follow_up": Words("待回访", "To be followed up"),
    "overdue": Words("已超期", "Overdue"),
    "demanded": Words("督办催办", "Urged or supervised"),
    "new": Words("新上报", "Newly reported"),
}
"""What each box is called, in the order in which they are shown."""


class Of(NamedTuple):
    """Whose box it is: a desk's or a unit's (by id), a grid's (by code), or all that the person sees (``scope``, None)."""

    kind: str
    id: str | None = None
    words: Words | None = None


@dataclass(frozen=True)
class Box:
    """``key``: of NAMES. The count is of what the queue lists with this very ``filter`` and ``sort``."""

    key: str
    of: Of
    filter: Filter
    sort: str = "due_at"

    @property
    def query(self) -> dict[str, Any]:
        """As the queue takes it: what is not the default of its field."""
        given = {f.name: getattr(self.filter, f.name) for f in fields(Filter)}
        return {k: v for k, v in given.items() if v is not None and v != ()} | {"sort": self.sort}


class Counted(NamedTuple):
    """``count``: at most MOST; ``more``: there are more than that."""

    box: Box
    count: int
    more: bool


def counted(*, by: Principal, since: datetime | None = None) -> list[Counted]:
    """The person's boxes with their counts. ``since``: also what was reported from then on. One statement, whoever asks."""
    found = list(boxes(by=by, since=since))
    numbers = counts(by=by, wanted=[(box.filter, box.sort) for box in found], most=MOST)
    return [Counted(box, *number) for box, number in zip(found, numbers, strict=True)]


def boxes(*, by: Principal, since: datetime | None = None) -> Iterator[Box]:
    """What this person's posts give them to do, by desk, unit and grid; then what they watch over."""
    by.require(CasePermission.READ)
    for desk in _desks(by.scope(CasePermission.ACCEPT)):
        yield from _of_desk(by, desk)
    for unit in _units(by.scope(CasePermission.TAKE)):
        yield from _of_unit(unit)
    for grid in sorted(by.scope(CasePermission.VERIFY).grids)[:MOST_PLACES]:
        yield Box("verify", Of("grid", grid), Filter(status=(Status.VERIFYING,), grid=grid))
    everywhere = Of("scope")
    if by.may(CasePermission.SUPERVISE) or by.may(CasePermission.INSTRUCT):
        yield Box("overdue", everywhere, Filter(overdue=True))
        yield Box("demanded", everywhere, Filter(demanded=True), "-changed_at")
    if since is not None:
        yield Box("new", everywhere, Filter(reported_from=since), "-reported_at")


def _of_desk(by: Principal, desk: catalog.UnitOf) -> Iterator[Box]:
    of, mine = Of("desk", str(desk.id), desk.words), {"holder": desk.id}
    yield Box("accept", of, Filter(status=(Status.REPORTED,), **mine))
    yield Box("dispatch", of, Filter(status=(Status.ACCEPTED,), **mine))
    yield Box("returned", of, Filter(status=(Status.ACCEPTED,), returned=True, **mine))
    yield Box("requested", of, Filter(status=(Status.HANDLING,), requested=True, **mine))
    yield Box("overdue", of, Filter(overdue=True, **mine))
    yield Box("demanded", of, Filter(status=_OPEN, demanded=True, **mine), "-changed_at")
    if by.may(CasePermission.FOLLOW_UP):
        yield Box("verify", of, Filter(status=(Status.VERIFYING,), **mine))
        yield Box("follow_up", of, Filter(status=(Status.FOLLOWING_UP,), **mine))


def _of_unit(unit: catalog.UnitOf) -> Iterator[Box]:
    of, mine = Of("unit", str(unit.id), unit.words), {"status": (Status.HANDLING,), "unit": unit.id}
    yield Box("handle", of, Filter(**mine))
    yield Box("reworked", of, Filter(reworked=True, **mine))
    yield Box("asked", of, Filter(helper=unit.id))
    yield Box("overdue", of, Filter(overdue=True, **mine))
    yield Box("demanded", of, Filter(demanded=True, **mine), "-changed_at")


_OPEN = tuple(sorted(OPEN))


def _desks(scope: Scope) -> list[catalog.UnitOf]:
    """The person's own desks. Several districts are a city's: its centre is the desk, not those below it."""
    places = {*scope.streets, *scope.communities}
    cities = {d[:4] for d in scope.districts} if len(scope.districts) > 1 else set()
    above = catalog.desks_at(cities)
    found = [*(above or catalog.desks_at(scope.districts)), *catalog.desks_at(places)]
    return [*found, *(u for u in _units(scope) if u.kind in ("centre", "workstation"))][:MOST_PLACES]


def _units(scope: Scope) -> list[catalog.UnitOf]:
    return [unit for id in sorted(scope.units)[:MOST_PLACES] if (unit := catalog.unit(id)) is not None]
