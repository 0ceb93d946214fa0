"""Places and people that the tests of this folder share: Futian with two streets, Yantian, and a city above them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from wangge.kernel import crypto

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

AREAS = [
    ("44", "广东省", "province", None),
    ("4403", "深圳市", "city", "44"),
    ("440304", "福田区", "district", "4403"),
    ("440308", "盐田区", "district", "4403"),
    ("440304010", "福保街道", "street", "440304"),
    ("440304003", "南园街道", "street", "440304"),
    ("440308001", "海山街道", "street", "440308"),
    ("440304010001", "福保社区", "community", "440304010"),
    ("440304010002", "益田社区", "community", "440304010"),
    ("440308001001", "海涛社区", "community", "440308001"),
    ("4406", "佛山市", "city", "44"),
    ("440604", "禅城区", "district", "4406"),
]
GRIDS = ["440304010001001", "440304010001002", "440304010002001", "440308001001001"]


@pytest.fixture(autouse=True)
def keys(tmp_path) -> Any:
    ring = crypto.Keyring(tmp_path / "keys.json")
    ring.create()
    with crypto.using(ring):
        yield ring


def make_places() -> None:
    from wangge.domain.places.models import Area, Grid, GridLayer

    since = START - timedelta(days=3650)
    Area.objects.bulk_create(
        [Area(code=c, name=n, level=level, parent_id=parent, valid_from=since) for c, n, level, parent in AREAS]
    )
    layer = GridLayer.objects.create(key="base", name="基础网格", kind="base", created_at=since)
    Grid.objects.bulk_create(
        [
            Grid(
                layer=layer,
                code=c,
                name=f"第{c[-1]}网格",
                district=c[:6],
                street=c[:9],
                community=c[:12],
                created_at=since,
            )
            for c in GRIDS
        ]
    )


def make_people() -> SimpleNamespace:
    """Alice works in one grid, Bob at Fubao's desk, Charlie at Haishan's; Dora leads a department; Sam, Secu and Audrey administrate."""
    from wangge.domain.people import passwords
    from wangge.domain.people.actions import NewPost, NewStaff, NewUnit, load_staff, load_units
    from wangge.kernel import clock
    from wangge.kernel.access import SYSTEM, Role, acting

    make_places()
    with acting(SYSTEM), clock.at(START):
        centre = NewUnit(
            "福保街道网格化服务管理中心", "centre", "grid_centre", "440304010", supervision_phone="0755-12345"
        )
        other = NewUnit("海山街道网格化服务管理中心", "centre", "grid_centre", "440308001")
        police = NewUnit("福保派出所", "department", "police", "440304010")
        city = NewUnit("深圳市网格化服务管理中心", "centre", "grid_centre", "4403")
        load_units(by=SYSTEM, units=[city, centre, other, police])

        def person(login: str, name: str, *posts: NewPost, unit: Any = None) -> NewStaff:
            return NewStaff(login, name, posts, unit=unit)

        everybody = {
            "alice": person(
                "alice",
                "艾丽",
                NewPost(Role.GRID_WORKER, grid=GRIDS[0], phone="0755-83910001", public=True),
                unit=centre.id,
            ),
            "bob": person("bob", "鲍勃", NewPost(Role.OPERATOR, area="440304010"), unit=centre.id),
            "charlie": person("charlie", "查理", NewPost(Role.OPERATOR, area="440308001"), unit=other.id),
            "dora": person("dora", "朵拉", NewPost(Role.UNIT_LEADER, unit=police.id), unit=police.id),
            "eve": person("eve", "伊娃", NewPost(Role.HANDLER, unit=police.id), unit=police.id),
            "carl": person("carl", "卡尔", NewPost(Role.LEADER, area="4403"), unit=city.id),
            "sam": person("sam", "山姆", NewPost(Role.SYSTEM_ADMIN, everywhere=True)),
            "secu": person("secu", "安安", NewPost(Role.SECURITY_ADMIN, everywhere=True)),
            "audrey": person("audrey", "奥黛丽", NewPost(Role.AUDITOR, everywhere=True)),
            "fiona": person("fiona", "菲菲", NewPost(Role.SECURITY_ADMIN, area="440304"), unit=centre.id),
        }
        load_staff(by=SYSTEM, staff=everybody.values(), password_hash=passwords.hashed_random(PASSWORD))
    ids = SimpleNamespace(**{k: v.id for k, v in everybody.items()})
    ids.posts = {k: v.posts[0].id for k, v in everybody.items()}
    ids.units = SimpleNamespace(centre=centre.id, other=other.id, police=police.id, city=city.id)
    return ids


PASSWORD = "lake-under-the-hill"


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    return make_people()


@pytest.fixture
def real_people(own_database: str) -> SimpleNamespace:
    """The same, committed."""
    return make_people()


@pytest.fixture
def as_(people: SimpleNamespace) -> Any:
    """``as_("alice")``: her Principal, as her session would find it now."""
    return principal_of


def principal_of(login: str) -> Any:
    from wangge.domain.people.actions.authenticate import posts_at
    from wangge.domain.people.models import User
    from wangge.kernel import clock
    from wangge.kernel.access import Principal

    user = User.objects.get(login=login)
    grants = tuple(posts_at(user.id, clock.now()))
    return Principal(
        kind="user",
        id=user.id,
        name=user.name,
        grants=grants,
        units=frozenset(u for g in grants for u in g.scope.units),
    )
