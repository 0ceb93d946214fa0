"""12345 work orders from a workbook: read, check every row, and bring the good ones in with what has happened to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from wangge.domain.cases import bulk
from wangge.domain.cases.orders.desks import Brought, Desks
from wangge.domain.cases.orders.reading import open_sheet, repeated
from wangge.domain.cases.orders.telling import IMPORTER
from wangge.domain.cases.orders.words import Translation
from wangge.kernel.access import acting
from wangge.kernel.tables import RowError

__all__ = ["IMPORTER", "Outcome", "run"]


@dataclass(kw_only=True)
class Outcome(Brought):
    """What an import found and did.

    ``header``: every title; ``columns``: field → title. ``good``: rows without an error, and ``here`` those of them that were in the system before. ``unmapped``:
    paths of categories that are not of this catalogue, for which the text spoke. ``unknown``: words without a meaning, by field.
    """

    header: tuple[str, ...]
    columns: dict[str, str]
    blank: int
    good: int = 0
    here: int = 0
    errors: list[RowError] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)


def run(
    path: Path,
    *,
    mapping: Mapping[str, str] | None,
    street: str,
    source: str,
    accept_good: bool,
    apply: bool,
    translation: Translation | None = None,
    processes: int | None = None,
    looked_at: Callable[[int, int], None] = lambda _done, _all: None,
    step: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Check, and with ``apply`` write: everything, or with ``accept_good`` the rows that have no error.

    ``street``: where they belong. ``processes``: how many work at it, by default as many as there are processors when the sheet is long.
    ``looked_at``: told how many rows of how many are checked; ``step``: how many more orders are done. An import that is cut off goes on where it stopped when it is run again.
    """
    with acting(IMPORTER):
        sheet = open_sheet(path, street=street, mapping=mapping)
        outcome = Outcome(header=sheet.header, columns=sheet.columns, blank=sheet.blank)
        with Desks(sheet, street=street, source=source, translation=translation or {}, processes=processes) as desks:
            good: list[tuple[int, str]] = []
            done = 0
            for found in desks.check():
                good += found.good
                outcome.here += found.here
                outcome.errors += found.errors
                outcome.unmapped += found.unmapped
                outcome.unknown += found.unknown
                done += found.rows
                looked_at(done, len(sheet.rows))
            twice = repeated(good, sheet.columns)
            outcome.errors = sorted([*outcome.errors, *twice], key=lambda e: e.row)
            outcome.good = len(good) - len(twice)
            writes = apply and (accept_good or not outcome.errors)
            with bulk.alone() if writes else nullcontext():
                for brought in desks.bring_in(without={e.row for e in twice}) if writes else ():
                    outcome.add(brought)
                    step(brought.made + brought.known)
    return outcome
