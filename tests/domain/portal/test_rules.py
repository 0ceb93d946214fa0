"""Codes, plain words and what is told of few: no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wangge.domain.cases.rules import TABLE, Status
from wangge.domain.portal import rules
from wangge.kernel.words import Words

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"
INTERNAL = {"locate", "involve", "decline", "progress", "ask_help", "answer_help", "ask_extension", "ask_suspension", "refuse", "resolve_share", "archive", "urge", "supervise", "instruct", "answer", "lift", "reclassify", "set_urgency", "set_confidential", "comment", "tag", "link", "unlink"}  # fmt: skip


@given(st.binary(min_size=7, max_size=32))
def test_a_code_is_read_as_it_was_written_however_it_is_typed(digest: bytes) -> None:
    code = rules.code_of(digest)
    plain = code.replace("-", "")
    assert len(code) == 11 and rules.plain_code(code) == plain
    sloppy = plain.lower().replace("0", "o").replace("1", "i")
    assert rules.plain_code(f" {sloppy[:5]} {sloppy[5:]} ") == plain


def test_what_can_be_no_code_is_none() -> None:
    assert [rules.plain_code(text) for text in ("", "K7QM3", "K7QM3-XF29U", "K7QM3-XF29P1", "查询码")] == [None] * 5


def test_every_act_is_told_in_plain_words_or_is_nobodys_business() -> None:
    for row in TABLE:
        told = (row.act, row.outcome) in rules.SAID
        assert told != (str(row.act) in INTERNAL or row.outcome in ("unreachable", "not_wanted")), row.act


def test_no_sentence_uses_a_word_of_the_trade() -> None:
    trade = ("派遣", "处置", "核查", "回访", "挂账", "案件", "办结单", "退单", "责任单位", "dispatch", "verif", "case")
    said = [*rules.SAID.values(), *rules.NOW.values(), *rules.LATE.values(), rules.ASKED]
    assert not [(w, s) for s in said for w in trade if w in s.zh or w in s.en.lower()]


def test_every_status_stands_in_both_languages_and_what_is_late_says_so() -> None:
    unit = Words("福保环卫所", "Fubao sanitation office")
    for status in Status:
        case = {"status": status, "due_at": NOW + timedelta(days=3), "review_at": NOW + timedelta(days=40), "follow_up": None}  # fmt: skip
        said = rules.stands(case, unit=unit, zone=ZONE, now=NOW, asked=False)
        assert "{" not in said.zh + said.en and said.zh and said.en
        late = rules.stands(case | {"due_at": NOW - timedelta(days=1)}, unit=unit, zone=ZONE, now=NOW, asked=False)
        assert (late != rules.stands(case | {"due_at": NOW - timedelta(days=1)}, unit=unit, zone=ZONE, now=NOW - timedelta(days=2), asked=False)) == (status in rules.LATE)  # fmt: skip


def test_a_limit_is_said_as_people_say_it() -> None:
    assert rules.when(NOW + timedelta(hours=5), ZONE, NOW) == ("今天15:00", "15:00 today")
    assert rules.when(NOW + timedelta(days=4), ZONE, NOW) == ("11月25日", "25 November")
    assert rules.when(NOW + timedelta(days=60), ZONE, NOW) == ("2027年1月20日", "20 January 2027")


places = st.builds(
    lambda s, c, g, deep: {"street": s, "community": f"{s}{c}" if deep else None, "grid": f"{s}{c}{g}" if deep else None},
    st.sampled_from("ab"), st.sampled_from("12"), st.sampled_from("xy"), st.booleans(),
)  # fmt: skip


@given(st.lists(st.tuples(places, st.sampled_from(["light", "road"])), max_size=80), st.integers(2, 6))
def test_nothing_is_told_of_fewer_than_few_and_nothing_twice(given: list, few: int) -> None:
    cases = [place | {"top": top, "id": i} for i, (place, top) in enumerate(given)]
    told = rules.coarsened(cases, few)
    ids = [case["id"] for _, group in told for case in group]
    assert len(ids) == len(set(ids)) and all(len(group) >= few for _, group in told)
    for place, group in told:
        assert len({case["top"] for case in group}) == 1
        assert all(place in (case["grid"], case["community"], case["street"]) for case in group)
    left = [case for case in cases if case["id"] not in ids]
    for street in "ab":
        for top in ("light", "road"):
            assert len([c for c in left if c["street"] == street and c["top"] == top]) < few
