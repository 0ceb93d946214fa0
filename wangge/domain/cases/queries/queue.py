"""The work queue: a page of the cases in a person's scope, in one statement that reads about as many rows as it shows (docs/queue.md).

A scope is a union (these districts, or these units, or one's own reports), and no ordered index answers a union. So each term of it is
asked by itself, where an index gives its first rows in order, and the first of all of those together are the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.queries.columns import ROW
from wangge.domain.cases.queries.filter import IN_BOX, WAITING, Filter
from wangge.domain.cases.rules import OPEN, Status
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.access import EVERYTHING, Principal, Scope
from wangge.kernel.db import rows
from wangge.kernel.db.statement import Statement
from wangge.kernel.problems import Invalid
from wangge.kernel.web import paging

SORTS: dict[str, tuple[str, bool]] = {
    "-reported_at": ("reported_at", True),
    "reported_at": ("reported_at", False),
    "-changed_at": ("changed_at", True),
    "due_at": ("due_at", False),
}
"""The queue's orders: column and whether newest first. ``due_at`` is the desk's order: what is due first; closed cases have none."""


def queue(
    *, by: Principal, filter: Filter, sort: str = "-reported_at", after: str | None = None, limit: int = paging.DEFAULT
) -> Any:
    """One page of the cases in the person's scope: one statement, whatever the filter. Shape: ``{"items", "next"}``."""
    order, params = Order.of(sort), {"limit": limit + 1}
    if after:
        params["after_value"], params["after_id"] = paging.decode(after, kinds=(datetime, UUID))
        order = replace(order, later=True)
    first = _first(by.require(CasePermission.READ), filter, order, params)
    if first is None:
        return paging.page([], limit, keys=())
    found = rows.all(
        f"""SELECT {ROW} FROM ({first}) w JOIN cases_case c ON c.district = w.district AND c.id = w.id
            ORDER BY {order.by("w.at", "w.id")}""",
        params,
        # One plan for every box is that of the widest: 3 s for a few streets of a million cases.
        prepared=filter.bounds is None,
    )
    return paging.page(found, limit, keys=(order.column, "id"))


def counts(*, by: Principal, wanted: Sequence[tuple[Filter, str]], most: int = 1000) -> list[tuple[int, bool]]:
    """How many cases each of these filters lists in its order, counted up to ``most``, and whether there are more. One statement, which
    for each reads what a page of ``most`` would."""
    s, names = Statement(prepared=all(filter.bounds is None for filter, _ in wanted)), []
    for number, (filter, sort) in enumerate(wanted):
        params: dict[str, Any] = {"limit": most + 1}
        first = _first(by.require(CasePermission.READ), filter, Order.of(sort), params)
        if first is not None:
            s.cte(f"box{number}", f"SELECT count(*) AS n FROM ({first}) w", **params)
        names.append(f"(SELECT n FROM box{number})" if first is not None else "0")
    if not names:
        return []
    row = s.fetch(f"SELECT ARRAY[{', '.join(names)}]::int[] AS found") if any(n != "0" for n in names) else None
    return [(min(n, most), n > most) for n in (row["found"] if row else [0] * len(names))]


def newest(
    *, scope: Scope, filter: Filter, params: dict[str, Any], also: Sequence[str] = (), columns: str = ""
) -> str | None:
    """The newest ``limit`` cases (a parameter) of a scope as SQL (at, district, id and these ``columns`` of ``c``), ``also`` by these terms
    over ``c``, found as a page of the queue is; None when none can be in the scope."""
    return _first(scope, filter, Order.of("-reported_at"), params, also, columns)


def _first(
    scope: Scope, filter: Filter, order: Order, params: dict[str, Any], also: Sequence[str] = (), columns: str = ""
) -> str | None:
    """The first ``limit`` cases (a parameter) in this order as SQL (at, district, id and ``columns``); None when none can be in the scope."""
    if order.only and filter.status and not OPEN.intersection(filter.status):
        return None  # what ended has no limit to be sorted by
    filter, led_by = _led(filter, params)
    terms, status = [*filter.but_status(params), *order.only, *also], filter.of_status(params)
    # Archived cases are nearly all, and open ones with another filter so few that they are fetched: neither is asked status by status.
    alone = replace(filter, status=()) == Filter()
    apart = (
        bool(filter.status) and Status.ARCHIVED not in filter.status and (alone or not OPEN.issuperset(filter.status))
    )
    ways = [
        way.by_status().sql(order, terms, columns)
        if apart and way.of_many and not order.only
        else way.sql(order, [*terms, *status], columns)
        for way in _ways(scope, filter, params, led_by)
    ]
    if not ways:
        return None
    return f"SELECT * FROM ({' UNION '.join(ways)}) w ORDER BY {order.by('w.at', 'w.id')} LIMIT %(limit)s"


def listed(*, by: Principal, filter: Filter, sort: str, params: dict[str, Any]) -> tuple[list[str], str]:
    """All that the pages of the queue hold together, and their order, as SQL over ``cases_case c``: for who reads them to the end."""
    order = Order.of(sort)
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    return [scope, *filter.sql(params), *order.only, *order.terms(f"c.{order.column}", "c.id")], order.by(
        f"c.{order.column}", "c.id"
    )


@dataclass(frozen=True)
class Order:
    """``later``: only what comes after the row that the cursor names."""

    column: str
    direction: str
    later: bool = False

    @classmethod
    def of(cls, sort: str) -> Order:
        """Raises Invalid for a sort that the queue does not have."""
        if sort not in SORTS:
            raise Invalid.field(
                "query.sort",
                "unknown",
                f"排序应为 {'、'.join(SORTS)} 之一。",
                f"sort must be one of {', '.join(SORTS)}.",
            )
        column, descending = SORTS[sort]
        return cls(column, "DESC" if descending else "ASC")

    @property
    def only(self) -> list[str]:
        """What cases must be to have a place in this order."""
        return ["c.closed_at IS NULL"] if self.column == "due_at" else []

    def by(self, at: str, id: str) -> str:
        return f"{at} {self.direction}, {id} {self.direction}"

    def terms(self, at: str, id: str) -> list[str]:
        found = [f"{at} IS NOT NULL"] if self.column == "due_at" else []
        if self.later:
            found.append(f"({at}, {id}) {'<' if self.direction == 'DESC' else '>'} (%(after_value)s, %(after_id)s)")
        return found


@dataclass(frozen=True)
class Way:
    """One simple way to cases: ``own`` terms, asked anew for each value of ``each``; over the marks when it names a ``mark``.

    ``led_by``, ``walked``: these rows (district, case), or the marks, lead, case by case. ``of_many``: of a district, a street or a lead unit, whose cases are so many that each status has its own order there.
    """

    own: tuple[str, ...] = ()
    each: str = ""
    mark: str = ""
    led_by: str = ""
    walked: bool = False
    of_many: bool = False

    def by_status(self) -> Way:
        statuses = "unnest(%(f_status)s::text[]) AS s (status)"
        return replace(
            self,
            own=(*self.own, "c.status = s.status", "c.status <> 'archived'"),
            each=f"{self.each} CROSS JOIN {statuses}" if self.each else statuses,
        )

    def sql(self, order: Order, terms: Sequence[str], columns: str) -> str:
        at, id = (f"m.{order.column}", 'm."case"') if self.mark else (f"c.{order.column}", "c.id")
        where = [*self.own, *terms]
        if self.led_by or self.walked:
            # OFFSET keeps the planner from collecting all that is open to find what few rows lead to
            one = " AND ".join(['c.district = m.district AND c.id = m."case"', *where])
            source = f"{self.led_by or 'cases_mark'} m CROSS JOIN LATERAL (SELECT c.* FROM cases_case c WHERE {one} OFFSET 0) c"
            where = [f"m.mark = {self.mark}"] if self.mark else []
        elif self.mark:
            source = """cases_mark m JOIN cases_case c ON c.district = m.district AND c.id = m."case" """
            where = [f"m.mark = {self.mark}", *where]
        else:
            source = "cases_case c"
        where += order.terms(at, id)
        first = f"""(SELECT {at} AS at, c.district, c.id{columns and ", "}{columns} FROM {source} WHERE {" AND ".join(where) or "TRUE"}
                     ORDER BY {order.by(at, id)} LIMIT %(limit)s)"""
        return f"(SELECT w.* FROM {self.each} CROSS JOIN LATERAL {first} w)" if self.each else first


def _led(filter: Filter, params: dict[str, Any]) -> tuple[Filter, str]:
    """The filter without its requests that wait, and SQL of the cases that these lead to; they are few, and looked through once, not once a place."""
    if filter.helper is not None:
        params["f_helper"] = filter.helper
        return replace(filter, helper=None), WAITING.format("= %(f_helper)s")
    return (replace(filter, requested=None), WAITING.format("IS NULL")) if filter.requested else (filter, "")


def _ways(scope: Scope, filter: Filter, params: dict[str, Any], led_by: str) -> Iterator[Way]:
    """Simple ways that together reach every case of the scope that can pass the filter; what it is ``led_by`` is one way to all of them."""
    if scope.everything or _within(scope, filter):
        scope = EVERYTHING
    wide = scope.everything or scope.districts or scope.streets or scope.units
    if filter.tag is not None and wide:
        yield Way((scope.sql("c", params, SCOPE),), mark="'t:' || %(f_tag)s")
        return
    if led_by:
        yield Way((scope.sql("c", params, SCOPE),), led_by=led_by)
        return
    lead: tuple[str, ...] = ()
    if filter.unit is not None and wide:
        yield Way((scope.sql("c", params, SCOPE),), mark="'u:' || %(f_unit)s::text")
        lead = ("c.lead = %(f_unit)s",)
    if scope.everything:
        yield Way(lead, of_many=bool(filter.street or filter.lead or filter.unit))
        return
    parts = _nested(scope, filter).parts(SCOPE)
    for part in parts:
        name = f"scope_{part.name}"
        params[name], kind = list(part.values), "uuid" if isinstance(part.values[0], UUID) else "text"
        each = f"unnest(%({name})s::{kind}[]) AS v (value)"
        if part.listed:
            continue
        of_many = part.column in ("district", "street", "lead")
        if len(part.values) == 1:
            params[f"{name}_one"] = part.values[0]
            yield Way((f"c.{part.column} = %({name}_one)s", *lead), of_many=of_many)
        elif _narrow(filter):
            yield Way((part.sql("c", params), *lead))
        else:
            if part.column == "district" and filter.bounds:
                each = f"(SELECT v.value FROM {each} WHERE {SOME_IN_BOX}) v"
            yield Way((f"c.{part.column} = v.value", *lead), each, of_many=of_many)
    if scope.units:
        shared = " OR ".join(part.sql("c", params) for part in parts if part.listed)
        each, mark = "unnest(%(scope_units)s::uuid[]) AS v (value)", "'u:' || v.value::text"
        yield Way((f"({shared})", *lead), each, mark, walked=not _narrow(filter))


SOME_IN_BOX = f"EXISTS (SELECT 1 FROM cases_case c WHERE c.district = v.value AND {IN_BOX})"
"""A district without a case in the box would be walked to its end for nothing."""


def _within(scope: Scope, filter: Filter) -> bool:
    """Whether all that passes the filter is in the scope anyway. Codes nest: a community's begins with its street's."""
    code = filter.community or filter.street or ""
    place = {"district": code[:6], "street": code[:9], "community": code[:12], "grid": filter.grid}
    return scope.covers(**place, units=[u for u in (filter.lead, filter.holder) if u], persons=[filter.reporter])


def _nested(scope: Scope, filter: Filter) -> Scope:
    """The scope without the places that the filter's place is not in, or does not hold."""
    code = filter.community or filter.street or ""

    def fitting(codes: frozenset[str]) -> frozenset[str]:
        return frozenset(c for c in codes if c.startswith(code) or code.startswith(c))

    return replace(
        scope,
        districts=fitting(scope.districts),
        streets=fitting(scope.streets),
        communities=fitting(scope.communities),
    )


def _narrow(filter: Filter) -> bool:
    """Whether the filter leads to few rows by an index of its own: then it is asked once, not once a place."""
    return any(
        getattr(filter, n) is not None
        for n in ("number", "street", "community", "grid", "lead", "holder", "reporter", "unit")
    )
