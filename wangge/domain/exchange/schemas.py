"""What goes in and out of the API of the exchange."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wangge.domain.exchange.actions.orders import MOST
from wangge.domain.exchange.rules import MessageKind, PartnerKind, Told
from wangge.kernel.web.schemas import Input, Moment, Output, Version, WordsOut

Name = Annotated[str, Field(min_length=1, max_length=60)]
Street = Annotated[str, Field(pattern=r"^[0-9]{9}$")]
Note = Annotated[str, Field(min_length=1, max_length=1500)]
PushTo = Annotated[
    Annotated[str, Field(min_length=8, max_length=500)] | None,
    Field(description="a URL; null: it fetches its messages"),
]
States = Annotated[
    dict[MessageKind, Annotated[str, Field(min_length=1, max_length=40)]],
    Field(description="what our words are called there; the others are sent in Chinese"),
]


class PartnerIn(Input):
    """`mapping`: a saved mapping of orders, the same that workbooks use (`/orders/mappings`). Without a `token` one is made."""

    id: UUID
    kind: Literal[PartnerKind.HOTLINE, PartnerKind.POLICE]
    name: Name
    source: str = Field(min_length=1, max_length=40, description="of the cases it gives us")
    street: Street = Field(description="where an order belongs that names no street")
    token: UUID | None = Field(
        None, description="by which it asks; it needs `exchange.orders`, and `cases.read` when we push"
    )
    areas: list[str] = Field(
        [], max_length=50, description="where the token that is made is good; empty: the street's district"
    )
    expires_at: Moment | None = Field(None, description="until when it is good, within two years; null: for a year")
    mapping: str = Field("", max_length=60)
    states: States = {}
    push_to: PushTo = None


class PartnerChange(Input):
    """What is left out stays."""

    version: Version
    name: Name | None = None
    street: Street | None = None
    mapping: str | None = Field(None, max_length=60)
    states: States | None = None
    active: bool | None = None
    push_to: PushTo = None


class PartnerTokenIn(Input):
    version: Version
    expires_at: Moment | None = Field(None, description="within two years; null: for a year")


class PartnerOut(Output):
    """`waiting`: messages that it has not got yet (null: it fetches them, and does not say how far it is). `failed`: pushes that were given up,
    or what another level sent within a day and nothing could be done with; `error`: why the last of them, or of what is tried again."""

    id: UUID
    kind: str
    name: str
    source: str
    token: UUID | None = Field(description="null: another installation, entered by `wangge level add`")
    token_valid: bool | None
    token_expires_at: datetime | None
    street: str
    street_name: str | None
    street_name_en: str | None
    mapping: str
    states: dict[str, str]
    push_to: str | None
    webhook: UUID | None = Field(description="its deliveries: `/notices/deliveries?webhook=…`")
    level_key: str | None = Field(description="of another installation: the id of its key")
    level_url: str | None = Field(description="where we ask the level above; empty for one below, which asks us")
    last_heard: datetime | None = Field(description="when it last asked or answered us")
    unanswered: int
    unanswered_since: datetime | None
    waiting: int | None
    failed: int
    error: str
    active: bool
    version: int
    created_at: datetime


class PartnersOut(Output):
    items: list[PartnerOut]
    mappings: list[str] = Field(description="saved mappings, by which the words of a partner may be read")


class PartnerShownOut(PartnerOut):
    new_token: str | None = Field(description="the token that was made for it; shown this once")
    secret: str | None = Field(description="by which pushed messages are signed; shown this once")


class OfferOut(Output):
    """What may be asked of a partner about this case now."""

    id: UUID
    kind: str
    name: str
    asks: list[str]


class ExchangeOrderIn(Input):
    """`fields`: an order as it is called over there (by the partner's mapping, or the usual titles), or by our names: number, received, text …"""

    street: Street | None = None
    fields: Annotated[
        dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=6000)] | int | float | None],
        Field(min_length=1, max_length=60),
    ]


class ExchangeOrdersIn(Input):
    orders: Annotated[list[ExchangeOrderIn], Field(min_length=1, max_length=MOST)]


class OrderFaultOut(Output):
    field: str
    message: WordsOut


class OrderTakenOut(Output):
    order: str
    state: Literal["made", "known", "refused"]
    case: UUID | None
    number: str | None = Field(description="of the case")
    errors: list[OrderFaultOut]


class OrdersTakenOut(Output):
    items: list[OrderTakenOut]


class OrderStandsOut(Output):
    order: str
    case: UUID
    number: str
    status: str
    unit: str | None
    due_at: datetime | None
    closed_at: datetime | None
    result: str = Field(description="the reply; empty before the case has ended")


class ToldIn(Input):
    id: UUID = Field(description="made by the partner: told again with the same id it is done once")
    what: Told
    note: Note
    due_at: Moment | None = Field(None, description="of `extend`")
    rating: int | None = Field(None, ge=1, le=5)


class ExchangeMessageOut(Output):
    seq: int
    id: UUID
    kind: str
    state: str = Field(description="the kind in the partner's words")
    at: datetime
    order: str | None
    case: str = Field(description="our number of the case")
    text: str = ""
    unit: str | None = None
    due_at: datetime | None = None
    matter: dict[str, Any] | None = None
    answer: str = Field(
        description="`waiting`: the partner has to answer; `accepted`, `refused`: it has; empty: nothing is asked"
    )


class ExchangeMessagesOut(Output):
    items: list[ExchangeMessageOut]
    next: int = Field(description="what to ask with the next time, also when there was nothing")


class ExchangeAnswerIn(Input):
    accepted: bool
    note: str = Field("", max_length=1500)
    number: str = Field("", max_length=64, description="what the partner calls a case it took over")
    due_at: Moment | None = Field(None, description="until when, if not as asked")


class AskIn(Input):
    id: UUID
    partner: UUID
    kind: Literal[MessageKind.ASK_RETURN, MessageKind.ASK_EXTENSION, MessageKind.HAND_OVER]
    note: Note
    due_at: Moment | None = None


class SaidOut(Output):
    """`sent`: of what is pushed, as in `/notices/deliveries`; null: the partner fetches it."""

    id: UUID
    kind: str
    partner: UUID
    partner_name: str
    made_at: datetime
    text: str
    due_at: datetime | None
    answer: str
    answered_at: datetime | None
    answer_note: str
    their_number: str
    sent: str | None
    error: str | None


class SaidListOut(Output):
    items: list[SaidOut]
    offers: list[OfferOut]


class OpenQuestionOut(Output):
    """What a partner has not answered yet. `sent`: as in `SaidOut`."""

    id: UUID
    kind: str
    partner: UUID
    partner_name: str
    made_at: datetime
    text: str
    due_at: datetime | None = Field(description="until when an extension is asked for")
    case: UUID
    number: str
    title: str
    status: str
    holder: UUID
    holder_name: str
    holder_name_en: str
    sent: str | None
    error: str | None
