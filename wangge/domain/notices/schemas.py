"""What goes in and out of the API of notices."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer, WithJsonSchema

from wangge.domain.notices.rules import OF_GRIDS, Channel, Event, Who
from wangge.kernel.web.schemas import Input, Moment, Output, WordsOut

Text = Annotated[str, Field(min_length=1, max_length=80)]
Url = Annotated[str, Field(min_length=8, max_length=500)]


_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
WallTimeIn = Annotated[str, Field(pattern=_CLOCK, description="in the installation's zone")]
"""A time of day as a clock on the wall shows it: ``22:30``."""
WallTime = Annotated[
    time,
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _CLOCK}),
]


class NamedKey(Output):
    key: str
    name: WordsOut


class NoticeOut(Output):
    """``text`` is said anew from the case as it is now, with the status and the limit of then. ``why``: how one stands to it. A notice of a
    planned ``change`` of grids names no case: ``number`` and ``title`` are empty, ``community`` is where the grids are."""

    id: UUID
    at: datetime
    event: str
    text: WordsOut
    why: list[NamedKey]
    read_at: datetime | None
    case: UUID | None
    number: str
    title: str
    urgency: str
    change: UUID | None
    community: str | None


class UnreadOut(Output):
    """``more``: there are more than were counted."""

    unread: int
    more: bool


class ReadIn(Input):
    """Either ``ids``, or ``before``: all up to that moment."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)] | None = None
    before: Moment | None = None


class ReadOut(UnreadOut):
    changed: int


class PreferencesOut(Output):
    """Addresses are masked; nothing is sent to one that is not confirmed but the code that confirms it. The quiet hours are in ``zone``."""

    email: str | None
    email_confirmed: bool
    mobile: str | None
    mobile_confirmed: bool
    quiet_from: WallTime | None
    quiet_to: WallTime | None
    off: list[str]
    zone: str


class PreferencesIn(Input):
    """What is not named stays; null or an empty address takes away. Urgent cases do not wait for the end of the quiet hours."""

    email: Annotated[str, Field(max_length=254)] | None = None
    mobile: Annotated[str, Field(max_length=30)] | None = None
    quiet_from: WallTimeIn | None = None
    quiet_to: WallTimeIn | None = None
    off: list[Literal["email", "sms"]] | None = None


class AddressCodeIn(Input):
    """``channel``: whose address waits to be confirmed."""

    channel: Literal["email", "sms"]


class AddressConfirmIn(AddressCodeIn):
    code: Annotated[str, Field(pattern=r"^\d{6}$", description="the six digits that were sent to the address")]


class CellIn(Input):
    event: Event
    who: Who
    channel: Annotated[Literal[tuple(str(c) for c in Channel)], AfterValidator(Channel)]  # type: ignore[valid-type]
    mandatory: bool = False


class CellOut(Output):
    event: str
    who: str
    channel: str
    mandatory: bool


class ChannelOut(NamedKey):
    """``addresses``: how many persons have confirmed one; null where none is needed."""

    addresses: int | None


class EventOut(NamedKey):
    """``who``: those who can be told of it, as they stand to what it is of."""

    who: list[str]


class MatrixOut(Output):
    version: int
    at: datetime | None
    events: list[EventOut]
    who: list[NamedKey]
    channels: list[ChannelOut]
    cells: list[CellOut]


class MatrixIn(Input):
    """All cells that are ticked; ``version`` is the one they were made from."""

    version: int
    cells: Annotated[list[CellIn], Field(max_length=2000)]


CaseEvent = Annotated[
    Literal[tuple(str(e) for e in Event if e not in OF_GRIDS)],  # type: ignore[valid-type]
    AfterValidator(Event),
]
"""What other systems can be told of."""


class WebhookIn(Input):
    """``token``: whose scope it has (a token's own call may leave it out). ``events``, ``areas`` empty: all."""

    id: UUID
    name: Text
    url: Url
    token: UUID | None = None
    events: Annotated[list[CaseEvent], Field(max_length=100)] = []
    areas: Annotated[list[str], Field(max_length=100)] = []


class WebhookChange(Input):
    version: int
    name: Text | None = None
    url: Url | None = None
    events: Annotated[list[CaseEvent], Field(max_length=100)] | None = None
    areas: Annotated[list[str], Field(max_length=100)] | None = None
    active: bool | None = None


class WebhookOut(Output):
    """``token_valid`` false: nothing is sent until the token is valid and may read cases."""

    id: UUID
    name: str
    url: str
    token: UUID
    token_name: str
    token_valid: bool
    events: list[str]
    areas: list[str]
    active: bool
    version: int
    created_at: datetime
    last_sent: datetime | None
    waiting: int
    given_up: int


class WebhookMadeOut(WebhookOut):
    """``secret`` is shown this once; null when the call was a repeat."""

    secret: str | None


class RetriedOut(Output):
    count: int = Field(description="how many deliveries wait anew")


class WebhooksOut(Output):
    items: list[WebhookOut]


class DeliveryOut(Output):
    """``status``: waiting (not before ``next_at``), sent, given_up, dropped. ``error``: of the last try. ``text``: what a resident was
    sent, in a demo installation alone."""

    id: UUID
    channel: str
    webhook: UUID | None
    event: str
    case: UUID | None
    status: str
    tries: int
    made_at: datetime
    next_at: datetime
    done_at: datetime | None
    http_status: int | None
    error: str
    text: str | None
