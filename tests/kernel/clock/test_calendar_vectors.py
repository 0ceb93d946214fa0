"""Limits across the 2026 holidays, counted by hand from the State Council's notice 国办发明电〔2025〕7号.

New Year rest 1–3 Jan, make-up Sun 4 Jan. Spring Festival rest 15–23 Feb, make-up Sat 14 Feb and Sat 28 Feb. Qingming
4–6 Apr. Labour Day rest 1–5 May, make-up Sat 9 May. Dragon Boat 19–21 Jun. Mid-Autumn 25–27 Sep. National Day rest 1–7
Oct, make-up Sun 20 Sep and Sat 10 Oct. Office hours 09:00–12:00 and 14:00–18:00, seven hours a day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wangge.kernel.clock.calendar import Unit, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


def rest(first: str, last: str) -> dict[date, bool]:
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    return {day + timedelta(days=i): False for i in range((end - day).days + 1)}


DAYS_2026 = {
    **rest("2026-01-01", "2026-01-03"),
    **rest("2026-02-15", "2026-02-23"),
    **rest("2026-04-04", "2026-04-06"),
    **rest("2026-05-01", "2026-05-05"),
    **rest("2026-06-19", "2026-06-21"),
    **rest("2026-09-25", "2026-09-27"),
    **rest("2026-10-01", "2026-10-07"),
    **{
        date.fromisoformat(day): True
        for day in ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")
    },
}
CALENDAR = WorkCalendar(SHANGHAI, days=DAYS_2026)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


VECTORS = [
    # --- Spring Festival, working days --------------------------------------------------------------------------------
    # Fri 13 Feb not counted; Sat 14 make-up = 1; 15–23 rest; Tue 24 = 2.
    ("2026-02-13 16:00", 2, "work_day", "2026-02-24 18:00"),
    # 14 = 1, Tue 24 = 2, Wed 25 = 3, Thu 26 = 4, Fri 27 = 5.
    ("2026-02-13 09:00", 5, "work_day", "2026-02-27 18:00"),
    # … Sat 28 Feb make-up = 6; Sun 1 Mar rest; Mon 2 Mar = 7.
    ("2026-02-13 23:59", 6, "work_day", "2026-02-28 18:00"),
    ("2026-02-13 00:00", 7, "work_day", "2026-03-02 18:00"),
    # Started on the holiday itself (Tue 17): Tue 24 = 1, Wed 25 = 2, Thu 26 = 3.
    ("2026-02-17 10:00", 3, "work_day", "2026-02-26 18:00"),
    # Started on the last day of rest at 23:00: Tue 24 = 1.
    ("2026-02-23 23:00", 1, "work_day", "2026-02-24 18:00"),
    # Started on the make-up Saturday: 14 not counted; Tue 24 = 1.
    ("2026-02-14 08:00", 1, "work_day", "2026-02-24 18:00"),
    # --- Spring Festival, working hours -------------------------------------------------------------------------------
    # Fri 13 from 16:00: 2 h to 18:00; Sat 14 make-up: 09–11 is the other 2.
    ("2026-02-13 16:00", 4, "work_hour", "2026-02-14 11:00"),
    # Sat 14 from 17:00: 1 h; rest 15–23; Tue 24: 09–12 is 3; 14:00–15:00 is the fifth.
    ("2026-02-14 17:00", 5, "work_hour", "2026-02-24 15:00"),
    # Exactly to the close: Sat 14 from 14:00, four hours, is that day's 18:00 and not ten days later.
    ("2026-02-14 14:00", 4, "work_hour", "2026-02-14 18:00"),
    # On the holiday: the clock starts Tue 24 at 09:00; 3 h before noon, 1 h after 14:00.
    ("2026-02-19 03:00", 4, "work_hour", "2026-02-24 15:00"),
    # Over noon: Fri 13 from 11:30: half an hour to 12:00, half an hour from 14:00.
    ("2026-02-13 11:30", 1, "work_hour", "2026-02-13 14:30"),
    # Two whole days of office time (14 h) from Fri 13 12:30: Fri pm 4 → 4, Sat 14: 7 → 11, Tue 24 am 3 → 14 at 12:00.
    ("2026-02-13 12:30", 14, "work_hour", "2026-02-24 12:00"),
    # --- National Day -------------------------------------------------------------------------------------------------
    # Wed 30 Sep not counted; 1–7 rest; Thu 8 = 1, Fri 9 = 2, Sat 10 make-up = 3; Sun 11 rest; Mon 12 = 4, Tue 13 = 5.
    ("2026-09-30 17:30", 1, "work_day", "2026-10-08 18:00"),
    ("2026-09-30 17:30", 3, "work_day", "2026-10-10 18:00"),
    ("2026-09-30 17:30", 5, "work_day", "2026-10-13 18:00"),
    # Both breaks: Fri 18 Sep not counted; Sat 19 rest; Sun 20 make-up = 1, Mon 21 = 2, Tue 22 = 3, Wed 23 = 4, Thu 24
    # = 5; 25–27 Mid-Autumn; Mon 28 = 6, Tue 29 = 7, Wed 30 = 8; 1–7 Oct; Thu 8 = 9, Fri 9 = 10.
    ("2026-09-18 10:00", 1, "work_day", "2026-09-20 18:00"),
    ("2026-09-18 10:00", 6, "work_day", "2026-09-28 18:00"),
    ("2026-09-18 10:00", 10, "work_day", "2026-10-09 18:00"),
    # 15 working days from 18 Sep: … Fri 9 = 10, Sat 10 make-up = 11, Mon 12 = 12, 13 = 13, 14 = 14, Thu 15 = 15.
    ("2026-09-18 10:00", 15, "work_day", "2026-10-15 18:00"),
    # Wed 30 Sep from 17:30: half an hour; Thu 8 Oct 09:00–12:00 is 3 → 3.5; 14:00–14:30 → 4.
    ("2026-09-30 17:30", 4, "work_hour", "2026-10-08 14:30"),
    # Fri 9 Oct from 17:00: 1 h; Sat 10 make-up 09–12 → 4, 14–17 → 7.
    ("2026-10-09 17:00", 7, "work_hour", "2026-10-10 17:00"),
    # --- other breaks of the year -------------------------------------------------------------------------------------
    # Wed 31 Dec 2025 not counted; 1–3 Jan rest; Sun 4 make-up = 1, Mon 5 = 2.
    ("2025-12-31 15:00", 2, "work_day", "2026-01-05 18:00"),
    # Across the year in hours: Wed 31 Dec from 17:00: 1 h; Sun 4 Jan: 09–10 is the second.
    ("2025-12-31 17:00", 2, "work_hour", "2026-01-04 10:00"),
    # Thu 30 Apr; 1–5 May rest; Wed 6 = 1, Thu 7 = 2, Fri 8 = 3, Sat 9 make-up = 4, Mon 11 = 5.
    ("2026-04-30 09:00", 4, "work_day", "2026-05-09 18:00"),
    ("2026-04-30 09:00", 5, "work_day", "2026-05-11 18:00"),
    # --- urgent and natural time run through the holidays -------------------------------------------------------------
    ("2026-02-14 23:00", 2, "urgent_work_hour", "2026-02-15 01:00"),
    ("2026-10-01 02:00", 24, "urgent_work_hour", "2026-10-02 02:00"),
    ("2026-02-14 17:00", 5, "hour", "2026-02-14 22:00"),
    ("2026-02-14 17:00", 15, "day", "2026-03-01 17:00"),
]


@pytest.mark.parametrize(("start", "amount", "unit", "due"), VECTORS)
def test_a_limit_across_the_holidays_of_2026_is_due_when_counted_by_hand(
    start: str, amount: int, unit: str, due: str
) -> None:
    assert CALENDAR.add(local(start), amount, unit).astimezone(SHANGHAI) == local(due)
    assert CALENDAR.elapsed(local(start), local(due), unit) == amount
    assert CALENDAR.elapsed(local(start), local(due) - timedelta(microseconds=1), unit) == amount - 1


def test_the_kept_library_says_the_same_days_as_the_notice() -> None:
    from wangge.kernel.clock.holidays import days_of

    known = {entry.day: entry.working for entry in days_of(2026)}
    assert {day: working for day, working in known.items() if working or not is_plain_rest(day)} == {
        day: working for day, working in DAYS_2026.items() if working or not is_plain_rest(day)
    }


def is_plain_rest(day: date) -> bool:
    """Weekend days inside a holiday may or may not be listed: they are days of rest either way."""
    return day.weekday() >= 5


def test_working_days_of_2026_are_counted_by_hand() -> None:
    # 365 days, 104 weekend days. Weekdays of rest: 2 (1–2 Jan) + 6 (16–20, 23 Feb) + 1 (6 Apr) + 3 (1, 4, 5 May) + 1
    # (19 Jun) + 1 (25 Sep) + 5 (1, 2, 5, 6, 7 Oct) = 19; make-up days 6. 365 − 104 − 19 + 6 = 248.
    year = [date(2026, 1, 1) + timedelta(days=i) for i in range(365)]
    assert sum(CALENDAR.is_working_day(day) for day in year) == 248
    assert CALENDAR.working_days_between(date(2025, 12, 31), date(2026, 12, 31)) == 248


# Paused Thu 12 Feb 10:00 with two whole working days left (Fri 13, Sat 14 make-up); resumed Sat 21 Feb, a holiday:
# Tue 24 and Wed 25 are the two.
def test_a_clock_in_working_days_paused_over_the_festival_keeps_its_whole_days() -> None:
    due = local("2026-02-14 18:00")
    assert CALENDAR.resume(due, local("2026-02-12 10:00"), local("2026-02-21 10:00"), Unit.WORK_DAY) == local(
        "2026-02-25 18:00"
    )


# Paused Fri 13 Feb 17:00 with 1 h left of that day and 2 h of Sat 14 (due Sat 11:00) = 3 h; resumed Mon 23 Feb (rest):
# Tue 24 from 09:00, three hours: 12:00.
def test_a_clock_in_working_hours_paused_over_the_festival_keeps_its_hours() -> None:
    due = local("2026-02-14 11:00")
    assert CALENDAR.resume(due, local("2026-02-13 17:00"), local("2026-02-23 08:00"), Unit.WORK_HOUR) == local(
        "2026-02-24 12:00"
    )
