"""What supervision and dispatch look at besides the queue: demands that are open, and what units have to do."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from wangge.domain.cases import queries
from wangge.domain.cases.schemas import CaseRow, DemandOut, FilterQuery
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import Input, Output


class DemandsQuery(FilterQuery):
    """The queue's filter; ``demand`` names the kinds of the demands too. ``answered``: only those with an answer, or without."""

    answered: bool | None = None
    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT


class OpenDemandOut(DemandOut):
    """A demand that is not lifted, with its case. ``owed_by``: who has the case, its lead unit or the centre that holds it."""

    owed_by: UUID | None
    owed_by_name: str | None
    owed_by_name_en: str | None
    case: CaseRow


class LoadQuery(Input):
    units: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class UnitLoadOut(Output):
    """Cases under way that the unit leads and assists; of both, those past their limit and those whose limit ends later today."""

    unit: UUID
    leads: int
    assists: int
    overdue: int
    due_today: int


def add_routes(router: Router) -> None:
    @router.get(
        "/cases/demands",
        permission=CasePermission.READ,
        response=Page[OpenDemandOut],
        summary="Urges, supervisions and instructions that are not lifted, each with its case: unanswered and oldest first",
    )
    def demands(request: HttpRequest, query: Query[DemandsQuery]) -> Any:
        return queries.demands(
            by=request.principal,
            filter=query.filter(),
            answered=query.answered,
            after=query.after,
            limit=query.limit,
        )

    @router.get(
        "/cases/unit-load",
        permission=CasePermission.DISPATCH,
        response=list[UnitLoadOut],
        summary="What units have to do, all their cases counted: for who chooses one of them",
    )
    def unit_load(request: HttpRequest, query: Query[LoadQuery]) -> Any:
        return queries.load(by=request.principal, units=query.units)
