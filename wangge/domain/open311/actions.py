"""A request of the standard becomes a case, by a client's key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.rules import Channel, Status
from wangge.domain.evidence.actions import Promise
from wangge.domain.open311.queries import service, source_of
from wangge.domain.open311.rules import Refused
from wangge.domain.portal import limits
from wangge.domain.portal.rules import HOUR, Limit
from wangge.kernel import jobs
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.words import Words

OF_A_KEY = Limit("open311.key", 3000, HOUR)
LONGEST = 4000
LONGEST_URL = 2000
AGAIN = 3
"""How often a picture that cannot be had at once is tried again."""


def send(*, by: Principal, given: Mapping[str, str]) -> Row:
    """Take a request in. Place: ``lat`` and ``long``, or the code of the street as ``address_id``. Raises Refused, or a Problem of the report."""
    limits.take(OF_A_KEY, str(by.id))
    if not given.get("service_code"):
        raise Refused(400, Words("缺少 service_code。", "service_code is missing."))
    chosen = service(given["service_code"])
    text = given.get("description", "").strip()
    if not text:
        raise Refused(400, Words("缺少 description（情况描述）。", "description is missing."))
    if len(text) > LONGEST:
        raise Refused(400, Words(f"description 最多 {LONGEST} 字。", f"description has at most {LONGEST} characters."))
    picture = given.get("media_url", "").strip()
    if picture and (len(picture) > LONGEST_URL or urlsplit(picture).scheme not in ("http", "https")):
        raise Refused(400, Words("media_url 应为 http 或 https 地址。", "media_url is an http or https address."))
    promised = (Promise(uuid7()),) if picture else ()
    said = Report(
        text=text,
        category=chosen.id,
        channel=Channel.OPEN311,
        point=_point(given),
        street=given.get("address_id") or None,
        address=given.get("address_string", ""),
        reporter=_reporter(given),
        source=source_of(by),
        evidence=promised,
    )
    with transaction.atomic():
        row, _ = cases.report(by=by, report=said)
        for photo in promised:
            jobs.start("open311.media", upload=str(photo.id), url=picture, left=AGAIN)
    return cases.by_itself(row) if row["status"] == Status.REPORTED else row


def _point(given: Mapping[str, str]) -> tuple[float, float] | None:
    lat, lon = given.get("lat"), given.get("long")
    if not lat and not lon:
        return None
    try:
        point = float(lon or ""), float(lat or "")
        if not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
            raise ValueError
    except ValueError:
        raise Refused(
            400, Words("lat 与 long 应为 WGS 84 经纬度（度）。", "lat and long are WGS 84 degrees, both together.")
        ) from None
    return point


def _reporter(given: Mapping[str, str]) -> Reporter:
    parts: list[Any] = [given.get("last_name", ""), given.get("first_name", "")]
    latin = any(part.isascii() and part for part in parts)
    name = " ".join(filter(None, reversed(parts))) if latin else "".join(parts)
    return Reporter(name[:60], given.get("phone", "")[:40])
