"""What everybody may see of a value, and how equal values are found without reading them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wangge.kernel.crypto.keyring import Keyring, Use
from wangge.kernel.crypto.lookup import lookup_hash, lookup_hashes, plain_id_number, plain_phone
from wangge.kernel.crypto.masking import Kind, mask


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.NAME, "张三", "张*"),
        (Kind.NAME, "张三丰", "张**"),
        (Kind.NAME, " 张　三 ", "张**"),
        (Kind.NAME, "欧阳锋", "欧阳*"),
        (Kind.NAME, "欧阳震华", "欧阳**"),
        (Kind.NAME, "歐陽震華", "歐陽**"),
        (Kind.NAME, "爱新觉罗溥仪", "爱新觉罗**"),
        (Kind.NAME, "司马", "司*"),
        (Kind.NAME, "张", "*"),
        (Kind.NAME, "买买提·吐尔逊", "买**·***"),
        (Kind.NAME, "阿卜杜拉•买买提", "阿***•***"),
        (Kind.NAME, "John Smith", "J*** S***"),
        (Kind.NAME, "Li", "L***"),
        (Kind.NAME, "𠮷田一郎", "𠮷***"),
        (Kind.NAME, "", ""),
        (Kind.PHONE, "13812341234", "138****1234"),
        (Kind.PHONE, "１３８１２３４１２３４", "138****1234"),
        (Kind.PHONE, "+86 138-1234-1234", "138****1234"),
        (Kind.PHONE, "0755-83912345", "0755****2345"),
        (Kind.PHONE, "010-65881234", "010****1234"),
        (Kind.PHONE, "83912345", "****45"),
        (Kind.PHONE, "12345", "****"),
        (Kind.PHONE, "+852 9123 4567", "+852****4567"),
        (Kind.ID_NUMBER, "11010519491231002x", "110*************2X"),
        (Kind.ID_NUMBER, "H12345678", "H12****78"),
        (Kind.ID_NUMBER, "1234", "****"),
        (Kind.ADDRESS, "福田区福保街道福保社区石厦北二街8号3栋1202", "福田区福保街道福保社区石厦北二街****"),
        (Kind.ADDRESS, "三圳镇九岭村3号", "三圳镇九岭村****"),
        (Kind.ADDRESS, "明月花园3栋1202", "明月****"),
        (Kind.EMAIL, "zhang.san@example.cn", "z***@example.cn"),
        (Kind.EMAIL, "nobody", "***"),
        (Kind.PLATE, "粤B12345", "粤B***45"),
        (Kind.TEXT, "任意内容", "***"),
    ],
)
def test_the_mask_shows_enough_to_recognise_and_too_little_to_use(kind: Kind, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@given(kind=st.sampled_from(Kind), value=st.text(max_size=30))
def test_no_value_breaks_a_mask(kind: Kind, value: str) -> None:
    assert isinstance(mask(kind, value), str)


@given(value=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_always_keeps_four_digits_hidden(value: str) -> None:
    assert mask(Kind.PHONE, value) == f"{value[:3]}****{value[7:]}"


@pytest.mark.parametrize(
    "written",
    [
        "13812341234",
        " 138 1234 1234 ",
        "138-1234-1234",
        "+8613812341234",
        "＋８６　１３８１２３４１２３４",
        "008613812341234",
        "8613812341234",
        "(+86)138.1234.1234",
    ],
)
def test_one_number_written_in_many_ways_is_one_number(written: str) -> None:
    assert plain_phone(written) == "13812341234"


def test_numbers_of_lines_and_of_other_countries_stay_apart() -> None:
    assert plain_phone("+86 755 8391 2345") == plain_phone("0755-83912345") == "075583912345"
    assert plain_phone("+852 9123 4567") == plain_phone("00852 91234567") == "+85291234567"
    assert plain_phone("95123456") != plain_phone("+852 95123456")
    assert plain_id_number(" 110105 19491231 002x ") == "11010519491231002X"


def test_look_up_finds_equal_values_and_says_nothing_without_the_key(tmp_path: Path) -> None:
    here, there = Keyring(tmp_path / "a.json"), Keyring(tmp_path / "b.json")
    here.create()
    there.create()
    assert lookup_hash(here, "phone", "13812341234") == lookup_hash(here, "phone", "+86 138 1234 1234")
    assert lookup_hash(here, "phone", "13812341234") != lookup_hash(there, "phone", "13812341234")
    assert lookup_hash(here, "phone", "13812341234") != lookup_hash(here, "id_number", "13812341234")


def test_after_a_rotation_of_the_look_up_key_old_rows_are_still_found(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys.json")
    ring.create()
    stored = lookup_hash(ring, "phone", "13812341234")
    ring.rotate(Use.LOOKUP)
    assert stored != lookup_hash(ring, "phone", "13812341234")
    assert stored in lookup_hashes(ring, "phone", "13812341234")
