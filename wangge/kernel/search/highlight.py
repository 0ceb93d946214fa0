"""Where in a text the words are. Pure; no markup leaves here, so no page can be broken by what somebody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from wangge.kernel.search.grams import normal

BEFORE, LONGEST = 20, 120
"""Characters shown before the first hit, and in all."""


class Segment(TypedDict):
    text: str
    hit: bool


def segments(text: str, words: Sequence[str]) -> list[Segment] | None:
    """``text`` cut into hits and the rest, around the first hit when it is long; None when no word is in it."""
    plain, at = _mapped(text)
    hit = bytearray(len(text))
    for word in words:
        start = plain.find(word)
        while word and start >= 0:
            first, last = at[start], at[start + len(word) - 1]
            hit[first : last + 1] = b"\x01" * (last + 1 - first)
            start = plain.find(word, start + 1)
    first = hit.find(1)
    if first < 0:
        return None
    begin = max(0, first - BEFORE) if len(text) > LONGEST else 0
    end = min(len(text), begin + LONGEST)
    made: list[Segment] = [{"text": "…", "hit": False}] if begin else []
    for i in range(begin, end):
        if i > begin and hit[i] == hit[i - 1]:
            made[-1]["text"] += text[i]
        else:
            made.append({"text": text[i], "hit": bool(hit[i])})
    if end < len(text):
        made.append({"text": "…", "hit": False})
    return made


def _mapped(text: str) -> tuple[str, list[int]]:
    """The normal form, and for each of its characters which one of ``text`` it came from."""
    plain, at = [], []
    for i, character in enumerate(text):
        for made in normal(character):
            plain.append(made)
            at.append(i)
    return "".join(plain), at
