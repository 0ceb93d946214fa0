"""Checks of layers as they are stored."""

from __future__ import annotations

from wangge.domain.places.queries.areas import area_borders
from wangge.domain.places.queries.grids import current_grids, layer
from wangge.kernel.db import rows
from wangge.kernel.geo.coverage import Fault, check_coverage, check_stack
from wangge.kernel.geo.subdivide import union_of


def check_community(key: str, community: str) -> list[Fault]:
    """Faults of one community's grids of a layer against the community's border (when it has one)."""
    found = current_grids(layer(key)["id"], [community])
    parent = area_borders([community]).get(community)
    return check_coverage([g["shape"] for g in found], [g["code"] for g in found], parent)


def check_layer(key: str, within: str | None = None) -> list[Fault]:
    """All faults of a layer, or of its part within an area.

    A base layer is checked as a coverage of each community that has grids of it; a stacked layer against the layer it lies
    on: do the borders coincide, and as 1:1, 1:N or N:1 as declared.
    """
    this = layer(key)
    if this["over"]:
        base = current_grids(layer(this["over"])["id"])
        mine = [g for g in current_grids(this["id"]) if g["code"].startswith(within or "")]
        if within:  # base grids of the part that the upper grids cover
            whole = union_of([g["shape"] for g in mine]) if mine else None
            base = [g for g in base if whole is not None and whole.intersects(g["shape"])]
        return check_stack(
            [g["shape"] for g in mine],
            [g["code"] for g in mine],
            [g["shape"] for g in base],
            [g["code"] for g in base],
            this["stacking"],
        )[0]
    communities = rows.all(
        """SELECT DISTINCT community FROM places_grid WHERE layer_id = %(l)s AND retired_at IS NULL
           AND community LIKE %(within)s || '%%' ORDER BY community""",
        {"l": this["id"], "within": within or ""},
    )
    return [fault for row in communities for fault in check_community(key, row["community"])]
