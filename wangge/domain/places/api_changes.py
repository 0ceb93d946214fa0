"""Routes of changes of grids: seen before they are made, made at once or planned for a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status

from wangge.domain.places import actions, queries
from wangge.domain.places.actions.importing import fault_words
from wangge.domain.places.features import collection, fault_feature, geometry_json, shape_of
from wangge.domain.places.schemas import (
    ChangeApply,
    ChangeIn,
    ChangePlanned,
    PlannedCancel,
    PlannedOut,
    PlanOut,
)
from wangge.domain.places.tags import PlacesPermission
from wangge.kernel.geo.lattice import area_m2
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.web.paging import MOST, Page, decode, page

router = Router(tags=["places"])
MANAGE = PlacesPermission.GRIDS_MANAGE


def _asked(body: ChangeIn) -> dict[str, Any]:
    return {
        "kind": body.kind,
        "grids": body.grids,
        "cut": shape_of(body.cut, "body.cut") if body.cut else None,
        "pieces": [shape_of(g, f"body.pieces[{i}]") for i, g in enumerate(body.pieces)],
        "count": body.count,
        "area": shape_of(body.area, "body.area") if body.area else None,
        "to": body.to,
        "shapes": {code: shape_of(g, f"body.shapes.{code}") for code, g in body.shapes.items()},
        "names": body.names,
    }


def _plan(plan: Any, language: str, *, applied: bool) -> dict[str, Any]:
    grids = [
        {
            "type": "Feature",
            "id": code,
            "geometry": geometry_json(border),
            "properties": {"code": code, "change": change, "name": plan.names.get(code)},
        }
        for change, borders in (("made", plan.made), ("moved", plan.moved), ("fitted", plan.fitted))
        for code, border in borders.items()
    ]
    return {
        "kind": plan.kind,
        "layer": plan.layer,
        "retired": plan.retired,
        "grids": collection(grids),
        "faults": collection(fault_feature(f, fault_words(f).say(language)) for f in plan.faults),
        "hands": collection(
            {
                "type": "Feature",
                "geometry": geometry_json(land),
                "properties": {"old": old, "new": new, "area_m2": round(area_m2(land), 1)},
            }
            for old, new, land in plan.hands
        ),
        "affected": [
            {
                "key": a.key,
                "words": a.words.say(language),
                "count": a.count,
                "sample": list(a.sample),
                "choices": list(a.choices),
                "flows": list(a.flows),
            }
            for a in plan.affected
        ],
        "token": plan.token,
        "applied": applied,
    }


@router.post(
    "/grids/changes/preview", permission=MANAGE, response=PlanOut, summary="What a split, merge or redraw would do"
)
def preview_change(request: HttpRequest, body: ChangeIn):
    plan = actions.preview_change(by=request.principal, **_asked(body))
    return _plan(plan, language_of(request), applied=False)


@router.post("/grids/changes", permission=MANAGE, response=PlanOut, summary="Do what a preview showed")
def apply_change(request: HttpRequest, body: ChangeApply):
    plan, _ = actions.apply_change(by=request.principal, token=body.token, answers=body.answers, **_asked(body))
    return _plan(plan, language_of(request), applied=True)


@router.post(
    "/grids/changes/planned",
    permission=MANAGE,
    response={201: PlannedOut},
    summary="Keep what a preview showed for the start of a later day",
)
def plan_change(request: HttpRequest, body: ChangePlanned):
    _, id = actions.plan_change(
        by=request.principal, on=body.on, token=body.token, answers=body.answers, **_asked(body)
    )
    return Status(201, _planned(request, id))


@router.get(
    "/grids/changes/planned",
    permission=MANAGE,
    response=Page[PlannedOut],
    summary="Changes that take effect later: those that wait or failed, or of a state",
)
def list_planned(
    request: HttpRequest,
    state: Literal["waiting", "done", "failed", "cancelled"] | None = None,
    after: str | None = None,
    limit: int = Query(20, ge=1, le=MOST),
):
    last = tuple(decode(after, kinds=[datetime, UUID])) if after else ()
    found = queries.planned_changes(by=request.principal, state=state, after=last, limit=limit)
    language = language_of(request)
    return page([_said(row, language) for row in found], limit, keys=["planned_at", "id"])


@router.post(
    "/grids/changes/planned/{uuid:change}/cancel",
    permission=MANAGE,
    response=PlannedOut,
    summary="Give up a change that waits, or put one that failed aside",
)
def cancel_planned(request: HttpRequest, change: UUID, body: PlannedCancel):
    actions.cancel_planned(by=request.principal, id=change, version=body.version)
    return _planned(request, change)


def _planned(request: HttpRequest, id: UUID) -> dict[str, Any]:
    [row] = queries.planned_changes(by=request.principal, id=id)
    return _said(row, language_of(request))


def _said(row: dict[str, Any], language: str) -> dict[str, Any]:
    return row | {"fault": row["fault"] and row["fault"][language]}
