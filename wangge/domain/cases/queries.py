"""Every read of cases: scoped, one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.rules import Act, Status, possible
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.rules import Route
from wangge.domain.catalog.tags import CatalogPermission
from wangge.domain.places import queries as places
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Invalid, NotFound
from wangge.kernel.web import paging
from wangge.kernel.words import Words

_NAMES = """
    (SELECT k.name FROM catalog_category k WHERE k.id = c.category) AS category_name,
    (SELECT k.name_en FROM catalog_category k WHERE k.id = c.category) AS category_name_en,
    (SELECT u.name FROM people_unit u WHERE u.id = c.lead) AS lead_name,
    (SELECT u.name_en FROM people_unit u WHERE u.id = c.lead) AS lead_name_en,
    (SELECT u.name FROM people_unit u WHERE u.id = c.holder) AS holder_name,
    (SELECT u.name_en FROM people_unit u WHERE u.id = c.holder) AS holder_name_en"""


def visible(*, by: Principal, case: UUID) -> Row:
    """The case with its lead assignment's ``taken_at``, if this person may know of it. Raises NotFound."""
    params: dict[str, Any] = {"case": case}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    row = rows.one(
        f"""SELECT c.*, a.taken_at FROM cases_case c
            LEFT JOIN cases_assignment a ON a.district = c.district AND a."case" = c.id AND a.kind = 'lead' AND a.ended_at IS NULL
            WHERE c.id = %(case)s AND {scope}""",
        params,
    )
    if row is None:
        raise NotFound(Words("没有这个案件，或不在您的范围内。", "There is no such case, or it is outside your scope."))
    return row


def state(row: Row) -> dict[str, Any]:
    """What a 409 tells: enough to see what changed and to go on."""
    return {k: row[k] for k in ("id", "number", "status", "version", "lead", "due_at", "changed_at")}


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

    def sql(self, params: dict[str, Any]) -> list[str]:
        terms: list[str] = []

        def term(name: str, value: Any, text: str) -> None:
            if value is not None and value != () and value != []:
                params[f"f_{name}"] = list(value) if isinstance(value, tuple | list) else value
                terms.append(text.format(f"%(f_{name})s"))

        term("status", self.status, "c.status = ANY({})")
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
            terms.append("c.due_at < %(f_now)s" if self.overdue else "(c.due_at IS NULL OR c.due_at >= %(f_now)s)")
        if self.located is not None:
            terms.append("c.lon IS NOT NULL" if self.located else "c.lon IS NULL")
        return terms


SORTS: dict[str, tuple[str, bool]] = {
    "-reported_at": ("reported_at", True),
    "reported_at": ("reported_at", False),
    "-changed_at": ("changed_at", True),
    "due_at": ("due_at", False),
}
"""The queue's orders: column and whether newest first. ``due_at`` is the desk's order: what is due first; closed cases have none."""


def route_place(row: Row) -> catalog.Place:
    """Where a case is, as the routes ask: its levels, and the grid of every layer that holds its point."""
    grids: dict[str, str] = {}
    if row["lon"] is not None:
        hits = places.locate([(row["lon"], row["lat"])])[0]
        grids = {layer: hit.code for layer, hit in hits.items() if hit.inside}
    return catalog.Place(row["district"], row["street"], row["community"], row["grid"], grids)


def try_routes(
    *, by: Principal, add: Sequence[Route], remove: Sequence[UUID], since: datetime, until: datetime, limit: int
) -> catalog.Comparison:
    """What changed rules would have done with the newest stored cases of the administrator's areas: counts alone, no case."""
    params: dict[str, Any] = {"since": since, "until": until, "limit": limit}
    scope = by.require(CatalogPermission.ROUTES).sql("c", params)
    with acting(SYSTEM):
        found = rows.all(
            f"""SELECT c.category, c.district, c.street, c.community, c.grid, c.lon, c.lat, c.reported_at FROM cases_case c
                WHERE {scope} AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
                ORDER BY c.reported_at DESC, c.id DESC LIMIT %(limit)s""",
            params,
        )
    samples = [catalog.Sample(row["category"], route_place(row), row["reported_at"]) for row in found]
    return catalog.compare_routes(samples, add=add, remove=remove)


def queue(
    *, by: Principal, filter: Filter, sort: str = "-reported_at", after: str | None = None, limit: int = paging.DEFAULT
) -> Any:
    """One page of the cases in the person's scope: one statement, whatever the filter. Shape: ``{"items", "next"}``."""
    if sort not in SORTS:
        raise Invalid.field(
            "query.sort", "unknown", f"排序应为 {'、'.join(SORTS)} 之一。", f"sort must be one of {', '.join(SORTS)}."
        )
    column, descending = SORTS[sort]
    params: dict[str, Any] = {"limit": limit + 1}
    terms = [by.require(CasePermission.READ).sql("c", params, SCOPE), *filter.sql(params)]
    if column == "due_at":
        terms.append("c.due_at IS NOT NULL")
    if after:
        params["after_value"], params["after_id"] = paging.decode(after, kinds=(datetime, UUID))
        terms.append(f"(c.{column}, c.id) {'<' if descending else '>'} (%(after_value)s, %(after_id)s)")
    direction = "DESC" if descending else "ASC"
    found = rows.all(
        f"""SELECT c.id, c.number, c.status, c.version, c.urgency, c.channel, c.category, c.title, c.address, c.district, c.street,
                   c.community, c.grid, c.lon, c.lat, c.confidential, c.lead, c.holder, c.stage, c.due_at, c.reported_at, c.changed_at,
                   c.closed_at, c.rework, {_NAMES}
            FROM cases_case c WHERE {" AND ".join(terms)}
            ORDER BY c.{column} {direction}, c.id {direction} LIMIT %(limit)s""",
        params,
    )
    return paging.page(found, limit, keys=(column, "id"))


def detail(*, by: Principal, case: UUID) -> dict[str, Any]:
    """The case with everything the person may see of it and the acts they may do now. Two statements.

    The reporter is shown masked, and to the centre alone when the case is confidential.
    """
    params: dict[str, Any] = {"case": case}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    row = rows.one(
        f"""SELECT c.*, a.taken_at, {_NAMES},
                (SELECT coalesce(jsonb_agg(to_jsonb(k) - 'district' - 'case' ORDER BY k.started_at, k.id), '[]')
                 FROM cases_clock k WHERE k.district = c.district AND k."case" = c.id) AS clocks,
                (SELECT coalesce(jsonb_agg((to_jsonb(g) - 'district' - 'case') || jsonb_build_object('unit_name', u.name,
                        'unit_name_en', u.name_en) ORDER BY g.assigned_at, g.id), '[]')
                 FROM cases_assignment g LEFT JOIN people_unit u ON u.id = g.unit
                 WHERE g.district = c.district AND g."case" = c.id) AS assignments,
                (SELECT coalesce(jsonb_agg((to_jsonb(t) - 'district' - 'case' - 'salt') || jsonb_build_object('unit_name', u.name,
                        'unit_name_en', u.name_en) ORDER BY t.at, t.id), '[]')
                 FROM cases_step t LEFT JOIN people_unit u ON u.id = t.unit
                 WHERE t.district = c.district AND t."case" = c.id) AS timeline
            FROM cases_case c
            LEFT JOIN cases_assignment a ON a.district = c.district AND a."case" = c.id AND a.kind = 'lead' AND a.ended_at IS NULL
            WHERE c.id = %(case)s AND {scope}""",
        params,
    )
    if row is None:
        raise NotFound(Words("没有这个案件，或不在您的范围内。", "There is no such case, or it is outside your scope."))
    for column in ("route", "clocks", "assignments", "timeline"):
        row[column] = orjson.loads(row[column]) if row[column] is not None else None
    row["parties"] = parties(row) if may_see_reporter(by, row) else []
    row["acts"] = acts(by=by, row=row)
    return row


def may_see_reporter(by: Principal, row: Row, *, always: bool = False) -> bool:
    """Anybody who works on the case sees a masked reporter; of a confidential one only the centre (DESIGN §4).

    ``always``: ask as for a confidential one.
    """
    if not row["confidential"] and not always:
        return True
    levels = {k: row[k] for k in ("district", "street", "community", "grid")}
    return by.may(CasePermission.REVEAL) and by.scope(CasePermission.REVEAL).covers(**levels)


def parties(row: Row) -> list[dict[str, Any]]:
    """Who asked, masked: 张*, 138****1234."""
    found = rows.all(
        'SELECT id, name_sealed, phone_sealed, erased_at FROM cases_party WHERE district = %(district)s AND "case" = %(id)s ORDER BY id',
        {"district": row["district"], "id": row["id"]},
    )

    def shown(party: Row, column: str, kind: crypto.Kind) -> str | None:
        value = crypto.masked(party[column], crypto.Place.of("cases_party", column, party["id"]), kind)
        return value.masked if value else None

    return [
        {
            "id": party["id"],
            "name": shown(party, "name_sealed", crypto.Kind.NAME),
            "phone": shown(party, "phone_sealed", crypto.Kind.PHONE),
            "erased_at": party["erased_at"],
        }
        for party in found
    ]


def acts(*, by: Principal, row: Row) -> list[dict[str, Any]]:
    """What this person may do with the case now, and what each act needs: the buttons of the web apps."""
    from wangge.domain.cases.actions.move import allowed

    offered = []
    for move in possible(Status(row["status"])):
        if move.act == Act.TAKE and row["taken_at"] is not None:
            continue
        if allowed(by=by, row=row, move=move):
            offered.append(
                {
                    "act": str(move.act),
                    "outcome": move.outcome,
                    "name": move.act.words,
                    "effect": move.effect,
                    "inputs": [
                        {"name": i.name, "kind": i.kind, "label": i.words, "required": i.required} for i in move.inputs
                    ],
                }
            )
    return offered
