"""From a text to the lexemes of its ``tsvector``, and from what somebody typed to a ``tsquery``. Pure functions.

A text is normalised (NFKC, so that full-width letters and digits are the ordinary ones; lower case) and cut into runs of letters, digits
and Chinese characters. Of each run go in: every pair of neighbours, the last character alone, and of Latin letters and digits every
three neighbours too, as pairs of digits are in nearly every text. A single character is asked for by prefix: it begins a pair or is a last one.

What the grams find is a superset of what contains the words; the asker rechecks with LIKE.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MOST_WORDS = 8
_RUN = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[a-z0-9]{3,}")
_PHRASE = re.compile(r'"([^"]*)"?|([^\s"]+)')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"', "』": '"', "\x00": " "})


@dataclass(frozen=True)
class Word:
    """One thing that must be there: its normal text, and whether it was quoted."""

    text: str
    quoted: bool = False


def normal(text: str) -> str:
    """The form in which texts are compared; the same as ``lower(normalize(text, NFKC))`` in SQL for what people write."""
    return unicodedata.normalize("NFKC", text).lower()


def grams(texts: Iterable[str | None]) -> set[str]:
    """The lexemes of these texts."""
    found: set[str] = set()
    for text in texts:
        for run in _RUN.findall(normal(text or "")):
            found.add(run[-1])
            found.update(run[i : i + 2] for i in range(len(run) - 1))
        for latin in _LATIN.findall(normal(text or "")):
            found.update(latin[i : i + 3] for i in range(len(latin) - 2))
    return found


def words(query: str) -> list[Word]:
    """What was typed, cut at spaces but for quoted phrases; words without any letter, digit or character are left out."""
    made = []
    for quoted, bare in _PHRASE.findall(normal(query.translate(_QUOTES))):
        text = " ".join((quoted or bare).split())
        if _RUN.search(text):
            made.append(Word(text, bool(quoted)))
    return list(dict.fromkeys(made))


def pieces(word: str) -> list[str]:
    """The parts of a ``tsquery`` that a text holding ``word`` satisfies, to be joined by ``&``: quoted lexemes, ``:*`` for prefixes."""
    found: dict[str, None] = {}
    for run in _RUN.findall(word):
        if len(run) == 1:
            found[f"'{run}':*"] = None
        latin = bool(_LATIN.fullmatch(run))
        size = 3 if latin else 2
        found.update((f"'{run[i : i + size]}'", None) for i in range(len(run) - size + 1))
    return list(found)


def like(word: str) -> str:
    """The pattern that finds ``word`` anywhere."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
