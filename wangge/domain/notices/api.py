"""Notices over HTTP: one's own, the matrix, webhooks, what was sent."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status

from wangge.domain.notices import actions, queries
from wangge.domain.notices import schemas as s
from wangge.domain.notices.actions.webhooks import NO_WEBHOOK
from wangge.domain.notices.rules import Channel
from wangge.domain.notices.tags import NoticePermission
from wangge.kernel.problems import NotFound
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page

router = Router(tags=["notices"])
P = NoticePermission
Limit = Annotated[int, Query(ge=1, le=MOST)]

# — one's own ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get("/notices", permission=P.READ, response=Page[s.NoticeOut], summary="One's own notices, newest first")
def mine(request: HttpRequest, unread: bool = False, after: str | None = None, limit: Limit = DEFAULT) -> Any:
    return queries.mine(by=request.principal, unread=unread, after=after, limit=limit)


@router.get("/notices/unread", permission=P.READ, response=s.UnreadOut, summary="How many are unread")
def unread(request: HttpRequest) -> Any:
    return queries.unread(by=request.principal)


@router.post(
    "/notices/read", permission=P.READ, response=s.ReadOut, summary="Mark as read: some, or all up to a moment"
)
def read(request: HttpRequest, payload: s.ReadIn) -> Any:
    changed = actions.mark_read(by=request.principal, ids=payload.ids, before=payload.before)
    return queries.unread(by=request.principal) | {"changed": changed}


@router.get("/notices/preferences", permission=P.READ, response=s.PreferencesOut, summary="How one wants to be told")
def preferences(request: HttpRequest) -> Any:
    return queries.preferences(by=request.principal)


@router.patch("/notices/preferences", permission=P.READ, response=s.PreferencesOut, summary="Change how one is told")
def set_preferences(request: HttpRequest, payload: s.PreferencesIn) -> Any:
    changes = payload.model_dump(exclude_unset=True)
    for name in ("quiet_from", "quiet_to"):
        if changes.get(name):
            changes[name] = time.fromisoformat(changes[name])
    actions.set_preferences(by=request.principal, changes=changes)
    return queries.preferences(by=request.principal)


@router.post(
    "/notices/preferences/code",
    permission=P.READ,
    response={202: s.PreferencesOut},
    summary="Send a new code to one's own address that is not confirmed yet",
)
def send_code(request: HttpRequest, payload: s.AddressCodeIn) -> Any:
    actions.send_code(by=request.principal, channel=Channel(payload.channel))
    return Status(202, queries.preferences(by=request.principal))


@router.post(
    "/notices/preferences/confirm",
    permission=P.READ,
    response=s.PreferencesOut,
    summary="Confirm one's own address with the code that was sent there",
)
def confirm(request: HttpRequest, payload: s.AddressConfirmIn) -> Any:
    actions.confirm(by=request.principal, channel=Channel(payload.channel), code=payload.code)
    return queries.preferences(by=request.principal)


# — the matrix —————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/notices/matrix", permission=P.MATRIX, response=s.MatrixOut, summary="Who is told of what, and by which way"
)
def matrix(request: HttpRequest) -> Any:
    return queries.matrix()


@router.put("/notices/matrix", permission=P.MATRIX, response=s.MatrixOut, summary="Set the matrix from now on")
def set_matrix(request: HttpRequest, payload: s.MatrixIn) -> Any:
    cells = [actions.Cell(**cell.model_dump()) for cell in payload.cells]
    actions.set_matrix(by=request.principal, version=payload.version, cells=cells)
    return queries.matrix()


# — deliveries —————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/notices/deliveries",
    permission=P.DELIVERIES,
    response=Page[s.DeliveryOut],
    summary="What was sent, waits or failed",
)
def deliveries(
    request: HttpRequest,
    status: Literal["waiting", "sent", "given_up", "dropped"] | None = None,
    failed: bool | None = None,
    channel: Channel | None = None,
    webhook: UUID | None = None,
    after: str | None = None,
    limit: Limit = DEFAULT,
) -> Any:
    return queries.deliveries(
        by=request.principal, status=status, failed=failed, channel=channel, webhook=webhook, after=after, limit=limit
    )


@router.post(
    "/notices/deliveries/{delivery}/retry", permission=P.DELIVERIES, response=s.DeliveryOut, summary="Send it again"
)
def retry(request: HttpRequest, delivery: UUID) -> Any:
    actions.send_again(by=request.principal, delivery=delivery)
    return queries.delivery(by=request.principal, delivery=delivery)


# — webhooks ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


def _one(request: HttpRequest, webhook: UUID) -> dict[str, Any]:
    found = queries.webhooks(by=request.principal, webhook=webhook)
    if not found:
        raise NotFound(NO_WEBHOOK)
    return found[0]


@router.get("/webhooks", permission=P.WEBHOOKS, response=s.WebhooksOut, summary="Subscriptions of other systems")
def list_webhooks(request: HttpRequest) -> Any:
    return {"items": queries.webhooks(by=request.principal)}


@router.post("/webhooks", permission=P.WEBHOOKS, response={201: s.WebhookMadeOut}, summary="Subscribe another system")
def add_webhook(request: HttpRequest, payload: s.WebhookIn) -> Any:
    _, secret = actions.add_webhook(by=request.principal, **payload.model_dump())
    return Status(201, _one(request, payload.id) | {"secret": secret})


@router.get("/webhooks/{webhook}", permission=P.WEBHOOKS, response=s.WebhookOut, summary="One subscription")
def get_webhook(request: HttpRequest, webhook: UUID) -> Any:
    return _one(request, webhook)


@router.patch("/webhooks/{webhook}", permission=P.WEBHOOKS, response=s.WebhookOut, summary="Change a subscription")
def change_webhook(request: HttpRequest, webhook: UUID, payload: s.WebhookChange) -> Any:
    changes = {k: v for k, v in payload.model_dump(exclude_unset=True).items() if v is not None and k != "version"}
    actions.change_webhook(by=request.principal, webhook=webhook, version=payload.version, changes=changes)
    return _one(request, webhook)


@router.delete("/webhooks/{webhook}", permission=P.WEBHOOKS, response={204: None}, summary="End a subscription")
def remove_webhook(request: HttpRequest, webhook: UUID) -> Any:
    actions.remove_webhook(by=request.principal, webhook=webhook)
    return Status(204, None)


@router.post(
    "/webhooks/{webhook}/secret",
    permission=P.WEBHOOKS,
    response=s.WebhookMadeOut,
    summary="A new secret; the old one signs too for a day",
)
def renew_secret(request: HttpRequest, webhook: UUID) -> Any:
    _, secret = actions.renew_secret(by=request.principal, webhook=webhook)
    return _one(request, webhook) | {"secret": secret}


@router.post(
    "/webhooks/{webhook}/ping", permission=P.WEBHOOKS, response={202: s.DeliveryOut}, summary="Send a test event"
)
def ping(request: HttpRequest, webhook: UUID) -> Any:
    return Status(202, _delivery(actions.ping(by=request.principal, webhook=webhook)))


@router.post(
    "/webhooks/{webhook}/retry",
    permission=P.DELIVERIES,
    response=s.RetriedOut,
    summary="Send all that was given up again",
)
def retry_missed(request: HttpRequest, webhook: UUID) -> Any:
    return {"count": actions.send_missed(by=request.principal, webhook=webhook)}


def _delivery(row: Any) -> dict[str, Any]:
    """A delivery to a webhook, which has no text."""
    names = s.DeliveryOut.model_fields.keys() - {"text"}
    return {name: getattr(row, f"{name}_id" if name == "webhook" else name) for name in names} | {"text": None}
