"""What a template may say. Pure: no database."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from wangge.domain.cases.rules import Act, Kind, acts, inputs_of, outcomes
from wangge.kernel.words import Words

PLACES: Mapping[str, Words] = {
    "number": Words("案件编号", "number of the case"),
    "title": Words("标题", "title"),
    "address": Words("地址", "address"),
    "category": Words("类别", "category"),
    "unit": Words("主办单位", "lead unit"),
    "holder": Words("承办中心", "centre that holds it"),
    "reported": Words("上报日期", "day of the report"),
    "due": Words("当前时限", "present limit"),
    "today": Words("今天", "today"),
}
"""What stands in braces and is filled in from the case. Nothing of who reported it: what is written is read by others."""
MISSING = "＿＿"


def text_input(act: Act) -> str | None:
    """The input of an act that a template is for; None for an act that has no text."""
    return next((i.name for i in inputs_of(act) if i.kind in (Kind.TEXT, Kind.LONG_TEXT)), None)


WITH_TEXT = tuple(act for act in acts() if text_input(act))
"""Acts that can have templates."""


def places_of(text: str) -> list[str]:
    """The names in braces. ValueError for braces that do not fit together."""
    return [name for _, name, spec, conversion in string.Formatter().parse(text) if name is not None]


def unknown_places(text: str) -> list[str]:
    return [name for name in dict.fromkeys(places_of(text)) if name not in PLACES]


def fill(text: str, known: Mapping[str, str | None]) -> str:
    """The text with the case's words in it; what the case does not have is a gap to be seen and filled in by hand."""
    return text.format_map({name: known.get(name) or MISSING for name in PLACES})


def outcome_fits(act: Act, outcome: str | None) -> bool:
    return outcome is None or outcome in outcomes(act)


def best_first(found: Iterable[Mapping[str, object]], path: Mapping[object, int]) -> list[Mapping[str, object]]:
    """Templates of the nearest category first, those for any category last; then by position and title."""
    return sorted(found, key=lambda t: (-path.get(t["category"], -1), t["position"], t["title"]))
