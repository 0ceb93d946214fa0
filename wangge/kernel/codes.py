"""The national codes a government system lives with: their shapes, their check digits and what is read off them.

* GB/T 2260 and its extension: area codes of 2 (province), 4 (city), 6 (district), 9 (street) and 12 (community) digits, and the grid
  code of 15 that GB/T 34300-style grid work puts under a community.
* GB 11643: the citizen number. * GB 32100: the unified social credit code of organisations.

Pure functions. ``…_fault`` answers None for a sound code and otherwise says in both languages what is wrong.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from wangge.kernel.words import Words

Level = Literal["province", "city", "district", "street", "community"]

AREA_LEVELS: dict[int, Level] = {2: "province", 4: "city", 6: "district", 9: "street", 12: "community"}
GRID_DIGITS = 15
MOST_GRIDS_A_COMMUNITY = 999
_DIGITS = re.compile(r"[0-9]+")

# The first two digits of GB/T 2260: the provinces and their like; 83 is the residence permit of Taiwan residents.
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
_PERMIT_OF_TAIWAN_RESIDENTS = "83"

_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUE = {letter: value for value, letter in enumerate(CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_CREDIT = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}")


# — areas and grids ———————————————————————————————————————————————————————————————————————————————————————————————————————


def area_level(code: str) -> Level | None:
    """The level of an area code by its length, None when it is no area code."""
    return AREA_LEVELS.get(len(code)) if _DIGITS.fullmatch(code) and code[:2] in PROVINCES else None


def area_fault(code: str) -> Words | None:
    """What is wrong with an area code, None when its shape is sound (that the area exists is a question to the tree)."""
    if not _DIGITS.fullmatch(code):
        return Words(f"区划代码“{code}”只能由数字组成", f"area code {code!r} must be digits only")
    if len(code) not in AREA_LEVELS:
        return Words(
            f"区划代码“{code}”有 {len(code)} 位，应为 2、4、6、9 或 12 位",
            f"area code {code!r} has {len(code)} digits; 2, 4, 6, 9 or 12 are possible",
        )
    if code[:2] not in PROVINCES:
        return Words(f"区划代码“{code}”的前两位不是省级代码", f"area code {code!r} does not begin with a province")
    return None


def area_parent(code: str) -> str | None:
    """The code of the area above: 440304010001 → 440304010 → 440304 → 4403 → 44 → None. ValueError when it is no area code."""
    if area_level(code) is None:
        raise ValueError(f"{code!r} is no area code")
    lengths = sorted(AREA_LEVELS)
    place = lengths.index(len(code))
    return code[: lengths[place - 1]] if place else None


def grid_fault(code: str) -> Words | None:
    """What is wrong with a grid code: 12 digits of its community and a number of 3 digits from 001."""
    if not _DIGITS.fullmatch(code) or len(code) != GRID_DIGITS:
        return Words(f"网格编码“{code}”应为 15 位数字", f"grid code {code!r} must be {GRID_DIGITS} digits")
    if code[:2] not in PROVINCES:
        return Words(f"网格编码“{code}”的前两位不是省级代码", f"grid code {code!r} does not begin with a province")
    if code[12:] == "000":
        return Words(f"网格编码“{code}”的序号应从 001 起", f"grid code {code!r} must end in a number from 001")
    return None


def grid_code(community: str, number: int) -> str:
    """The code of the ``number``-th grid of a community. ValueError outside 1..999 or when it is no community."""
    if area_level(community) != "community":
        raise ValueError(f"{community!r} is no community code")
    if not 1 <= number <= MOST_GRIDS_A_COMMUNITY:
        raise ValueError(f"a community has grids 1..{MOST_GRIDS_A_COMMUNITY}, not {number}")
    return f"{community}{number:03d}"


# — GB 11643 ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


def citizen_check(first17: str) -> str:
    """The check character of 17 digits: sum of digit × weight, mod 11, read from ``10X98765432``."""
    return _CITIZEN_CHECKS[sum(int(d) * w for d, w in zip(first17, _CITIZEN_WEIGHTS, strict=True)) % 11]


def citizen_number_fault(number: str, *, today: date | None = None) -> Words | None:
    """What is wrong with a citizen number of 18 characters. It is never repeated in the answer: it is personal data.

    ``today``: a date of birth after it is refused. County codes of the past are sound (a number keeps them), so only the
    province is checked.
    """
    if not _CITIZEN.fullmatch(number):
        return Words(
            "公民身份号码应为 17 位数字加 1 位数字或大写 X", "a citizen number is 17 digits and a digit or capital X"
        )
    if number[:2] not in PROVINCES and number[:2] != _PERMIT_OF_TAIWAN_RESIDENTS:
        return Words("公民身份号码的前两位不是省级代码", "the citizen number does not begin with a province")
    birth = citizen_birth(number)
    if birth is None or birth.year < 1850 or (today is not None and birth > today):
        return Words("公民身份号码中的出生日期不存在", "the date of birth in the citizen number does not exist")
    if citizen_check(number[:17]) != number[17]:
        return Words("公民身份号码校验码不符，请核对", "the check digit of the citizen number does not match")
    return None


def citizen_birth(number: str) -> date | None:
    """The date of birth in digits 7–14, None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


# — GB 32100 ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


def credit_check(first17: str) -> str:
    """The check character of 17: 31 − (sum of value × 3^(i−1) mod 31), 31 counted as 0."""
    total = sum(_CREDIT_VALUE[c] * w for c, w in zip(first17, _CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def credit_code_fault(code: str) -> Words | None:
    """What is wrong with a unified social credit code of 18 characters (letters in upper case, none of I O S V Z)."""
    if not _CREDIT.fullmatch(code):
        return Words(
            f"统一社会信用代码“{code}”应为 18 位数字或大写字母（不含 I、O、S、V、Z），第 3–8 位为数字",
            f"credit code {code!r} must be 18 digits or capitals without I, O, S, V, Z, with digits in places 3–8",
        )
    if credit_check(code[:17]) != code[17]:
        return Words(
            f"统一社会信用代码“{code}”校验码不符，请核对", f"the check character of credit code {code!r} does not match"
        )
    return None
