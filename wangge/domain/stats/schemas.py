"""What goes in and out of the figures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wangge.domain.cases.rules import Channel
from wangge.domain.stats.queries import this_month
from wangge.domain.stats.sources import Asked
from wangge.kernel.web.schemas import Day, Input, Output, WordsOut


class PeriodQuery(Input):
    """``from`` and ``to``: days, both counted; without them this month until today. ``area``: a district, street, community or grid."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    area: Annotated[str, Field(pattern=r"^(\d{6}|\d{9}|\d{12}|\d{15})$")] | None = None
    category: UUID | None = None
    channel: Channel | None = None
    unit: UUID | None = None

    def asked(self) -> Asked:
        begin, today = this_month()
        last = self.to or max(today, self.from_ or today)
        first = self.from_ or min(begin, last)
        return Asked(first, last, self.area, self.category, self.channel and str(self.channel), self.unit)


By = Literal[
    "status",
    "category",
    "category_top",
    "group",
    "channel",
    "level",
    "district",
    "street",
    "community",
    "grid",
    "unit",
    "person",
]


class TableQuery(PeriodQuery):
    """``times``: with median and p90 of each group, which takes longer."""

    by: By
    times: bool = False


class SeriesQuery(PeriodQuery):
    by: Literal["day", "week", "month"] = "day"


class DefinitionOut(Output):
    """``unit``: cases, times, percent, rating or minutes. ``formula``: how the figure is made."""

    name: str
    unit: str
    words: WordsOut
    formula: WordsOut


class TimesOut(Output):
    """Minutes of natural time; null where there is nothing, or too little to be told."""

    count: int | None
    median: int | None
    p90: int | None


class FiguresOut(Output):
    """``figures``: null where there is nothing to divide by, or too little to be told (then it is among ``suppressed``). ``drill``: for
    figures whose cases the queue can list, the parameters of ``GET /cases``."""

    figures: dict[str, float | int | None]
    suppressed: list[str]
    drill: dict[str, dict[str, Any]]


class SummaryOut(FiguresOut):
    from_: Annotated[date, Field(serialization_alias="from")]
    to: date
    times: dict[str, TimesOut]
    definitions: list[DefinitionOut]


class GroupOut(FiguresOut):
    """``key``: null for cases that have none."""

    key: str | None
    name: WordsOut
    times: dict[str, TimesOut] | None


class TableOut(Output):
    items: list[GroupOut]
    definitions: list[DefinitionOut]


class PointOut(FiguresOut):
    from_: Annotated[date, Field(serialization_alias="from")]
    to: date


class SeriesOut(Output):
    items: list[PointOut]
    definitions: list[DefinitionOut]


class TodayQuery(Input):
    area: Annotated[str, Field(pattern=r"^(\d{6}|\d{9}|\d{12}|\d{15})$")] | None = None


class HourOut(Output):
    """``hour``: of the installation's day, 0–23 (one more or less on a day when clocks change)."""

    hour: int
    reported: int
    closed: int


class ClocksOut(Output):
    """Open cases by the limit of their present step. ``soon``: it ends within two hours."""

    in_time: int
    soon: int
    overdue: int
    paused: int


class TodayOut(Output):
    at: datetime
    day: date
    hours: list[HourOut]
    clocks: ClocksOut
