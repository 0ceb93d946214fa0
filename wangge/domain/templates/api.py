"""Templates over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from ninja import Status as Answer

from wangge.domain.cases.rules import Act, outcomes, rows_of
from wangge.domain.templates import actions, queries, rules
from wangge.domain.templates.schemas import (
    ChoicesOut,
    OffersOut,
    OffersQuery,
    TemplateChange,
    TemplateIn,
    TemplateOut,
    TemplatesOut,
    TemplatesQuery,
)
from wangge.domain.templates.tags import TemplatePermission
from wangge.kernel.web.api import Router

router = Router(tags=["templates"])


@router.get(
    "/cases/{uuid:case}/templates",
    permission=TemplatePermission.READ,
    response=OffersOut,
    summary="Texts for an act on this case, filled in, the nearest category first",
)
def offered(request: HttpRequest, case: UUID, query: Query[OffersQuery]) -> Any:
    return {"items": queries.offered(by=request.principal, case=case, act=Act(query.act), outcome=query.outcome)}


@router.get("/templates", permission=TemplatePermission.READ, response=TemplatesOut, summary="Every template")
def templates(request: HttpRequest, query: Query[TemplatesQuery]) -> Any:
    act = Act(query.act) if query.act else None
    return {"items": queries.templates(by=request.principal, act=act, category=query.category)}


@router.get(
    "/templates/choices",
    permission=TemplatePermission.READ,
    response=ChoicesOut,
    summary="What a template can be for, and what can be filled in",
)
def choices(request: HttpRequest) -> Any:
    return {
        "placeholders": [{"name": name, "words": words._asdict()} for name, words in rules.PLACES.items()],
        "acts": [
            {
                "act": act,
                "outcomes": [
                    {"value": value, "words": rows_of(act, value)[0].effect._asdict()} for value in outcomes(act)
                ],
            }
            for act in rules.WITH_TEXT
        ],
    }


@router.post(
    "/templates",
    permission=TemplatePermission.EDIT,
    response={200: TemplateOut, 201: TemplateOut},
    summary="Add a template; sent again with the same id it is answered with 200",
)
def add(request: HttpRequest, body: TemplateIn) -> Any:
    row, made = actions.add(by=request.principal, id=body.id, template=body.template())
    return Answer(201 if made else 200, row)


@router.put(
    "/templates/{uuid:template}", permission=TemplatePermission.EDIT, response=TemplateOut, summary="Replace a template"
)
def change(request: HttpRequest, template: UUID, body: TemplateChange) -> Any:
    return actions.change(by=request.principal, template=template, version=body.version, new=body.template())


@router.delete(
    "/templates/{uuid:template}",
    permission=TemplatePermission.EDIT,
    response={204: None},
    summary="Remove a template; what was written with it stays",
)
def remove(request: HttpRequest, template: UUID) -> Any:
    actions.remove(by=request.principal, template=template)
    return Answer(204, None)
