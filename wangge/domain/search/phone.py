"""按电话查找: what somebody who calls again has reported, for the centre, with each look-up on record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.db import transaction

from wangge.domain.cases.queries import MARKS, NAMES
from wangge.domain.cases.tags import CasePermission
from wangge.domain.search.tags import SearchTag
from wangge.kernel import clock, crypto
from wangge.kernel.access import Principal
from wangge.kernel.crypto.lookup import plain_phone
from wangge.kernel.db import rows
from wangge.kernel.ledger.append import append
from wangge.kernel.problems import Invalid, TooMany
from wangge.kernel.words import Words

MOST = 50
"""Cases of one phone that are shown, newest first."""
AN_HOUR = 120
"""Look-ups of one person: above what a busy hotline seat needs, far below what trying numbers needs."""


def by_phone(*, by: Principal, phone: str, purpose: str) -> list[dict[str, Any]]:
    """The cases of this phone where the asker is the centre. The ledger gets the number's keyed hash and the purpose, never the number."""
    scope = by.require(CasePermission.REVEAL)
    if not re.fullmatch(r"\+?\d{5,20}", plain_phone(phone)):
        raise Invalid.field("body.phone", "phone", "请输入完整的电话号码。", "Give the whole phone number.")
    hashes = crypto.lookup_hashes("phone", phone)
    with transaction.atomic():
        _throttle(by)
        params: dict[str, Any] = {"hashes": hashes, "limit": MOST}
        # By levels alone: a confidential reporter is the centre's to know, not every unit's that holds the case.
        found = rows.all(
            f"""SELECT c.id, c.number, c.status, c.version, c.urgency, c.channel, c.category, c.title, c.address, c.district,
                       c.street, c.community, c.grid, c.lon, c.lat, c.confidential, c.lead, c.holder, c.stage, c.due_at,
                       c.reported_at, c.changed_at, c.closed_at, {MARKS}, {NAMES}
                FROM cases_case c
                WHERE (c.district, c.id) IN (SELECT p.district, p."case" FROM cases_party p
                                             WHERE p.phone_hash = ANY(%(hashes)s) AND p.erased_at IS NULL)
                  AND {scope.sql("c", params)}
                ORDER BY c.reported_at DESC, c.id DESC LIMIT %(limit)s""",
            params,
        )
        body = {"hash": hashes[0].hex(), "purpose": purpose, "found": len(found)}
        append(by=by, tag=SearchTag.BY_PHONE, kind="phone", body=body)
    return found


def _throttle(by: Principal) -> None:
    since = clock.now() - timedelta(hours=1)
    done = rows.value(
        "SELECT count(*) FROM ledger_entry WHERE actor = %(actor)s AND tag = %(tag)s AND recorded_at > %(since)s",
        {"actor": by.id, "tag": str(SearchTag.BY_PHONE), "since": since},
    )
    if done >= AN_HOUR:
        raise TooMany(
            Words(
                "一小时内按电话查找过多，请稍后再试。", "Too many look-ups by phone within the hour; try again later."
            ),
            extra={"retry_after": 600},
        )
