"""Grams, words and highlights, against the plain meaning: a text holds a word or it does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wangge.kernel.search import Word, grams, like, normal, pieces, segments, words

TEXT = st.text(alphabet="垃圾路灯坏了ａＡb12３ 。,-%_\\'\":é", max_size=30)


def satisfied(found: set[str], part: str) -> bool:
    lexeme = part.split("'")[1]
    return any(g.startswith(lexeme) for g in found) if part.endswith(":*") else lexeme in found


@given(TEXT, st.data())
def test_a_text_has_all_pieces_of_every_part_of_it(text: str, data: st.DataObject) -> None:
    plain = normal(text)
    start = data.draw(st.integers(0, len(plain)))
    word = plain[start : data.draw(st.integers(start, len(plain)))]
    assert all(satisfied(grams([text]), part) for part in pieces(word))


@given(TEXT)
def test_no_lexeme_can_break_out_of_its_quotes_or_pass_for_a_mark(text: str) -> None:
    assert not any(set("':\\ |&!()") & set(lexeme) for lexeme in grams([text]))
    assert not any(set(":\\ |&!()") & set(part.removesuffix(":*")) for w in words(text) for part in pieces(w.text))


@given(TEXT, TEXT)
def test_segments_are_the_text_again_and_hits_are_what_was_looked_for(text: str, word: str) -> None:
    cut = segments(text, [normal(word)] if word else [])
    assert (cut is not None) == bool(word and normal(word) in normal(text))
    if cut:
        assert "".join(s["text"] for s in cut) == text
        assert all(normal(word)[0] in normal(s["text"]) for s in cut if s["hit"])


def test_words_are_cut_at_spaces_and_quotes_keep_a_phrase_together() -> None:
    assert words("ＡＢＣ　路灯 “益田路 2 号” 路灯 ！") == [Word("abc"), Word("路灯"), Word("益田路 2 号", True)]


def test_one_character_is_a_prefix_and_latin_words_are_three_at_a_time() -> None:
    assert pieces("路") == ["'路':*"]
    assert pieces("b123") == ["'b12'", "'123'"]
    assert pieces("路灯b") == ["'路灯'", "'灯b'"]


def test_a_pattern_takes_signs_as_they_are() -> None:
    assert like("100%_\\") == "%100\\%\\_\\\\%"


def test_a_long_text_is_shown_around_its_first_hit() -> None:
    cut = segments("前" * 200 + "井盖" + "后" * 200, ["井盖"])
    assert cut is not None
    assert cut[0] == cut[-1] == {"text": "…", "hit": False}
    assert [s["text"] for s in cut if s["hit"]] == ["井盖"]
    assert len("".join(s["text"] for s in cut)) == 122
