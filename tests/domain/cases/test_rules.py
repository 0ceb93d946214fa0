"""The table of acts: no dead ends, no holes, one row an act and outcome."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wangge.domain.cases.rules import (
    ACT_WORDS,
    CHANNEL_WORDS,
    FOLLOW_UP_WORDS,
    OPEN,
    STAGE_OF,
    STAGE_WORDS,
    STATUS_WORDS,
    TABLE,
    Act,
    Channel,
    FollowUp,
    Stage,
    Status,
    clock_outcome,
    diagram,
    may_verify,
    possible,
    transition,
)


def test_every_open_status_has_a_way_on_that_ends_closed() -> None:
    reached = {Status.CLOSED}
    for _ in Status:
        reached |= {s for s in Status for row in possible(s) if row.target in reached}
    assert reached == set(Status)


def test_every_status_can_be_reached_from_a_report() -> None:
    reached = {Status.REPORTED}
    for _ in Status:
        reached |= {row.target for s in reached for row in possible(s) if row.target}
    assert reached == set(Status)


def test_nothing_leads_out_of_a_closed_case() -> None:
    assert not [row for row in possible(Status.CLOSED) if row.moves]


def test_a_clock_runs_in_every_open_status_and_in_no_other() -> None:
    assert set(STAGE_OF) == OPEN
    assert set(STAGE_OF.values()) == set(Stage)


def test_an_act_with_an_outcome_stands_once_in_the_table() -> None:
    assert max(Counter((row.act, row.outcome) for row in TABLE).values()) == 1
    for row in TABLE:
        assert transition(row.act, row.outcome) is row


def test_everything_has_a_word_in_both_languages() -> None:
    for words, members in (
        (STATUS_WORDS, Status),
        (ACT_WORDS, Act),
        (STAGE_WORDS, Stage),
        (CHANNEL_WORDS, Channel),
        (FOLLOW_UP_WORDS, FollowUp),
    ):
        assert set(words) == set(members)
        assert all(w.zh and w.en for w in words.values())
    assert all(row.effect.zh and row.effect.en and all(i.words.zh and i.words.en for i in row.inputs) for row in TABLE)


def test_who_took_or_resolved_a_case_or_is_of_its_unit_may_not_verify_it() -> None:
    assert may_verify(person="alice", person_units=frozenset(), handled_by=["bob"], lead="unit")
    assert not may_verify(person="bob", person_units=frozenset(), handled_by=["bob"], lead="unit")
    assert not may_verify(person="alice", person_units=frozenset({"unit"}), handled_by=["bob"], lead="unit")


@given(st.integers(-10, 10))
def test_a_clock_stopped_at_the_second_it_is_due_was_met(seconds: int) -> None:
    due = datetime(2026, 11, 20, 10, tzinfo=UTC)
    outcome = clock_outcome(due=due, stopped=due + timedelta(seconds=seconds))
    assert outcome == ("met" if seconds <= 0 else "missed")


def test_the_diagram_draws_every_row_of_the_table() -> None:
    drawn = diagram()
    for row in TABLE:
        for source in row.sources:
            assert f"    {source} --> {row.target or source}: " in drawn


def test_the_documentation_shows_the_diagram_of_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "lifecycle.md").read_text("utf-8")
    assert f"```mermaid\n{diagram()}```" in page
