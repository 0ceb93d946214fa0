"""Level to level over HTTP: the one door for installations below, and the figures they tell."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from wangge.domain.exchange.api import router
from wangge.domain.exchange.levels import figures, syncing
from wangge.domain.exchange.levels.schemas import LevelFiguresOut
from wangge.domain.exchange.levels.signing import KEY, SIGNATURE
from wangge.domain.exchange.tags import ExchangePermission
from wangge.kernel.web.api import PUBLIC
from wangge.kernel.web.schemas import Day


@router.post(
    "/exchange/levels", permission=PUBLIC, response={200: dict[str, Any]}, summary="平台之间 · Between installations"
)
def levels(request: HttpRequest) -> HttpResponse:
    """Signed by an installation that was entered with `wangge level add`; the answer is signed too. Not for anybody else."""
    body, headers = syncing.hear(
        body=request.body, key=request.headers.get(KEY, ""), signature=request.headers.get(SIGNATURE, "")
    )
    return HttpResponse(body, headers=headers)


@router.get(
    "/exchange/figures",
    permission=ExchangePermission.FIGURES,
    response=LevelFiguresOut,
    summary="下级平台日报 · Figures of the levels below",
)
def level_figures(request: HttpRequest, day: Annotated[Day, Query()]) -> Any:
    return {"items": figures.figures(by=request.principal, day=day)}
