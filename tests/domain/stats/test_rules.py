"""How periods are cut, shares rounded, and little left out."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wangge.domain.stats import rules
from wangge.domain.stats.rules import FEW, FIGURES, TOGETHER

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(days, st.integers(0, 800), st.sampled_from([rules.GRAINS, rules.GRAINS[:3], ("month", "day")]))
def test_a_period_is_cut_into_months_five_days_and_days_without_gap_or_overlap(
    first: date, length: int, grains: tuple[str, ...]
) -> None:
    last = first + timedelta(days=length)
    cut = rules.cover(first, last, grains)
    found = Counter(
        start + timedelta(days=n)
        for grain, starts in cut.starts.items()
        for start in starts
        for n in range((rules.next_start(grain, start) - start).days)
    )
    assert set(cut.beside) <= found.keys()
    assert found - Counter(cut.beside) == Counter(first + timedelta(days=n) for n in range(length + 1))


@given(days, st.integers(0, 800))
def test_a_period_is_cut_into_few_pieces(first: date, length: int) -> None:
    cut = rules.cover(first, first + timedelta(days=length), rules.GRAINS[:3])
    assert cut.days <= 2 * 3  # the 26th to the 31st are six
    assert len(cut.starts["five"]) <= 2 * 6 and len(cut.starts["month"]) <= 2 * 11


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(1, 3, 33.33), (2, 3, 66.67), (1, 800, 0.13), (0, 5, 0.0), (0, 0, None)]
)
def test_shares_have_two_digits_and_halves_go_up(part: int, whole: int, said: float | None) -> None:
    assert rules.share(part, whole) == said


@given(st.lists(st.integers(0, 99), min_size=1), st.sampled_from([50, 90]))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    ordered = sorted(values)
    found = ordered[rules.rank(len(ordered), percent)]
    assert 100 * sum(v <= found for v in values) >= percent * len(values)
    assert all(100 * sum(v <= x for v in values) < percent * len(values) for x in values if x < found)


def test_every_figure_of_nothing_is_zero_or_nothing() -> None:
    assert set(rules.figures(rules.zero()).values()) <= {0, None}


def test_who_sees_aggregates_alone_is_told_nothing_of_few() -> None:
    sums = rules.zero() | {"reported": 100, "dropped": 3, "open": 40, "solved": 57, "returned": 98, "returns": 99}
    found, hidden = rules.guarded(sums)
    assert found["reported"] == 100
    assert {"dropped", "returned", "return_rate"} <= set(hidden)  # 3 of 100; all but 2
    assert all(found[name] is None for name in hidden)


def test_what_adds_up_to_a_whole_is_left_out_together() -> None:
    sums = rules.zero() | {"reported": 100, "dropped": 3, "open": 40, "solved": 57}
    sums |= {"closed": 57, "closed_grid": 30, "closed_street": 24, "closed_city": 3}
    _, hidden = rules.guarded(sums)
    for together in TOGETHER:
        assert together <= set(hidden)


@given(st.lists(st.integers(0, 30), max_size=12))
def test_a_small_group_is_never_the_total_less_the_others(counts: list[int]) -> None:
    hidden = rules.to_hide(counts)
    assert {i for i, n in enumerate(counts) if 0 < n < FEW} <= hidden
    assert len(hidden) != 1 or len([n for n in counts if n]) == 1


def test_every_figure_says_in_both_languages_what_it_is_and_how_it_is_made() -> None:
    for figure in FIGURES.values():
        assert figure.words.zh != figure.words.en and figure.formula.zh != figure.formula.en
        assert figure.unit in {"cases", "times", "percent", "rating"}
