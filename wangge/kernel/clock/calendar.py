"""Work calendar: when a limit in working time is due, and how much working time lies between two moments.

Five units, the ones the trade writes its limits in (docs/rules.md gives the sources):

* ``work_hour`` (工作时): runs during the office hours of working days.
* ``work_day`` (工作日): the day of the start does not count; due at the close of office of the N-th working day after it
  (Civil Code art. 201 and 203: the first day is not counted, the last one ends when business closes).
* ``urgent_work_hour`` (紧急工作时): runs during the urgent hours, every day of the year; by default round the clock.
* ``hour``, ``day``: natural time, 3 600 and 86 400 seconds, whatever the calendar says.

A working day is what the table of exceptions says (legal holiday: no, make-up day: yes), else a weekday that has
office hours. Pure: no database, no present time. All arithmetic is in whole microseconds since 1970, so ``elapsed(s,
add(s, n, u), u) == n`` is exact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_DAY = 24 * _HOUR
# A calendar that rests longer than this without a break is a mistake in its table, not a holiday.
MOST_YEARS = 100

Spans = tuple[tuple[int, int], ...]


class Unit(StrEnum):
    """What a limit is counted in."""

    URGENT_WORK_HOUR = "urgent_work_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    HOUR = "hour"
    DAY = "day"


_NATURAL = {Unit.HOUR: _HOUR, Unit.DAY: _DAY}


def spans(text: str) -> Spans:
    """``"09:00-12:00 14:00-18:00"`` as minutes of the day, ``((540, 720), (840, 1080))``; ``24:00`` ends a day, ``""``
    is none.

    Raises ValueError for a malformed, empty, reversed or overlapping span.
    """
    found = []
    for part in text.split():
        begin, dash, end = part.partition("-")
        if not dash:
            raise ValueError(f"{part!r} is not HH:MM-HH:MM")
        found.append((_minutes(begin), _minutes(end)))
    return check_spans(found)


def _minutes(text: str) -> int:
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and int(minute) < 60):
        raise ValueError(f"{text!r} is not HH:MM")
    return int(hour) * 60 + int(minute)


def check_spans(found: Sequence[tuple[int, int]]) -> Spans:
    """The spans in order. Raises ValueError when one is empty, outside the day, or overlaps another."""
    ordered = tuple(sorted((int(a), int(b)) for a, b in found))
    last = 0
    for begin, end in ordered:
        if not 0 <= begin < end <= MINUTES_A_DAY:
            raise ValueError(f"{say_spans(((begin, end),))} is no span inside one day")
        if begin < last:
            raise ValueError(f"{say_spans(((begin, end),))} overlaps the span before it")
        last = end
    return ordered


def say_spans(value: Spans) -> str:
    """The way back: ``09:00-12:00 14:00-18:00``."""
    return " ".join(f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in value)


@dataclass(frozen=True)
class Hours:
    """Office hours of one season. ``week[0]`` is Monday; a weekday without spans is a day of rest. ``make_up``: the
    hours of a make-up working day on a weekday that has none of its own. ``urgent``: when urgent hours run, on every
    day."""

    week: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    make_up: Spans
    urgent: Spans = ((0, MINUTES_A_DAY),)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        for value in (*self.week, self.make_up, self.urgent):
            check_spans(value)
        if not any(self.week) or not self.make_up or not self.urgent:
            raise ValueError("office hours, make-up hours and urgent hours may not all be empty")

    @classmethod
    def weekdays(cls, text: str, *, urgent: str = "00:00-24:00") -> Hours:
        """The same hours from Monday to Friday and on make-up days."""
        one = spans(text)
        return cls(week=(one, one, one, one, one, (), ()), make_up=one, urgent=spans(urgent))


OFFICE_HOURS = Hours.weekdays("09:00-12:00 14:00-18:00")


class _Year(NamedTuple):
    """One local year: running spans of office and urgent time with their sums, and its working days (µs since 1970)."""

    office: _Spans
    urgent: _Spans
    days: list[int]  # ordinals of the working days
    closes: list[int]  # when office closes on each


class _Spans(NamedTuple):
    starts: list[int]
    ends: list[int]
    before: list[int]  # running time before each span
    through: list[int]  # running time up to the end of each
    total: int

    def at(self, moment: int) -> int:
        """Running time from the start of the year to ``moment``."""
        i = bisect_right(self.starts, moment) - 1
        return 0 if i < 0 else self.before[i] + min(moment, self.ends[i]) - self.starts[i]


class WorkCalendar:
    """Working time of one zone.

    ``hours``: one set, or ``(first day, set)`` pairs for seasons (summer and winter office hours); days before the
    first pair have its hours too. ``days``: exceptions, True works, False rests. Tables are made a year at a time when
    first asked for (a few ms) and kept; the object is immutable and safe to share between threads.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        hours: Hours | Sequence[tuple[date, Hours]] = OFFICE_HOURS,
        days: Mapping[date, bool] | None = None,
    ) -> None:
        self.zone = zone
        seasons = [(date.min, hours)] if isinstance(hours, Hours) else sorted(hours, key=lambda pair: pair[0])
        if not seasons:
            raise ValueError("a calendar needs office hours")
        self._season_days = [day for day, _ in seasons]
        self._season_hours = [value for _, value in seasons]
        self._days = dict(days or {})
        self._years: dict[int, _Year] = {}

    # -- days ---------------------------------------------------------------------------------------------------------

    def hours_on(self, day: date) -> Hours:
        """The set of hours of the season that ``day`` lies in."""
        return self._season_hours[max(0, bisect_right(self._season_days, day) - 1)]

    def is_working_day(self, day: date) -> bool:
        """By the table of exceptions, else by whether that weekday has office hours."""
        exception = self._days.get(day)
        return bool(self.hours_on(day).week[day.weekday()]) if exception is None else exception

    def office(self, day: date) -> Spans:
        """Office hours of ``day`` in minutes, ``()`` on a day of rest."""
        if not self.is_working_day(day):
            return ()
        hours = self.hours_on(day)
        return hours.week[day.weekday()] or hours.make_up

    def local_day(self, moment: datetime) -> date:
        """The calendar day ``moment`` has in this zone."""
        return moment.astimezone(self.zone).date()

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days lie after ``first`` up to and including ``last``; negative when ``last`` is before
        ``first``."""
        if last < first:
            return -self.working_days_between(last, first)
        whole = sum(len(self._of(year).days) for year in range(first.year, last.year))
        until = bisect_right(self._of(last.year).days, last.toordinal())
        return whole + until - bisect_right(self._of(first.year).days, first.toordinal())

    # -- time ---------------------------------------------------------------------------------------------------------

    def add(self, start: datetime, amount: int, unit: Unit | str) -> datetime:
        """When ``amount`` units from ``start`` are over: aware, in UTC.

        A start outside running time is as good as the next moment inside; a limit that ends exactly with a span is due
        at the end of that span, not at the start of the next. ``amount`` 0 is the start itself. Raises ValueError for
        a naive start or a negative amount.
        """
        unit = Unit(unit)
        if amount < 0:
            raise ValueError("a limit is not negative")
        moment = _micros(start)
        if amount == 0:
            return _moment(moment)
        if unit in _NATURAL:
            return _moment(moment + amount * _NATURAL[unit])
        if unit is Unit.WORK_DAY:
            return _moment(self._nth_close(self.local_day(start), amount))
        return _moment(self._run(moment, amount * _HOUR, unit))

    def advance(self, start: datetime, seconds: float, unit: Unit | str) -> datetime:
        """``start`` and then ``seconds`` of the unit's running time (office time for work days), to the microsecond."""
        unit = Unit(unit)
        if seconds < 0:
            raise ValueError("running time goes forward")
        moment, length = _micros(start), round(seconds * _SECOND)
        if length == 0 or unit in _NATURAL:
            return _moment(moment + length)
        return _moment(self._run(moment, length, unit))

    def seconds(self, start: datetime, end: datetime, unit: Unit | str) -> float:
        """Running time between the two in seconds: office time for work hours and work days. Negative when ``end`` is
        before ``start``."""
        return self._between(_micros(start), _micros(end), Unit(unit)) / _SECOND

    def elapsed(self, start: datetime, end: datetime, unit: Unit | str) -> int:
        """Whole units that are over at ``end``; 0 when ``end`` is before ``start``. The exact inverse of ``add``."""
        unit = Unit(unit)
        a, b = _micros(start), _micros(end)
        if b <= a:
            return 0
        if unit is Unit.WORK_DAY:
            return self._closes_until(self.local_day(start), b)
        return self._between(a, b, unit) // _NATURAL.get(unit, _HOUR)

    def resume(self, due: datetime, paused: datetime, resumed: datetime, unit: Unit | str) -> datetime:
        """The new ``due`` of a clock that stood still from ``paused`` to ``resumed``: what was left then is left now.

        Counted in working days, what is left is whole days after the day of the pause, so the clock still ends at a
        close of office; with no whole day left it ends with the day it is resumed on (or the next working day). A
        clock that was over when it was paused keeps its ``due``.
        """
        unit = Unit(unit)
        if resumed < paused:
            raise ValueError("a clock is resumed after it was paused")
        if due <= paused:
            return due.astimezone(UTC)
        if unit is not Unit.WORK_DAY:
            return self.advance(resumed, self.seconds(paused, due, unit), unit)
        left = self.working_days_between(self.local_day(paused), self.local_day(due))
        if left > 0:
            return self.add(resumed, left, unit)
        close = self._nth_close(self.local_day(resumed) - timedelta(days=1), 1)
        return _moment(close) if close > _micros(resumed) else self.add(resumed, 1, unit)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _of(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            table = self._years[year] = self._make(year)
        return table

    def _spans_of(self, year: int, unit: Unit) -> _Spans:
        table = self._of(year)
        return table.urgent if unit is Unit.URGENT_WORK_HOUR else table.office

    def _make(self, year: int) -> _Year:
        office: list[tuple[int, int]] = []
        urgent: list[tuple[int, int]] = []
        days: list[int] = []
        closes: list[int] = []
        day = date(year, 1, 1)
        while day.year == year:
            midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)

            def wall(minute: int, midnight: datetime = midnight) -> int:
                # Adding to an aware datetime moves the wall clock, which is what office hours are written in.
                return _micros(midnight + timedelta(minutes=minute))

            urgent.extend((wall(a), wall(b)) for a, b in self.hours_on(day).urgent)
            today = [(wall(a), wall(b)) for a, b in self.office(day)]
            if today:
                office.extend(today)
                days.append(day.toordinal())
                closes.append(today[-1][1])
            day += timedelta(days=1)
        return _Year(_sum(office), _sum(urgent), days, closes)

    def _year_of(self, moment: int) -> int:
        return _moment(moment).astimezone(self.zone).year

    def _run(self, moment: int, length: int, unit: Unit) -> int:
        year = self._year_of(moment)
        spans = self._spans_of(year, unit)
        target = spans.at(moment) + length
        first = year
        while target > spans.total:
            target -= spans.total
            year += 1
            if year - first > MOST_YEARS:
                raise OverflowError("the calendar has too little working time for this limit")
            spans = self._spans_of(year, unit)
        i = bisect_left(spans.through, target)
        return spans.starts[i] + target - spans.before[i]

    def _between(self, a: int, b: int, unit: Unit) -> int:
        if unit in _NATURAL:
            return b - a
        if b < a:
            return -self._between(b, a, unit)
        first, last = self._year_of(a), self._year_of(b)
        whole = sum(self._spans_of(year, unit).total for year in range(first, last))
        return whole + self._spans_of(last, unit).at(b) - self._spans_of(first, unit).at(a)

    def _nth_close(self, day: date, amount: int) -> int:
        """When office closes on the ``amount``-th working day after ``day``."""
        year = day.year
        table = self._of(year)
        target = bisect_right(table.days, day.toordinal()) + amount
        while target > len(table.days):
            target -= len(table.days)
            year += 1
            if year - day.year > MOST_YEARS:
                raise OverflowError("the calendar has too few working days for this limit")
            table = self._of(year)
        return table.closes[target - 1]

    def _closes_until(self, day: date, end: int) -> int:
        """How many working days after ``day`` have closed at ``end``."""
        last = self._year_of(end)
        whole = sum(len(self._of(year).days) for year in range(day.year, last))
        over = bisect_right(self._of(day.year).days, day.toordinal())
        return max(0, whole + bisect_right(self._of(last).closes, end) - over)


def _micros(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _sum(found: list[tuple[int, int]]) -> _Spans:
    starts, ends, before, through = [], [], [], []
    total = 0
    for start, end in found:
        if start >= end or (ends and start < ends[-1]):
            raise ValueError("office hours may not lie where this zone changes its clocks")
        starts.append(start)
        ends.append(end)
        before.append(total)
        total += end - start
        through.append(total)
    return _Spans(starts, ends, before, through, total)
