"""Reads of single cases and of those around them: scoped, one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.queries.columns import NAMES, ROW
from wangge.domain.cases.rules import Status, possible
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.rules import Route
from wangge.domain.catalog.tags import CatalogPermission
from wangge.domain.evidence import queries as evidence
from wangge.domain.places import queries as places
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words


def list_rows(cases: Sequence[UUID]) -> list[Row]:
    """These cases as a list shows them, with ``asked`` and ``reporter``: whoever they are for is the caller's to check."""
    return rows.all(
        f"SELECT {ROW}, c.asked, c.reporter FROM cases_case c WHERE c.id = ANY(%(ids)s)", {"ids": list(cases)}
    )


def visible(*, by: Principal, case: UUID) -> Row:
    """The case with its ``FACTS``, if this person may know of it. Raises NotFound."""
    params: dict[str, Any] = {"case": case}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    row = rows.one(f"SELECT c.*, {FACTS} FROM cases_case c WHERE c.id = %(case)s AND {scope}", params, prepared=True)
    if row is None:
        raise NotFound(NO_CASE)
    return row | {name: orjson.loads(row[name]) for name in LISTS}


def seen(*, by: Principal, case: UUID) -> Row | None:
    """The bare row of a case, if this person may know of it."""
    params: dict[str, Any] = {"case": case}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    return rows.one(f"SELECT c.* FROM cases_case c WHERE c.id = %(case)s AND {scope}", params, prepared=True)


NO_CASE = Words("没有这个案件，或不在您的范围内。", "There is no such case, or it is outside your scope.")

_OF_CASE = 'x.district = c.district AND x."case" = c.id'
FACTS = f"""
    (SELECT u.area FROM people_unit u WHERE u.id = c.holder) AS holder_area,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'unit', x.unit, 'kind', x.kind, 'taken_at', x.taken_at,
            'resolved_at', x.resolved_at) ORDER BY x.assigned_at, x.id), '[]')
     FROM cases_assignment x WHERE {_OF_CASE} AND x.ended_at IS NULL) AS shares,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'kind', x.kind, 'unit', x.unit, 'of', x.of, 'text', x.text,
            'wanted_at', x.wanted_at, 'asked_at', x.asked_at) ORDER BY x.asked_at, x.id), '[]')
     FROM cases_request x WHERE {_OF_CASE} AND x.outcome = 'pending') AS requests,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'kind', x.kind, 'level', x.level, 'answered_at', x.answered_at,
            'made_at', x.made_at) ORDER BY x.made_at, x.id), '[]')
     FROM cases_demand x WHERE {_OF_CASE} AND x.lifted_at IS NULL) AS demands,
    EXISTS (SELECT 1 FROM cases_follower x WHERE {_OF_CASE} AND x.kind = 'reporter') AS followed"""
"""What the guards and parts of ``rules`` ask besides the case's own columns: JSON lists, but for ``holder_area`` and ``followed``."""
LISTS = ("shares", "requests", "demands")


def has_reporter(row: Row) -> bool:
    """Whether somebody outside asked, for the case or for one merged into it, and can still be answered: by phone, or with their code."""
    return bool(
        rows.value(
            """SELECT EXISTS (SELECT 1 FROM cases_case c WHERE c.district = %(district)s AND (c.id = %(case)s OR c.merged_into = %(case)s)
                   AND c.wants_answer AND (
                       EXISTS (SELECT 1 FROM cases_party p WHERE p.district = c.district AND p."case" = c.id AND p.erased_at IS NULL)
                       OR EXISTS (SELECT 1 FROM cases_follower f WHERE f.district = c.district AND f."case" = c.id AND f.kind = 'reporter')))""",
            {"district": row["district"], "case": row["id"]},
        )
    )


def merged_into(row: Row) -> list[Row]:
    """The cases that were merged into this one."""
    return rows.all(
        "SELECT * FROM cases_case WHERE district = %(district)s AND merged_into = %(case)s ORDER BY number",
        {"district": row["district"], "case": row["id"]},
    )


def running_clock(row: Row) -> Row:
    """The clock that runs or stands still. KeyError when the case has none: the act should not have been offered."""
    found = rows.one(
        """SELECT * FROM cases_clock WHERE district = %(district)s AND "case" = %(case)s AND outcome = 'running'""",
        {"district": row["district"], "case": row["id"]},
    )
    if found is None:
        raise KeyError(row["number"])
    return found


def pauses(*, district: str, case: UUID, clock: Row) -> list[tuple[datetime, datetime]]:
    """From when to when a clock that runs stood still (挂账), the earliest first."""
    if not clock["paused"]:
        return []
    found = rows.all(
        """SELECT act, at FROM cases_step WHERE district = %(district)s AND "case" = %(case)s AND at >= %(since)s
           AND act IN ('suspend', 'resume') ORDER BY at, id""",
        {"district": district, "case": case, "since": clock["started_at"]},
    )
    moments = [step["at"] for step in found]
    return list(zip(moments[::2], moments[1::2], strict=False))


def centre_above(row: Row) -> Row | None:
    """The active centre of the nearest level above the holder's: community → street → district → city."""
    area = row["holder_area"] or row["community"] or row["street"]
    codes = [area[:length] for length in (9, 6, 4) if length < len(area)]
    return rows.one(
        """SELECT id, area, name, name_en FROM people_unit WHERE active AND kind = 'centre' AND area = ANY(%(codes)s)
           ORDER BY length(area) DESC, id LIMIT 1""",
        {"codes": codes},
    )


def centre_below(row: Row) -> Row | None:
    """The active centre or workstation of the nearest level below the holder's that the case lies in."""
    codes = [
        c for c in (row["district"], row["street"], row["community"]) if c and len(c) > len(row["holder_area"] or "")
    ]
    return rows.one(
        """SELECT id, area, name FROM people_unit WHERE active AND kind IN ('centre', 'workstation') AND area = ANY(%(codes)s)
           ORDER BY length(area), kind, id LIMIT 1""",
        {"codes": codes},
    )


def state(row: Row) -> dict[str, Any]:
    """What a 409 tells: enough to see what changed and to go on."""
    return {k: row[k] for k in ("id", "number", "status", "version", "holder", "lead", "stage", "due_at", "changed_at")}


def route_place(row: Row) -> catalog.Place:
    """Where a case is, as the routes ask: its levels, and the grid of every layer that holds its point."""
    grids: dict[str, str] = {}
    if row["lon"] is not None:
        grids = {layer: hit.code for layer, hit in places.held(row["lon"], row["lat"]).items()}
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


def detail(*, by: Principal, case: UUID) -> dict[str, Any]:
    """The case with everything the person may see of it and the acts they may do now. Three statements.

    The reporter is shown masked, and to the centre alone when the case is confidential.
    """
    params: dict[str, Any] = {"case": case}
    scope = by.require(CasePermission.READ).sql("c", params, SCOPE)
    row = rows.one(
        f"""SELECT c.*, {FACTS}, {NAMES},
                (SELECT coalesce(jsonb_agg(to_jsonb(k) - 'district' - 'case' ORDER BY k.started_at, k.id), '[]')
                 FROM cases_clock k WHERE k.district = c.district AND k."case" = c.id) AS clocks,
                (SELECT coalesce(jsonb_agg((to_jsonb(g) - 'district' - 'case') || jsonb_build_object('unit_name', u.name,
                        'unit_name_en', u.name_en) ORDER BY g.assigned_at, g.id), '[]')
                 FROM cases_assignment g LEFT JOIN people_unit u ON u.id = g.unit
                 WHERE g.district = c.district AND g."case" = c.id) AS assignments,
                (SELECT coalesce(jsonb_agg((to_jsonb(t) - 'district' - 'case' - 'salt') || jsonb_build_object('unit_name', u.name,
                        'unit_name_en', u.name_en) ORDER BY t.at, t.id), '[]')
                 FROM cases_step t LEFT JOIN people_unit u ON u.id = t.unit
                 WHERE t.district = c.district AND t."case" = c.id) AS timeline,
                (SELECT coalesce(jsonb_agg(to_jsonb(x) - 'district' - 'case' ORDER BY x.asked_at, x.id), '[]')
                 FROM cases_request x WHERE {_OF_CASE}) AS all_requests,
                (SELECT coalesce(jsonb_agg(to_jsonb(x) - 'district' - 'case' ORDER BY x.made_at, x.id), '[]')
                 FROM cases_demand x WHERE {_OF_CASE}) AS all_demands,
                (SELECT count(*) FROM cases_follower x WHERE {_OF_CASE} AND x.kind = 'me_too') AS me_too,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'number', o.number, 'title', o.title, 'status', o.status,
                        'kind', CASE WHEN o.merged_into = c.id THEN 'merged' WHEN c.merged_into = o.id THEN 'main' ELSE 'linked' END)
                        ORDER BY o.number), '[]')
                 FROM (SELECT m.id FROM cases_case m WHERE m.district = c.district AND m.merged_into = c.id
                       UNION SELECT c.merged_into
                       UNION SELECT l.other FROM cases_link l WHERE l.district = c.district AND l."case" = c.id
                       UNION SELECT l."case" FROM cases_link l WHERE l.district = c.district AND l.other = c.id) r
                 JOIN cases_case o ON o.district = c.district AND o.id = r.id) AS related
            FROM cases_case c
            WHERE c.id = %(case)s AND {scope}""",
        params,
        prepared=True,
    )
    if row is None:
        raise NotFound(NO_CASE)
    for column in (*LISTS, "route", "clocks", "assignments", "timeline", "all_requests", "all_demands", "related"):
        row[column] = orjson.loads(row[column]) if row[column] is not None else None
    row["parties"] = parties(row) if may_see_reporter(by, row) else []
    row["acts"] = acts(by=by, row=row)
    row["evidence"] = evidence.of_case(row["district"], case, None if row["lon"] is None else (row["lon"], row["lat"]))
    row["requests"], row["demands"] = row.pop("all_requests"), row.pop("all_demands")
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
    """Who asked, masked: 张*, 138****1234; of a case that others were merged into, theirs too, but for confidential ones'."""
    found = rows.all(
        """SELECT p.id, p."case", c.number, p.name_sealed, p.phone_sealed, p.erased_at FROM cases_party p
           JOIN cases_case c ON c.district = p.district AND c.id = p."case"
           WHERE p.district = %(district)s AND p."case" = ANY(ARRAY(SELECT %(id)s::uuid UNION ALL SELECT m.id FROM cases_case m
                 WHERE m.district = %(district)s AND m.merged_into = %(id)s AND NOT m.confidential))
           ORDER BY p.id""",
        {"district": row["district"], "id": row["id"]},
        prepared=True,
    )

    def shown(party: Row, column: str, kind: crypto.Kind) -> str | None:
        value = crypto.masked(party[column], crypto.Place.of("cases_party", column, party["id"]), kind)
        return value.masked if value else None

    return [
        {
            "id": party["id"],
            "case": party["case"],
            "number": party["number"],
            "name": shown(party, "name_sealed", crypto.Kind.NAME),
            "phone": shown(party, "phone_sealed", crypto.Kind.PHONE),
            "erased_at": party["erased_at"],
        }
        for party in found
    ]


def acts(*, by: Principal, row: Row) -> list[dict[str, Any]]:
    """What this person may do with the case now, and what each act needs: the buttons of the web apps."""
    from wangge.domain.cases.actions.move import concerns

    now, offered = clock.now(), []
    drawn: set[str] = set()
    for move in possible(Status(row["status"])):
        if (
            move.act in drawn
            or not concerns(by=by, row=row, move=move)
            or (move.guard and move.guard(row, now, by.units))
        ):
            continue
        if move.drawn:
            drawn.add(move.act)
        offered.append(
            {
                "act": str(move.act),
                "outcome": None if move.drawn else move.outcome,
                "name": move.act.words,
                "effect": move.effect,
                "quiet": move.quiet,
                "inputs": [
                    {
                        "name": i.name,
                        "kind": str(i.kind),
                        "label": i.words,
                        "required": i.required,
                        "role": i.role,
                        **_wanted_of(row["category"], i.role),
                        "choices": [{"value": str(c), "label": c.words} for c in i.choices] if i.choices else [],
                    }
                    for i in move.inputs
                ],
            }
        )
    return offered


_WANTED_AT = {"report": "report", "after": "result"}


def _wanted_of(category: UUID, role: str) -> dict[str, dict[str, int]]:
    """How many files of each kind the category wants an act's evidence of this role to hold, and how many of them it requires."""
    found = catalog.category(category) if role in _WANTED_AT else None
    wants = found.wants(_WANTED_AT[role]) if found else {}
    return {
        "least": {kind: want.least for kind, want in wants.items()},
        "must": {kind: want.must for kind, want in wants.items() if want.must},
    }
