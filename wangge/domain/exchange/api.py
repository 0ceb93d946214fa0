"""The exchange over HTTP: partners for the administrator, orders and messages for the partners, questions for the desks."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status

from wangge.domain.exchange import actions, queries
from wangge.domain.exchange import schemas as s
from wangge.domain.exchange.tags import ExchangePermission
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page

router = Router(tags=["exchange"])
P = ExchangePermission
OrderNumber = Annotated[str, Query(min_length=1, max_length=64)]


# — partners ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get("/exchange/partners", permission=P.PARTNERS, response=s.PartnersOut, summary="对接单位 · Partners")
def list_partners(request: HttpRequest) -> Any:
    """Each with when it was last heard, what waits, what failed and why."""
    by = request.principal
    return {"items": queries.partners(by=by), "mappings": queries.mappings(by=by)}


@router.post(
    "/exchange/partners",
    permission=P.PARTNERS,
    response={201: s.PartnerShownOut},
    summary="新增对接单位 · Add a partner",
)
def add_partner(request: HttpRequest, payload: s.PartnerIn) -> Any:
    return Status(201, _shown(request, actions.add_partner(by=request.principal, **payload.model_dump())))


@router.patch(
    "/exchange/partners/{partner}",
    permission=P.PARTNERS,
    response=s.PartnerShownOut,
    summary="修改对接单位 · Change a partner",
)
def change_partner(request: HttpRequest, partner: UUID, payload: s.PartnerChange) -> Any:
    """Its messages and cases stay when it is made inactive; nothing more is exchanged."""
    given = payload.model_dump(exclude_unset=True, exclude={"version"})
    changes = {k: v for k, v in given.items() if v is not None or k == "push_to"}
    done = actions.change_partner(by=request.principal, partner=partner, version=payload.version, changes=changes)
    return _shown(request, done)


@router.post(
    "/exchange/partners/{partner}/token",
    permission=P.PARTNERS,
    response=s.PartnerShownOut,
    summary="更换令牌 · Another token for a partner",
)
def renew_token(request: HttpRequest, partner: UUID, payload: s.PartnerTokenIn) -> Any:
    """The old one ends at once; messages wait until the partner asks with the new one."""
    return _shown(request, actions.renew_token(by=request.principal, partner=partner, **payload.model_dump()))


def _shown(request: HttpRequest, done: actions.Entered) -> dict[str, Any]:
    row = queries.partners(by=request.principal, partner=done.partner.id)[0]
    return row | {"new_token": done.token, "secret": done.secret}


# — for partners ———————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.post("/exchange/orders", permission=P.ORDERS, response=s.OrdersTakenOut, summary="送来工单 · Send orders")
def send_orders(request: HttpRequest, payload: s.ExchangeOrdersIn) -> Any:
    """Each at most once, by its number; good ones come in although others are refused."""
    orders = [(order.street, order.fields) for order in payload.orders]
    return {"items": actions.receive(by=request.principal, orders=orders)}


@router.get("/exchange/order", permission=P.ORDERS, response=s.OrderStandsOut, summary="工单现状 · How an order stands")
def order(request: HttpRequest, number: OrderNumber) -> Any:
    return queries.order(by=request.principal, number=number)


@router.post(
    "/exchange/order", permission=P.ORDERS, response={204: None}, summary="告知工单情况 · Say something of an order"
)
def tell_order(request: HttpRequest, number: OrderNumber, payload: s.ToldIn) -> Any:
    """Hurry, an addition, what the caller says, a withdrawal, a later limit: done to the case in the partner's name."""
    actions.told(by=request.principal, order=number, **payload.model_dump())
    return Status(204, None)


@router.get(
    "/exchange/messages", permission=P.ORDERS, response=s.ExchangeMessagesOut, summary="取消息 · Fetch messages"
)
def messages(
    request: HttpRequest,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT,
) -> Any:
    """In the order they were made. Keep `next` once all of them are safely yours, and ask with it the next time."""
    return queries.messages(by=request.principal, after=after, limit=limit)


@router.post(
    "/exchange/messages/{message}/answer",
    permission=P.ORDERS,
    response={204: None},
    summary="答复申请或移交 · Answer a question",
)
def answer(request: HttpRequest, message: UUID, payload: s.ExchangeAnswerIn) -> Any:
    actions.answer(by=request.principal, message=message, **payload.model_dump())
    return Status(204, None)


# — for desks ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/exchange/questions",
    permission=P.ASK,
    response=Page[s.OpenQuestionOut],
    summary="待答复的移交与申请 · What partners have not answered",
)
def questions(
    request: HttpRequest, after: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT
) -> Any:
    """Of cases in one's scope, the oldest first."""
    return queries.questions(by=request.principal, after=after, limit=limit)


@router.get(
    "/cases/{case}/exchange", permission=P.ASK, response=s.SaidListOut, summary="对接往来 · What was said to partners"
)
def of_case(request: HttpRequest, case: UUID) -> Any:
    """And what may be asked of whom now."""
    return queries.of_case(by=request.principal, case=case)


@router.post(
    "/cases/{case}/exchange", permission=P.ASK, response=s.SaidListOut, summary="移交或申请 · Hand over, or ask"
)
def ask(request: HttpRequest, case: UUID, payload: s.AskIn) -> Any:
    actions.ask(by=request.principal, case=case, **payload.model_dump())
    return queries.of_case(by=request.principal, case=case)
