"""Properties of the work calendar, and its edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wangge.kernel.clock.calendar import Hours, Unit, WorkCalendar, say_spans, spans

SHANGHAI = ZoneInfo("Asia/Shanghai")
WINTER = Hours.weekdays("09:00-12:00 14:00-18:00", urgent="07:00-22:00")
SUMMER = Hours(
    week=(*(spans("08:30-12:00 15:00-18:30"),) * 4, spans("08:30-12:00"), (), ()), make_up=spans("08:30-12:00")
)
DAYS = {date(2026, 10, d): False for d in range(1, 8)} | {date(2026, 10, 10): True, date(2026, 2, 14): True}
CALENDARS = [
    WorkCalendar(SHANGHAI),
    WorkCalendar(SHANGHAI, WINTER, DAYS),
    WorkCalendar(SHANGHAI, [(date(2020, 1, 1), WINTER), (date(2026, 5, 1), SUMMER), (date(2026, 10, 1), WINTER)], DAYS),
    WorkCalendar(ZoneInfo("America/New_York"), Hours.weekdays("09:00-17:00", urgent="06:00-24:00")),
]
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
calendars = st.sampled_from(CALENDARS)
units = st.sampled_from(Unit)


@given(calendars, moments, st.integers(0, 400), units)
@settings(max_examples=400, deadline=None)
def test_elapsed_is_the_exact_inverse_of_add(calendar: WorkCalendar, start: datetime, amount: int, unit: Unit) -> None:
    due = calendar.add(start, amount, unit)
    assert calendar.elapsed(start, due, unit) == amount
    if amount:
        assert calendar.elapsed(start, due - timedelta(microseconds=1), unit) == amount - 1


@given(calendars, moments, st.integers(0, 10**10), units)
@settings(max_examples=300, deadline=None)
def test_seconds_is_the_exact_inverse_of_advance(
    calendar: WorkCalendar, start: datetime, milliseconds: int, unit: Unit
) -> None:
    seconds = milliseconds / 10_000
    assert calendar.seconds(start, calendar.advance(start, seconds, unit), unit) == seconds


@given(calendars, moments, moments, st.integers(1, 60), units)
@settings(max_examples=300, deadline=None)
def test_a_later_start_is_never_due_earlier(
    calendar: WorkCalendar, one: datetime, other: datetime, amount: int, unit: Unit
) -> None:
    first, second = sorted((one, other))
    assert calendar.add(first, amount, unit) <= calendar.add(second, amount, unit)


@given(calendars, moments, moments, moments, units)
@settings(max_examples=300, deadline=None)
def test_running_time_adds_up(calendar: WorkCalendar, a: datetime, b: datetime, c: datetime, unit: Unit) -> None:
    whole = calendar.seconds(a, c, unit)
    assert abs(whole - calendar.seconds(a, b, unit) - calendar.seconds(b, c, unit)) < 1e-6
    assert calendar.seconds(c, a, unit) == -whole


@given(calendars, moments, st.integers(0, 60 * 24 * 30))
@settings(max_examples=150, deadline=None)
def test_office_time_equals_a_count_minute_by_minute(calendar: WorkCalendar, start: datetime, minutes: int) -> None:
    """The slow oracle: look at every minute's own wall clock."""
    start = start.replace(second=0, microsecond=0)
    running = 0
    for i in range(minutes):
        wall = (start + timedelta(minutes=i)).astimezone(calendar.zone)
        minute = wall.hour * 60 + wall.minute
        running += any(a <= minute < b for a, b in calendar.office(wall.date()))
    assert calendar.seconds(start, start + timedelta(minutes=minutes), Unit.WORK_HOUR) == running * 60


@given(calendars, moments, st.integers(1, 30), st.integers(0, 30 * 86400), st.integers(0, 30 * 86400), units)
@settings(max_examples=300, deadline=None)
def test_a_pause_never_shortens_a_clock_and_no_pause_changes_nothing(
    calendar: WorkCalendar, start: datetime, amount: int, until_pause: int, pause: int, unit: Unit
) -> None:
    due = calendar.add(start, amount, unit)
    paused = start + timedelta(seconds=until_pause)
    assert calendar.resume(due, paused, paused + timedelta(seconds=pause), unit) >= due
    same = calendar.resume(due, paused, paused, unit)
    # A pause outside running time may move a due time over the idle gap, never over running time.
    assert calendar.seconds(due, same, unit) == 0
    assert same == due or calendar.seconds(paused, due, unit) == 0


def test_a_limit_beyond_the_known_holidays_falls_back_to_the_week() -> None:
    calendar = WorkCalendar(SHANGHAI)
    # Fri 1 Jan 2100 is no known holiday: Thu 31 Dec 2099 + 1 working day.
    due = calendar.add(datetime(2099, 12, 31, 2, tzinfo=UTC), 1, Unit.WORK_DAY)
    assert due == datetime(2100, 1, 1, 10, tzinfo=UTC)


def test_a_make_up_saturday_has_the_make_up_hours_and_a_weekday_its_own() -> None:
    calendar = WorkCalendar(SHANGHAI, SUMMER, {date(2026, 10, 10): True})
    assert calendar.office(date(2026, 10, 10)) == spans("08:30-12:00")
    assert calendar.office(date(2026, 10, 12)) == spans("08:30-12:00 15:00-18:30")
    assert calendar.office(date(2026, 10, 11)) == ()


def test_seasons_change_on_their_first_day() -> None:
    calendar = CALENDARS[2]
    assert say_spans(calendar.office(date(2026, 4, 30))) == "09:00-12:00 14:00-18:00"
    assert say_spans(calendar.office(date(2026, 5, 4))) == "08:30-12:00 15:00-18:30"
    assert say_spans(calendar.office(date(2019, 12, 31))) == "09:00-12:00 14:00-18:00"


def test_urgent_hours_run_on_sunday_but_not_at_night_when_so_configured() -> None:
    calendar = CALENDARS[1]
    sunday_night = datetime(2026, 3, 1, 21, tzinfo=SHANGHAI)
    assert calendar.add(sunday_night, 2, Unit.URGENT_WORK_HOUR) == datetime(2026, 3, 2, 8, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text", ["9-12", "09:00", "12:00-09:00", "09:00-12:00 11:00-13:00", "09:00-25:00", "09:60-10:00"]
)
def test_malformed_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        spans(text)


def test_a_naive_moment_and_a_negative_limit_are_refused() -> None:
    calendar = WorkCalendar(SHANGHAI)
    with pytest.raises(ValueError):
        calendar.add(datetime(2026, 1, 1), 1, Unit.HOUR)  # noqa: DTZ001
    with pytest.raises(ValueError):
        calendar.add(datetime(2026, 1, 1, tzinfo=UTC), -1, Unit.HOUR)
    with pytest.raises(ValueError):
        WorkCalendar(SHANGHAI, Hours.weekdays(""))
