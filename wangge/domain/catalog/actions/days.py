"""The work calendar: exceptional days and office hours. A change is for clocks that start or go on after it; none is moved by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from wangge.domain.catalog.actions.editing import editing
from wangge.domain.catalog.models import CalendarDay, OfficeHours
from wangge.domain.catalog.tags import CatalogPermission, CatalogTag
from wangge.kernel import ledger
from wangge.kernel.access import Principal
from wangge.kernel.clock import holidays
from wangge.kernel.clock.calendar import Hours, say_spans, spans
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

BY_LIBRARY = "chinesecalendar"


class Day(NamedTuple):
    """``working`` None: no exception any more, the weekday decides."""

    day: date
    working: bool | None
    name: str = ""
    name_en: str = ""
    source: str = "by hand"


def set_days(*, by: Principal, days: Sequence[Day]) -> int:
    """Write or remove exceptional days. Returns how many rows are different now."""
    by.require(CatalogPermission.CALENDAR)
    with editing("calendar"):
        changed = _write(days)
        if changed:
            body = {
                "days": [d.day.isoformat() for d in changed],
                "working": [d.day.isoformat() for d in changed if d.working],
                "removed": [d.day.isoformat() for d in changed if d.working is None],
            }
            ledger.append(by=by, tag=CatalogTag.DAYS_CHANGED, kind="calendar", body=body)
    return len(changed)


def import_year(*, by: Principal, year: int, dry_run: bool = True) -> list[Day]:
    """Take in the legal holidays and make-up days of ``year`` from the kept library; what an administrator wrote by hand stays.

    Returns the days that are (or would be) different. Invalid for a year that the library does not know.
    """
    by.require(CatalogPermission.CALENDAR)
    first, last = holidays.years()
    if not first <= year <= last:
        raise Invalid.field(
            "year",
            "unknown",
            f"日历库只含 {first}—{last} 年。{year} 年请手工录入，或升级 chinesecalendar。",
            f"The library knows {first} to {last}. Enter {year} by hand, or upgrade chinesecalendar.",
        )
    with editing("calendar"):
        by_hand = set(
            CalendarDay.objects.filter(day__year=year).exclude(source=BY_LIBRARY).values_list("day", flat=True)
        )
        days = [d for d in legal_days(year) if d.day not in by_hand]
        changed = _write(days, dry_run=dry_run)
        if changed and not dry_run:
            body = {"days": [d.day.isoformat() for d in changed], "source": BY_LIBRARY}
            ledger.append(by=by, tag=CatalogTag.DAYS_CHANGED, kind="calendar", body=body)
    return changed


def legal_days(year: int) -> list[Day]:
    return [Day(d.day, d.working, d.name.zh, d.name.en, BY_LIBRARY) for d in holidays.days_of(year)]


def _write(days: Iterable[Day], *, dry_run: bool = False) -> list[Day]:
    days = list(days)
    known = {d.day: d for d in CalendarDay.objects.filter(day__in=[d.day for d in days])}
    changed = []
    for d in days:
        old = known.get(d.day)
        same = old is not None and (old.working, old.name, old.name_en) == (d.working, d.name, d.name_en)
        if same or (old is None and d.working is None):
            continue
        changed.append(d)
    if not dry_run:
        CalendarDay.objects.filter(day__in=[d.day for d in changed]).delete()
        CalendarDay.objects.bulk_create([CalendarDay(**d._asdict()) for d in changed if d.working is not None])
    return changed


def set_hours(
    *, by: Principal, since: date, week: Sequence[str], make_up: str, urgent: str = "00:00-24:00"
) -> OfficeHours:
    """Office hours from ``since`` to the next season: ``week`` from Monday, each such as ``09:00-12:00 14:00-18:00`` or empty."""
    by.require(CatalogPermission.CALENDAR)
    texts = _hours(week, make_up, urgent)
    with editing("hours"):
        made, _ = OfficeHours.objects.update_or_create(since=since, defaults=texts)
        body = {"since": since.isoformat(), **texts}
        ledger.append(by=by, tag=CatalogTag.HOURS_CHANGED, kind="calendar", body=body)
    return made


def _hours(week: Sequence[str], make_up: str, urgent: str) -> dict[str, str | list[str]]:
    errors: list[FieldError] = []

    def read(path: str, text: str) -> str:
        try:
            return say_spans(spans(text))
        except ValueError:
            words = Words(
                f"时间段“{text}”应写作 09:00-12:00 14:00-18:00。",
                f"“{text}” should be written 09:00-12:00 14:00-18:00.",
            )
            errors.append(FieldError(path, "hours", words))
            return ""

    if len(week) != 7:
        raise Invalid.field("body.week", "seven", "一周应有七天。", "A week has seven days.")
    texts = {
        "week": [read(f"body.week[{i}]", text) for i, text in enumerate(week)],
        "make_up": read("body.make_up", make_up),
        "urgent": read("body.urgent", urgent),
    }
    if errors:
        raise Invalid.fields(*errors)
    try:
        Hours(tuple(spans(t) for t in texts["week"]), spans(texts["make_up"]), spans(texts["urgent"]))  # type: ignore[arg-type]
    except ValueError as error:
        raise Invalid.field(
            "body.week",
            "empty",
            "办公时间、调休办公时间和紧急工作时间都不能为空。",
            "Office hours, make-up hours and urgent hours may not be empty.",
        ) from error
    return texts  # type: ignore[return-value]
