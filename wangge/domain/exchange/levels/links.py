"""Installations are made known to each other on the command line: their keys are a matter of those who run them."""

from __future__ import annotations

from django.db import transaction

from wangge.domain.exchange.models import Link, Partner
from wangge.domain.exchange.rules import PartnerKind
from wangge.domain.exchange.tags import ExchangeTag
from wangge.domain.places import queries as places
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM
from wangge.kernel.crypto.keyring import fingerprint
from wangge.kernel.ids import body_hash, uuid7
from wangge.kernel.problems import Invalid
from wangge.kernel.web.outward import is_safe


@transaction.atomic
def add_level(*, kind: PartnerKind, name: str, source: str, key: str, street: str, url: str = "") -> Partner:
    """Make another installation known, or give one that is known another key or address. ``key``: its public key (64 hexadecimal digits).
    Raises Invalid."""
    try:
        public = bytes.fromhex(key)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise Invalid.field(
            "key",
            "format",
            "公钥为 64 位十六进制数，由对方执行 wangge level key 得到。",
            "The key has 64 hexadecimal digits; the other side gets it by `wangge level key`.",
        )
    if kind == PartnerKind.ABOVE and not is_safe(url):
        raise Invalid.field(
            "url", "url", "上级平台须给出 https:// 地址。", "The level above needs an https:// address."
        )
    if kind == PartnerKind.BELOW and url:
        raise Invalid.field(
            "url", "url", "下级平台主动连接，不填地址。", "The level below asks us; it has no address here."
        )
    if not places.is_street(street):
        raise Invalid.field("street", "unknown", "没有这个街道或镇。", "There is no such street or town.")
    known = Partner.objects.filter(source=source).first()
    if known is not None and known.kind != kind:
        raise Invalid.field("source", "taken", "来源名称已用于另一对接单位。", "Another partner has this source.")
    if Link.objects.filter(key=fingerprint(public)).exclude(partner=known).exists():
        raise Invalid.field("key", "taken", "该公钥已用于另一平台。", "Another installation has this key.")
    partner = known or Partner(id=uuid7(), kind=kind, source=source, created_at=clock.now(), created_hash=body_hash({}))
    partner.name, partner.street, partner.active = name, street, True
    partner.save()
    values = {"key": fingerprint(public), "public": key.lower(), "url": url.rstrip("/")}
    Link.objects.update_or_create(partner=partner, defaults=values)
    body = {"name": name, "kind": str(kind), "source": source, "key": values["key"], "street": street}
    ledger.append(by=SYSTEM, tag=ExchangeTag.PARTNER_ADDED, kind="partner", subject=partner.id, body=body)
    return partner
