"""限制名单: a network or a phone is kept from reporting for a while, for a reason that it is told."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.portal import rules
from wangge.domain.portal.models import Ban
from wangge.domain.portal.tags import PortalPermission, PortalTag
from wangge.kernel import clock, crypto, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.problems import Invalid, NotFound
from wangge.kernel.words import Words

WIDEST = {4: 16, 6: 32}
"""Bits of the widest network: a wider one would keep out a city."""


def ban(
    *, by: Principal, id: UUID, reason: str, expires_at: datetime, network: str = "", phone: str = ""
) -> dict[str, Any]:
    """Put a network or a phone on the list. The same call sent again makes one."""
    by.require(PortalPermission.BANS)
    now = clock.now()
    if bool(network) == bool(phone):
        raise Invalid.field(
            "body.network", "one_of", "请填写网段或手机之一。", "Give a network or a phone, one of the two."
        )
    if not now < expires_at <= now + rules.LONGEST_BAN:
        raise Invalid.field(
            "body.expires_at",
            "range",
            f"限制最长 {rules.LONGEST_BAN.days} 天，须晚于现在。",
            f"It ends within {rules.LONGEST_BAN.days} days from now.",
        )
    shown = _network(network) if network else crypto.mask(crypto.Kind.PHONE, crypto.normal("phone", phone))
    with acting(SYSTEM), transaction.atomic():
        row, made = Ban.objects.get_or_create(
            id=id,
            defaults={
                "kind": "network" if network else "phone",
                "network": shown if network else None,
                "phone_hash": crypto.lookup_hash("phone", phone) if phone else None,
                "shown": shown,
                "reason": reason.strip(),
                "made_at": now,
                "made_by": by.id,
                "expires_at": expires_at,
            },
        )
        if made:
            body = {"shown": shown, "reason": row.reason, "until": f"{expires_at:%Y-%m-%d}"}
            ledger.append(by=by, tag=PortalTag.BANNED, kind="portal_ban", subject=id, body=body)
    return told(row)


def _network(text: str) -> str:
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise Invalid.field(
            "body.network",
            "network",
            f"{text} 不是网段（如 203.0.113.0/24）。",
            f"{text} is no network (203.0.113.0/24).",
        ) from error
    if found.prefixlen < WIDEST[found.version]:
        raise Invalid.field(
            "body.network",
            "too_wide",
            f"网段过大，最大 /{WIDEST[found.version]}。",
            f"This network is too wide: /{WIDEST[found.version]} at most.",
        )
    return str(found)


def lift(*, by: Principal, id: UUID) -> dict[str, Any]:
    """Take it off the list now. Nothing happens to one that is over."""
    by.require(PortalPermission.BANS)
    with acting(SYSTEM), transaction.atomic():
        row = Ban.objects.select_for_update().filter(id=id).first()
        if row is None:
            raise NotFound(Words("没有这条限制。", "There is no such ban."))
        if row.lifted_at is None and row.expires_at > clock.now():
            row.lifted_at = clock.now()
            row.save(update_fields=["lifted_at"])
            ledger.append(by=by, tag=PortalTag.BAN_LIFTED, kind="portal_ban", subject=id, body={"shown": row.shown})
    return told(row)


def told(row: Ban) -> dict[str, Any]:
    """A ban as the list shows it: a phone is masked."""
    keys = ("id", "kind", "shown", "reason", "made_at", "expires_at", "lifted_at")
    return {key: getattr(row, key) for key in keys}
