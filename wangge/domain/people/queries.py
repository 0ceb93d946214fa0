"""Every read of the people domain, scoped, in hand-written SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import shapely

from wangge.domain.people import access, rules
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel import clock
from wangge.kernel.access import EVERYTHING, Principal, permissions
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.web import paging
from wangge.kernel.words import Words

_UNIT = """u.id, u.name, u.name_en, u.kind, u.duty, u.area, a.name AS area_name, a.name_en AS area_name_en,
    u.parent_id AS parent, u.phone, u.supervision_phone, u.active, u.version"""
_USER = """u.id, u.login, u.name, u.language, u.unit_id AS unit, home.name AS unit_name, home.name_en AS unit_name_en, u.active,
    u.version, u.created_at, coalesce(c.must_change, FALSE) AS must_change, c.factor_at IS NOT NULL AS second_factor, coalesce(c.password <> '', FALSE) AS has_password"""
_POST = """p.id, p.user_id AS "user", u.name AS user_name, p.role, p.title, p.title_en, p.area, ar.name AS area_name,
    ar.name_en AS area_name_en, p.grid, g.name AS grid_name, g.name_en AS grid_name_en, p.unit_id AS unit, pu.name AS unit_name,
    pu.name_en AS unit_name_en, p.everywhere, p.starts, p.ends, p.phone, p.public, p.version"""
_POST_FROM = """people_post p JOIN people_user u ON u.id = p.user_id LEFT JOIN people_unit pu ON pu.id = p.unit_id
    LEFT JOIN places_area ar ON ar.code = p.area LEFT JOIN places_grid g ON g.code = p.grid"""
_ABSENCE = """a.id, a.user_id AS "user", u.name AS user_name, a.deputy_id AS deputy, d.name AS deputy_name, a.starts, a.ends,
    a.cancelled_at"""
_ABSENCE_FROM = "people_absence a JOIN people_user u ON u.id = a.user_id JOIN people_user d ON d.id = a.deputy_id"


def _like(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


# — units ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def unit(key: UUID) -> dict[str, Any]:
    """One unit as the API shows it. NotFound."""
    found = rows.one(
        f"SELECT {_UNIT} FROM people_unit u JOIN places_area a ON a.code = u.area WHERE u.id = %(id)s",
        {"id": key},
    )
    if found is None:
        raise NotFound(access.NO_UNIT)
    return found


def units(
    *,
    by: Principal,
    area: str | None = None,
    below: bool = True,
    kind: str | None = None,
    duty: str | None = None,
    q: str | None = None,
    active: bool | None = True,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """A page of units by area and name. The directory of offices is open to all staff; ``below`` takes all areas below too."""
    by.require(PeoplePermission.UNITS_READ)
    where, params = ["TRUE"], {"limit": limit + 1}
    if area:
        where.append("u.area LIKE %(area)s" if below else "u.area = %(area)s")
        params["area"] = area + "%" if below else area
    for name, value in (("kind", kind), ("duty", duty), ("active", active)):
        if value is not None:
            where.append(f"u.{name} = %({name})s")
            params[name] = value
    if q:
        where.append("(u.name ILIKE %(q)s OR u.name_en ILIKE %(q)s)")
        params["q"] = _like(q)
    if after:
        params["a"], params["n"], params["i"] = paging.decode(after, kinds=(str, str, UUID))
        where.append("(u.area, u.name, u.id) > (%(a)s, %(n)s, %(i)s)")
    found = rows.all(
        f"""SELECT {_UNIT} FROM people_unit u JOIN places_area a ON a.code = u.area WHERE {" AND ".join(where)}
            ORDER BY u.area, u.name, u.id LIMIT %(limit)s""",
        params,
    )
    return paging.page(found, limit, keys=("area", "name", "id"))


def unit_tree(*, by: Principal, root: UUID | None = None) -> list[dict[str, Any]]:
    """The tree below ``root`` (or from the top): each active unit with ``depth`` and ``path`` (ids from the top), parents first."""
    by.require(PeoplePermission.UNITS_READ)
    start = "u.id = %(root)s" if root else "u.parent_id IS NULL"
    return rows.all(
        f"""WITH RECURSIVE tree AS (
                SELECT u.id, 0 AS depth, ARRAY[u.id] AS path, ARRAY[u.area || u.name] AS sort FROM people_unit u WHERE u.active AND {start}
                UNION ALL
                SELECT u.id, t.depth + 1, t.path || u.id, t.sort || (u.area || u.name)
                FROM people_unit u JOIN tree t ON u.parent_id = t.id WHERE u.active)
            SELECT {_UNIT}, t.depth, t.path FROM tree t JOIN people_unit u USING (id) JOIN places_area a ON a.code = u.area
            ORDER BY t.sort""",
        {"root": root},
    )


# — users ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def user(key: UUID, scope: Any = EVERYTHING) -> dict[str, Any]:
    """One account with its posts. NotFound outside ``scope``."""
    params: dict[str, Any] = {"id": key}
    found = rows.one(
        f"""SELECT {_USER} FROM people_user u LEFT JOIN people_unit home ON home.id = u.unit_id
            LEFT JOIN people_credential c ON c.user_id = u.id WHERE u.id = %(id)s AND {access.users_in("u", scope, params)}""",
        params,
    )
    if found is None:
        raise NotFound(access.NO_USER)
    return found


def users(
    *,
    by: Principal,
    q: str | None = None,
    unit: UUID | None = None,
    active: bool | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """A page of accounts in the asker's scope, by name."""
    scope = by.require(PeoplePermission.USERS_READ)
    params: dict[str, Any] = {"limit": limit + 1}
    where = [access.users_in("u", scope, params)]
    if q:
        where.append("(u.name ILIKE %(q)s OR u.login ILIKE %(q)s)")
        params["q"] = _like(q)
    if unit:
        where.append("u.unit_id = %(unit)s")
        params["unit"] = unit
    if active is not None:
        where.append("u.active = %(active)s")
        params["active"] = active
    if after:
        params["n"], params["i"] = paging.decode(after, kinds=(str, UUID))
        where.append("(u.name, u.id) > (%(n)s, %(i)s)")
    found = rows.all(
        f"""SELECT {_USER} FROM people_user u LEFT JOIN people_unit home ON home.id = u.unit_id
            LEFT JOIN people_credential c ON c.user_id = u.id WHERE {" AND ".join(where)}
            ORDER BY u.name, u.id LIMIT %(limit)s""",
        params,
    )
    return paging.page(found, limit, keys=("name", "id"))


# — posts and absences —————————————————————————————————————————————————————————————————————————————————————————————————————


def post(key: UUID) -> dict[str, Any]:
    found = rows.one(f"SELECT {_POST} FROM {_POST_FROM} WHERE p.id = %(id)s", {"id": key})
    if found is None:
        raise NotFound(access.NO_POST)
    return found


def posts(
    *,
    by: Principal,
    user: UUID | None = None,
    unit: UUID | None = None,
    grid: str | None = None,
    area: str | None = None,
    role: str | None = None,
    q: str | None = None,
    at: datetime | None = None,
    ended: bool = False,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """A page of posts in the asker's scope, newest first: those open at ``at`` (default now), or with ``ended`` all that ever were.
    ``q``: words of the person's name or the title."""
    scope = by.require(PeoplePermission.POSTS_READ)
    params: dict[str, Any] = {"limit": limit + 1, "at": at or clock.now()}
    where = [access.posts_in("p", "pu", scope, params)]
    if not ended:
        where.append("p.starts <= %(at)s AND (p.ends IS NULL OR p.ends > %(at)s)")
    for column, name, value in (
        ("p.user_id", "user", user),
        ("p.unit_id", "unit", unit),
        ("p.grid", "grid", grid),
        ("p.role", "role", role),
    ):
        if value is not None:
            where.append(f"{column} = %({name})s")
            params[name] = value
    if area:
        where.append("coalesce(p.area, p.grid, pu.area) LIKE %(area)s")
        params["area"] = area + "%"
    if q:
        where.append("(u.name ILIKE %(q)s OR p.title ILIKE %(q)s OR p.title_en ILIKE %(q)s)")
        params["q"] = _like(q)
    if after:
        params["s"], params["i"] = paging.decode(after, kinds=(datetime, UUID))
        where.append("(p.starts, p.id) < (%(s)s, %(i)s)")
    found = rows.all(
        f"SELECT {_POST} FROM {_POST_FROM} WHERE {' AND '.join(where)} ORDER BY p.starts DESC, p.id DESC LIMIT %(limit)s",
        params,
    )
    return paging.page(found, limit, keys=("starts", "id"))


def absence(key: UUID) -> dict[str, Any]:
    found = rows.one(f"SELECT {_ABSENCE} FROM {_ABSENCE_FROM} WHERE a.id = %(id)s", {"id": key})
    assert found is not None
    return found


def absences(
    *, by: Principal, user: UUID | None = None, after: str | None = None, limit: int = paging.DEFAULT
) -> dict[str, Any]:
    """A page of absences that have not ended: of people in the asker's scope, of the asker, and those the asker stands in for."""
    params: dict[str, Any] = {"limit": limit + 1, "now": clock.now(), "me": by.id}
    own = "a.user_id = %(me)s OR a.deputy_id = %(me)s"
    if by.may(PeoplePermission.ABSENCES_MANAGE):
        own += " OR " + access.users_in("u", by.scope(PeoplePermission.ABSENCES_MANAGE), params)
    where = [f"({own})", "a.cancelled_at IS NULL", "a.ends > %(now)s"]
    if user:
        where.append("a.user_id = %(user)s")
        params["user"] = user
    if after:
        params["s"], params["i"] = paging.decode(after, kinds=(datetime, UUID))
        where.append("(a.starts, a.id) > (%(s)s, %(i)s)")
    found = rows.all(
        f"SELECT {_ABSENCE} FROM {_ABSENCE_FROM} WHERE {' AND '.join(where)} ORDER BY a.starts, a.id LIMIT %(limit)s",
        params,
    )
    return paging.page(found, limit, keys=("starts", "id"))


# — sessions and tokens ————————————————————————————————————————————————————————————————————————————————————————————————————


def sessions(*, by: Principal) -> list[dict[str, Any]]:
    """The asker's own open sessions, the latest seen first; ``current`` marks the one that asks."""
    return rows.all(
        """SELECT id, created_at, last_seen, least(expires_at, last_seen + idle) AS ends, host(address) AS address, device,
                  coalesce(id = %(session)s::uuid, FALSE) AS current
           FROM people_session
           WHERE user_id = %(me)s AND ended_at IS NULL AND expires_at > %(now)s AND last_seen + idle > %(now)s
           ORDER BY last_seen DESC, id""",
        {"me": by.id, "session": by.session, "now": clock.now()},
    )


def tokens(*, by: Principal) -> list[dict[str, Any]]:
    """Every integration token (never the token itself), the newest first."""
    access.require_everything(by.require(PeoplePermission.TOKENS_MANAGE))
    return rows.all(
        """SELECT id, name, hint, permissions, areas, grids, units, everywhere, networks, created_at, expires_at, last_used,
                  host(last_address) AS last_address, revoked_at
           FROM people_token ORDER BY created_at DESC, id"""
    )


# — who am I, and who answers for my grid ——————————————————————————————————————————————————————————————————————————————————————


def me(*, by: Principal) -> dict[str, Any]:
    """The asker: posts held now (own and deputised), permissions, what is still to be done, and where anything is visible."""
    ids = [g.post for g in by.grants if g.post]
    held = {
        r["id"]: r
        for r in rows.all(
            f"SELECT {_POST} FROM {_POST_FROM} WHERE p.id = ANY(%(ids)s) ORDER BY p.starts, p.id", {"ids": ids}
        )
    }
    row = rows.one("SELECT login, name, language FROM people_user WHERE id = %(id)s", {"id": by.id}) or {
        "login": by.name,
        "name": by.name,
        "language": by.language or "zh",
    }
    seen = by.visible
    return {
        "id": by.id,
        "kind": by.kind,
        **row,
        "pending": by.pending,
        "roles": sorted(by.roles),
        "posts": [p | {"deputising": p["user"] != by.id} for p in held.values()],
        "permissions": [] if by.pending else sorted(str(p) for p in permissions() if by.may(p)),
        "scope": {
            "everything": seen.everything,
            "districts": sorted(seen.districts),
            "streets": sorted(seen.streets),
            "communities": sorted(seen.communities),
            "grids": sorted(seen.grids),
            "units": sorted(seen.units),
        },
    }


def grid_card(code: str) -> dict[str, Any]:
    """What the law has posted up in every grid (滨州市社会治理网格化服务管理条例, art. 6): its name and border, who works there with the phone
    of the post, and where to complain. Only posts that are marked public; NotFound with the successors of a retired grid."""
    found = rows.one(
        """SELECT g.code, g.name, g.name_en, g.district, g.street, g.community, g.retired_at, g.successors,
                  c.name AS community_name, c.name_en AS community_name_en, s.name AS street_name, s.name_en AS street_name_en,
                  d.name AS district_name, d.name_en AS district_name_en, v.geometry
           FROM places_grid g
           LEFT JOIN places_area c ON c.code = g.community LEFT JOIN places_area s ON s.code = g.street
           LEFT JOIN places_area d ON d.code = g.district
           LEFT JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL
           WHERE g.code = %(code)s""",
        {"code": code},
    )
    if found is None:
        raise NotFound(Words(f"没有网格 {code}。", f"There is no grid {code}."))
    if found["retired_at"] is not None:
        after = found["successors"]
        raise NotFound(
            Words(
                f"网格 {code} 已停用{'，现为 ' + '、'.join(after) if after else ''}。",
                f"The grid {code} is no longer used{'; it is now ' + ', '.join(after) if after else ''}.",
            ),
            extra={"successors": after},
        )
    border = found.pop("geometry")
    for hidden in ("retired_at", "successors"):
        found.pop(hidden)
    staff = rows.all(
        """SELECT p.title, p.title_en, u.name, p.phone, d.name AS deputy
           FROM people_post p JOIN people_user u ON u.id = p.user_id AND u.active
           LEFT JOIN people_absence a ON a.user_id = u.id AND a.cancelled_at IS NULL AND a.starts <= %(now)s AND a.ends > %(now)s
           LEFT JOIN people_user d ON d.id = a.deputy_id
           WHERE p.public AND (p.grid = %(code)s OR p.area = %(community)s)
             AND p.starts <= %(now)s AND (p.ends IS NULL OR p.ends > %(now)s)
           ORDER BY p.area NULLS LAST, array_position(%(order)s::text[], p.role::text), u.name, p.id""",
        {"code": code, "community": found["community"], "now": clock.now(), "order": rules.CARD_ORDER},
    )
    centre = rows.one(
        """SELECT name, name_en, supervision_phone FROM people_unit
           WHERE active AND kind = 'centre' AND supervision_phone <> '' AND area = ANY(%(up)s)
           ORDER BY length(area) DESC, name LIMIT 1""",
        {"up": [code[:n] for n in (12, 9, 6, 4, 2)]},
    )
    return found | {
        "border": orjson.loads(shapely.to_geojson(shapely.from_wkb(bytes(border)))) if border is not None else None,
        "staff": staff,
        "supervision_unit": centre and centre["name"],
        "supervision_unit_en": centre and centre["name_en"],
        "supervision_phone": centre and centre["supervision_phone"],
    }


# — for the ledger —————————————————————————————————————————————————————————————————————————————————————————————————————————


def names_of_users(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Name and log-in, which tells two of one name apart."""
    sql = "SELECT id, name, login FROM people_user WHERE id = ANY(%(ids)s)"
    return {r["id"]: f"{r['name']} · {r['login']}" for r in rows.all(sql, {"ids": list(ids)})}


def names_of_clients(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of integration clients' tokens."""
    return {
        r["id"]: r["name"]
        for r in rows.all("SELECT id, name FROM people_token WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
    }
