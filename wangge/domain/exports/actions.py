"""Making an export: one moment of the database, on record before the first byte leaves, then row after row."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from wangge.domain.exports import queries
from wangge.domain.exports.queries import Asked
from wangge.domain.exports.tags import ExportPermission, ExportTag
from wangge.domain.stats import queries as stats
from wangge.domain.stats.rules import BY_WORDS, FIGURES, TIMES
from wangge.kernel.access import Principal
from wangge.kernel.access.snapshot import opened
from wangge.kernel.db.replica import at_home
from wangge.kernel.ledger.append import append
from wangge.kernel.problems import Invalid, TooMany
from wangge.kernel.sheets import MOST_XLSX, Cell, Format, write
from wangge.kernel.words import Words

AT_ONCE = 2
"""Exports of cases that one web process sends at the same time: each holds a thread, and others need some (docs/exports.md)."""
AGAIN_AFTER = 30
_slots = threading.BoundedSemaphore(AT_ONCE)
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(who)s, 0))"
BUSY = Words(
    "您的上一份导出仍在下载，或同时导出的人较多。请稍后再试。",
    "Your last export is still being sent, or too many are. Try again in a moment.",
)


@dataclass
class Export:
    """``pieces``: the file, made as it is read. ``rows``: how many there are, without the heading."""

    rows: int
    pieces: Iterator[bytes]


def export_cases(*, by: Principal, asked: Asked, form: Format, language: str) -> Export:
    """The list as a file. Everything that can be wrong with it is said (Invalid, Forbidden, TooMany) before the first byte."""
    by.require(ExportPermission.CASES)
    made = _cases(by=by, asked=asked, form=form, language=language)
    return Export(next(made), made)


def _cases(*, by: Principal, asked: Asked, form: Format, language: str) -> Generator[Any, None, None]:
    """First the number of rows, then the file in pieces. What it holds it gives back when it ends, is closed, or is forgotten."""
    which = queries.of(by=by, asked=asked, language=language)
    columns = asked.chosen()
    if not _slots.acquire(blocking=False):
        raise TooMany(BUSY, extra={"retry_after": AGAIN_AFTER})
    try:
        with opened(by) as seen:
            if not seen.value(_LOCK, {"who": f"export {by.id}"}):
                raise TooMany(BUSY, extra={"retry_after": AGAIN_AFTER})
            count = seen.value(which.count, which.params)
            _fits(form, count)
            body = {"format": form, "rows": count, "columns": list(columns), "sort": asked.sort, "filter": _body(asked)}
            personal = {"q": asked.q} if asked.q is not None else None
            with at_home(), transaction.atomic():
                append(by=by, tag=ExportTag.CASES, kind="export", body=body, personal=personal)
            yield count
            header = [column.words.say(language) for column in columns.values()]
            rows = queries.cells(seen, which, list(columns.values()), language)
            yield from write(form, header, rows, count=count, language=language)
    finally:
        _slots.release()


def _fits(form: Format, count: int) -> None:
    if form == "xlsx" and count > MOST_XLSX:
        raise Invalid.field(
            "query.format",
            "rows",
            f"共 {count} 行，一张 XLSX 工作表最多 {MOST_XLSX} 行。请缩小范围，或导出 CSV。",
            f"There are {count} rows, and a sheet of XLSX holds {MOST_XLSX}. Narrow the filter, or take CSV.",
        )


def _body(asked: Asked) -> dict[str, Any]:
    """What was asked for, as the ledger keeps it. The words that were looked for may name a person: they are kept beside it."""
    given = asdict(asked.filter)
    return {name: _canonical(value) for name, value in given.items() if value not in (None, (), [])}


def _canonical(value: Any) -> Any:
    """The ledger takes no fractions and no times."""
    if isinstance(value, list | tuple):
        return [_canonical(one) for one in value]
    return value if isinstance(value, bool) else str(value)


def export_stats(
    *, by: Principal, asked: stats.Asked, dimension: str, times: bool, form: Format, language: str
) -> Export:
    """A table of figures as a file: what ``GET /stats/table`` answers, one line a group."""
    told = stats.table(by=by, asked=asked, dimension=dimension, times=times)["items"]
    body = {"format": form, "rows": len(told), "by": dimension}
    body |= {name: str(value) for name, value in asdict(asked).items() if value is not None}
    with at_home(), transaction.atomic():
        append(by=by, tag=ExportTag.STATS, kind="export", body=body)
    header = [BY_WORDS[dimension], *(figure.words for figure in FIGURES.values())]
    if times:
        header += [words.fill(name=name) for name, _ in TIMES.values() for words in _TIMES.values()]
    lines = (_line(item, times, language) for item in told)
    made = write(form, [words.say(language) for words in header], lines, count=len(told), language=language)
    return Export(len(told), made)


_TIMES = {
    "median": Words("{name}中位数（分钟）", "{name}, median (minutes)"),
    "p90": Words("{name} P90（分钟）", "{name}, p90 (minutes)"),
}


def _line(item: Mapping[str, Any], times: bool, language: str) -> list[Cell]:
    found: list[Cell] = [item["name"][language], *item["figures"].values()]
    if times:
        found += [(item["times"] or {}).get(name, {}).get(part) for name in TIMES for part in _TIMES]
    return found
