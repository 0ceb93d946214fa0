"""What goes in and out of the search."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wangge.domain.cases.schemas import CaseRow
from wangge.kernel.web.schemas import Input, Output


class SegmentOut(Output):
    """A stretch of plain text; ``hit``: it is what was looked for. Not HTML: show it as text."""

    text: str
    hit: bool


class HighlightOut(Output):
    """``field``: number, title, text, address, place or result."""

    field: str
    segments: list[SegmentOut]


class FoundRow(CaseRow):
    highlights: list[HighlightOut]


class ByPhoneIn(Input):
    """``purpose`` goes on record, with a keyed hash of the number."""

    phone: Annotated[str, Field(min_length=5, max_length=40)]
    purpose: Annotated[str, Field(min_length=2, max_length=200)]


class ByPhoneOut(Output):
    items: list[CaseRow]


Sort = Literal["rank", "-reported_at"]
