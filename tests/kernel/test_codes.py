"""Codes and check digits, by published numbers and by their arithmetic."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wangge.kernel.codes import (
    CREDIT_ALPHABET,
    area_fault,
    area_level,
    area_parent,
    citizen_birth,
    citizen_check,
    citizen_number_fault,
    credit_check,
    credit_code_fault,
    grid_code,
    grid_fault,
)

# Numbers of the standards' own texts and of well-known organisations.
CITIZENS = ["11010519491231002X", "440524188001010014"]
ORGANISATIONS = ["91350100M000100Y43", "914403001922038216", "9144030071526726XG", "91110000802100433B"]


@pytest.mark.parametrize("number", CITIZENS)
def test_published_citizen_numbers_are_sound(number: str) -> None:
    assert citizen_number_fault(number) is None


@given(st.sampled_from(CITIZENS), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_of_a_citizen_number_is_always_noticed(number: str, place: int, other: str) -> None:
    wrong = number[:place] + other + number[place + 1 :]
    assert (citizen_number_fault(wrong) is None) == (wrong == number)


@given(st.sampled_from(CITIZENS), st.integers(0, 15))
def test_two_neighbouring_digits_exchanged_are_always_noticed(number: str, place: int) -> None:
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert (citizen_number_fault(wrong) is None) == (wrong == number)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("", "17 位数字"),
        ("11010519491231002x", "大写"),
        ("1101051949123100", "17 位数字"),
        ("１１０１０５１９４９１２３１００２X", "17 位数字"),
        ("990105194912310021", "省级"),
        ("110105194902300024", "出生日期"),
        ("110105194912310021", "校验码"),
    ],
)
def test_what_is_wrong_with_a_citizen_number_is_said_without_repeating_it(number: str, said: str) -> None:
    fault = citizen_number_fault(number)
    assert fault is not None
    assert said in fault.zh
    assert fault.en
    assert not number or number not in fault.zh + fault.en


def test_a_birth_in_the_future_is_no_birth() -> None:
    number = "11010520990101001"
    number += citizen_check(number)
    assert citizen_birth(number) == date(2099, 1, 1)
    assert citizen_number_fault(number) is None
    assert citizen_number_fault(number, today=date(2026, 11, 21)) is not None


@pytest.mark.parametrize("code", ORGANISATIONS)
def test_published_credit_codes_are_sound(code: str) -> None:
    assert credit_code_fault(code) is None


@given(st.sampled_from(ORGANISATIONS), st.integers(0, 17), st.sampled_from(CREDIT_ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_always_noticed(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]
    assert (credit_code_fault(wrong) is None) == (wrong == code)


@given(st.text(CREDIT_ALPHABET, min_size=17, max_size=17))
def test_the_check_character_is_always_of_the_alphabet(first: str) -> None:
    assert credit_check(first) in CREDIT_ALPHABET


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y4", "91350100I000100Y43", "91350100m000100y43", "91350100M000100Y44"]
)
def test_a_malformed_credit_code_is_refused(code: str) -> None:
    assert credit_code_fault(code) is not None


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("44", "province", None),
        ("4403", "city", "44"),
        ("440304", "district", "4403"),
        ("440304010", "street", "440304"),
        ("440304010001", "community", "440304010"),
    ],
)
def test_an_area_code_tells_its_level_and_its_parent(code: str, level: str, parent: str | None) -> None:
    assert (area_level(code), area_parent(code), area_fault(code)) == (level, parent, None)


@pytest.mark.parametrize("code", ["", "4", "44030", "99", "440304010001007", "44030A", "４４０３０４"])
def test_what_is_no_area_code_is_refused(code: str) -> None:
    assert area_level(code) is None
    assert area_fault(code) is not None
    with pytest.raises(ValueError, match="no area code"):
        area_parent(code)


def test_a_grid_code_is_its_community_and_a_number_from_one() -> None:
    assert grid_code("440304010001", 7) == "440304010001007"
    assert grid_fault("440304010001007") is None
    assert grid_fault("440304010001000") is not None
    assert grid_fault("44030401000107") is not None
    for community, number in (("440304010001", 0), ("440304010001", 1000), ("440304010", 1)):
        with pytest.raises(ValueError, match="communit"):
            grid_code(community, number)
