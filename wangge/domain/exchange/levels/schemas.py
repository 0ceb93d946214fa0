"""What travels between installations. Unknown members are left alone: the other side may be newer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from wangge.kernel.web.schemas import Output

MOST = 100
"""Messages of one request or answer."""
Number = Annotated[int, Field(ge=0, le=2**62)]
Short = Annotated[str, Field(max_length=64)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Matter(_Told):
    """A case as the other level needs it to begin."""

    category_code: Short = ""
    urgency: Short = ""
    reported_at: AwareDatetime
    street: Annotated[str, Field(pattern=r"^[0-9]{9}$")]
    address: str = Field("", max_length=200)
    title: str = Field("", max_length=80)
    text: str = Field("", max_length=6000)
    confidential: bool = False


class LevelMessage(_Told):
    """As ``exchange_message`` holds it, with its number."""

    seq: Number
    id: UUID
    kind: Short
    at: AwareDatetime
    order: str | None = Field(None, max_length=64)
    case: Short = ""
    text: str = Field("", max_length=6000)
    unit: str | None = Field(None, max_length=120)
    due_at: AwareDatetime | None = None
    matter: Matter | None = None
    message: UUID | None = None
    accepted: bool | None = None
    number: Short = ""
    day: date | None = None
    streets: Annotated[list[dict[str, Any]], Field(max_length=5000)] = []


class LevelRequest(_Told):
    """``to``: the id of the key it is meant for. ``after``: the last message of the other side that was taken in."""

    to: Short
    at: AwareDatetime
    after: Number
    messages: Annotated[list[LevelMessage], Field(max_length=MOST)]


class LevelAnswer(_Told):
    """``re``: SHA-256 of the request's body (hex). ``have``: the last of its messages that was taken in."""

    re: Short
    have: Number
    messages: Annotated[list[LevelMessage], Field(max_length=MOST)]


class LevelFigureOut(Output):
    partner_name: str
    day: date
    street: str
    reported: int
    closed: int
    in_time: int = Field(description="of those closed, without an overdue clock")
    open: int = Field(description="at the end of the day")
    overdue: int = Field(description="of those open")


class LevelFiguresOut(Output):
    items: list[LevelFigureOut]
