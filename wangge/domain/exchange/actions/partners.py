"""Partners: which system, by which token, how its words are read, and whether we push to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.cases.orders import mappings
from wangge.domain.exchange.models import Partner
from wangge.domain.exchange.rules import PartnerKind
from wangge.domain.exchange.tags import ExchangePermission, ExchangeTag
from wangge.domain.notices.actions import add_webhook
from wangge.domain.people.access import changed, create_once
from wangge.domain.people.models import Token
from wangge.domain.places import queries as places
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Forbidden, Invalid, NotFound, Problem
from wangge.kernel.words import Words

EVENT = "exchange"
"""The only event that a partner's webhook hears of: nothing but messages of the exchange goes there."""
NO_PARTNER = Words("没有这个对接单位。", "There is no such partner.")


def add_partner(
    *,
    by: Principal,
    id: UUID,
    kind: PartnerKind,
    name: str,
    source: str,
    token: UUID,
    street: str,
    mapping: str = "",
    states: Mapping[str, str] | None = None,
    push_to: str | None = None,
) -> tuple[Partner, str | None]:
    """Begin to exchange with a system. With ``push_to`` its messages are POSTed there, signed; returns the secret of that, shown this once.

    Raises Invalid for a token that may not exchange orders, an unknown street or mapping, an address that must not be called, a source that
    another partner has.
    """
    by.require(ExchangePermission.PARTNERS)
    _check(street=street, mapping=mapping)
    given = {
        "kind": str(kind),
        "name": name,
        "source": source,
        "token": str(token),
        "street": street,
        "mapping": mapping,
        "states": dict(states or {}),
        "push_to": push_to,
    }
    secret: list[str | None] = [None]

    def make(digest: bytes) -> Partner:
        _usable(token, push=push_to is not None)
        if Partner.objects.filter(token_id=token).exists() or Partner.objects.filter(source=source).exists():
            raise Invalid.field(
                "body.source",
                "taken",
                "该令牌或来源名称已用于另一对接单位。",
                "Another partner has this token or this source.",
            )
        webhook = None
        if push_to is not None:
            row, secret[0] = add_webhook(by=by, id=uuid7(), name=name, url=push_to, token=token, events=(EVENT,))
            webhook = row.id
        made = Partner.objects.create(
            id=id, kind=kind, name=name, source=source, token_id=token, street=street, mapping=mapping,
            states=given["states"], webhook=webhook, created_at=clock.now(), created_hash=digest,
        )  # fmt: skip
        body = {"name": name, "kind": str(kind), "source": source, "token": str(token), "street": street}
        ledger.append(by=by, tag=ExchangeTag.PARTNER_ADDED, kind="partner", subject=id, body=body)
        return made

    with acting(SYSTEM), transaction.atomic():
        row, _ = create_once(Partner, id, given, make)
    return row, secret[0]


def change_partner(*, by: Principal, partner: UUID, version: int, changes: Mapping[str, Any]) -> Partner:
    """Change name, street, mapping, states or active. Raises NotFound, Conflict (changed meanwhile), Invalid."""
    by.require(ExchangePermission.PARTNERS)
    _check(street=changes.get("street"), mapping=changes.get("mapping"))
    with acting(SYSTEM), transaction.atomic():
        row = Partner.objects.select_for_update().filter(id=partner).first()
        if row is None:
            raise NotFound(NO_PARTNER)
        if row.version != version:
            raise changed({"id": row.id, "name": row.name, "version": row.version, "active": row.active})
        fields = sorted(k for k, v in changes.items() if getattr(row, k) != v)
        if fields:
            for name in fields:
                setattr(row, name, changes[name])
            row.version += 1
            row.save()
            body = {"name": row.name, "fields": fields, "active": row.active}
            ledger.append(by=by, tag=ExchangeTag.PARTNER_CHANGED, kind="partner", subject=row.id, body=body)
    return row


def partner_of(by: Principal) -> Partner:
    """The partner whose token asks. Forbidden for a token that is nobody's. Called as SYSTEM."""
    found = Partner.objects.filter(token_id=by.id, active=True).first() if by.kind == "token" else None
    if found is None:
        raise Forbidden(
            Words(
                "此令牌不属于任何启用的对接单位，请安全管理员登记。",
                "This token is no active partner's; the security administrator has to enter one.",
            )
        )
    return found


def _usable(token: UUID, *, push: bool) -> None:
    found = Token.objects.filter(id=token, revoked_at__isnull=True, expires_at__gt=clock.now()).first()
    needed = [str(ExchangePermission.ORDERS), *(["cases.read"] if push else [])]
    if found is None or not set(needed) <= set(found.permissions):
        raise Invalid.field(
            "body.token",
            "permission",
            f"请选择有效且具有 {'、'.join(needed)} 权限的令牌。",
            f"Name a valid token with {' and '.join(needed)}.",
        )


def _check(*, street: str | None, mapping: str | None) -> None:
    if street is not None and not places.is_street(street):
        raise Invalid.field("body.street", "unknown", "没有这个街道或镇。", "There is no such street or town.")
    if mapping:
        try:
            mappings.load(mapping)
        except Problem as unknown:
            raise Invalid.field("body.mapping", "unknown", unknown.detail.zh, unknown.detail.en) from None
