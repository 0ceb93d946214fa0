"""What an act would do to the limit of a case, before it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from wangge.domain.cases import limits
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.web.api import Router
from wangge.kernel.web.schemas import Input, Output


class RecountQuery(Input):
    """``category``, ``urgency``: what the case would be; without one, what it is."""

    category: UUID | None = None
    urgency: Literal["normal", "urgent", "emergency"] | None = None


class RecountOut(Output):
    """``above``: the centre of the level above, which would hold the case at ``raised_at``."""

    stage: str
    due_before: datetime
    due_at: datetime
    rung: Annotated[int, Field(description="how far the ladder climbs at once: 1 reminded, 2 overdue, 3 raised")]
    raised_at: datetime
    above: UUID | None
    above_name: str | None
    above_name_en: str | None


def add_routes(router: Router) -> None:
    @router.get(
        "/cases/{uuid:case}/recount",
        permission=CasePermission.RECLASSIFY,
        response=RecountOut,
        summary="The limit that runs, as another category or urgency would make it",
    )
    def recount(request: HttpRequest, case: UUID, query: Query[RecountQuery]) -> Any:
        return limits.recount(by=request.principal, case=case, **query.model_dump())
