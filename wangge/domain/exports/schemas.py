"""What an export is asked for with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wangge.domain.cases.schemas import FilterQuery, QueueSort
from wangge.domain.exports.queries import Asked
from wangge.domain.stats.schemas import TableQuery, WordsOut
from wangge.kernel.sheets import Format
from wangge.kernel.web.schemas import Output


class _CasesQuery(FilterQuery):
    """The queue's filter. ``columns``: in their order; without them the usual ones."""

    format: Format = "csv"
    columns: Annotated[list[Annotated[str, Field(max_length=30)]], Field(max_length=60)] = []


class QueueExport(_CasesQuery):
    sort: QueueSort = "-reported_at"

    def asked(self) -> Asked:
        return Asked(self.filter(), self.sort, columns=self.columns)


class SearchExport(_CasesQuery):
    q: Annotated[str, Field(min_length=1, max_length=200)]

    def asked(self) -> Asked:
        return Asked(self.filter(), q=self.q, columns=self.columns)


class StatsExport(TableQuery):
    format: Format = "csv"


class ColumnOut(Output):
    """``usual``: written when none is chosen."""

    name: str
    words: WordsOut
    usual: bool


class ColumnsOut(Output):
    items: list[ColumnOut]
