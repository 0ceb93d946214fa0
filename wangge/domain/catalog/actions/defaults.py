"""The shipped default catalogue, loaded once into an empty one."""

from __future__ import annotations

from datetime import UTC, date, datetime

from wangge.domain.catalog.actions.categories import import_categories
from wangge.domain.catalog.actions.days import legal_days
from wangge.domain.catalog.actions.editing import editing
from wangge.domain.catalog.models import CalendarDay, Category, Limit, OfficeHours
from wangge.domain.catalog.tables import shipped_categories, shipped_limits
from wangge.domain.catalog.tags import CatalogPermission, CatalogTag
from wangge.kernel import ledger
from wangge.kernel.access import Principal
from wangge.kernel.clock import holidays
from wangge.kernel.clock.calendar import OFFICE_HOURS, say_spans

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
"""From when the default holds: before any case that could be taken in from older systems."""


def load_defaults(*, by: Principal) -> dict[str, int]:
    """Load categories, limits, legal holidays and office hours, each only where there is nothing yet. May run twice without harm.

    Returns how many rows were made: ``categories``, ``limits``, ``days``.
    """
    by.require(CatalogPermission.EDIT)
    made = {"categories": 0, "limits": 0, "days": 0}
    with editing("defaults"):
        if not Category.objects.exists():
            made["categories"], _, _ = import_categories(by=by, table=shipped_categories(), dry_run=False, since=ALWAYS)
        if not Limit.objects.filter(category__isnull=True).exists():
            made["limits"] = _limits()
        if not CalendarDay.objects.exists():
            first, last = holidays.years()
            days = [CalendarDay(**d._asdict()) for year in range(first, last + 1) for d in legal_days(year)]
            made["days"] = len(CalendarDay.objects.bulk_create(days))
        if not OfficeHours.objects.exists():
            OfficeHours.objects.create(
                since=date(2000, 1, 1),
                week=[say_spans(s) for s in OFFICE_HOURS.week],
                make_up=say_spans(OFFICE_HOURS.make_up),
                urgent=say_spans(OFFICE_HOURS.urgent),
            )
        if any(made.values()):
            ledger.append(by=by, tag=CatalogTag.DEFAULTS_LOADED, kind="catalog", body=made)
    return made


def _limits() -> int:
    ids = dict(Category.objects.values_list("code", "id"))
    rows = [r for r in shipped_limits() if not r["category"] or r["category"] in ids]
    Limit.objects.bulk_create(
        [
            Limit(
                category_id=ids.get(r["category"]), urgency=r["urgency"], stage=r["stage"], amount=int(r["amount"]), unit=r["unit"],
                valid_from=ALWAYS,
            )
            for r in rows
        ]
    )  # fmt: skip
    return len(rows)
