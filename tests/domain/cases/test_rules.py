"""The table of acts: no dead ends, no holes, nothing ambiguous, and the documentation made from it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wangge.domain.cases import actions
from wangge.domain.cases.rules import (
    ACT_WORDS,
    CHANNEL_WORDS,
    FOLLOW_UP_WORDS,
    LEVEL_WORDS,
    LIVE,
    OPEN,
    STAGE_OF,
    STAGE_WORDS,
    STATUS_WORDS,
    TABLE,
    Act,
    Channel,
    FollowUp,
    Level,
    Stage,
    Status,
    acts,
    clock_outcome,
    diagram,
    document,
    inputs_of,
    may_verify,
    outcomes,
    possible,
    rows_of,
)
from wangge.domain.cases.tags import CasePermission, CaseTag

ENDS = {Status.ARCHIVED, Status.REJECTED, Status.WITHDRAWN, Status.VOID}
SYSTEM_ACTS = {Act.REPORT, Act.REGRID, Act.REMIND, Act.OVERDUE, Act.RAISE, Act.REVIEW}
PAGE = Path(__file__).parents[3] / "docs" / "lifecycle.md"


def test_every_open_status_has_a_way_on_that_ends_archived() -> None:
    reached = {Status.ARCHIVED}
    for _ in Status:
        reached |= {s for s in Status for row in possible(s) if row.targets & reached}
    assert reached == set(Status) - (ENDS - {Status.ARCHIVED})


def test_every_status_can_be_reached_from_a_report() -> None:
    reached = {Status.REPORTED}
    for _ in Status:
        reached |= {target for s in reached for row in possible(s) for target in row.targets}
    assert reached == set(Status)


def test_nothing_moves_a_case_out_of_its_end() -> None:
    assert not [row for end in ENDS for row in possible(end) if row.moves]
    assert not list(possible(Status.ARCHIVED))


def test_a_clock_runs_in_every_live_status_and_in_no_other() -> None:
    assert set(STAGE_OF) == LIVE
    assert set(STAGE_OF.values()) == set(Stage)
    assert {Status.SUSPENDED} == OPEN - LIVE


def test_rows_of_one_act_and_outcome_differ_by_their_status_or_their_guard() -> None:
    seen = Counter((row.act, row.outcome, source, row.guard) for row in TABLE for source in row.sources)
    assert max(seen.values()) == 1
    for row in TABLE:
        twins = [r for r in rows_of(row.act, row.outcome) if r is not row and r.sources & row.sources and not r.drawn]
        assert not twins or row.guard is not None


def test_each_act_has_one_permission_one_part_and_is_quiet_or_not() -> None:
    for act in acts():
        rows = [row for row in TABLE if row.act == act]
        assert len({(row.permission, row.part, row.quiet) for row in rows}) == 1
        assert rows[0].permission in set(CasePermission)
        assert not (rows[0].quiet and any(row.moves for row in rows))


def test_each_act_of_the_table_has_a_function_a_ledger_tag_and_nothing_else_has() -> None:
    assert set(actions.FUNCTIONS) == set(acts()) == set(Act) - SYSTEM_ACTS
    assert {tag.value for tag in CaseTag} == {f"cases.{act}" for act in Act}


def test_a_clock_is_met_only_in_the_status_it_runs_in() -> None:
    for row in TABLE:
        if row.meets:
            assert {STAGE_OF[source] for source in row.sources} == {row.meets}


def test_outcomes_are_what_a_person_can_say_and_what_the_system_draws_is_not() -> None:
    assert outcomes(Act.VERIFY) == ("pass", "fail")
    assert set(outcomes(Act.FOLLOW_UP)) == set(FollowUp)
    assert outcomes(Act.SELF_RESOLVE) == ()
    assert len(rows_of(Act.SELF_RESOLVE)) == 2


def test_an_input_is_required_when_every_outcome_requires_it() -> None:
    required = {i.name: i.required for i in inputs_of(Act.VERIFY)}
    assert required["note"] is False
    assert {i.name: i.required for i in inputs_of(Act.RESOLVE)}["result"] is True


def test_everything_has_a_word_in_both_languages() -> None:
    for words, members in (
        (STATUS_WORDS, Status),
        (ACT_WORDS, Act),
        (STAGE_WORDS, Stage),
        (CHANNEL_WORDS, Channel),
        (FOLLOW_UP_WORDS, FollowUp),
        (LEVEL_WORDS, Level),
    ):
        assert set(words) == set(members)
        assert all(w.zh and w.en for w in words.values())
    assert all(row.effect.zh and row.effect.en and all(i.words.zh and i.words.en for i in row.inputs) for row in TABLE)


def test_who_took_or_resolved_a_case_or_is_of_its_unit_may_not_verify_it() -> None:
    assert may_verify(person="alice", person_units=frozenset(), handled_by=["bob"], lead="unit")
    assert not may_verify(person="bob", person_units=frozenset(), handled_by=["bob"], lead="unit")
    assert not may_verify(person="alice", person_units=frozenset({"unit"}), handled_by=["bob"], lead="unit")


@given(st.integers(-10, 10), st.booleans())
def test_a_clock_stopped_at_the_second_it_is_due_was_met_if_the_act_fulfils_it(seconds: int, met: bool) -> None:
    due = datetime(2026, 11, 20, 10, tzinfo=UTC)
    outcome = clock_outcome(due=due, stopped=due + timedelta(seconds=seconds), met=met)
    assert outcome == ("missed" if seconds > 0 else "met" if met else "ended")


def test_the_diagram_draws_every_move_of_the_table() -> None:
    drawn = diagram()
    for row in TABLE:
        for source in row.sources:
            for target in row.targets:
                line = next(line for line in drawn.splitlines() if line.startswith(f"    {source} --> {target}: "))
                assert row.act.words.zh in line


def test_the_documentation_shows_the_diagram_and_the_table() -> None:
    page = PAGE.read_text("utf-8")
    assert f"```mermaid\n{diagram()}```" in page
    assert document() in page
