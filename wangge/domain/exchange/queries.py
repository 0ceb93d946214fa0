"""Every read of the exchange."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases import queries as cases
from wangge.domain.exchange.actions.partners import partner_of
from wangge.domain.exchange.actions.told import order_of
from wangge.domain.exchange.tags import ExchangePermission
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row

_PARTNER = """p.id, p.kind, p.name, p.source, p.token_id AS token, p.street, p.mapping, p.states::text AS states, w.url AS push_to, p.webhook,
    p.active, p.version, p.created_at"""


def partners(*, by: Principal, partner: UUID | None = None) -> list[Row]:
    """All partners by name, or one."""
    by.require(ExchangePermission.PARTNERS)
    with acting(SYSTEM):
        found = rows.all(
            f"""SELECT {_PARTNER} FROM exchange_partner p LEFT JOIN notices_webhook w ON w.id = p.webhook
                WHERE %(id)s::uuid IS NULL OR p.id = %(id)s ORDER BY p.name, p.id""",
            {"id": partner},
        )
    return [row | {"states": orjson.loads(row["states"])} for row in found]


def receivers(*, by: Principal) -> list[Row]:
    """Whom a desk may ask: name and kind alone."""
    by.require(ExchangePermission.ASK)
    with acting(SYSTEM):
        return rows.all("SELECT id, kind, name FROM exchange_partner WHERE active ORDER BY name, id")


def messages(*, by: Principal, after: int, limit: int) -> dict[str, Any]:
    """What was said to the partner that asks, after a number; ``next`` is what to ask with the next time, also when there was nothing."""
    by.require(ExchangePermission.ORDERS)
    with acting(SYSTEM):
        partner = partner_of(by)
        found = rows.all(
            """SELECT seq, body, answer FROM exchange_message WHERE partner_id = %(partner)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s""",
            {"partner": partner.id, "after": after, "limit": limit},
        )
    items = [{"seq": row["seq"], "answer": row["answer"], **orjson.loads(row["body"])} for row in found]
    return {"items": items, "next": items[-1]["seq"] if items else after}


def order(*, by: Principal, number: str) -> dict[str, Any]:
    """How an order of the partner stands."""
    by.require(ExchangePermission.ORDERS)
    with acting(SYSTEM):
        partner = partner_of(by)
        key = order_of(partner, number)
        row = rows.one(
            """SELECT c.id AS "case", c.number, c.status, c.result, c.due_at, c.closed_at, u.name AS unit
               FROM cases_case c LEFT JOIN people_unit u ON u.id = c.lead WHERE c.district = %(district)s AND c.id = %(id)s""",
            key,
        )
    assert row is not None
    ended = row["closed_at"] is not None
    return row | {"order": number, "result": row["result"] if ended else ""}


def of_case(*, by: Principal, case: UUID) -> list[Row]:
    """What was said to partners of a case, newest first, with their answers. Raises NotFound."""
    by.require(ExchangePermission.ASK)
    cases.visible(by=by, case=case)
    with acting(SYSTEM):
        found = rows.all(
            """SELECT m.id, m.kind, p.name AS partner_name, m.partner_id AS partner, m.made_at, m.answer, m.answered_at, m.answer_note,
                      m.their_number, m.body, d.status AS sent, d.error
               FROM exchange_message m JOIN exchange_partner p ON p.id = m.partner_id LEFT JOIN notices_delivery d ON d.id = m.id
               WHERE m."case" = %(case)s ORDER BY m.seq DESC LIMIT 200""",
            {"case": case},
        )
    return [row | {"text": orjson.loads(row["body"]).get("text", "")} for row in found]


def unanswered(*, before: Any) -> list[Row]:
    """How many questions wait since before a time, for each partner. Called as SYSTEM."""
    return rows.all(
        """SELECT p.name, count(*) AS count FROM exchange_message m JOIN exchange_partner p ON p.id = m.partner_id
           WHERE m.answer = 'waiting' AND m.made_at < %(before)s GROUP BY p.name ORDER BY p.name""",
        {"before": before},
    )
