"""Who reads a long sheet and brings it in: one process, or several that each keep the part of it that they have checked.

A part goes from reading to writing in one process, so that orders never travel: rows go there, errors and counts come back. The parts of a
process lie together in the sheet, as orders of one day, which are numbered one after another, mostly do.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from wangge.domain.cases import bulk
from wangge.domain.cases.orders.reading import Order, Rows, Sheet, check
from wangge.domain.cases.orders.telling import IMPORTER, case_of, history
from wangge.domain.cases.orders.words import Lexicon, Translation
from wangge.domain.catalog import queries as catalog
from wangge.kernel.access import acting
from wangge.kernel.beside import another
from wangge.kernel.db import rows
from wangge.kernel.problems import Unavailable
from wangge.kernel.tables import RowError
from wangge.kernel.words import Words

LONG = 4 * bulk.AT_ONCE
"""Rows from which on a second process is worth its start."""
MOST_PROCESSES = 4
"""The database has as much to do as two or three of them."""


GONE = Words(
    "一个导入进程意外中止（多半是内存不足）。已写入的工单完好；再次运行同一命令即从中断处继续，可加 --processes 1。",
    "A process of the import ended unexpectedly, most likely for want of memory. What was written is whole; run the same command again to "
    "go on from there, with --processes 1 if need be.",
)


class Found(NamedTuple):
    """What a part of the sheet holds. ``rows``: how many were looked at. ``good``: row and order number of each order. ``here``: how many of
    them are in the system already."""

    rows: int
    good: list[tuple[int, str]]
    here: int
    errors: list[RowError]
    unmapped: Counter[str]
    unknown: Counter[tuple[str, str]]


@dataclass
class Brought:
    """What became of orders. ``known``: their number was here already, and they are left as they are. ``closed``: of those that were made."""

    known: int = 0
    made: int = 0
    closed: int = 0
    by_category: Counter[Words] = field(default_factory=Counter)
    by_unit: Counter[Words] = field(default_factory=Counter)

    def add(self, other: Brought) -> None:
        self.known += other.known
        self.made += other.made
        self.closed += other.closed
        self.by_category += other.by_category
        self.by_unit += other.by_unit


@dataclass(frozen=True)
class Terms:
    """What holds for the whole sheet."""

    columns: Mapping[str, str]
    street: str
    source: str
    translation: Translation


class Desk:
    """One process's parts of the sheet."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._lexicon = Lexicon(terms.street, terms.translation)
        self._orders: dict[int, list[Order]] = {}

    def check(self, part: int, some: Rows) -> Found:
        """Check these rows, and keep the good ones until they are brought in."""
        checked = check(some, columns=self._terms.columns, lexicon=self._lexicon)
        self._orders[part] = checked.orders
        told = {self._case(o): o for o in checked.orders}  # a number that comes twice is one case
        here = len(told) - len(self._new(told))
        good = [(o.row, o.number) for o in checked.orders]
        return Found(len(some), good, here, checked.errors, checked.unmapped, checked.unknown)

    def bring_in(self, part: int, without: frozenset[int]) -> Brought:
        """Write the good orders of a part that are not here yet, but for the rows ``without``, in one transaction."""
        street, source = self._terms.street, self._terms.source
        orders = {self._case(o): o for o in self._orders.pop(part) if o.row not in without}
        new = self._new(orders)
        told = [bulk.tell(history(o, case=case, street=street, source=source)) for case, o in new.items()]
        with transaction.atomic():
            bulk.insert(sorted(told, key=lambda t: t.case["reported_at"]), by=IMPORTER)
        brought = Brought(known=len(orders) - len(new), made=len(new))
        for case in (t.case for t in told):
            found, unit = catalog.category(case["category"]), catalog.unit(case["lead"]) if case["lead"] else None
            brought.closed += case["closed_at"] is not None
            brought.by_category[found.words if found else Words("—", "—")] += 1
            if unit:
                brought.by_unit[unit.words] += 1
        return brought

    def _case(self, order: Order) -> UUID:
        return case_of(order.number, self._terms.source)

    def _new(self, orders: dict[UUID, Order]) -> dict[UUID, Order]:
        """Those that are not here yet, by the ids of their cases."""
        street, source = self._terms.street, self._terms.source
        asked = [
            {"id": case, "district": street[:6], "source": source, "source_number": o.number}
            for case, o in orders.items()
        ]
        known = bulk.known_of(asked)
        return {case: o for case, o in orders.items() if case not in known and (source, o.number) not in known}


class Desks:
    """The sheet cut into parts, and the processes at work on them; without others, this one. A context manager."""

    def __init__(
        self, sheet: Sheet, *, street: str, source: str, translation: Translation, processes: int | None
    ) -> None:
        self._parts = list(rows.batches(list(sheet.rows), bulk.AT_ONCE))
        terms = Terms(sheet.columns, street, source, translation)
        if processes is None:
            processes = min(os.cpu_count() or 1, MOST_PROCESSES) if len(sheet.rows) >= LONG else 1
        processes = max(1, min(processes, len(self._parts)))
        self._here = Desk(terms) if processes == 1 else None
        self._there = [another() for _ in range(processes)] if processes > 1 else []
        self._started = [process.submit(_sit_down, terms) for process in self._there]

    def __enter__(self) -> Desks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._there:
            process.shutdown(wait=True, cancel_futures=True)

    def check(self) -> Iterator[Found]:
        """What each part holds, in their order."""
        if self._here:
            yield from (self._here.check(number, part) for number, part in enumerate(self._parts))
        else:
            for started in self._started:
                started.result()
            yield from self._each(lambda number, part: (_check, number, part))

    def bring_in(self, *, without: set[int]) -> Iterator[Brought]:
        """What became of each part."""
        gone = frozenset(without)
        if self._here:
            yield from (self._here.bring_in(number, gone) for number in range(len(self._parts)))
        else:
            yield from self._each(lambda number, part: (_bring_in, number, gone))

    def _each(self, task: Callable[[int, Rows], tuple[Any, ...]]) -> Iterator[Any]:
        found: list[Future[Any]] = []
        for number, part in enumerate(self._parts):
            process = self._there[number * len(self._there) // len(self._parts)]
            found.append(process.submit(*task(number, part)))
        for future in found:
            try:
                yield future.result()
            except BrokenProcessPool as error:
                raise Unavailable(GONE) from error


# — in another process —————————————————————————————————————————————————————————————————————————————————————————————————————————————

_desk: Desk


def _sit_down(terms: Terms) -> None:
    global _desk
    gc.disable()  # millions of small objects come and go, hardly one of them in a circle
    with acting(IMPORTER):
        _desk = Desk(terms)


def _check(part: int, some: Rows) -> Found:
    with acting(IMPORTER):
        return _desk.check(part, some)


def _bring_in(part: int, without: frozenset[int]) -> Brought:
    with acting(IMPORTER):
        return _desk.bring_in(part, without)
