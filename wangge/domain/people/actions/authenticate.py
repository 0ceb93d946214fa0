"""Who is asking: a session's or an integration client's token turned into a Principal, in one statement.

The statement reads the session, the person, what their log-in still lacks, and the posts that are valid at this moment (their own, and
those of absent colleagues they stand in for), so a right that was taken away is gone at the next request. It notes that the session
was seen, at most once a minute. (The web layer then binds the connection for row-level security: nothing when it is bound so already.)
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpRequest

from wangge.domain.people import rules
from wangge.kernel import clock
from wangge.kernel.access import Grant, Principal, Role, Scope
from wangge.kernel.access.roles import ADMINISTRATORS
from wangge.kernel.db import rows
from wangge.kernel.web.address import client_address

TOKEN_PREFIX = "wgt_"

# What is held at %(now)s. An absent person's rights lie with the deputy; a deputy who is away holds nothing, and nobody stands in for
# an administrator: a second administrator is appointed for that. A province's or city's post is that of all its districts, one on a
# stacked grid (working, police, fire …) that of the base grids it is made of, which cases are filed under.
_HELD = """
    away AS (
        SELECT 1 FROM s JOIN people_absence a ON a.user_id = s.user_id
        WHERE a.cancelled_at IS NULL AND a.starts <= %(now)s AND a.ends > %(now)s
    ),
    holders AS (
        SELECT s.user_id, FALSE AS deputising FROM s WHERE NOT EXISTS (SELECT 1 FROM away)
        UNION ALL
        SELECT a.user_id, TRUE FROM s JOIN people_absence a ON a.deputy_id = s.user_id
        JOIN people_user absent ON absent.id = a.user_id AND absent.active
        WHERE a.cancelled_at IS NULL AND a.starts <= %(now)s AND a.ends > %(now)s AND NOT EXISTS (SELECT 1 FROM away)
    ),
    held AS (
        SELECT p.id, p.role, p.area, p.grid, p.unit_id, p.everywhere, h.deputising
        FROM holders h JOIN people_post p ON p.user_id = h.user_id
        WHERE p.starts <= %(now)s AND (p.ends IS NULL OR p.ends > %(now)s)
          AND NOT (h.deputising AND p.role = ANY(%(administrators)s))
    ),
    placed AS (
        SELECT h.id, h.role, h.unit_id, h.everywhere, h.deputising,
               CASE WHEN h.grid IS NOT NULL THEN h.grid::text || ARRAY(SELECT m.base::text FROM places_membership m WHERE m.stacked = h.grid)
               END AS grids,
               CASE length(h.area)
                 WHEN 4 THEN ARRAY(SELECT d.code::text FROM places_area d WHERE d.parent = h.area AND d.level = 'district')
                 WHEN 2 THEN ARRAY(SELECT d.code::text FROM places_area d JOIN places_area c ON c.code = d.parent
                                   WHERE d.level = 'district' AND (c.parent = h.area OR c.code = h.area))
                 ELSE ARRAY[h.area::text]
               END AS areas
        FROM held h
    )"""

_SESSION = (
    """
    WITH s AS MATERIALIZED (
        SELECT s.id, s.user_id, s.last_seen, s.factor_at IS NOT NULL AS passed, u.name, u.login, u.language,
               coalesce(c.must_change, FALSE) AND s.provider_session IS NULL AS must_change, c.factor_at IS NOT NULL AS has_factor
        FROM people_session s
        JOIN people_user u ON u.id = s.user_id AND u.active
        LEFT JOIN people_credential c ON c.user_id = u.id
        WHERE s.token_hash = %(hash)s AND s.ended_at IS NULL AND s.expires_at > %(now)s AND s.last_seen + s.idle > %(now)s
    ),
    seen AS (
        UPDATE people_session SET last_seen = %(now)s FROM s
        WHERE %(touch)s AND people_session.id = s.id AND people_session.last_seen < %(now)s - interval '1 minute'
    ),"""
    + _HELD
    + """
    SELECT s.id, s.user_id, s.name, s.language, s.passed, s.must_change, s.has_factor,
           (SELECT json_agg(json_build_array(p.id, p.role, p.areas, p.grids, p.unit_id, p.everywhere)) FROM placed p)::text AS posts
    FROM s"""
)

_TOKEN = """
    WITH t AS MATERIALIZED (
        SELECT * FROM people_token WHERE token_hash = %(hash)s AND revoked_at IS NULL AND expires_at > %(now)s
    ),
    seen AS (
        UPDATE people_token SET last_used = %(now)s, last_address = %(address)s::inet FROM t
        WHERE people_token.id = t.id AND (people_token.last_used IS NULL OR people_token.last_used < %(now)s - interval '1 minute')
    )
    SELECT id, name, permissions, areas, grids, units, everywhere, networks,
           ARRAY(SELECT d.code::text FROM t, places_area d JOIN places_area up ON up.code = d.parent
                 WHERE d.level = 'district' AND (up.code = ANY(t.areas) OR up.parent = ANY(t.areas))) AS districts
    FROM t"""

_ADMINISTRATORS = sorted(r.value for r in ADMINISTRATORS)


def digest(token: str) -> bytes:
    """What is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def authenticate(token: str, request: HttpRequest) -> Principal | None:
    """The Principal behind a session's or an integration client's token; None when there is none any more."""
    if token.startswith(TOKEN_PREFIX):
        return integration(token, client_address(request))
    return member_of_staff(token)


def member_of_staff(token: str, *, touch: bool = True) -> Principal | None:
    """The person whose open session this is, with the rights of this moment. ``touch`` False: looking is not using, the idle time goes
    on (an open stream of live events is no sign of anybody at the desk)."""
    values = {"hash": digest(token), "now": clock.now(), "administrators": _ADMINISTRATORS, "touch": touch}
    row = rows.one(_SESSION, values, prepared=True)
    if row is None:
        return None
    grants = tuple(grants_from(orjson.loads(row["posts"]))) if row["posts"] else ()
    held = frozenset(g.role for g in grants)
    return Principal(
        kind="user",
        id=row["user_id"],
        name=row["name"],
        grants=grants,
        session=row["id"],
        pending=rules.pending_step(
            has_factor=row["has_factor"],
            passed=row["passed"],
            must_change=row["must_change"],
            required=factor_required(held),
        ),
        language=row["language"],
        units=frozenset(u for g in grants for u in g.scope.units),
    )


def integration(token: str, address: str | None) -> Principal | None:
    """The client whose token this is, asked from a network it is allowed from."""
    row = rows.one(_TOKEN, {"hash": digest(token), "now": clock.now(), "address": address})
    if row is None or not rules.network_allowed(address, row["networks"]):
        return None
    scope = area_scope([*row["areas"], *row["districts"]]) | Scope(
        everything=row["everywhere"], grids=frozenset(row["grids"]), units=frozenset(row["units"])
    )
    return Principal(
        kind="token",
        id=row["id"],
        name=row["name"],
        grants=(Grant(Role.INTEGRATION, scope),),
        only=frozenset(row["permissions"]),
        units=scope.units,
    )


def factor_required(roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles may do anything only with a second factor. Not in the demo."""
    return not settings.CONFIG.demo and not roles.isdisjoint(rules.SECOND_FACTOR_ROLES)


def grants_from(posts: list[list[Any]]) -> list[Grant]:
    """``[[post, role, areas, grids, unit, everywhere], …]`` as grants."""
    found = []
    for post, role, areas, grids, unit, everywhere in posts:
        if grids:
            scope = Scope(grids=frozenset(grids))
        elif unit is not None:
            scope = Scope(units=frozenset({UUID(unit)}))
        elif everywhere:
            scope = Scope(everything=True)
        else:
            scope = area_scope(areas)
        found.append(Grant(Role(role), scope, UUID(post)))
    return found


def area_scope(codes: list[str]) -> Scope:
    """The scope of districts, streets and communities; longer and shorter codes count for nothing by themselves."""
    return Scope(
        districts=frozenset(c for c in codes if len(c) == 6),
        streets=frozenset(c for c in codes if len(c) == 9),
        communities=frozenset(c for c in codes if len(c) == 12),
    )


def posts_at(user: UUID, moment: datetime) -> list[Grant]:
    """What a person holds at a moment, own and deputised: what the session's statement would find."""
    row = rows.value(
        "WITH s AS (SELECT %(user)s::uuid AS user_id),"
        + _HELD
        + " SELECT json_agg(json_build_array(p.id, p.role, p.areas, p.grids, p.unit_id, p.everywhere))::text FROM placed p",
        {"user": user, "now": moment, "administrators": _ADMINISTRATORS},
    )
    return grants_from(orjson.loads(row)) if row else []
