"""What the demo is made of: its two districts, the numbers of communities and grids, and the names given to them.

The counts of Fubao (81 base, 33 working) and of Yantian (374 base, 46 police, 9 fire) are those that the two offices printed; all
other counts are plausible ones. Streets are real by code, name and rough position; their borders and all below are synthetic.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from wangge.kernel.words import Words

PROVINCE, CITY, FUTIAN, YANTIAN, FUBAO = "44", "4403", "440304", "440308", "440304010"
ABOVE = {
    PROVINCE: Words("广东省", "Guangdong"),
    CITY: Words("深圳市", "Shenzhen"),
    FUTIAN: Words("福田区", "Futian District"),
    YANTIAN: Words("盐田区", "Yantian District"),
}

SAMPLE = Words("（示例）", " (synthetic)")
"""On the name of every community and grid, which exist nowhere but here."""


@dataclass(frozen=True)
class Street:
    """A street with how many communities and base grids it gets, and of how many working, police and fire grids."""

    code: str
    name_en: str
    communities: int
    base: int
    working: int = 0
    police: int = 0
    fire: int = 0


FUTIAN_STREETS = (
    Street("440304001", "Nanyuan", 10, 66),
    Street("440304002", "Yuanling", 8, 64),
    Street("440304004", "Futian", 10, 78),
    Street("440304005", "Shatou", 11, 88),
    Street("440304006", "Xiangmihu", 11, 92),
    Street("440304007", "Meilin", 12, 96),
    Street("440304008", "Lianhua", 11, 84),
    Street("440304009", "Huafu", 8, 62),
    Street(FUBAO, "Fubao", 9, 81, working=33),
    Street("440304011", "Huaqiangbei", 8, 60),
)
YANTIAN_STREETS = (
    Street("440308001", "Meisha", 6, 92, police=11, fire=2),
    Street("440308002", "Yantian", 8, 112, police=14, fire=3),
    Street("440308003", "Shatoujiao", 6, 90, police=11, fire=2),
    Street("440308004", "Haishan", 5, 80, police=10, fire=2),
)
STREETS = {s.code: s for s in (*FUTIAN_STREETS, *YANTIAN_STREETS)}

# Codes at the level of streets that are special customs areas. They are on the tree, but the demo gives them no land and no
# desk of their own: their ground belongs to the streets around them.
SPECIAL = {"440304400": "Futian Free Trade Zone", "440308403": "Yantian Comprehensive Bonded Zone"}

Layout = Sequence["str | Layout"]
# How the districts are cut: every list in two near the middle of its weights and so on, across whichever side is longer, the
# first from the west or the north. So the streets come to lie about where they are.
LAYOUT: dict[str, Layout] = {
    FUTIAN: [
        ["440304006", "440304007"],
        ["440304005", "440304008", FUBAO],
        [["440304009", "440304002"], ["440304011", "440304001"], "440304004"],
    ],
    YANTIAN: ["440308003", "440308004", "440308002", "440308001"],
}

# Two characters each, chosen for being no names of communities in these districts; the first part of the name of a community.
_FIRST = ("和", "锦", "朝", "安", "瑞", "云", "清", "嘉", "明", "泰", "兴", "晴", "景")
_SECOND = ("悦", "澜", "阳", "禾", "廷", "溪", "桐", "岚", "棠", "屿")
_PINYIN = dict(zip(_FIRST + _SECOND, "He Jin Zhao An Rui Yun Qing Jia Ming Tai Xing Qing Jing yue lan yang he ting xi tong lan tang yu".split(), strict=True))  # fmt: skip


def community_names() -> list[Words]:
    """130 different made names, in the order they are given out."""
    return [Words(f"{a}{b}", f"{_PINYIN[a]}{_PINYIN[b]}") for b in _SECOND for a in _FIRST]


def even(total: int, parts: int) -> list[int]:
    """`total` in `parts` shares that differ by one at most, the larger ones first: 8 in 3 gives 3 3 2."""
    return [total // parts + (1 if i < total % parts else 0) for i in range(parts)]


def spread(total: int, parts: int) -> list[int]:
    """`total` in `parts` unlike but near shares, at least one each: 81 in 9 gives 8 9 10 8 9 10 8 9 10."""
    shares = even(total, parts)
    for i in range(0, parts - 2, 3):
        if shares[i] > 3:
            shares[i], shares[i + 2] = shares[i] - 1, shares[i + 2] + 1
    return shares


def street_rows() -> list[dict[str, str]]:
    """All 41 352 streets and towns of the shipped list, as the import takes them: `code`, `name`."""
    raw = (files("wangge.demo") / "data" / "streets.csv.gz").read_bytes()
    return list(csv.DictReader(gzip.decompress(raw).decode("utf-8").splitlines()))
