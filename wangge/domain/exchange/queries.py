"""Every read of the exchange."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases import queries as cases
from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.tags import CasePermission
from wangge.domain.exchange.actions.asking import offers
from wangge.domain.exchange.actions.partners import partner_of
from wangge.domain.exchange.actions.told import order_of
from wangge.domain.exchange.tags import ExchangePermission
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.web import paging

_UNDONE = timedelta(days=1)
"""For how long a message of another level that nothing could be done with is news."""

# What waits is what a partner did not get yet: of pushes those that were not accepted, of another level what it has not asked on from. Who
# fetches does not say how far.
_PARTNERS = """
    SELECT p.id, p.kind, p.name, p.source, p.token_id AS token, p.street, a.name AS street_name, a.name_en AS street_name_en, p.mapping,
           p.states::text AS states, w.url AS push_to, w.id AS webhook, p.active, p.version, p.created_at, k.expires_at AS token_expires_at,
           k.revoked_at IS NULL AND k.expires_at > %(now)s AND 'exchange.orders' = ANY(k.permissions) AS token_valid,
           l.key AS level_key, l.url AS level_url, coalesce(l.last_at, k.last_used) AS last_heard, q.unanswered, q.unanswered_since,
           CASE WHEN l.partner_id IS NOT NULL THEN v.unseen WHEN w.id IS NOT NULL THEN d.waiting END AS waiting,
           coalesce(d.given_up, 0) + coalesce(i.undone, 0) AS failed, coalesce(nullif(l.error, ''), i.error, d.error, '') AS error
    FROM exchange_partner p
    LEFT JOIN places_area a ON a.code = p.street AND a.valid_to IS NULL
    LEFT JOIN people_token k ON k.id = p.token_id
    LEFT JOIN notices_webhook w ON w.id = p.webhook AND w.removed_at IS NULL
    LEFT JOIN exchange_link l ON l.partner_id = p.id
    CROSS JOIN LATERAL (SELECT count(*) AS unanswered, min(made_at) AS unanswered_since FROM exchange_message
                        WHERE partner_id = p.id AND answer = 'waiting') q
    CROSS JOIN LATERAL (SELECT count(*) AS unseen FROM exchange_message WHERE partner_id = l.partner_id AND seq > l.acked) v
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting, count(*) FILTER (WHERE status = 'given_up') AS given_up,
                               (array_agg(error ORDER BY made_at DESC) FILTER (WHERE error <> ''))[1] AS error
                        FROM notices_delivery WHERE webhook_id = w.id AND status IN ('waiting', 'given_up')) d
    CROSS JOIN LATERAL (SELECT count(*) AS undone, (array_agg(error ORDER BY at DESC))[1] AS error FROM exchange_inbox
                        WHERE partner_id = p.id AND error <> '' AND at > %(since)s) i
    WHERE %(id)s::uuid IS NULL OR p.id = %(id)s ORDER BY p.name, p.id"""


def partners(*, by: Principal, partner: UUID | None = None) -> list[Row]:
    """All partners by name with how each does, or one. Shape: ``schemas.PartnerOut``."""
    by.require(ExchangePermission.PARTNERS)
    now = clock.now()
    with acting(SYSTEM):
        found = rows.all(_PARTNERS, {"id": partner, "now": now, "since": now - _UNDONE})
    return [row | {"states": orjson.loads(row["states"])} for row in found]


def mappings(*, by: Principal) -> list[str]:
    """The names of the saved mappings of orders, which a partner's words may be read by."""
    by.require(ExchangePermission.PARTNERS)
    return [row["name"] for row in rows.all("SELECT name FROM cases_order_mapping ORDER BY name")]


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


def of_case(*, by: Principal, case: UUID) -> dict[str, Any]:
    """What was said to partners of a case, newest first, with their answers; and what this person may ask of whom now. Raises NotFound."""
    by.require(ExchangePermission.ASK)
    row = cases.visible(by=by, case=case)
    with acting(SYSTEM):
        found = rows.all(
            """SELECT m.id, m.kind, p.name AS partner_name, m.partner_id AS partner, m.made_at, m.answer, m.answered_at, m.answer_note,
                      m.their_number, m.body, d.status AS sent, d.error
               FROM exchange_message m JOIN exchange_partner p ON p.id = m.partner_id LEFT JOIN notices_delivery d ON d.id = m.id
               WHERE m."case" = %(case)s ORDER BY m.seq DESC LIMIT 200""",
            {"case": case},
        )
    return {"items": [said | _told(said) for said in found], "offers": offers(by=by, row=row)}


def _told(said: Row) -> dict[str, Any]:
    body = orjson.loads(said["body"])
    return {"text": body.get("text", ""), "due_at": body.get("due_at")}


def questions(*, by: Principal, after: str | None = None, limit: int = paging.DEFAULT) -> dict[str, Any]:
    """One page of what partners have not answered yet, of cases that this person sees, the oldest first: one statement. Shape:
    ``schemas.OpenQuestionOut``."""
    by.require(ExchangePermission.ASK)
    params: dict[str, Any] = {"limit": limit + 1}
    terms = [by.require(CasePermission.READ).sql("c", params, SCOPE)]
    if after:
        params["at"], params["id"] = paging.decode(after, kinds=(datetime, UUID))
        terms.append("(m.made_at, m.id) > (%(at)s, %(id)s)")
    with acting(SYSTEM):
        found = rows.all(
            f"""SELECT m.id, m.kind, m.partner_id AS partner, p.name AS partner_name, m.made_at, m.body, m."case", c.number, c.title, c.status,
                       c.holder, u.name AS holder_name, u.name_en AS holder_name_en, d.status AS sent, d.error
                FROM exchange_message m JOIN exchange_partner p ON p.id = m.partner_id JOIN cases_case c ON c.id = m."case"
                JOIN people_unit u ON u.id = c.holder LEFT JOIN notices_delivery d ON d.id = m.id
                WHERE m.answer = 'waiting' AND {" AND ".join(terms)} ORDER BY m.made_at, m.id LIMIT %(limit)s""",
            params,
        )
    return paging.page([said | _told(said) for said in found], limit, keys=("made_at", "id"))


def unanswered(*, before: Any) -> list[Row]:
    """How many questions wait since before a time, for each partner. Called as SYSTEM."""
    return rows.all(
        """SELECT p.name, count(*) AS count FROM exchange_message m JOIN exchange_partner p ON p.id = m.partner_id
           WHERE m.answer = 'waiting' AND m.made_at < %(before)s GROUP BY p.name ORDER BY p.name""",
        {"before": before},
    )
