"""A small world for tests of the loop: Futian with two streets, Yantian with one; every person by name, every grid a square.

The grids of Fubao lie in a row from west to east, 0.01° wide: a point at longitude 114.005 + 0.01 × n is in grid n.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from django.test import Client
from shapely import box

from wangge.domain.catalog.actions import load_defaults
from wangge.domain.people import passwords
from wangge.domain.people.actions import NewPost, NewStaff, NewUnit, load_staff, load_units
from wangge.domain.people.actions.authenticate import posts_at
from wangge.domain.people.models import User
from wangge.domain.places import actions as places
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, Role, acting

PASSWORD = "lake-under-the-hill"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
FUBAO, NANYUAN, HAISHAN = "440304010", "440304001", "440308004"
AREAS = {
    "44": "广东省",
    "4403": "深圳市",
    "440304": "福田区",
    "440308": "盐田区",
    FUBAO: "福保街道",
    NANYUAN: "南园街道",
    HAISHAN: "海山街道",
    FUBAO + "001": "福保社区",
    FUBAO + "002": "益田社区",
    NANYUAN + "001": "南园社区",
    HAISHAN + "001": "海涛社区",
}
GRIDS = {
    FUBAO + "001001": 0,
    FUBAO + "001002": 1,
    FUBAO + "002001": 2,
    NANYUAN + "001001": 3,
    HAISHAN + "001001": 4,
}


def point_in(grid: str) -> tuple[float, float]:
    """The middle of a grid's square."""
    return (round(114.005 + 0.01 * GRIDS[grid], 6), 22.505)


def build() -> SimpleNamespace:
    """Write the world through the packages' own loaders. ``.as_("alice")`` is her Principal; ``.units`` the units by name."""
    with acting(SYSTEM), clock.at(SINCE):
        places.load_areas(by=SYSTEM, areas=[{"code": c, "name": n} for c, n in AREAS.items()])
        places.ensure_layer(by=SYSTEM, key="base", name="基础网格", kind="base")
        squares = [
            {"code": c, "name": f"{c[-3:]} 网格", "geometry": box(114 + 0.01 * n, 22.5, 114.01 + 0.01 * n, 22.51)}
            for c, n in GRIDS.items()
        ]
        places.load_grids(by=SYSTEM, layer="base", grids=squares)
        units = {
            "fubao": NewUnit("福保街道网格化服务管理中心", "centre", "grid_centre", FUBAO),
            "nanyuan": NewUnit("南园街道网格化服务管理中心", "centre", "grid_centre", NANYUAN),
            "haishan": NewUnit("海山街道网格化服务管理中心", "centre", "grid_centre", HAISHAN),
            "futian": NewUnit("福田区网格化服务管理中心", "centre", "grid_centre", "440304"),
            "workstation": NewUnit("福保社区工作站", "workstation", "grid_centre", FUBAO + "001"),
            "cleaners": NewUnit("福保环卫所", "department", "sanitation", FUBAO),
            "wardens": NewUnit("福保城管办", "department", "urban_management", FUBAO),
            "police": NewUnit("福田公安分局", "department", "police", "440304"),
        }
        load_units(by=SYSTEM, units=units.values())
        load_defaults(by=SYSTEM)
        staff = {
            "alice": NewPost(Role.GRID_WORKER, grid=FUBAO + "001001"),
            "amy": NewPost(Role.GRID_WORKER, grid=FUBAO + "002001"),
            "bob": NewPost(Role.OPERATOR, area=FUBAO),
            "charlie": NewPost(Role.OPERATOR, area=HAISHAN),
            "cora": NewPost(Role.OPERATOR, area=NANYUAN),
            "dan": NewPost(Role.OPERATOR, area="440304"),
            "wally": NewPost(Role.WORKSTATION, area=FUBAO + "001"),
            "hank": NewPost(Role.HANDLER, unit=units["cleaners"].id),
            "lea": NewPost(Role.UNIT_LEADER, unit=units["cleaners"].id),
            "hugo": NewPost(Role.HANDLER, unit=units["wardens"].id),
            "sue": NewPost(Role.SUPERVISOR, area="440304"),
            "leo": NewPost(Role.LEADER, area="4403"),
            "ana": NewPost(Role.ANALYST, area="440304"),
            "audrey": NewPost(Role.AUDITOR, everywhere=True),
            "sam": NewPost(Role.SYSTEM_ADMIN, everywhere=True),
            "secu": NewPost(Role.SECURITY_ADMIN, everywhere=True),
        }
        load_staff(
            by=SYSTEM,
            staff=[NewStaff(login, login.title(), (post,)) for login, post in staff.items()],
            password_hash=passwords.hashed_random(PASSWORD),
        )
    return SimpleNamespace(units=SimpleNamespace(**{k: u.id for k, u in units.items()}), as_=as_, people=list(staff))


def as_(login: str) -> Principal:
    """The person as their session would find them now."""
    user = User.objects.get(login=login)
    grants = tuple(posts_at(user.id, clock.now()))
    return Principal(
        kind="user",
        id=user.id,
        name=user.name,
        grants=grants,
        units=frozenset(u for g in grants for u in g.scope.units),
    )


def log_in(login: str) -> str:
    """The person's session token, as clients without cookies get it. The installation must be a demo (no second factor)."""
    answer = Client().post(
        "/api/v1/session",
        {"login": login, "password": PASSWORD, "as_token": True},
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["pending"] is None
    return answer.json()["token"]


def category(code: str) -> Any:
    from wangge.domain.catalog import queries

    found = queries.category_by_code(code)
    assert found is not None
    return found
