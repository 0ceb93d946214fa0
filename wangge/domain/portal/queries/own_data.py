"""我的信息: what is held on a phone, for who has proved it. Told whole where it was proved when the report was made too; where a number was
only typed in, who has it now may be another person: what was reported when, where it lies, and a masked name; of a confidential one not even what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from wangge.domain.cases.rules import OPEN
from wangge.domain.portal import own
from wangge.domain.portal.queries.tracking import PLACES, named, place_said
from wangge.domain.portal.tags import PortalTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import PUBLIC_PERSON, SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ledger.tags import KernelTag

MOST = 500
_HELD = f"""
    SELECT p.id AS party, p.name_sealed, c.number, c.channel, c.reported_at, c.status, c.text, c.address, c.confidential, {PLACES.format(c="c")},
        coalesce(m.closed_at, c.closed_at) AS ended_at, c.status = ANY(%(open)s) OR coalesce(m.status = ANY(%(open)s), FALSE) AS open,
        f.id IS NOT NULL AS proved,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('at', l.recorded_at, 'field', l.body ->> 'field', 'purpose', l.body ->> 'purpose') ORDER BY l.pos), '[]')
         FROM ledger_entry l WHERE l.subject = c.id AND l.kind = 'case' AND l.tag = %(revealed)s) AS looks
    FROM cases_party p JOIN cases_case c ON c.district = p.district AND c.id = p."case"
    LEFT JOIN cases_case m ON m.district = c.district AND m.id = c.merged_into
    LEFT JOIN cases_follower f ON f.district = c.district AND f."case" = c.id AND f.kind = 'reporter' AND f.phone_hash = ANY(%(phone)s)
    WHERE p.phone_hash = ANY(%(phone)s) AND p.erased_at IS NULL ORDER BY c.reported_at DESC, c.id DESC LIMIT %(most)s"""


def held(*, phone: str, ticket: str) -> dict[str, Any]:
    """Reports with what is held of who made them, how long, and who of the staff has looked and what for; reports that are followed; and
    whether the phone is kept from reporting. That it was shown is on the ledger. Raises Invalid."""
    hashes = own.hashes_of(phone, ticket)
    asked = {
        "phone": hashes,
        "open": sorted(OPEN),
        "revealed": str(KernelTag.REVEALED),
        "most": MOST,
        "now": clock.now(),
    }
    with acting(SYSTEM), transaction.atomic():
        found = rows.all(_HELD, asked)
        follows = rows.all(
            """SELECT c.number, f.made_at FROM cases_follower f JOIN cases_case c ON c.district = f.district AND c.id = f."case"
               WHERE f.phone_hash = ANY(%(phone)s) AND f.kind = 'me_too' ORDER BY f.made_at DESC LIMIT %(most)s""",
            asked,
        )
        bans = rows.all(
            """SELECT reason, made_at, expires_at FROM portal_ban WHERE phone_hash = ANY(%(phone)s) AND lifted_at IS NULL
               AND expires_at > %(now)s ORDER BY expires_at""",
            asked,
        )
        body = {"hash": hashes[0].hex(), "found": len(found)}
        ledger.append(by=PUBLIC_PERSON, tag=PortalTag.OWN_DATA, kind="phone", body=body)
    return {
        "phone": phone,
        "at": asked["now"],
        "reports": [_told(row) for row in found],
        "follows": follows,
        "bans": bans,
    }


def _told(row: rows.Row) -> dict[str, Any]:
    days = settings.CONFIG.reporter_keep_days
    whole = row["proved"]
    told = whole or not row["confidential"]  # it may be somebody else's secret
    return {
        "number": row["number"],
        "proved": whole,
        "channel": row["channel"],
        "kind": named(row, "kind") if told else None,
        "place": place_said(row),
        "reported_at": row["reported_at"],
        "open": row["open"],
        "name": own.name_of(row["party"], row["name_sealed"], whole=whole) if told else "",
        "text": row["text"] if whole else None,
        "address": row["address"] if whole else None,
        "confidential": row["confidential"],
        "erased_on": row["ended_at"] + timedelta(days=days) if days and row["ended_at"] and not row["open"] else None,
        "looks": orjson.loads(row["looks"]) if whole else [],
    }
