"""What people report, put together from parts: some are in every tenth text, some in one of four thousand.

The parts of a text stand between marks of punctuation, so its lexemes are those of its parts: they are cut once for each part.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from wangge.kernel.search import grams

WHAT = (
    "垃圾堆放无人清理 路灯不亮 井盖破损松动 占道经营影响通行 违章停车堵塞消防通道 下水道堵塞污水外溢 夜间施工噪音扰民 电动车飞线充电 楼道堆放杂物 "
    "绿化带枯死 道路积水 高空抛物 油烟扰民 宠物粪便无人清理 共享单车乱停放 围墙有裂缝 广告牌有脱落风险 物业不处理投诉 欠薪求助 邻里纠纷需要调解"
).split()
RARE = ("白蚁蛀蚀", "氨气泄漏", "马蜂窝", "溶洞塌陷", "鳄龟伤人")
ONE_RARE_IN = 4000
ROADS = "益田路 福强路 石厦北街 金田路 新洲路 滨河大道 深南中路 彩田路 海田路 红荔路 莲花路 香蜜湖路".split()
WHO = "居民反映 市民来电称 巡查发现 网格员上报 业主投诉".split()
ENDS = "请尽快安排处理 已多次反映仍未解决 希望核实后回复 存在安全隐患 影响居民出行 要求现场查看".split()


class Part(NamedTuple):
    text: bytes
    lexemes: bytes
    """Quoted, as a ``tsvector`` is written; one that comes twice is kept once by PostgreSQL."""


class Told(NamedTuple):
    title: bytes
    text: bytes
    address: bytes
    lexemes: bytes


def part(text: str) -> Part:
    return Part(text.encode(), quoted(grams([text])))


def quoted(lexemes: set[str]) -> bytes:
    return "".join(f"'{lexeme}' " for lexeme in sorted(lexemes)).encode()


class Texts:
    """Draws the words of one case after the other."""

    def __init__(self, dice: random.Random) -> None:
        self._random = dice.random
        self._what, self._rare, self._who, self._ends = (list(map(part, p)) for p in (WHAT, RARE, WHO, ENDS))
        self._where = [part(f"{road}{house}号") for road in ROADS for house in range(1, 400)]
        self._since = [part(f"从{month}月{day}日起") for month in range(1, 13) for day in range(1, 29)]
        self._plate = [part(f"尾号{number:04d}") for number in range(10_000)]
        first = [0.8**n for n in range(len(WHAT))]
        self._frequent = [n for n, share in enumerate(first) for _ in range(int(1000 * share) + 1)]

    def _of(self, parts: list[Part]) -> Part:
        return parts[int(self._random() * len(parts))]

    def draw(self) -> Told:
        """The first kinds of matter are the most frequent; three of ten texts name a second one."""
        what = self._what[self._frequent[int(self._random() * len(self._frequent))]]
        where = self._of(self._where)
        said = [self._of(self._who), where, what, self._of(self._since), self._of(self._plate), self._of(self._ends)]
        if self._random() < 0.3:
            said.append(self._of(self._what))
        if self._random() < 1 / ONE_RARE_IN:
            said.append(self._of(self._rare))
        return Told(
            what.text,
            b"\xef\xbc\x8c".join([p.text for p in said]),  # a full-width comma
            where.text,
            b"".join([p.lexemes for p in said]),
        )
