"""A small real world: one street of Futian with two communities of grids, made by subdivision."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.kernel.geo.shapes import district
from wangge.kernel.geo.numbering import reading_order
from wangge.kernel.geo.subdivide import Piece, subdivide_nested

STREET = "440304010"
FIRST, SECOND = STREET + "001", STREET + "002"


@dataclass
class World:
    tree: Piece
    grids: dict[str, object]


def made_world() -> World:
    tree = subdivide_nested(district(), [[6, 9]])
    grids = {}
    for code, community in zip((FIRST, SECOND), tree.children[0].children, strict=True):
        shapes = [leaf.geometry for leaf in community.leaves()]
        grids |= {f"{code}{n:03d}": shapes[i] for n, i in enumerate(reading_order(shapes), 1)}
    return World(tree, grids)


@pytest.fixture
def plain_world(db) -> World:
    """Areas with borders, the base layer, no grids."""
    from wangge.domain.places import actions, queries
    from wangge.kernel.access import SYSTEM, bind

    bind(SYSTEM)
    queries.forget()
    world = made_world()
    names = {"440304": "福田区", STREET: "福保街道", FIRST: "福保社区", SECOND: "益田社区"}
    actions.load_areas(by=SYSTEM, areas=[{"code": c, "name": n} for c, n in names.items()])
    first, second = world.tree.children[0].children
    actions.load_borders(by=SYSTEM, shapes={FIRST: first.geometry, SECOND: second.geometry})
    actions.add_layer(by=SYSTEM, key="base", name="基础网格", name_en="Base grids", kind="base")
    return world


@pytest.fixture
def world(plain_world: World) -> World:
    """The same with its 15 base grids."""
    from wangge.domain.places import actions
    from wangge.kernel.access import SYSTEM

    rows = [{"code": c, "name": f"网格{c[-3:]}", "geometry": s} for c, s in plain_world.grids.items()]
    actions.load_grids(by=SYSTEM, layer="base", grids=rows)
    return plain_world


def token_for(*permissions: str) -> str:
    """A real integration token with these permissions everywhere."""
    from datetime import timedelta

    from wangge.domain.people.actions.tokens import make_token
    from wangge.kernel import clock
    from wangge.kernel.access import SYSTEM

    return make_token(
        by=SYSTEM,
        name="gis",
        permissions=list(permissions),
        everywhere=True,
        expires_at=clock.now() + timedelta(days=1),
    )[1]


def reading_token() -> str:
    return token_for("places.read")
