"""What is counted, how figures are made of it, and how a period is cut. Pure: no database.

Every figure is a sum over entries or a share of two sums, so that figures of any scope and period are exact and can be recounted. The
definitions go out with the figures (docs/statistics.md has them with their sources).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from wangge.kernel.words import Words

STAGES = ("accept", "dispatch", "handle", "verify", "follow_up")
DIMENSIONS = ("status", "category", "channel", "level", "community", "grid", "unit", "person")
BY_DAY = ("status", "category", "channel", "level", "unit")
"""Dimensions of which there are sums of a district's day: with few values for the entries of such a day. Of a street's day the entries are few."""
OWN_BY = {
    "community": ("status", "category", "channel", "level", "grid", "unit"),
    "unit": ("status", "category", "channel", "level", "street", "community"),
}
"""What the sums of a community and of a lead unit are kept by, besides the whole."""
GRAINS = ("year", "month", "five", "day")
LEVELS = {
    "grid": Words("网格", "Grid"),
    "community": Words("社区", "Community"),
    "street": Words("街道", "Street"),
    "district": Words("区", "District"),
    "city": Words("市", "City"),
}
BY_WORDS = {
    "status": Words("状态", "Status"),
    "category": Words("类别", "Category"),
    "category_top": Words("大类", "Top class"),
    "group": Words("矛盾纠纷、隐患、其他", "Disputes, hazards, others"),
    "channel": Words("来源渠道", "Channel"),
    "level": Words("解决层级", "Level"),
    "district": Words("区", "District"),
    "street": Words("街道", "Street"),
    "community": Words("社区", "Community"),
    "grid": Words("网格", "Grid"),
    "unit": Words("主办单位", "Lead unit"),
    "person": Words("办理人", "Member of staff"),
}
"""What a table can be made by: the dimensions, the roots of the category tree, and the levels above the community."""
DURATIONS = ("response", "handling", "total")
PLEASED_FROM = 4
"""Of 1–5: who gives this or more is pleased; who accepts the result without giving a number is, too."""
FEW = 5
"""Of fewer cases nothing is told to who sees aggregates alone."""


@dataclass(frozen=True)
class Measure:
    """``day``: on which day of a case it counts: reported, answered, closed (ended), or due."""

    words: Words
    day: str


def _stages() -> dict[str, Measure]:
    found = {}
    names = {"accept": "受理", "dispatch": "派遣", "handle": "处置", "verify": "核查", "follow_up": "回访"}
    for stage, zh in names.items():
        en = stage.replace("_", " ")
        found[f"met_{stage}"] = Measure(Words(f"{zh}时限按期", f"limits to {en} met"), "due")
        found[f"missed_{stage}"] = Measure(Words(f"{zh}时限超期", f"limits to {en} missed"), "due")
    return found


MEASURES: dict[str, Measure] = {
    "reported": Measure(Words("上报", "reported"), "reported"),
    "dropped": Measure(Words("不予受理、并案、撤回、作废", "rejected, merged, withdrawn or void"), "reported"),
    "open": Measure(Words("未结", "of those reported, still open"), "reported"),
    "solved": Measure(Words("上报件中已结案", "of those reported, closed by now"), "reported"),
    "late": Measure(Words("曾超期", "of those reported, were overdue"), "reported"),
    "self_resolved": Measure(Words("现场自处置", "resolved on the spot"), "reported"),
    "returned": Measure(Words("曾退单", "were returned"), "reported"),
    "returns": Measure(Words("退单次数", "returns"), "reported"),
    "rework": Measure(Words("返工次数", "failed verifications"), "reported"),
    "reopened": Measure(Words("重新办理次数", "reopenings"), "reported"),
    "extensions": Measure(Words("延期次数", "extensions"), "reported"),
    "responded": Measure(Words("已响应", "answered: accepted, rejected or resolved on the spot"), "answered"),
    "ended": Measure(Words("办理终结（各种方式）", "ended in whatever way"), "closed"),
    "closed": Measure(Words("结案", "closed"), "closed"),
    "in_time": Measure(Words("按期结案（从未超期）", "closed without ever being overdue"), "closed"),
    "wanted": Measure(Words("应回访", "to be followed up"), "closed"),
    "reached": Measure(Words("已回访到", "followed up and reached"), "closed"),
    **{
        f"closed_{level}": Measure(Words(f"{words.zh}级结案", f"closed by the level {words.en.lower()}"), "closed")
        for level, words in LEVELS.items()
    },
    "accepted_result": Measure(Words("反映人认可解决", "reporter says it is solved"), "closed"),
    "pleased": Measure(Words("反映人满意", "reporter is pleased"), "closed"),
    "rated": Measure(Words("已评分", "rated"), "closed"),
    "rating": Measure(Words("评分合计", "sum of ratings"), "closed"),
    "should_close": Measure(Words("应结案", "whose last handling limit ended"), "due"),
    "should_closed": Measure(Words("应结案中已结案", "of those, closed by now"), "due"),
    "should_in_time": Measure(Words("应结案中按期结案", "of those, closed without ever being overdue"), "due"),
    **_stages(),
}
Sums = Mapping[str, int]


def share(part: int, whole: int) -> float | None:
    """Per cent with two digits, half rounded up, as the trade prints it; None of nothing."""
    return (20_000 * part + whole) // (2 * whole) / 100 if whole else None


def _due(s: Sums, stage: str) -> int:
    return s[f"met_{stage}"] + s[f"missed_{stage}"]


@dataclass(frozen=True)
class Figure:
    """``unit``: cases, times, percent, rating or minutes. ``filter``: of the queue, what lists exactly its cases (with the period as
    ``reported_from`` and ``reported_to``); None where the queue has none. ``base``: how many cases or clocks it is made of."""

    words: Words
    unit: str
    formula: Words
    value: Callable[[Sums], float | int | None]
    base: Callable[[Sums], int]
    filter: Mapping[str, Any] | None = None


def _count(name: str, filter: Mapping[str, Any] | None = None, *, unit: str = "cases") -> Figure:
    words = MEASURES[name].words
    day = {"reported": ("期内上报", "reported in the period"), "answered": ("期内响应", "answered in the period"),
           "closed": ("期内终结", "ended in the period"), "due": ("期内到期", "due in the period")}[MEASURES[name].day]  # fmt: skip
    # The number of those of whom it is told: what must not be few is the part as well as the whole.
    return Figure(
        words,
        unit,
        Words(f"{day[0]}的案件中：{words.zh}", f"of the cases {day[1]}: {words.en}"),
        lambda s: s[name],
        lambda s: s[name],
        filter,
    )


def _rate(
    zh: str, en: str, formula: tuple[str, str], part: Callable[[Sums], int], whole: Callable[[Sums], int]
) -> Figure:
    return Figure(Words(zh, en), "percent", Words(*formula), lambda s: share(part(s), whole(s)), whole)


OPEN = ["reported", "accepted", "handling", "verifying", "following_up", "suspended"]
FIGURES: dict[str, Figure] = {
    "reported": _count("reported", {}),
    "dropped": _count("dropped", {"status": ["rejected", "merged", "withdrawn", "void"]}),
    "open": _count("open", {"status": OPEN}),
    "solved": _count("solved", {"status": ["closed", "archived"]}),
    "closed": _count("closed"),
    "late": _count("late"),
    "self_resolved": _count("self_resolved"),
    "returned": _count("returned", {"returned": True}),
    "returns": _count("returns", {"returned": True}, unit="times"),
    "rework": _count("rework", unit="times"),
    "reopened": _count("reopened", {"reopened": True}, unit="times"),
    "extensions": _count("extensions", unit="times"),
    "closing_rate": _rate(
        "结案率（按上报）", "Closing rate (of reported)",
        ("已结案 ÷（上报 − 不予受理、并案、撤回、作废）", "closed by now ÷ (reported − rejected, merged, withdrawn, void)"),
        lambda s: s["solved"], lambda s: s["reported"] - s["dropped"],
    ),
    "closing_rate_due": _rate(
        "结案率（按应结案）", "Closing rate (of due)",
        ("应结案中已结案 ÷ 处置时限在期内届满的案件", "of those due, closed by now ÷ cases whose last handling limit ended in the period"),
        lambda s: s["should_closed"], lambda s: s["should_close"],
    ),
    "closed_in_time_rate": _rate(
        "按期结案率", "Closed in time",
        ("从未超期的结案 ÷ 期内结案", "closed without ever being overdue ÷ closed in the period"),
        lambda s: s["in_time"], lambda s: s["closed"],
    ),
    "in_time_rate_due": _rate(
        "按期结案率（按应结案）", "Closed in time (of due)",
        ("应结案中从未超期的结案 ÷ 处置时限在期内届满的案件", "of those due, closed without ever being overdue ÷ cases whose last handling limit ended in the period"),
        lambda s: s["should_in_time"], lambda s: s["should_close"],
    ),
    "in_time_rate": _rate(
        "按期办理率", "In-time rate",
        ("按期 ÷（按期 + 超期 + 正在超期），期内到期的全部时限", "met ÷ (met + missed + running overdue), all clocks due in the period"),
        lambda s: sum(s[f"met_{x}"] for x in STAGES), lambda s: sum(_due(s, x) for x in STAGES),
    ),
    "in_time_rate_handle": _rate(
        "按期处置率", "Handled in time",
        ("处置时限按期 ÷ 期内到期的处置时限", "handling clocks met ÷ handling clocks due in the period"),
        lambda s: s["met_handle"], lambda s: _due(s, "handle"),
    ),
    "response_rate": _rate(
        "响应率", "Response rate",
        ("受理时限按期 ÷ 期内到期的受理时限", "accept clocks met ÷ accept clocks due in the period"),
        lambda s: s["met_accept"], lambda s: _due(s, "accept"),
    ),
    "solution_rate": _rate(
        "解决率", "Solution rate",
        ("回访认可解决 ÷ 期内结案中已回访到的", "reporter says it is solved ÷ closed in the period and reached"),
        lambda s: s["accepted_result"], lambda s: s["reached"],
    ),
    "satisfaction_rate": _rate(
        "满意率", "Satisfaction rate",
        ("满意（认可解决，且未评分或评 4 分以上）÷ 期内结案中已回访到的", "pleased (solved, and unrated or rated 4 or 5) ÷ closed in the period and reached"),
        lambda s: s["pleased"], lambda s: s["reached"],
    ),
    "follow_up_rate": _rate(
        "回访率", "Follow-up rate",
        ("已回访到 ÷ 期内结案中应回访的（无需答复的除外）", "reached ÷ closed in the period and to be followed up (those who want no answer are not)"),
        lambda s: s["reached"], lambda s: s["wanted"],
    ),
    "rating": Figure(
        Words("平均评分", "Mean rating"), "rating",
        Words("评分合计 ÷ 已评分（1–5 分），期内结案", "sum of ratings ÷ rated (1–5), closed in the period"),
        lambda s: round(s["rating"] / s["rated"], 2) if s["rated"] else None, lambda s: s["rated"],
    ),
    "return_rate": _rate(
        "退单率", "Return rate", ("曾退单 ÷ 上报", "returned ÷ reported"), lambda s: s["returned"], lambda s: s["reported"]
    ),
    **{
        f"solved_share_{level}": _rate(
            f"{words.zh}级解决占比", f"Share solved by the {words.en.lower()}",
            (f"{words.zh}级结案 ÷ 期内结案", f"closed by the level {words.en.lower()} ÷ closed in the period"),
            lambda s, level=level: s[f"closed_{level}"], lambda s: s["closed"],
        )
        for level, words in LEVELS.items()
    },
}  # fmt: skip

TIMES = {
    "response": (
        Words("响应时长", "Response time"),
        Words("上报至首次受理、不予受理或现场自处置，按响应日", "from the report to the first acceptance, rejection or resolution on the spot; by the day of that act"),
    ),
    "handling": (
        Words("处置时长", "Handling time"),
        Words("首次派遣至最后一次办结，按结案日", "from the first dispatch to the last result; by the day of closing"),
    ),
    "total": (Words("办理总时长", "Total time"), Words("上报至结案，按结案日", "from the report to closing; by the day of closing")),
}  # fmt: skip
"""Natural time in whole minutes. Median and p90 are values that occurred: the smallest that half (nine tenths) of all do not exceed."""


def zero() -> dict[str, int]:
    return dict.fromkeys(MEASURES, 0)


def figures(sums: Sums) -> dict[str, float | int | None]:
    """Every figure of these sums."""
    return {name: figure.value(sums) for name, figure in FIGURES.items()}


TOGETHER = (
    frozenset({"dropped", "open", "solved", "closing_rate"}),
    frozenset(f"solved_share_{level}" for level in LEVELS),
)
"""Figures that add up to a whole that is told: one that is left out alone would be the whole less the others."""


def few(base: int) -> bool:
    return 0 < base < FEW


def guarded(sums: Sums) -> tuple[dict[str, float | int | None], list[str]]:
    """The figures for who sees aggregates alone, and which were left out: those made of fewer than ``FEW`` cases or clocks, counts whose
    rest is so few (it would tell the same), and shares of nearly all or nearly none."""
    found, hidden = figures(sums), []
    for name, figure in FIGURES.items():
        base = figure.base(sums)
        if few(base) or (figure.unit in ("cases", "times") and few(sums["reported"] - base)):
            hidden.append(name)
        elif figure.unit == "percent" and base:
            part = round(found[name] * base / 100)  # type: ignore[operator]
            if few(part) or few(base - part):
                hidden.append(name)
    hidden += sorted(set().union(*(group for group in TOGETHER if group & set(hidden))) - set(hidden))
    return found | dict.fromkeys(hidden), hidden


def to_hide(counts: Sequence[int]) -> set[int]:
    """Which groups of a table are left out altogether: the small ones, and when that is one alone the next smallest too, as otherwise it
    is the total less the others."""
    small = {i for i, n in enumerate(counts) if few(n)}
    rest = sorted((n, i) for i, n in enumerate(counts) if i not in small and n)
    if len(small) == 1 and rest:
        small.add(rest[0][1])
    return small


def start_of(grain: str, day: date) -> date:
    """The first day of the day's five days (from the 1st, 6th … 26th, these to the end of the month), month or year, or the day itself."""
    match grain:
        case "year":
            return day.replace(month=1, day=1)
        case "month":
            return day.replace(day=1)
        case "five":
            return day.replace(day=min((day.day - 1) // 5, 5) * 5 + 1)
    return day


def next_start(grain: str, start: date) -> date:
    match grain:
        case "year":
            return start.replace(year=start.year + 1)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)
        case "five":
            return start.replace(day=start.day + 5) if start.day < 26 else next_start("month", start.replace(day=1))
    return start + timedelta(days=1)


@dataclass(frozen=True)
class Cover:
    """A period as few pieces: their ``starts`` by grain, none overlapping, and days ``beside`` it that they hold too, to be taken off again."""

    starts: Mapping[str, Sequence[date]]
    beside: Sequence[date] = ()

    @property
    def days(self) -> int:
        """How many days are read one by one."""
        return len(self.starts["day"]) + len(self.beside)


def cover(first: date, last: date, grains: Sequence[str] = GRAINS) -> Cover:
    """The period from these grains. Days are always among them; where they are not kept, the shortest span at an end that is kept is taken whole when
    fewer days of it lie outside than inside."""
    if "day" in grains:
        return _pieces(first, last, grains)
    span = next(grain for grain in reversed(GRAINS) if grain in grains)
    begins, ends = start_of(span, first), next_start(span, start_of(span, last)) - _DAY
    return min(
        (
            replace(_pieces(a, b, grains), beside=[*_days(a, first), *_days(last + _DAY, b + _DAY)])
            for a in (first, begins)
            for b in (last, ends)
        ),
        key=lambda found: found.days,
    )


_DAY = timedelta(days=1)


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=n) for n in range((until - since).days)]


def _pieces(first: date, last: date, grains: Sequence[str]) -> Cover:
    found: dict[str, list[date]] = {grain: [] for grain in GRAINS}
    at = first
    while at <= last:
        for grain in (g for g in GRAINS if g in grains or g == "day"):
            if start_of(grain, at) == at and next_start(grain, at) - _DAY <= last:
                found[grain].append(at)
                at = next_start(grain, at)
                break
    return Cover(found)


DAY_SHIFT = 27
"""Where the day of the month stands in a packed duration; 2^27 minutes are 255 years."""


def months(first: date, last: date) -> list[date]:
    """The first day of every month that has a day of the period."""
    found, at = [], first.replace(day=1)
    while at <= last:
        found.append(at)
        at = next_start("month", at)
    return found


def rank(count: int, percent: int) -> int:
    """Which of ``count`` sorted values (from 0) is the percentile: the smallest that at least ``percent`` of all do not exceed."""
    return max(0, (percent * count + 99) // 100 - 1)
