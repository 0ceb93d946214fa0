"""Legal holidays and make-up working days of China, from the kept library ``chinesecalendar`` (the State Council's
yearly notices).

Only an importer for the editable table of the work calendar: nothing computes a limit from here.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from wangge.kernel.words import Words

NAMES = {
    "New Year's Day": Words("元旦", "New Year's Day"),
    "Spring Festival": Words("春节", "Spring Festival"),
    "Tomb-sweeping Day": Words("清明节", "Qingming Festival"),
    "Labour Day": Words("劳动节", "Labour Day"),
    "Dragon Boat Festival": Words("端午节", "Dragon Boat Festival"),
    "National Day": Words("国庆节", "National Day"),
    "Mid-autumn Festival": Words("中秋节", "Mid-Autumn Festival"),
    "Anti-Fascist 70th Day": Words("抗战胜利七十周年", "70th anniversary of victory"),
}


class LegalDay(NamedTuple):
    """One exception to the week: ``working`` is True for a make-up day, False for a holiday."""

    day: date
    working: bool
    name: Words


def years() -> tuple[int, int]:
    """The first and the last year the installed library knows."""
    from chinese_calendar.constants import holidays

    return min(holidays).year, max(holidays).year


def days_of(year: int) -> list[LegalDay]:
    """The exceptions of ``year`` in order; empty for a year the library does not know."""
    from chinese_calendar.constants import holidays, workdays

    found = [LegalDay(day, False, _name(name)) for day, name in holidays.items() if day.year == year]
    found += [
        LegalDay(day, True, Words(f"{_name(name).zh}调休上班", f"Make-up working day for {_name(name).en}"))
        for day, name in workdays.items()
        if day.year == year
    ]
    return sorted(found)


def _name(name: str) -> Words:
    return NAMES.get(name, Words(name, name))
