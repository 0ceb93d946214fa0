"""Every sentence a person can read, in Chinese and in English, side by side in the source.

Two languages that are written together stay together: a reviewer sees both, a missing translation is a type error, and no
compiler of message catalogues is needed to build the product (decision record 0003).
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]


class _Filling(string.Formatter):
    """``str.format`` that tells one from many: ``{n:day|days}``."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if bar:
            return one if str(value) == "1" else many
        return str(super().format_field(value, format_spec))


_FILLING = _Filling()


def filled(text: str, values: Mapping[str, Any]) -> str:
    """A text with its ``{name}`` places filled; English tells one from many: ``{n} {n:day|days}``."""
    return _FILLING.vformat(text, (), values)


class Words(NamedTuple):
    """One text in both languages. ``zh`` is what is shown when nothing else was asked for."""

    zh: str
    en: str

    def say(self, language: str = "zh") -> str:
        """The text in ``language``; anything but ``en`` is Chinese."""
        return self.en if language == "en" else self.zh

    def fill(self, **values: object) -> Words:
        """The same text with ``{name}`` places filled; a value that is itself ``Words`` is filled in its own language."""
        zh = {k: v.zh if isinstance(v, Words) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, Words) else v for k, v in values.items()}
        return Words(filled(self.zh, zh), filled(self.en, en))


def counted(n: float, one: str, many: str = "") -> str:
    """``counted(1, "day")`` is “1 day”, ``counted(2, "day")`` “2 days”; a plural that does not end in s is given."""
    return f"{n:.0f} {one if round(n) == 1 else many or one + 's'}"


def choose_language(accept_language: str | None) -> Language:
    """The language of an ``Accept-Language`` header (RFC 9110 §12.5.4): the first of zh/en by weight, else Chinese."""
    best: tuple[float, Language] = (0.0, "zh")
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        primary = tag.strip().lower().split("-")[0]
        if primary not in ("zh", "en"):
            continue
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if quality > best[0]:
            best = (quality, primary)  # type: ignore[assignment]
    return best[1]
