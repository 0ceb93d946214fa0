"""Shapes of the templates' API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wangge.domain.cases.rules import Act
from wangge.domain.templates.actions import NewTemplate
from wangge.domain.templates.rules import WITH_TEXT
from wangge.kernel.web.schemas import Input, Output, Version, WordsOut

TextAct = Literal[tuple(str(act) for act in WITH_TEXT)]  # type: ignore[valid-type]


class TemplateFields(Input):
    """``text`` may hold {number}, {title}, {address}, {category}, {unit}, {holder}, {reported}, {due} and {today}."""

    act: TextAct
    outcome: Annotated[str, Field(max_length=12)] | None = None
    category: UUID | None = None
    title: Annotated[str, Field(min_length=1, max_length=40)]
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    position: Annotated[int, Field(ge=0, le=999)] = 0

    def template(self) -> NewTemplate:
        return NewTemplate(Act(self.act), self.title, self.text, self.outcome, self.category, self.position)


class TemplateIn(TemplateFields):
    id: UUID


class TemplateChange(TemplateFields):
    version: Version


class TemplateOut(Output):
    id: UUID
    act: str
    outcome: str | None
    category: UUID | None
    title: str
    text: str
    position: int
    version: int
    changed_at: datetime


class TemplatesOut(Output):
    items: list[TemplateOut]


class PlaceholderOut(Output):
    """``name``: what stands in braces."""

    name: str
    words: WordsOut


class OutcomeOut(Output):
    value: str
    words: WordsOut


class TemplateActOut(Output):
    """An act that can have templates; ``outcomes``: those a person can give it."""

    act: str
    outcomes: list[OutcomeOut]


class ChoicesOut(Output):
    placeholders: list[PlaceholderOut]
    acts: list[TemplateActOut]


class OfferedOut(Output):
    """``text``: with the case's words in it; ＿＿ where the case has none."""

    id: UUID
    title: str
    outcome: str | None
    text: str


class OffersOut(Output):
    items: list[OfferedOut]


class TemplatesQuery(Input):
    act: TextAct | None = None
    category: UUID | None = None


class OffersQuery(Input):
    act: TextAct
    outcome: Annotated[str, Field(max_length=12)] | None = None
