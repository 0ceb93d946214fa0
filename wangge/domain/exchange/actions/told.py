"""What a partner says about an order it gave us: done to the case in its name, once for each id."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.cases import actions as cases
from wangge.domain.cases.rules import Act, Status
from wangge.domain.exchange.actions.partners import partner_of
from wangge.domain.exchange.models import Partner, Received
from wangge.domain.exchange.rules import Told, does
from wangge.domain.exchange.tags import ExchangePermission, ExchangeTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import body_hash
from wangge.kernel.problems import Conflict, Invalid, NotFound
from wangge.kernel.words import Words

NO_ORDER = Words("没有这个编号的工单。", "There is no order with this number.")


def told(
    *,
    by: Principal,
    id: UUID,
    order: str,
    what: Told,
    note: str,
    due_at: datetime | None = None,
    rating: int | None = None,
) -> None:
    """Do what the partner says. Told again with the same ``id`` it does nothing more.

    Raises NotFound for an order that is not theirs, Conflict when the case is in no state for it, Invalid for an id that was used otherwise.
    """
    by.require(ExchangePermission.ORDERS)
    with acting(SYSTEM), transaction.atomic():
        partner = partner_of(by)
        row = order_of(partner, order)
        given = {
            "order": order,
            "what": str(what),
            "note": note,
            "due_at": due_at and due_at.isoformat(),
            "rating": rating,
        }
        digest = body_hash(given)
        _, fresh = Received.objects.get_or_create(
            id=id, defaults={"partner": partner, "hash": digest, "case": row["id"], "at": clock.now()}
        )
        if not fresh:
            if not Received.objects.filter(id=id, partner=partner, hash=digest).exists():
                raise Invalid.field(
                    "body.id",
                    "reused",
                    "这个 id 已用于另一内容，请换一个新的。",
                    "This id was used for something else; make a new one.",
                )
            return
        found = does(what, Status(row["status"]))
        if isinstance(found, Words):
            raise Conflict(found, extra={"current": {"status": row["status"]}})
        extra = (
            {"due_at": due_at} if found.act == Act.EXTEND else {"rating": rating} if found.act == Act.FOLLOW_UP else {}
        )
        perform(partner, found.act, row, note=f"{partner.name}（{what.words.zh}）：{note}", **found.given, **extra)
        ledger.append(
            by=by,
            tag=ExchangeTag.TOLD,
            kind="case",
            subject=row["id"],
            district=row["district"],
            body={"name": partner.name, "order": order, "told": str(what)},
        )


def perform(partner: Partner, act: Act, row: rows.Row, **given: Any) -> None:
    """An act in the name of the partner, on the case as it is now."""
    name = Principal(kind="system", id=None, name=partner.name)
    cases.perform(by=name, act=act, case=row["id"], version=row["version"], given=given)


def order_of(partner: Partner, number: str) -> rows.Row:
    """The case of a partner's order. Called as SYSTEM."""
    row = rows.one(
        """SELECT id, district, number, status, version FROM cases_case WHERE source = %(source)s AND source_number = %(number)s""",
        {"source": partner.source, "number": number},
    )
    if row is None:
        raise NotFound(NO_ORDER)
    return row
