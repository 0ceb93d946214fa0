"""What a program is told: services are the kinds of the catalogue, requests are cases that came in by this standard.

Without a key a request is told as on the portal: no words but what an operator cleared, and the middle of its grid as its place. With the key of
a client that may read the case it is told whole. Confidential ones are not told at all, by list or by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.rules import OPEN, Channel
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.store import CategoryOf
from wangge.domain.open311.rules import MOST, Refused, as_text
from wangge.domain.places import queries as places
from wangge.domain.portal import rules as plain
from wangge.domain.portal.queries.nearby import top_of
from wangge.domain.portal.queries.opened import middles
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.words import Language, Words

NO_SERVICE = Words("没有这个服务。", "There is no such service_code.")
NO_REQUEST = Words("没有这个请求。", "There is no such service_request_id.")


def jurisdiction(code: str | None) -> str | None:
    """A district's code, if one was named. Raises Refused for one that is not served here."""
    if not code:  # empty is as not given
        return None
    if len(code) != 6 or not places.names_of([code]):
        raise Refused(
            404,
            Words(
                "没有这个辖区，应为 6 位区划代码。",
                "This jurisdiction_id is not served here; it is a district's code of 6 digits.",
            ),
        )
    return code


def service(code: str) -> CategoryOf:
    """Raises Refused."""
    found = catalog.category_by_code(code)
    if found is None or not found.leaf:
        raise Refused(404, NO_SERVICE)
    return found


def services(language: Language) -> list[dict[str, Any]]:
    """Every kind that can be reported. In memory."""
    told = []
    for one in catalog.leaves():
        group = catalog.category(top_of(one)) or one
        told.append(
            {
                "service_code": one.code,
                "service_name": one.words.say(language),
                "description": _condition(one, language),
                "metadata": bool(_condition(one, language)),
                "type": "realtime",
                "keywords": ",".join(one.keywords),
                "group": group.words.say(language),
            }
        )
    return told


def _condition(one: CategoryOf, language: Language) -> str:
    return Words(one.accept_condition, one.accept_condition_en or one.accept_condition).say(language)


def definition(code: str, language: Language) -> dict[str, Any]:
    """The form of a service: what has to be the case for it to be taken on, as the standard's note (``variable`` false)."""
    one = service(code)
    note = {
        "variable": False,
        "code": "condition",
        "datatype": "text",
        "required": False,
        "datatype_description": "",
        "order": 1,
        "description": _condition(one, language),
        "values": [],
    }
    return {"service_code": one.code, "attributes": [note] if note["description"] else []}


_REQUEST = """SELECT c.id, c.number, c.status, c.due_at, c.review_at, c.follow_up, c.category, c.text, c.public_text, c.address, c.lon, c.lat, c.grid,
    c.street, c.reported_at, c.changed_at, c.source = %(source)s AS own, {seen} AS whole,
    (SELECT u.name FROM people_unit u WHERE u.id = coalesce(c.lead, c.holder)) AS unit_name,
    (SELECT u.name_en FROM people_unit u WHERE u.id = coalesce(c.lead, c.holder)) AS unit_name_en,
    (SELECT i.id FROM evidence_item i JOIN evidence_upload e ON e.id = i.id
     WHERE i.district = c.district AND i."case" = c.id AND i.cleared_at IS NOT NULL AND e.state = 'ready' AND e.kind = 'photo'
     ORDER BY i.at, i.id LIMIT 1) AS photo
    FROM cases_case c WHERE c.channel = %(channel)s AND NOT c.confidential AND """


def requests(
    *,
    key: Principal | None,
    language: Language,
    ids: Sequence[str] = (),
    services: Sequence[str] = (),
    statuses: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    district: str | None = None,
    page: int = 1,
    size: int = MOST,
    root: str = "",
) -> list[dict[str, Any]]:
    """Requests by number, or of a period, newest first; ``root``: where this server is. A constant number of statements."""
    params: dict[str, Any] = {"channel": str(Channel.OPEN311), "source": source_of(key) if key else "-"}
    seen = key.scope(CasePermission.READ).sql("c", params, SCOPE) if key else "FALSE"
    terms = ["TRUE"]
    if ids:  # numbers override all other arguments
        services, statuses, district = (), (), None
        params["ids"] = list(ids)
        terms.append("c.number = ANY(%(ids)s)")
    else:
        params |= {"since": since, "until": until}
        terms.append("c.reported_at >= %(since)s AND c.reported_at < %(until)s")
    if services:
        params["categories"] = [service(code).id for code in services]
        terms.append("coalesce(c.final_category, c.category) = ANY(%(categories)s)")
    if statuses and set(statuses) != {"open", "closed"}:
        params["open"] = sorted(OPEN)
        terms.append("c.status = ANY(%(open)s)" if "open" in statuses else "c.status <> ALL(%(open)s)")
    if district:
        params["district"] = district
        terms.append("c.district = %(district)s")
    params |= {"most": size, "skip": (page - 1) * size}
    with acting(SYSTEM):
        found = rows.all(
            f"""{_REQUEST.format(seen=seen)} {" AND ".join(terms)} ORDER BY c.reported_at DESC, c.id DESC
                LIMIT %(most)s OFFSET %(skip)s""",
            params,
        )
        points = middles({row["grid"] for row in found if row["grid"] and not _whole(row)})
    return [_told(row, points, language, root) for row in found]


def source_of(key: Principal) -> str:
    """What the cases of a client are known by: some of its token's id."""
    return f"open311:{key.id.hex[-12:]}" if key.id else ""


def _whole(row: rows.Row) -> bool:
    return row["own"] or row["whole"]


def _told(row: rows.Row, points: dict[str, tuple[float, float]], language: Language, root: str) -> dict[str, Any]:
    unit = Words(row["unit_name"], row["unit_name_en"] or row["unit_name"]) if row["unit_name"] else None
    kind = catalog.category(row["category"])
    now = clock.now()
    whole = _whole(row)
    point = (row["lon"], row["lat"]) if whole and row["lon"] is not None else points.get(row["grid"] or "")
    said = plain.stands(row, unit=unit, zone=settings.CONFIG.zone, now=now, asked=False).say(language)
    return {
        "service_request_id": row["number"],
        "status": "open" if row["status"] in OPEN else "closed",
        "status_notes": " ".join(filter(None, (said, row["public_text"]))),
        "service_name": kind.words.say(language) if kind else None,
        "service_code": kind.code if kind else None,
        "description": row["text"] if whole else None,
        "agency_responsible": unit.say(language) if unit else None,
        "service_notice": None,
        "requested_datetime": as_text(row["reported_at"]),
        "updated_datetime": as_text(row["changed_at"]),
        "expected_datetime": as_text(row["due_at"]),
        "address": row["address"] if whole else None,
        "address_id": row["street"],
        "zipcode": None,
        "lat": point[1] if point else None,
        "long": point[0] if point else None,
        "media_url": f"{root}/api/v1/portal/photos/{row['photo']}/public" if row["photo"] else None,
    }
