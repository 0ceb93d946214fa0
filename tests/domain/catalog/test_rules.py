"""The pure rules: which route wins, which pairs are refused, what a text suggests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wangge.domain.catalog.rules import (
    Keywords,
    Place,
    Route,
    Window,
    choose,
    entry_areas,
    initials,
    may_tie,
    specificity,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TOP, LEAF, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
PATH = {TOP: 0, LEAF: 1}
FUBAO = Place("440304", "440304010", "440304010001", "440304010001001", {"fire": "440304010001901"})
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)


def route(**given: object) -> Route:
    return Route(id=uuid4(), unit=uuid4(), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "areas"),
    [
        ("community", ["440304010001", "440304010", "440304", "4403"]),
        ("street", ["440304010", "440304", "4403"]),
        ("district", ["440304", "4403", "440304010"]),
        ("city", ["4403", "440304", "440304010"]),
    ],
)
def test_a_case_enters_at_its_level_else_above_else_below(level: str, areas: list[str]) -> None:
    assert entry_areas(level, FUBAO) == areas


def test_without_a_community_a_case_enters_at_the_street() -> None:
    assert entry_areas("community", Place("440304", "440304010"))[0] == "440304010"
    assert entry_areas("street", Place("440304")) == ["440304", "4403"]


ORDER = [
    route(),
    route(window=Window(day_kind="working")),
    route(layer="fire"),
    route(area="440304"),
    route(area="440304010"),
    route(area="440304010", layer="fire"),
    route(layer="fire", grid="440304010001901"),
    route(category=TOP),
    route(category=TOP, area="440304010001"),
    route(category=LEAF),
    route(category=LEAF, area="440304010"),
    route(category=LEAF, layer="base", grid="440304010001001"),
]


@pytest.mark.parametrize("last", range(len(ORDER)))
def test_the_most_specific_rule_wins_and_the_one_before_it_is_the_runner_up(last: int) -> None:
    choice = choose(ORDER[: last + 1], PATH, FUBAO, MONDAY, True)
    assert choice.chosen is ORDER[last]
    assert choice.runner_up is (ORDER[last - 1] if last else None)


def test_a_rule_for_another_place_category_or_time_does_not_hold() -> None:
    others = [
        route(category=OTHER),
        route(area="440308"),
        route(area="440304003"),
        route(layer="police"),
        route(layer="fire", grid="440304010001902"),
        route(window=Window(day_kind="rest")),
        route(window=Window(weekdays=frozenset({2}))),
        route(window=Window(start=601, end=1440)),
    ]
    assert choose(others, PATH, FUBAO, MONDAY, True).chosen is None


def test_a_rule_whose_unit_takes_no_work_is_passed_over_and_named() -> None:
    dead, alive = route(category=LEAF, live=False), route(category=TOP)
    choice = choose([dead, alive], PATH, FUBAO, MONDAY, True)
    assert choice.chosen is alive
    assert choice.skipped == (dead,)


def test_a_window_over_midnight_holds_on_both_sides_of_it() -> None:
    night = Window(start=22 * 60, end=6 * 60)
    assert night.holds(MONDAY.replace(hour=23), True)
    assert night.holds(MONDAY.replace(hour=5, minute=59), True)
    assert not night.holds(MONDAY.replace(hour=6), True)
    assert night.overlaps(Window(start=300, end=360))
    assert not night.overlaps(Window(start=360, end=22 * 60))


categories = st.sampled_from([None, TOP, LEAF])
areas = st.sampled_from([None, "4403", "440304", "440304010", "440304010001"])
windows = st.builds(
    Window,
    weekdays=st.frozensets(st.integers(1, 7), max_size=3),
    day_kind=st.sampled_from(["any", "working", "rest"]),
    start=st.integers(0, 23).map(lambda h: h * 60),
    end=st.integers(1, 24).map(lambda h: h * 60),
).filter(lambda w: w.start != w.end)
grids = st.sampled_from(
    [(None, None), ("base", None), ("fire", None), ("base", "440304010001001"), ("fire", "440304010001901")]
)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    layer, grid = draw(grids)
    area = None if grid else draw(areas)
    return route(category=draw(categories), area=area, layer=layer, grid=grid, window=draw(st.just(Window()) | windows))


@given(st.lists(routes(), min_size=2, max_size=8), st.integers(0, 7 * 24 - 1), st.booleans())
@settings(max_examples=300, deadline=None)
def test_rules_that_may_be_saved_together_never_tie(found: list[Route], hour: int, working: bool) -> None:
    saved: list[Route] = []
    for candidate in found:
        if not any(may_tie(candidate, known) for known in saved):
            saved.append(candidate)
    wall = datetime(2026, 3, 2 + hour // 24, hour % 24, 30, tzinfo=SHANGHAI)
    fitting = [r for r in saved if r.holds_at(FUBAO, wall, working)]
    keys = [specificity(r, PATH.get(r.category, -1)) for r in fitting]  # type: ignore[arg-type]
    assert len(keys) == len(set(keys))


def test_a_longer_keyword_and_one_in_the_title_say_more() -> None:
    rubbish, stall = UUID(int=10), UUID(int=11)
    catalogue = [(rubbish, "暴露垃圾", ["垃圾", "生活垃圾"], 1.0), (stall, "占道经营", ["占道经营", "小贩"], 1.0)]
    words = Keywords(catalogue)
    assert words.suggest("路口占道经营，留下垃圾")[0].category == stall
    assert words.suggest("有小贩", title="生活垃圾没人清")[0].category == rubbish
    assert words.suggest("今天天气很好") == []
    question = (UUID(int=12), "咨询", ["请问", "咨询"], 0.3)
    assert Keywords([*catalogue, question]).suggest("请问哪里有小贩，咨询一下")[0].category == stall
    assert words.suggest("生活垃圾")[0].words == ("生活垃圾",)
    assert words.suggest("有小贩", usable=lambda c: c != stall) == []


def test_initials_are_made_of_common_characters() -> None:
    assert initials("井盖缺失、破损") == "jgqsps"
    assert initials("A区12号 垃圾") == "aq12hlj"
