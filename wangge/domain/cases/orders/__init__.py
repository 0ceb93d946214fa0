"""12345 work orders from a workbook: read, check every row, and bring the good ones in with what has happened to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from wangge.domain.cases import bulk
from wangge.domain.cases.orders.reading import Order, Outcome, check
from wangge.domain.cases.orders.telling import IMPORTER, history
from wangge.domain.cases.orders.words import Translation
from wangge.domain.catalog import queries as catalog
from wangge.kernel.access import acting
from wangge.kernel.db import rows

__all__ = ["IMPORTER", "Order", "Outcome", "bring_in", "check", "run"]


def run(
    path: Path,
    *,
    mapping: Mapping[str, str] | None,
    street: str,
    source: str,
    accept_good: bool,
    apply: bool,
    translation: Translation | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Check, and with ``apply`` write: everything, or with ``accept_good`` the rows that have no error. ``street``: where they belong."""
    with acting(IMPORTER):
        outcome = check(path, street=street, mapping=mapping, translation=translation)
        if apply and (accept_good or not outcome.errors):
            bring_in(outcome, street=street, source=source, step=step)
    return outcome


def bring_in(outcome: Outcome, *, street: str, source: str, step: Callable[[int], None] = lambda _: None) -> None:
    """Write the checked orders, ``bulk.AT_ONCE`` a transaction; an import that is cut off goes on where it stopped when it is run again."""
    for some in rows.batches(outcome.orders, bulk.AT_ONCE):
        told = [bulk.tell(history(order, street=street, source=source)) for order in some]
        made = bulk.write(told, by=IMPORTER)
        outcome.known += len(told) - len(made)
        for case in (t.case for t in told if t.case["id"] in made):
            _count(outcome, case["category"], case["lead"], closed=case["closed_at"] is not None)
        step(len(told))


def _count(outcome: Outcome, category: object, lead: object, *, closed: bool) -> None:
    found, unit = catalog.category(category), catalog.unit(lead) if lead else None  # type: ignore[arg-type]
    outcome.made += 1
    outcome.closed += closed
    outcome.by_category[found.name if found else "—"] += 1
    if unit:
        outcome.by_unit[unit.name] += 1
