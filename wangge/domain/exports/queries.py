"""What an export reads: the rows of a list, by the list's own filter, scope and order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from wangge.domain.cases import queries as cases
from wangge.domain.cases.queries import Filter
from wangge.domain.exports.columns import COLUMNS, USUAL, Column
from wangge.domain.search import queries as search
from wangge.kernel.access import Principal
from wangge.kernel.access.snapshot import Snapshot
from wangge.kernel.problems import Invalid
from wangge.kernel.sheets import Cell


@dataclass(frozen=True)
class Asked:
    """A list of cases: the queue, or with ``q`` what a search finds, newest first. ``columns``: of ``COLUMNS``; none is ``USUAL``."""

    filter: Filter
    sort: str = "-reported_at"
    q: str | None = None
    columns: Sequence[str] = ()

    def chosen(self) -> dict[str, Column]:
        unknown = [name for name in self.columns if name not in COLUMNS]
        if unknown:
            raise Invalid.field(
                "query.columns",
                "unknown",
                f"没有列 {'、'.join(unknown)}；可选：{'、'.join(COLUMNS)}。",
                f"There is no column {', '.join(unknown)}; choose of {', '.join(COLUMNS)}.",
            )
        return {name: COLUMNS[name] for name in dict.fromkeys(self.columns or USUAL)}


@dataclass(frozen=True)
class List:
    """A list of cases as SQL: ``count`` of it, and ``rows`` of its columns in its order."""

    count: str
    rows: str
    params: dict[str, Any]


def of(*, by: Principal, asked: Asked, language: str) -> List:
    """Raises Invalid for columns, orders and words that the list does not have."""
    params: dict[str, Any] = {}
    columns = asked.chosen().values()
    if asked.q is None:
        found, (terms, order) = "cases_case c", cases.listed(by=by, filter=asked.filter, sort=asked.sort, params=params)
    else:
        found, terms = search.matching(by=by, q=asked.q, filter=asked.filter, params=params)
        order = "c.reported_at DESC, c.id DESC"
    where = " AND ".join(terms)
    shown = ", ".join(column.source(language) for column in columns)
    joins = " ".join(column.join for column in columns)
    return List(
        f"SELECT count(*) FROM {found} WHERE {where}",
        f"SELECT {shown} FROM {found} {joins} WHERE {where} ORDER BY {order}",
        params,
    )


def cells(seen: Snapshot, which: List, columns: Sequence[Column], language: str) -> Iterator[list[Cell]]:
    """The rows as they are shown: words in the reader's language, times in the installation's zone."""
    shapes = [_shape(column, language) for column in columns]
    for row in seen.stream(which.rows, which.params):
        yield [shape(value) if shape and value is not None else value for shape, value in zip(shapes, row, strict=True)]


def _shape(column: Column, language: str) -> Callable[[Any], Cell] | None:
    if column.kind == "time":
        zone = ZoneInfo(settings.CONFIG.zone)
        return lambda at: _local(at, zone)
    if column.kind == "words":
        said = {value: words.say(language) for value, words in (column.known or {}).items()}
        return lambda value: said.get(value, value)
    return None


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)
