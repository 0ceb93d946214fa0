"""Partners: which system, by which token, how its words are read, and whether we push to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from wangge.domain.cases.orders import mappings
from wangge.domain.exchange.models import Partner
from wangge.domain.exchange.rules import LEVELS, PartnerKind
from wangge.domain.exchange.tags import ExchangePermission, ExchangeTag
from wangge.domain.notices.actions import add_webhook, change_webhook, remove_webhook
from wangge.domain.notices.channels.target import Refused, target
from wangge.domain.notices.models import Webhook
from wangge.domain.people.access import changed, create_once
from wangge.domain.people.actions.tokens import make_token, revoke_token
from wangge.domain.people.models import Token
from wangge.domain.places import queries as places
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from wangge.kernel.words import Words

EVENT = "exchange"
"""The only event that a partner's webhook hears of: nothing but messages of the exchange goes there."""
EVENT_NAME = {EVENT: Words("对接消息", "Message to a partner")}
NO_PARTNER = Words("没有这个对接单位。", "There is no such partner.")
YEAR = timedelta(days=365)
NEEDED = (str(ExchangePermission.ORDERS), "cases.read")
"""What a partner's token is for: orders, and to be told of cases when messages are pushed."""


class Entered(NamedTuple):
    """A partner, with what is shown this once: the token that was made for it, and the secret by which its pushes are signed."""

    partner: Partner
    token: str | None = None
    secret: str | None = None


def add_partner(
    *,
    by: Principal,
    id: UUID,
    kind: PartnerKind,
    name: str,
    source: str,
    street: str,
    token: UUID | None = None,
    areas: Sequence[str] = (),
    expires_at: datetime | None = None,
    mapping: str = "",
    states: Mapping[str, str] | None = None,
    push_to: str | None = None,
) -> Entered:
    """Begin to exchange with a system. Without a ``token`` one is made for it, good in ``areas`` (the street's district) until ``expires_at`` (for
    a year). With ``push_to`` its messages are POSTed there, signed.

    Raises Invalid for a token that may not exchange orders, an unknown street or mapping, an address that must not be called, a source that
    another partner has.
    """
    by.require(ExchangePermission.PARTNERS)
    _check(street=street, mapping=mapping, push_to=push_to)
    given = {
        "kind": str(kind),
        "name": name,
        "source": source,
        "token": str(token),
        "areas": sorted(areas),
        "expires_at": expires_at,
        "street": street,
        "mapping": mapping,
        "states": {str(kind): word for kind, word in (states or {}).items()},
        "push_to": push_to,
    }
    shown: dict[str, str | None] = {}

    def make(digest: bytes) -> Partner:
        if Partner.objects.filter(source=source).exists():
            raise Invalid.field(
                "body.source", "taken", "该来源名称已用于另一对接单位。", "Another partner has this source."
            )
        if token is not None and Partner.objects.filter(token_id=token).exists():
            raise Invalid.field("body.token", "taken", "该令牌已属于另一对接单位。", "Another partner has this token.")
        key = token
        if key is None:
            until = expires_at or clock.now() + YEAR
            made_token, shown["token"] = make_token(
                by=by, name=name, permissions=NEEDED, areas=areas or (street[:6],), expires_at=until
            )
            key = made_token["id"]
        _usable(key, push=push_to is not None)
        row = Partner(
            id=id, kind=kind, name=name, source=source, token_id=key, street=street, mapping=mapping,
            states=given["states"], created_at=clock.now(), created_hash=digest,
        )  # fmt: skip
        shown["secret"] = _push(by, row, push_to)
        row.save(force_insert=True)
        body = {"name": name, "kind": str(kind), "source": source, "token": str(key), "street": street}
        ledger.append(by=by, tag=ExchangeTag.PARTNER_ADDED, kind="partner", subject=id, body=body)
        return row

    with acting(SYSTEM), transaction.atomic():
        row, _ = create_once(Partner, id, given, make)
    return Entered(row, **shown)


def change_partner(*, by: Principal, partner: UUID, version: int, changes: Mapping[str, Any]) -> Entered:
    """Change name, street, mapping, states, active or ``push_to`` (None: it fetches its messages). What waits to be pushed waits on while the
    partner is not active, and can still be fetched when it is not pushed to any more.

    Raises NotFound, Conflict (changed meanwhile), Invalid."""
    by.require(ExchangePermission.PARTNERS)
    _check(street=changes.get("street"), mapping=changes.get("mapping"), push_to=changes.get("push_to"))
    with acting(SYSTEM), transaction.atomic():
        row = _locked(partner, version)
        own = {k: v for k, v in changes.items() if k != "push_to"}
        if "states" in own:
            own["states"] = {str(kind): word for kind, word in own["states"].items()}
        fields = sorted(k for k, v in own.items() if getattr(row, k) != v)
        for name in fields:
            setattr(row, name, own[name])
        secret, hook = None, _webhook(row)
        if "push_to" in changes and changes["push_to"] != (hook.url if hook else None):
            secret = _push(by, row, changes["push_to"])
            fields.append("push_to")
        if fields:
            _follow(by, row)
            _changed(by, row, fields)
    return Entered(row, secret=secret)


def renew_token(*, by: Principal, partner: UUID, version: int, expires_at: datetime | None = None) -> Entered:
    """Another token for the partner, like the one it had, until ``expires_at`` (for a year); the old one ends at once, and messages wait meanwhile.

    Raises NotFound, Conflict (changed meanwhile, or another installation, which has no token), Invalid for a time beyond two years."""
    by.require(ExchangePermission.PARTNERS)
    with acting(SYSTEM), transaction.atomic():
        row = _locked(partner, version)
        old = row.token
        if old is None:
            raise Conflict(
                Words("上下级平台以密钥对接，没有令牌。", "Another installation exchanges by its key; it has no token.")
            )
        made, text = make_token(
            by=by,
            name=row.name,
            permissions=sorted({*old.permissions, *NEEDED}),
            areas=old.areas,
            grids=old.grids,
            units=old.units,
            everywhere=old.everywhere,
            networks=old.networks,
            expires_at=expires_at or clock.now() + YEAR,
        )
        row.token_id = made["id"]
        _follow(by, row)
        revoke_token(by=by, token=old.id)
        _changed(by, row, ["token"])
    return Entered(row, token=text)


def _locked(partner: UUID, version: int) -> Partner:
    row = Partner.objects.select_for_update(of=("self",)).select_related("token").filter(id=partner).first()
    if row is None:
        raise NotFound(NO_PARTNER)
    if row.version != version:
        raise changed({"id": row.id, "name": row.name, "version": row.version, "active": row.active})
    return row


def _changed(by: Principal, row: Partner, fields: Sequence[str]) -> None:
    row.version += 1
    row.save()
    body = {"name": row.name, "fields": sorted(fields), "active": row.active}
    ledger.append(by=by, tag=ExchangeTag.PARTNER_CHANGED, kind="partner", subject=row.id, body=body)


def _webhook(row: Partner) -> Webhook | None:
    """By which it is pushed to; none when the webhook was ended."""
    return Webhook.objects.filter(id=row.webhook, removed_at__isnull=True).first() if row.webhook else None


def _push(by: Principal, row: Partner, to: str | None) -> str | None:
    """Push the messages of a partner to an address from now on, or to none. Returns the secret of a new webhook; another address keeps the secret."""
    hook = _webhook(row)
    if to is None:
        if hook is not None:
            remove_webhook(by=by, webhook=hook.id)
        row.webhook = None
        return None
    if PartnerKind(row.kind) in LEVELS:
        raise Invalid.field(
            "body.push_to",
            "level",
            "上下级平台自行交换，不填推送网址。",
            "Other installations exchange by themselves; nothing is pushed to them.",
        )
    assert row.token_id is not None
    _usable(row.token_id, push=True)
    if hook is not None:
        change_webhook(by=by, webhook=hook.id, version=hook.version, changes={"url": to})
        return None
    made, secret = add_webhook(by=by, id=uuid7(), name=row.name, url=to, token=row.token_id, events=(EVENT,))
    row.webhook = made.id
    return secret


def _follow(by: Principal, row: Partner) -> None:
    """The webhook is called, belongs and rests as its partner does."""
    hook = _webhook(row)
    if hook is not None:
        like = {"name": row.name, "token_id": row.token_id, "active": row.active}
        change_webhook(by=by, webhook=hook.id, version=hook.version, changes=like)


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
    needed = NEEDED if push else NEEDED[:1]
    if found is None or not set(needed) <= set(found.permissions):
        raise Invalid.field(
            "body.token",
            "permission",
            f"请选择有效且具有 {'、'.join(needed)} 权限的令牌。",
            f"Name a valid token with {' and '.join(needed)}.",
        )


def _check(*, street: str | None, mapping: str | None, push_to: str | None) -> None:
    if street is not None and not places.is_street(street):
        raise Invalid.field("body.street", "unknown", "没有这个街道或镇。", "There is no such street or town.")
    if mapping:
        try:
            mappings.load(mapping)
        except Problem as unknown:
            raise Invalid.field("body.mapping", "unknown", unknown.detail.zh, unknown.detail.en) from None
    if push_to is not None:
        try:
            target(push_to, settings.CONFIG.webhook_hosts)
        except Refused as refused:
            raise Invalid.field("body.push_to", "refused", refused.words.zh, refused.words.en) from None
