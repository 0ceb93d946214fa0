"""Figures over HTTP."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query

from wangge.domain.stats import pulse, queries
from wangge.domain.stats.schemas import (
    PeriodQuery,
    SeriesOut,
    SeriesQuery,
    SummaryOut,
    TableOut,
    TableQuery,
    TodayOut,
    TodayQuery,
)
from wangge.domain.stats.tags import StatsPermission
from wangge.kernel.web.api import Router

router = Router(tags=["stats"])


@router.get(
    "/stats/summary",
    permission=StatsPermission.READ,
    replica=True,
    response=SummaryOut,
    by_alias=True,
    summary="All figures of the asker's scope and a period, each with its definition",
)
def summary(request: HttpRequest, query: Query[PeriodQuery]) -> Any:
    asked = query.asked()
    return queries.summary(by=request.principal, asked=asked) | {"from_": asked.first, "to": asked.last}


@router.get(
    "/stats/table",
    permission=StatsPermission.READ,
    replica=True,
    response=TableOut,
    by_alias=True,
    summary="The figures by status, category, channel, level, place, unit or member of staff",
)
def table(request: HttpRequest, query: Query[TableQuery]) -> Any:
    return queries.table(by=request.principal, asked=query.asked(), dimension=query.by, times=query.times)


@router.get(
    "/stats/series",
    permission=StatsPermission.READ,
    replica=True,
    response=SeriesOut,
    by_alias=True,
    summary="The figures by day, week or month",
)
def series(request: HttpRequest, query: Query[SeriesQuery]) -> Any:
    return queries.series(by=request.principal, asked=query.asked(), step=query.by)


@router.get(
    "/stats/today",
    permission=StatsPermission.CASES,
    replica=True,
    response=TodayOut,
    summary="How today goes: cases in and out by the hour, and how the clocks of open cases stand at this moment",
)
def today(request: HttpRequest, query: Query[TodayQuery]) -> Any:
    return pulse.today(by=request.principal, area=query.area)
