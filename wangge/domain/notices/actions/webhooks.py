"""Webhooks: which other system is told, as what it may read by its token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from wangge.domain.notices import addresses
from wangge.domain.notices.channels.target import Refused, target
from wangge.domain.notices.models import Delivery, Webhook
from wangge.domain.notices.rules import Channel, new_secret
from wangge.domain.notices.rules.texts import PING, payload
from wangge.domain.notices.tags import NoticePermission, NoticeTag
from wangge.domain.people.access import changed, create_once
from wangge.domain.people.models import Token
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, FieldError, Invalid, NotFound
from wangge.kernel.words import Words

NO_WEBHOOK = Words("没有这个推送订阅。", "There is no such webhook.")


def add_webhook(
    *,
    by: Principal,
    id: UUID,
    name: str,
    url: str,
    token: UUID | None = None,
    events: Sequence[str] = (),
    areas: Sequence[str] = (),
) -> tuple[Webhook, str | None]:
    """Subscribe a system. Returns its row and the secret, which is shown this once (None when the call was a repeat).

    A token subscribes for itself, an administrator for a token. Raises Invalid for a URL that must not be called, a token that cannot read
    cases, and areas that are none.
    """
    by.require(NoticePermission.WEBHOOKS)
    token = _token_for(by, token)
    _check(url=url, areas=areas)
    secret = new_secret()
    given = {"name": name, "url": url, "token": str(token), "events": sorted(set(events)), "areas": sorted(set(areas))}

    def make(digest: bytes) -> Webhook:
        made = Webhook.objects.create(
            id=id,
            token_id=token,
            name=name,
            url=url,
            events=given["events"],
            areas=given["areas"],
            secret_sealed=addresses.seal_secret(id, secret),
            created_at=clock.now(),
            created_hash=digest,
        )
        body = {
            "name": name,
            "host": urlsplit(url).hostname,
            "events": made.events,
            "areas": made.areas,
            "token": str(token),
        }
        ledger.append(by=by, tag=NoticeTag.WEBHOOK_ADDED, kind="webhook", subject=id, body=body)
        return made

    with acting(SYSTEM), transaction.atomic():
        row, made_now = create_once(Webhook, id, given, make)
    return row, secret if made_now else None


def change_webhook(*, by: Principal, webhook: UUID, version: int, changes: Mapping[str, Any]) -> Webhook:
    """Change name, url, events, areas or active. Raises NotFound, Conflict (changed meanwhile), Invalid."""
    by.require(NoticePermission.WEBHOOKS)
    _check(url=changes.get("url"), areas=changes.get("areas") or ())
    with acting(SYSTEM), transaction.atomic():
        row = _own(by, webhook)
        if row.version != version:
            raise changed({"id": row.id, "name": row.name, "version": row.version, "active": row.active})
        wanted = {k: sorted(set(v)) if isinstance(v, list) else v for k, v in changes.items()}
        differing = sorted(k for k, v in wanted.items() if getattr(row, k) != v)
        if differing:
            for name in differing:
                setattr(row, name, wanted[name])
            row.version += 1
            row.save()
            body = {"name": row.name, "fields": differing, "host": urlsplit(row.url).hostname, "active": row.active}
            ledger.append(by=by, tag=NoticeTag.WEBHOOK_CHANGED, kind="webhook", subject=row.id, body=body)
    return row


def renew_secret(*, by: Principal, webhook: UUID) -> tuple[Webhook, str]:
    """A new secret, shown this once; for a day the one before signs too, so that the receiver can change over without a gap."""
    by.require(NoticePermission.WEBHOOKS)
    secret = new_secret()
    with acting(SYSTEM), transaction.atomic():
        row = _own(by, webhook)
        row.old_sealed, row.old_until = row.secret_sealed, clock.now() + addresses.BOTH_SECRETS
        row.secret_sealed = addresses.seal_secret(row.id, secret)
        row.version += 1
        row.save()
        ledger.append(by=by, tag=NoticeTag.WEBHOOK_SECRET, kind="webhook", subject=row.id, body={"name": row.name})
    return row, secret


def remove_webhook(*, by: Principal, webhook: UUID) -> None:
    """End a subscription; what waits for it is not sent any more. Its deliveries stay in the list until they are too old."""
    by.require(NoticePermission.WEBHOOKS)
    with acting(SYSTEM), transaction.atomic():
        row = _own(by, webhook)
        now = clock.now()
        row.active, row.removed_at, row.version = False, now, row.version + 1
        row.save()
        Delivery.objects.filter(webhook=row, status="waiting").update(
            status="dropped", done_at=now, claimed_until=None, error="the webhook was removed"
        )
        ledger.append(by=by, tag=NoticeTag.WEBHOOK_REMOVED, kind="webhook", subject=row.id, body={"name": row.name})


def ping(*, by: Principal, webhook: UUID) -> Delivery:
    """Queue a test event, sent as every other one by the worker. How it went is in the delivery."""
    by.require(NoticePermission.WEBHOOKS)
    with acting(SYSTEM), transaction.atomic():
        row = _own(by, webhook)
        if not row.active:
            raise Conflict(Words("该订阅已停用，请先启用。", "The webhook is not active; activate it first."))
        key, now = uuid7(), clock.now()
        body = payload(event=PING, delivery=str(key), at=now, case=None)
        return Delivery.objects.create(
            id=key,
            channel=Channel.WEBHOOK,
            webhook=row,
            event=PING,
            body=orjson.dumps(body).decode(),
            made_at=now,
            next_at=now,
        )


def _own(by: Principal, webhook: UUID) -> Webhook:
    found = Webhook.objects.select_for_update().filter(id=webhook, removed_at__isnull=True).first()
    if found is None or (by.kind == "token" and found.token_id != by.id):
        raise NotFound(NO_WEBHOOK)
    return found


def _token_for(by: Principal, token: UUID | None) -> UUID:
    if by.kind == "token":
        if token not in (None, by.id):
            raise Invalid.field("body.token", "own", "令牌只能为自己订阅。", "A token subscribes for itself alone.")
        assert by.id is not None
        return by.id
    found = (
        Token.objects.filter(id=token, revoked_at__isnull=True, expires_at__gt=clock.now()).first() if token else None
    )
    if found is None:
        raise Invalid.field(
            "body.token",
            "unknown",
            "请选择一个有效的访问令牌：订阅方只收到该令牌可读取的案件。",
            "Name a token that is valid: the system is told of the cases which that token may read.",
        )
    if "cases.read" not in found.permissions:
        raise Invalid.field(
            "body.token",
            "permission",
            "该令牌没有读取案件的权限（cases.read）。",
            "The token lacks the permission cases.read.",
        )
    return found.id


def _check(*, url: str | None, areas: Sequence[str]) -> None:
    faults: list[FieldError] = []
    if url is not None:
        try:
            target(url, settings.CONFIG.webhook_hosts)
        except Refused as refused:
            faults.append(FieldError("body.url", "refused", refused.words))
    for i, code in enumerate(areas):
        if not (code.isascii() and code.isdigit() and len(code) in (6, 9, 12)):
            faults.append(
                FieldError(
                    f"body.areas[{i}]",
                    "area",
                    Words(
                        "区划须是区县、街道或社区的代码（6、9 或 12 位）。",
                        "An area is the code of a district, street or community (6, 9 or 12 digits).",
                    ),
                )
            )
    if faults:
        raise Invalid.fields(*faults)
