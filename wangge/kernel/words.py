"""Every sentence a person can read, in Chinese and in English, side by side in the source.

Two languages that are written together stay together: a reviewer sees both, a missing translation is a type error, and no
compiler of message catalogues is needed to build the product (decision record 0003).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


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
        return Words(self.zh.format(**zh), self.en.format(**en))


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
