"""What goes in and out of the API of saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from wangge.domain.cases.schemas import QueueFilter
from wangge.kernel.web.schemas import Input, Output


class ViewFields(Input):
    """``query``: the queue's filter and order. ``columns``: fields of its rows, in order; none: as the console shows them.
    ``unit`` or ``area``: for whom it is published; neither: for its owner alone. ``preferred``: the owner's queue opens with it."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    query: QueueFilter = QueueFilter()
    columns: Annotated[list[str], Field(max_length=40)] = []
    position: Annotated[int, Field(ge=0, le=999)] = 0
    preferred: bool = False
    unit: UUID | None = None
    area: Annotated[str, Field(pattern=r"^(\d{4}|\d{6}|\d{9}|\d{12})$")] | None = None


class ViewIn(ViewFields):
    """``id`` is made by the client (UUIDv7)."""

    id: UUID


class ViewChange(ViewFields):
    """``version``: as it was read."""

    version: int


class ProblemOut(Output):
    path: str
    code: str
    message: str


class ViewOut(Output):
    """``problems``: what of the query is no longer valid and has to be chosen anew; the queue would refuse it, or show nothing for it."""

    id: UUID
    name: str
    query: dict[str, Any]
    columns: list[str]
    position: int
    preferred: bool
    unit: UUID | None
    area: str | None
    own: bool
    version: int
    changed_at: datetime
    problems: list[ProblemOut]


class ViewsOut(Output):
    items: list[ViewOut]
