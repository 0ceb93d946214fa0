"""A few explicit routes over the defaults, one of each sort: by time, by place, by grid, automatic."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from wangge.demo.plan import FUBAO, FUTIAN, YANTIAN
from wangge.demo.units import Units
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.actions import add_route
from wangge.kernel.access import Principal

_SPACE = UUID("6c2f0c5e-5f0b-4f6e-9f0e-44030400d3a1")

# name, category, unit by (area, duty), the rest of the rule
ROUTES: tuple[tuple[str, str, tuple[str, str], dict[str, Any]], ...] = (
    ("福保夜间噪声交派出所", "0701", (FUBAO, "police"), {"area": FUBAO, "start_minute": 22 * 60, "end_minute": 6 * 60}),
    ("福保白天噪声交综合执法队", "0701", (FUBAO, "urban_management"), {"area": FUBAO, "start_minute": 6 * 60, "end_minute": 22 * 60}),
    ("福保占道经营自动派综合执法队", "0105", (FUBAO, "urban_management"), {"area": FUBAO, "automatic": True}),
    ("福田休息日消防通道交区消防", "0401", (FUTIAN, "fire"), {"area": FUTIAN, "day_kind": "rest"}),
    ("福保首格电动车充电先交物业", "0402", (FUBAO, "property"), {"layer": "base", "grid": f"{FUBAO}001001"}),
    ("盐田内涝隐患交区水务", "0509", (YANTIAN, "water"), {"area": YANTIAN}),
    ("盐田邻里纠纷交街道司法所", "0601", ("440308002", "justice"), {"area": "440308002"}),
    ("华强北市场秩序交市场监管所", "10", ("440304011", "market"), {"area": "440304011"}),
)  # fmt: skip


def load(*, by: Principal, units: Units) -> int:
    """Add the routes to an installation that has the categories, areas, grids and units. Returns how many."""
    for number, (name, code, (area, duty), rest) in enumerate(ROUTES):
        category = catalog.category_by_code(code)
        assert category is not None, code
        add_route(
            by=by,
            id=uuid5(_SPACE, f"route {number}"),
            name=name,
            unit=units.id(area, duty),
            category=category.id,
            note="演示规则",
            **rest,
        )
    return len(ROUTES)
