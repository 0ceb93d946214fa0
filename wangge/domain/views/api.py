"""Saved views over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Status as Answer

from wangge.domain.views import actions, queries
from wangge.domain.views.schemas import ViewChange, ViewIn, ViewOut, ViewsOut
from wangge.domain.views.tags import ViewPermission
from wangge.kernel.db.rows import Row
from wangge.kernel.web.api import Router, language_of

router = Router(tags=["views"])


def _shown(request: HttpRequest, row: Row) -> dict[str, Any]:
    language = language_of(request)
    return row | {"problems": [e.as_json(language) for e in row["problems"]]}


@router.get(
    "/views",
    permission=ViewPermission.KEEP,
    response=ViewsOut,
    summary="The asker's own views, then those published where they work",
)
def views(request: HttpRequest) -> Any:
    return {"items": [_shown(request, row) for row in queries.views(by=request.principal)]}


@router.post(
    "/views",
    permission=ViewPermission.KEEP,
    response={200: ViewOut, 201: ViewOut},
    summary="Save a view; with a unit or an area it is published there",
)
def save(request: HttpRequest, body: ViewIn) -> Any:
    row, made = actions.save(by=request.principal, id=body.id, given=body)
    return Answer(201 if made else 200, _shown(request, row))


@router.put(
    "/views/{uuid:view}",
    permission=ViewPermission.KEEP,
    response=ViewOut,
    summary="Change a view: all of it, as of the version that was read",
)
def change(request: HttpRequest, view: UUID, body: ViewChange) -> Any:
    return _shown(request, actions.change(by=request.principal, view=view, version=body.version, given=body))


@router.delete("/views/{uuid:view}", permission=ViewPermission.KEEP, response={204: None}, summary="Delete a view")
def delete(request: HttpRequest, view: UUID) -> Any:
    actions.delete(by=request.principal, view=view)
    return Answer(204, None)
