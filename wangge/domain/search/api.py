"""The search over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from wangge.domain.cases.schemas import QueueQuery
from wangge.domain.cases.tags import CasePermission
from wangge.domain.search import queries
from wangge.domain.search.phone import by_phone
from wangge.domain.search.schemas import ByPhoneIn, ByPhoneOut, FoundRow, Sort
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import Page

router = Router(tags=["search"])


class SearchQuery(QueueQuery):
    """The queue's filter, and what to look for: words that must all be there, phrases in quotes, case numbers."""

    q: Annotated[str, Field(min_length=1, max_length=200)]
    sort: Sort = "rank"  # type: ignore[assignment]


@router.get(
    "/search",
    permission=CasePermission.READ,
    replica=True,
    response=Page[FoundRow],
    summary="The cases in the asker's scope that hold every word, best or newest first",
)
def search(request: HttpRequest, query: Query[SearchQuery]) -> Any:
    return queries.search(
        by=request.principal, q=query.q, filter=query.filter(), sort=query.sort, after=query.after, limit=query.limit
    )


@router.post(
    "/search/by-phone",
    permission=CasePermission.REVEAL,
    response=ByPhoneOut,
    summary="The cases that somebody with this phone asked for; each look-up is logged",
)
def phone(request: HttpRequest, body: ByPhoneIn) -> Any:
    return {"items": by_phone(by=request.principal, phone=body.phone, purpose=body.purpose)}
