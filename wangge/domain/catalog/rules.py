"""What is true of categories, limits and routes whatever the database says: words, the choice of a route, the suggestion of a category.

Pure: no Django, no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from wangge.kernel.words import Words

URGENCIES = {
    "normal": Words("一般", "Normal"),
    "urgent": Words("紧急", "Urgent"),
    "emergency": Words("特急", "Emergency"),
}
STAGES = {
    "accept": Words("受理", "Accept"),
    "dispatch": Words("派遣", "Dispatch"),
    "handle": Words("处置", "Handle"),
    "verify": Words("核查", "Verify"),
    "follow_up": Words("回访", "Follow up"),
}
UNITS = {
    "urgent_work_hour": Words("紧急工作时", "Urgent working hours"),
    "work_hour": Words("工作时", "Working hours"),
    "work_day": Words("工作日", "Working days"),
    "hour": Words("小时", "Hours"),
    "day": Words("天", "Days"),
}
GROUPS = {
    "dispute": Words("矛盾纠纷", "Disputes"),
    "hazard": Words("安全隐患", "Hazards"),
    "other": Words("其他", "Others"),
}
ENTRY_LEVELS = {
    "community": Words("社区", "Community"),
    "street": Words("街道", "Street"),
    "district": Words("区", "District"),
    "city": Words("市", "City"),
}
CHANNELS = {
    "worker": Words("网格员上报", "Grid worker"),
    "resident": Words("居民上报", "Resident"),
    "hotline": Words("12345 热线", "Hotline"),
    "open311": Words("Open311", "Open311"),
    "window": Words("窗口", "Window"),
    "patrol": Words("巡查", "Patrol"),
    "inspection": Words("检查", "Inspection"),
    "unit": Words("单位", "Unit"),
    "camera": Words("视频", "Camera"),
    "import": Words("导入", "Import"),
}
DAY_KINDS = {
    "any": Words("每天", "Every day"),
    "working": Words("工作日", "Working days"),
    "rest": Words("休息日", "Days of rest"),
}
EVIDENCE_AT = {"report": Words("上报时", "With the report"), "result": Words("办结时", "With the result")}
EVIDENCE_KINDS = {
    "photo": Words("照片", "Photo"),
    "video": Words("视频", "Video"),
    "audio": Words("录音", "Audio"),
    "document": Words("文书", "Document"),
}
CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,19}")
MINUTES_A_DAY = 1440
MOST = 10_000
"""The largest amount of a limit."""


class Place(NamedTuple):
    """Where a case is. ``grids``: for each specialised layer the code of its grid there, when it is known."""

    district: str
    street: str | None = None
    community: str | None = None
    grid: str | None = None
    grids: Mapping[str, str] = {}

    def lies_in(self, area: str) -> bool:
        """Whether the area of this code (province to community) holds the place."""
        return (self.community or self.street or self.district).startswith(area)


class Wanted(NamedTuple):
    """So many files of a kind are wanted; ``must``: so many of them are required."""

    least: int
    must: int


def wanted(needs: Iterable[Mapping[str, Any]], at: str) -> dict[str, Wanted]:
    """What a category's needs of evidence (``Category.evidence``) ask for ``at`` (of EVIDENCE_AT), by kind. Of two for one kind the
    larger holds: three photos are wanted, one of them is required."""
    found: dict[str, Wanted] = {}
    for need in needs:
        if need["at"] == at:
            old = found.get(need["kind"], Wanted(0, 0))
            must = need["least"] if need.get("required") else 0
            found[need["kind"]] = Wanted(max(old.least, need["least"]), max(old.must, must))
    return found


class Located(Protocol):
    """Whatever knows where it is by its level columns."""

    @property
    def district(self) -> str: ...
    @property
    def street(self) -> str | None: ...
    @property
    def community(self) -> str | None: ...


def entry_areas(level: str, place: Located) -> list[str]:
    """The areas whose centre or workstation may be the first to have a case that enters at ``level``, the one to ask first at the head.

    At the level, else above it, else below it: a matter is never without a desk while any place around it has one. A workstation
    gets only what enters at the community.
    """
    areas = [a for a in (place.street, place.district, place.district[:4]) if a]
    if level == "community":
        return [place.community, *areas] if place.community else areas
    length = {"street": 9, "district": 6, "city": 4}[level]
    upwards = [a for a in areas if len(a) <= length]
    return upwards + [a for a in reversed(areas) if len(a) > length]


@dataclass(frozen=True)
class Window:
    """When a route holds, by the wall clock: on these weekdays (1 Monday … 7 Sunday; none: all), on this kind of day, from–to minute.

    ``to`` before ``start`` runs over midnight; each moment is judged by its own day.
    """

    weekdays: frozenset[int] = frozenset()
    day_kind: str = "any"
    start: int = 0
    end: int = MINUTES_A_DAY

    @property
    def is_always(self) -> bool:
        return not self.weekdays and self.day_kind == "any" and (self.start, self.end) == (0, MINUTES_A_DAY)

    def minutes(self) -> tuple[tuple[int, int], ...]:
        if self.start < self.end:
            return ((self.start, self.end),)
        return tuple(s for s in ((self.start, MINUTES_A_DAY), (0, self.end)) if s[0] < s[1])

    def holds(self, wall: datetime, working: bool) -> bool:
        """Whether the window is open at ``wall`` (local time), on a day that is a working day or not."""
        if self.weekdays and wall.isoweekday() not in self.weekdays:
            return False
        if self.day_kind != "any" and (self.day_kind == "working") != working:
            return False
        minute = wall.hour * 60 + wall.minute
        return any(a <= minute < b for a, b in self.minutes())

    def overlaps(self, other: Window) -> bool:
        """Whether some moment may lie in both."""
        if {self.day_kind, other.day_kind} == {"working", "rest"}:
            return False
        if self.weekdays and other.weekdays and not self.weekdays & other.weekdays:
            return False
        return any(a < d and c < b for a, b in self.minutes() for c, d in other.minutes())

    def say(self) -> Words:
        parts_zh, parts_en = [], []
        if self.day_kind != "any":
            parts_zh.append(DAY_KINDS[self.day_kind].zh)
            parts_en.append(DAY_KINDS[self.day_kind].en.lower())
        if self.weekdays:
            names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
            parts_zh.append("周" + "、".join("一二三四五六日"[d - 1] for d in sorted(self.weekdays)))
            parts_en.append(" ".join(names[d - 1] for d in sorted(self.weekdays)))
        if (self.start, self.end) != (0, MINUTES_A_DAY):
            clock = f"{self.start // 60:02d}:{self.start % 60:02d}–{self.end // 60:02d}:{self.end % 60:02d}"
            parts_zh.append(clock)
            parts_en.append(clock)
        return Words(" ".join(parts_zh) or "不限时间", " ".join(parts_en) or "any time")


@dataclass(frozen=True)
class Route:
    """One live rule. ``category``: the top of its subtree (None: all). ``grid`` is a code of ``layer``; ``layer`` alone means any grid
    of that layer. ``live``: whether its unit can still take work."""

    id: UUID
    unit: UUID
    category: UUID | None = None
    area: str | None = None
    layer: str | None = None
    grid: str | None = None
    window: Window = field(default_factory=Window)
    automatic: bool = False
    live: bool = True
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    name: str = ""

    def holds_at(self, place: Place, wall: datetime, working: bool) -> bool:
        """Whether place and time fit; the category is looked at by who asks."""
        if (self.valid_from and wall < self.valid_from) or (self.valid_to and wall >= self.valid_to):
            return False
        if self.area and not place.lies_in(self.area):
            return False
        if self.layer:
            found = place.grid if self.layer == "base" else place.grids.get(self.layer)
            if found is None or (self.grid and found != self.grid):
                return False
        return self.window.holds(wall, working)


def specificity(route: Route, depth: int) -> tuple[int, int, int, int, int]:
    """Compared from the left: depth of the category, a named grid, length of the area's code, a layer, a time window."""
    return (
        depth if route.category else -1,
        1 if route.grid else 0,
        len(route.area or ""),
        1 if route.layer else 0,
        0 if route.window.is_always else 1,
    )


def may_tie(a: Route, b: Route) -> bool:
    """Whether a case could exist that both rules fit equally well: such a pair is refused when it is saved.

    Two rules that hold for one case have categories on one path, so equal depth means the same category; likewise areas.
    """
    if (a.category, a.area, bool(a.layer), bool(a.grid)) != (b.category, b.area, bool(b.layer), bool(b.grid)):
        return False
    if a.window.is_always != b.window.is_always or not a.window.overlaps(b.window):
        return False
    if a.grid and a.layer == b.layer and a.grid != b.grid:
        return False
    starts = max((t for t in (a.valid_from, b.valid_from) if t), default=None)
    ends = min((t for t in (a.valid_to, b.valid_to) if t), default=None)
    return not (starts and ends and starts >= ends)


class Choice(NamedTuple):
    """``chosen`` None: no rule holds. ``skipped``: more specific rules passed over because their unit takes no work."""

    chosen: Route | None
    runner_up: Route | None
    skipped: tuple[Route, ...]


def choose(
    routes: Iterable[Route], path: Mapping[UUID | None, int], place: Place, wall: datetime, working: bool
) -> Choice:
    """The most specific rule for a case. ``path``: category and those above it, each with its depth; ``wall``: local, aware."""
    fitting = sorted(
        (r for r in routes if (r.category is None or r.category in path) and r.holds_at(place, wall, working)),
        key=lambda r: (specificity(r, path.get(r.category, -1)), str(r.id)),
        reverse=True,
    )
    alive = [r for r in fitting if r.live]
    chosen = alive[0] if alive else None
    before = fitting.index(chosen) if chosen else len(fitting)
    return Choice(chosen, alive[1] if len(alive) > 1 else None, tuple(fitting[:before]))


class Suggestion(NamedTuple):
    """``score`` has no unit: it orders; ``words``: what was found in the text."""

    category: UUID
    score: float
    words: tuple[str, ...]


class Keywords:
    """The keywords of the leaves, ready to be found in a text in one pass. ``catalogue``: id, name, keywords and weight of each leaf;
    a weight below 1 is for general matters, whose words (咨询, 请问, 建议) stand in texts about anything."""

    def __init__(self, catalogue: Iterable[tuple[UUID, str, Iterable[str], float]]) -> None:
        self._leaves: dict[str, list[tuple[UUID, str, float]]] = {}
        lengths: dict[str, set[int]] = {}
        for category, name, keywords, weight in catalogue:
            for word in {name, *keywords}:
                if folded := word.casefold():
                    self._leaves.setdefault(folded, []).append((category, word, weight))
                    lengths.setdefault(folded[0], set()).add(len(folded))
        self._lengths = {first: tuple(found) for first, found in lengths.items()}
        self._begins = re.compile(f"[{re.escape(''.join(sorted(lengths)))}]" if lengths else r"(?!)")

    def _in(self, text: str) -> set[str]:
        """The words, folded, that stand in a folded text."""
        leaves, lengths = self._leaves, self._lengths
        found = set()
        for begin in self._begins.finditer(text):  # few characters begin a word
            at = begin.start()
            for length in lengths[text[at]]:
                if (word := text[at : at + length]) in leaves:
                    found.add(word)
        return found

    def suggest(
        self, text: str, *, title: str = "", most: int = 5, usable: Callable[[UUID], bool] = lambda _: True
    ) -> list[Suggestion]:
        """Categories whose keywords stand in a resident's words, best first.

        A longer word says more than a short one, a word in the title three times as much as one in the text, and the second time a
        word stands there it says nothing new. Words inside another found word of the same category are not counted again.
        """
        head = self._in(title.casefold())
        hits: dict[UUID, list[tuple[str, str, float]]] = {}
        for folded in head | self._in(text.casefold()):
            for category, word, weight in self._leaves[folded]:
                hits.setdefault(category, []).append((word, folded, weight))
        found = []
        for category, words in hits.items():
            if not usable(category):
                continue
            kept: list[str] = []
            score = 0.0
            for word, folded, weight in sorted(words, key=lambda w: (-len(w[0]), w[0])):
                if not any(folded in longer for longer in map(str.casefold, kept)):
                    kept.append(word)
                    score += weight * (3.0 if folded in head else 1.0) * len(word) ** 1.5
            found.append(Suggestion(category, round(score, 2), tuple(kept)))
        found.sort(key=lambda s: (-s.score, str(s.category)))
        return found[:most]


_GBK_INITIALS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"), (0xB9FE, "h"),
    (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"), (0xC5BE, "p"), (0xC6DA, "q"),
    (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"), (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
"""GB 2312 orders its 3 755 common characters by pinyin: where each initial begins."""


def initials(text: str) -> str:
    """Pinyin initials of a name, for search by typing: common characters by their place in GB 2312, letters and digits as they are.

    A character with several readings gets the one GB 2312 files it under, a rare one nothing; an administrator may correct them.
    """
    out = []
    for char in text.casefold():
        if char.isascii():
            out.append(char if char.isalnum() else "")
            continue
        raw = char.encode("gb2312", "ignore")
        code = int.from_bytes(raw, "big") if len(raw) == 2 else 0
        if 0xB0A1 <= code <= 0xD7F9:
            out.append(next(letter for start, letter in reversed(_GBK_INITIALS) if start <= code))
    return "".join(out)
