"""Daily figures: counted here by street, told above once a day, kept there; read by those whose streets they are."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wangge.domain.exchange.actions.telling import write
from wangge.domain.exchange.models import Message, Partner
from wangge.domain.exchange.rules import MessageKind, PartnerKind
from wangge.domain.exchange.tags import ExchangePermission
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Columns, Principal, acting
from wangge.kernel.db import rows

_IDS = UUID("0d8f4f4b-3a52-5f38-9d0b-6a1f2f7f5b10")

_COUNT = """
    SELECT c.street,
           count(*) FILTER (WHERE c.reported_at >= %(start)s) AS reported,
           count(*) FILTER (WHERE c.closed_at >= %(start)s AND c.closed_at < %(end)s) AS closed,
           count(*) FILTER (WHERE c.closed_at >= %(start)s AND c.closed_at < %(end)s AND c.overdue_at IS NULL) AS in_time,
           count(*) FILTER (WHERE c.closed_at IS NULL OR c.closed_at >= %(end)s) AS open,
           count(*) FILTER (WHERE (c.closed_at IS NULL OR c.closed_at >= %(end)s) AND c.overdue_at < %(end)s) AS overdue
    FROM cases_case c
    WHERE c.reported_at < %(end)s AND (c.closed_at IS NULL OR c.closed_at >= %(start)s)
    GROUP BY c.street ORDER BY c.street"""


def report(*, by: Principal = SYSTEM, day: date | None = None) -> int:
    """Tell the installations above the figures of a day (yesterday): once for each. Returns how many were told."""
    zone = ZoneInfo(settings.CONFIG.zone)
    day = day or (clock.now().astimezone(zone) - timedelta(days=1)).date()
    start = datetime.combine(day, time(), zone)
    with acting(by), transaction.atomic():
        found = [p for p in Partner.objects.filter(kind=PartnerKind.ABOVE, active=True) if not _told(p.id, day)]
        if not found:
            return 0
        streets = rows.all(_COUNT, {"start": start, "end": start + timedelta(days=1)})
        return write(
            {
                "id": _id(partner.id, day),
                "partner": partner.id,
                "case": None,
                "pos": None,
                "kind": MessageKind.FIGURES,
                "states": {},
                "at": clock.now(),
                "said": {"day": day.isoformat(), "streets": streets},
            }
            for partner in found
        )


def _id(partner: UUID, day: date) -> UUID:
    return uuid5(_IDS, f"{partner} {day}")


def _told(partner: UUID, day: date) -> bool:
    return Message.objects.filter(id=_id(partner, day)).exists()


def figures(*, by: Principal, day: date) -> list[dict[str, Any]]:
    """What the levels below counted on a day, of the asker's streets."""
    params: dict[str, Any] = {"day": day}
    scope = by.require(ExchangePermission.FIGURES).sql("f", params, Columns(community=None, grid=None))
    found = rows.all(
        f"""SELECT f.partner_id AS partner, f.day, f.street, f.reported, f.closed, f.in_time, f.open, f.overdue
            FROM exchange_figure f WHERE f.day = %(day)s AND {scope} ORDER BY f.street, f.partner_id LIMIT 5000""",
        params,
    )
    with acting(SYSTEM):
        names = dict(Partner.objects.filter(id__in={r["partner"] for r in found}).values_list("id", "name"))
    return [row | {"partner_name": names[row["partner"]]} for row in found]
