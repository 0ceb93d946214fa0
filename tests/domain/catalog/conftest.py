"""The shipped catalogue in a city of two districts, with a few units."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from wangge.kernel import crypto

SINCE = datetime(2016, 1, 1, tzinfo=UTC)
AREAS = [
    ("44", "广东省", "province", None),
    ("4403", "深圳市", "city", "44"),
    ("440304", "福田区", "district", "4403"),
    ("440308", "盐田区", "district", "4403"),
    ("440304010", "福保街道", "street", "440304"),
    ("440304003", "南园街道", "street", "440304"),
    ("440308001", "海山街道", "street", "440308"),
    ("440304010001", "福保社区", "community", "440304010"),
]


@pytest.fixture(autouse=True)
def keys(tmp_path: Any) -> Any:
    ring = crypto.Keyring(tmp_path / "keys.json")
    ring.create()
    with crypto.using(ring):
        yield ring


@pytest.fixture(autouse=True)
def fresh_rules() -> Any:
    """What one test put into the copy in memory is not there for the next."""
    from wangge.domain.catalog import queries

    queries.forget()
    yield
    queries.forget()


def make_world() -> SimpleNamespace:
    """Fire at Fubao's street and at the district, police at Fubao, water only at the city, urban management everywhere."""
    from wangge.domain.catalog.actions import load_defaults
    from wangge.domain.people.models import Unit
    from wangge.domain.places.models import Area, Grid, GridLayer
    from wangge.kernel.access import SYSTEM, bind

    bind(SYSTEM)
    Area.objects.bulk_create(
        [Area(code=c, name=n, level=level, parent_id=parent, valid_from=SINCE) for c, n, level, parent in AREAS]
    )
    base = GridLayer.objects.create(key="base", name="基础网格", kind="base", created_at=SINCE)
    fire = GridLayer.objects.create(key="fire", name="消防网格", kind="specialised", created_at=SINCE)
    for layer, code in ((base, "440304010001001"), (base, "440304010001002"), (fire, "440304010001901")):
        Grid.objects.create(
            layer=layer,
            code=code,
            name=code[-3:],
            district=code[:6],
            street=code[:9],
            community=code[:12],
            created_at=SINCE,
        )

    def unit(name: str, duty: str, area: str, kind: str = "department") -> Unit:
        return Unit.objects.create(name=name, name_en=name, duty=duty, area_id=area, kind=kind, created_at=SINCE)

    units = SimpleNamespace(
        fire_street=unit("福保消防站", "fire", "440304010"),
        fire_district=unit("福田消防大队", "fire", "440304"),
        police=unit("福保派出所", "police", "440304010"),
        water=unit("市水务集团", "water", "4403", "company"),
        sanitation=unit("福保环卫", "sanitation", "440304010", "company"),
        yantian=unit("海山城管", "urban_management", "440308001"),
        company=unit("某安防公司", "property", "440304010", "company"),
    )
    made = load_defaults(by=SYSTEM)
    return SimpleNamespace(units=units, made=made)


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    return make_world()


@pytest.fixture
def code() -> Any:
    """``code("0401")``: that category, as the copy in memory has it."""
    from wangge.domain.catalog import queries

    def found(code: str) -> Any:
        category = queries.category_by_code(code)
        assert category is not None
        return category

    return found


@pytest.fixture
def admin() -> Any:
    """Sam, system administrator for everywhere."""
    from wangge.kernel.access import EVERYTHING, Grant, Principal, Role

    return Principal(kind="user", id=uuid4(), name="山姆", grants=(Grant(Role.SYSTEM_ADMIN, EVERYTHING),))


@pytest.fixture
def operator() -> Any:
    """Olga, at the desk of Fubao."""
    from wangge.kernel.access import Grant, Principal, Role, Scope

    return Principal(kind="user", id=uuid4(), name="奥莉", grants=(Grant(Role.OPERATOR, Scope.area("440304010")),))
