"""Every read of notices. A person's notices are shown as long as they may see what they are of: the text is made from its present row."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.rules import Status
from wangge.domain.cases.tags import CasePermission
from wangge.domain.notices import addresses
from wangge.domain.notices.rules import EVENT_NAMES, Case, Channel, Event, GridChange, Who, say, say_of_grids, stands
from wangge.domain.notices.tags import NoticePermission
from wangge.domain.places.tags import PlacesPermission
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Columns, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.web import paging
from wangge.kernel.words import Words

MOST_COUNTED = 1_000
PLANNED = Columns(grid=None)
_OF = """notices_notice n LEFT JOIN cases_case c ON c.district = n.district AND c.id = n."case"
            LEFT JOIN places_plannedchange g ON g.id = n.change"""


# — one's own ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def mine(
    *, by: Principal, unread: bool = False, after: str | None = None, limit: int = paging.DEFAULT
) -> dict[str, Any]:
    """One page of the person's notices, newest first: one statement. Shape: ``{"items", "next"}``."""
    by.require(NoticePermission.READ)
    params: dict[str, Any] = {"person": by.id, "limit": limit + 1}
    terms = [_seen(by, params)] + (["n.read_at IS NULL"] if unread else [])
    if after:
        params["at"], params["id"] = paging.decode(after, kinds=(datetime, UUID))
        terms.append("(n.at, n.id) < (%(at)s, %(id)s)")
    found = rows.all(
        f"""SELECT n.id, n.at, n.event, n.why, n.read_at, n."case", coalesce(c.number, '') AS number, coalesce(c.title, '') AS title,
                   n.facts ->> 'urgency' AS urgency_then, c.urgency, n.facts ->> 'status' AS status,
                   coalesce((n.facts ->> 'due_at')::timestamptz, g.due_at) AS due_at, n.change, g.old, g.community, g.fault
            FROM {_OF}
            WHERE n.person = %(person)s AND n.in_app AND {" AND ".join(terms)} ORDER BY n.at DESC, n.id DESC LIMIT %(limit)s""",
        params,
    )
    page = paging.page(found, limit, keys=("at", "id"))
    for row in page["items"]:
        row["text"] = _text(row)._asdict()
        row["urgency"] = row["urgency"] or row["urgency_then"]
        row["why"] = [{"key": who, "name": Who(who).words._asdict()} for who in row["why"]]
    return page


def _text(row: rows.Row) -> Words:
    if row["change"]:
        why = Words(**orjson.loads(row["fault"]))
        return say_of_grids(row["event"], GridChange(row["old"], row["due_at"], why, settings.CONFIG.zone))
    told = Case(row["number"], row["title"], Status(row["status"]).words, row["due_at"], settings.CONFIG.zone)
    return say(row["event"], told)


def unread(*, by: Principal) -> dict[str, Any]:
    """How many are unread, counted up to a thousand."""
    by.require(NoticePermission.READ)
    params: dict[str, Any] = {"person": by.id, "most": MOST_COUNTED}
    seen = _seen(by, params)
    count = rows.value(
        f"""SELECT count(*) FROM (
                SELECT 1 FROM {_OF}
                WHERE n.person = %(person)s AND n.in_app AND n.read_at IS NULL AND {seen} LIMIT %(most)s) found""",
        params,
    )
    return {"unread": count, "more": count == MOST_COUNTED}


def _seen(by: Principal, params: dict[str, Any]) -> str:
    """The case ``c`` is in the scope the person reads cases in, now; or the planned change ``g`` in that in which they change grids."""
    values: dict[str, Any] = {}
    grids = by.scope(PlacesPermission.GRIDS_MANAGE).sql("g", values, PLANNED).replace("%(scope_", "%(grids_scope_")
    params |= {f"grids_{name}": value for name, value in values.items()}
    cases = by.scope(CasePermission.READ).sql("c", params, SCOPE)
    return f"(c.id IS NOT NULL AND {cases} OR g.id IS NOT NULL AND {grids})"


def preferences(*, by: Principal) -> dict[str, Any]:
    """How the person wants to be told; the addresses masked."""
    by.require(NoticePermission.READ)
    row = rows.one("SELECT * FROM notices_preference WHERE person = %(person)s", {"person": by.id}) or {}
    assert by.id is not None
    return {
        "email": addresses.masked(by.id, "email", row.get("email_sealed")),
        "email_confirmed": row.get("email_confirmed_at") is not None,
        "mobile": addresses.masked(by.id, "mobile", row.get("mobile_sealed")),
        "mobile_confirmed": row.get("mobile_confirmed_at") is not None,
        "quiet_from": row.get("quiet_from"),
        "quiet_to": row.get("quiet_to"),
        "off": row.get("off") or [],
        "zone": settings.CONFIG.zone,
    }


# — the matrix —————————————————————————————————————————————————————————————————————————————————————————————————————————————


def matrix_version() -> int:
    return rows.value("SELECT max(version) FROM notices_matrix") or 0


def matrix() -> dict[str, Any]:
    """The matrix in force with the names of its axes, and how many persons have confirmed an address for each channel."""
    head = rows.one("SELECT version, at FROM notices_matrix ORDER BY version DESC LIMIT 1") or {
        "version": 0,
        "at": None,
    }
    with acting(SYSTEM):
        given = rows.one(
            "SELECT count(email_confirmed_at) AS email, count(mobile_confirmed_at) AS sms FROM notices_preference"
        ) or {"email": 0, "sms": 0}
    return head | {
        "events": [
            {"key": e, "name": EVENT_NAMES[e]._asdict(), "who": [w for w in Who if stands(e, w)]} for e in Event
        ],
        "who": [{"key": w, "name": w.words._asdict()} for w in Who],
        "channels": [{"key": c, "name": c.words._asdict(), "addresses": given.get(c)} for c in Channel],
        "cells": rows.all(
            "SELECT event, who, channel, mandatory FROM notices_rule WHERE version = %(version)s ORDER BY event, who, channel",
            head,
        ),
    }


def channels_used() -> set[str]:
    return {
        row["channel"]
        for row in rows.all(
            "SELECT DISTINCT channel FROM notices_rule WHERE version = (SELECT max(version) FROM notices_matrix)"
        )
    }


# — what leaves the system —————————————————————————————————————————————————————————————————————————————————————————————————

_DELIVERY = """d.id, d.channel, d.webhook_id AS webhook, d.event, d."case", d.status, d.tries, d.made_at, d.next_at, d.done_at, d.http_status,
    d.error, d.message_id, (SELECT m.text_sealed FROM notices_message m WHERE m.id = d.message_id) AS text_sealed"""


def _shown(row: rows.Row) -> dict[str, Any]:
    """A delivery as the API shows it. ``text`` only in a demo installation, which sends no SMS and where everybody wants to see one."""
    sealed, message = row.pop("text_sealed"), row.pop("message_id")
    told = settings.CONFIG.demo and sealed is not None
    return row | {"text": addresses.opened_message(message, "text_sealed", sealed) if told else None}


def deliveries(
    *,
    by: Principal,
    status: str | None = None,
    failed: bool | None = None,
    channel: str | None = None,
    webhook: UUID | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """One page of deliveries, newest first, without persons and addresses; a token's own alone. ``failed``: given up, or failed and
    waiting for another try."""
    by.require(NoticePermission.DELIVERIES)
    params: dict[str, Any] = {"limit": limit + 1}
    terms = ["TRUE"]
    for name, value in (("status", status), ("channel", channel)):
        if value is not None:
            params[name] = str(value)
            terms.append(f"d.{name} = %({name})s")
    if failed is not None:
        trouble = "(d.status = 'given_up' OR (d.status = 'waiting' AND d.error <> ''))"
        terms.append(trouble if failed else f"NOT {trouble}")
    if webhook is not None:
        params["webhook"] = webhook
        terms.append("d.webhook_id = %(webhook)s")
    if by.kind == "token":
        params["token"] = by.id
        terms.append("d.webhook_id IN (SELECT id FROM notices_webhook WHERE token_id = %(token)s)")
    if after:
        params["at"], params["id"] = paging.decode(after, kinds=(datetime, UUID))
        terms.append("(d.made_at, d.id) < (%(at)s, %(id)s)")
    with acting(SYSTEM):
        found = rows.all(
            f"""SELECT {_DELIVERY} FROM notices_delivery d WHERE {" AND ".join(terms)}
                ORDER BY d.made_at DESC, d.id DESC LIMIT %(limit)s""",
            params,
        )
    return paging.page([_shown(row) for row in found], limit, keys=("made_at", "id"))


def delivery(*, by: Principal, delivery: UUID) -> dict[str, Any]:
    """One delivery. NotFound."""
    by.require(NoticePermission.DELIVERIES)
    with acting(SYSTEM):
        found = rows.one(
            f"""SELECT {_DELIVERY} FROM notices_delivery d WHERE d.id = %(id)s
                AND (%(token)s::uuid IS NULL OR d.webhook_id IN (SELECT id FROM notices_webhook WHERE token_id = %(token)s))""",
            {"id": delivery, "token": by.id if by.kind == "token" else None},
        )
    if found is None:
        raise NotFound(Words("没有这条发送记录。", "There is no such delivery."))
    return _shown(found)


def webhooks(*, by: Principal, webhook: UUID | None = None) -> list[dict[str, Any]]:
    """The subscriptions with how they do, without secrets: one statement. A token's own alone."""
    by.require(NoticePermission.WEBHOOKS)
    with acting(SYSTEM):
        return rows.all(
            """SELECT w.id, w.name, w.url, w.token_id AS token, k.name AS token_name, w.events, w.areas, w.active, w.version, w.created_at,
                      (k.revoked_at IS NULL AND k.expires_at > %(now)s AND 'cases.read' = ANY(k.permissions)) AS token_valid,
                      (SELECT max(done_at) FROM notices_delivery d WHERE d.webhook_id = w.id AND d.status = 'sent') AS last_sent,
                      (SELECT count(*) FROM notices_delivery d WHERE d.webhook_id = w.id AND d.status = 'waiting') AS waiting,
                      (SELECT count(*) FROM notices_delivery d WHERE d.webhook_id = w.id AND d.status = 'given_up') AS given_up
               FROM notices_webhook w JOIN people_token k ON k.id = w.token_id
               WHERE w.removed_at IS NULL AND (%(token)s::uuid IS NULL OR w.token_id = %(token)s)
                 AND (%(id)s::uuid IS NULL OR w.id = %(id)s) ORDER BY w.created_at, w.id""",
            {"now": clock.now(), "token": by.id if by.kind == "token" else None, "id": webhook},
        )


def trouble(*, since: datetime, late: datetime) -> list[dict[str, Any]]:
    """For the health page, by channel: given up since, failed and waiting, due before ``late`` and not tried."""
    return rows.all(
        """SELECT channel, count(*) FILTER (WHERE status = 'given_up' AND done_at > %(since)s) AS given_up,
                  count(*) FILTER (WHERE status = 'waiting' AND error <> '') AS failing,
                  count(*) FILTER (WHERE status = 'waiting' AND error = '' AND next_at < %(late)s) AS late,
                  (array_agg(error ORDER BY next_at DESC) FILTER (WHERE status = 'waiting' AND error <> ''))[1] AS error
           FROM notices_delivery WHERE status = 'waiting' OR (status = 'given_up' AND done_at > %(since)s) GROUP BY channel ORDER BY channel""",
        {"since": since, "late": late},
    )
