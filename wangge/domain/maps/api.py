"""The map of cases over HTTP."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query

from wangge.domain.cases.tags import CasePermission
from wangge.domain.maps import queries
from wangge.domain.maps.schemas import MapOut, MapQuery
from wangge.kernel.web.api import Router

router = Router(tags=["cases"])


@router.get(
    "/cases/map",
    permission=CasePermission.READ,
    replica=True,
    response=MapOut,
    summary="The cases of a view by cell: clusters with their overdue ones, or hexagons for heat; by the queue's filter",
)
def cases(request: HttpRequest, query: Query[MapQuery]) -> Any:
    return queries.cases(by=request.principal, filter=query.filter(), zoom=query.zoom, shape=query.shape)
