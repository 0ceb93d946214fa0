"""Split, merge and redraw: first a preview of what changes hands, then the change in one transaction.

The preview carries a token over the state it was made of (grids, their versions, counts of affected work). Applying asks for
that token: when anything has changed since, nothing is done and the new preview is the answer (409).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import numpy as np
import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from wangge.domain.places import borders, queries
from wangge.domain.places.actions.importing import fault_words
from wangge.domain.places.actions.layers import touch_layer
from wangge.domain.places.actions.loading import insert_grids
from wangge.domain.places.rules import CONSEQUENCES, Affected, GridChange
from wangge.domain.places.tags import PlacesPermission, PlacesTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.geo.coverage import Fault, check_coverage, check_ring, is_sliver
from wangge.kernel.geo.giving import give
from wangge.kernel.geo.grouping import adjacency, components
from wangge.kernel.geo.lattice import area_m2, areal, polygons_of, snap
from wangge.kernel.geo.locate import LayerIndex
from wangge.kernel.geo.noding import with_vertices
from wangge.kernel.geo.numbering import next_codes, reading_order
from wangge.kernel.geo.subdivide import subdivide, union_of
from wangge.kernel.ids import body_hash
from wangge.kernel.problems import Conflict, FieldError, Forbidden, Invalid
from wangge.kernel.words import Words

Kind = Literal["split", "merge", "redraw"]
TAGS = {"split": PlacesTag.GRID_SPLIT, "merge": PlacesTag.GRIDS_MERGED, "redraw": PlacesTag.GRID_REDRAWN}


@dataclass
class ChangePlan:
    """What a change would do. `made` and `moved`: code → new shape; `fitted`: neighbours that only get a vertex.

    `hands`: land that changes hands, as (old code, new code, shape).
    """

    kind: Kind
    layer: str
    retired: list[str]
    made: dict[str, BaseGeometry] = field(default_factory=dict)
    moved: dict[str, BaseGeometry] = field(default_factory=dict)
    fitted: dict[str, BaseGeometry] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    hands: list[tuple[str, str, BaseGeometry]] = field(default_factory=list)
    affected: list[Affected] = field(default_factory=list)
    token: str = ""

    def change(self) -> GridChange:
        """The change as higher packages see it."""
        after = {**self.made, **self.moved}
        codes = sorted(after)
        index = LayerIndex(0, [after[c] for c in codes], codes)

        def home(lon: float, lat: float) -> str | None:
            return index.locate(lon, lat)

        old = tuple(sorted([*self.retired, *self.moved]))
        return GridChange(self.kind, self.layer, old, tuple(codes), home)


def preview_change(
    *,
    by: Principal,
    kind: Kind,
    grids: Sequence[str],
    cut: BaseGeometry | None = None,
    pieces: Sequence[BaseGeometry] = (),
    count: int | None = None,
    shapes: Mapping[str, BaseGeometry] | None = None,
    area: BaseGeometry | None = None,
    to: str | None = None,
    names: Sequence[str] = (),
) -> ChangePlan:
    """What splitting, merging or redrawing would do. Writes nothing.

    split: one grid, by a `cut` line, into given `pieces`, or into `count` equal ones. merge: two or more neighbours of one
    community. redraw: `shapes` by code, or an `area` that goes from its grids `to` one beside them. All shapes in WGS 84
    degrees; new codes follow in reading order.
    """
    scope = by.require(PlacesPermission.GRIDS_MANAGE)
    if kind == "redraw" and area is not None:
        shapes = _given(area, to)
    codes = sorted(set(grids) | set(shapes or {}))
    found = [queries.grid(code) for code in codes]
    for g in found:
        if not scope.covers(district=g["district"], street=g["street"], community=g["community"], grid=g["code"]):
            raise Forbidden(Words(f"网格 {g['code']} 不在您的管辖范围。", f"Grid {g['code']} is not in your scope."))
        if g["retired_at"] is not None:
            raise Invalid.field("body.grids", "retired", f"网格 {g['code']} 已停用。", f"Grid {g['code']} is retired.")
    _one_place(kind, found)
    layer = queries.layer(found[0]["layer"])
    current = {g["code"]: g for g in queries.current_grids(layer["id"], sorted({g["community"] for g in found}))}
    plan = ChangePlan(kind, layer["key"], [] if kind == "redraw" else codes)
    if kind == "split":
        parts = _split(current[codes[0]]["shape"], cut, pieces, count)
        _name_new(plan, found[0], parts, names)
    elif kind == "merge":
        _name_new(plan, found[0], [_merged([current[c]["shape"] for c in codes])], names)
    else:
        plan.moved = {code: _usable(shape, f"body.shapes.{code}") for code, shape in (shapes or {}).items()}
    _fit_neighbours(plan, current)
    _check(plan, current, layer)
    plan.hands = _hands({c: current[c]["shape"] for c in codes}, plan.made | plan.moved)
    change = plan.change()
    plan.affected = [a for consequence in CONSEQUENCES for a in consequence.preview(change)]
    plan.token = _token(plan, {c: current[c]["version"] for c in codes})
    return plan


def apply_change(
    *, by: Principal, token: str, answers: Mapping[str, str] | None = None, **asked: Any
) -> tuple[ChangePlan, dict[str, UUID]]:
    """Do what a preview showed: new borders, retired codes, work re-assigned by `answers`, one ledger entry.

    `asked`: the preview's own arguments. Raises Conflict with the new preview's token when the state has changed since,
    Invalid when the change would leave a fault or an answer is missing.
    """
    with transaction.atomic():
        plan = confirmed(by=by, token=token, answers=answers or {}, asked=asked)
        made = carry_out(by=by, plan=plan, answers=answers or {})
    queries.forget()
    return plan, made


def confirmed(*, by: Principal, token: str | None, answers: Mapping[str, str], asked: Mapping[str, Any]) -> ChangePlan:
    """The change as it would be now, with its layer locked until the transaction ends. Raises as `apply_change` does; without a
    `token` it may differ from what was seen."""
    by.require(PlacesPermission.GRIDS_MANAGE)
    codes = sorted({*(asked.get("grids") or ()), *(asked.get("shapes") or {}), asked.get("to") or ""})
    # the layer's row is the lock of all changes to it
    rows.run(
        """SELECT 1 FROM places_gridlayer WHERE id IN (SELECT layer_id FROM places_grid WHERE code = ANY(%(c)s))
           FOR UPDATE""",
        {"c": codes},
    )
    plan = preview_change(by=by, **asked)
    if token is not None and plan.token != token:
        raise Conflict(
            Words(
                "预览之后情况已有变化，请按新的预览确认。",
                "Things have changed since the preview; confirm the new one.",
            ),
            extra={"current": {"token": plan.token, "affected": {a.key: a.count for a in plan.affected}}},
        )
    _refuse_faults(plan)
    _refuse_unanswered(plan, answers)
    return plan


def carry_out(*, by: Principal, plan: ChangePlan, answers: Mapping[str, str]) -> dict[str, UUID]:
    """Write a confirmed change, in its transaction: the ids of the new grids by code."""
    made = _write(by, plan)
    change = plan.change()
    for consequence in CONSEQUENCES:
        consequence.apply(by, change, answers)
    return made


def _one_place(kind: Kind, found: list[dict[str, Any]]) -> None:
    if not found or (kind == "split" and len(found) != 1) or (kind == "merge" and len(found) < 2):
        raise Invalid.field(
            "body.grids",
            "count",
            "拆分需一个网格，合并需两个以上，调整至少一个。",
            "A split takes one grid, a merge two or more, a redraw at least one.",
        )
    if len({g["layer"] for g in found}) > 1:
        raise Invalid.field("body.grids", "layers", "网格须属同一图层。", "The grids must be of one layer.")
    if kind == "merge" and len({g["community"] for g in found}) > 1:
        raise Invalid.field(
            "body.grids", "communities", "只能合并同一社区的网格。", "Only grids of one community can be merged."
        )


def _usable(shape: BaseGeometry, path: str) -> BaseGeometry:
    shape = snap(areal(shape))
    fault = check_ring(shape)
    if fault is not None:
        raise Invalid.field(
            path, "invalid_ring", f"边界环无效：{fault.note}。", f"The ring is not valid: {fault.note}."
        )
    return shape


def _split(
    shape: BaseGeometry, cut: BaseGeometry | None, pieces: Sequence[BaseGeometry], count: int | None
) -> list[BaseGeometry]:
    if sum((cut is not None, bool(pieces), count is not None)) != 1:
        raise Invalid.field(
            "body", "one_way", "请给出切割线、分块或份数之一。", "Give one of a cut line, the pieces or their number."
        )
    if count is not None:
        if not 2 <= count <= 50:
            raise Invalid.field("body.count", "range", "份数应为 2–50。", "Between 2 and 50 pieces are possible.")
        return subdivide(shape, count)
    if pieces:
        return [_usable(p, f"body.pieces[{i}]") for i, p in enumerate(pieces)]
    lines = shapely.unary_union([part.boundary for part in polygons_of(shape)] + [cut], grid_size=1e-7)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    parts = [snap(f) for f in faces if shapely.contains_properly(shape, f.representative_point())]
    if len(parts) < 2:
        raise Invalid.field(
            "body.cut",
            "cut",
            "切割线没有穿过网格，请从边界外画到边界外。",
            "The line does not cut the grid: draw it from outside to outside.",
        )
    return parts


def _given(area: BaseGeometry, to: str | None) -> dict[str, BaseGeometry]:
    """The borders of the grids of one community when an area goes to one of them."""
    home = queries.grid(to) if to else None
    if home is None:
        raise Invalid.field("body.to", "missing", "请选择土地划给哪个网格。", "Say which grid the area goes to.")
    found = queries.current_grids(queries.layer(home["layer"])["id"], [home["community"]])
    usable = _usable(area, "body.area")
    shapes = give(usable, home["code"], {g["code"]: g["shape"] for g in found})
    if not shapes:
        raise Invalid.field(
            "body.area",
            "nothing",
            "所画范围内没有同一社区其他网格的土地。",
            "The area holds no land of another grid of the same community.",
        )
    pieces = {g["code"]: len(polygons_of(g["shape"])) for g in found}
    for code, shape in shapes.items():
        if shape.is_empty:
            raise Invalid.field(
                "body.area",
                "all",
                f"网格 {code} 将不剩土地；请改用合并。",
                f"Nothing would be left of grid {code}: merge the two instead.",
            )
        if len(polygons_of(shape)) > pieces[code]:
            raise Invalid.field(
                "body.area",
                "apart",
                f"网格 {code} 将断成互不相连的几块；请改画范围。",
                f"Grid {code} would fall apart into pieces that do not touch: draw the area anew.",
            )
    return shapes


def _hands(
    before: Mapping[str, BaseGeometry], after: Mapping[str, BaseGeometry]
) -> list[tuple[str, str, BaseGeometry]]:
    """Land that changes hands, without what rounding leaves along a border: (old code, new code, shape)."""
    found = [
        (old, new, areal(shapely.intersection(was, shape)))
        for old, was in before.items()
        for new, shape in after.items()
        if old != new
    ]
    return [(old, new, shape) for old, new, shape in found if not is_sliver(shape)]


def _merged(shapes: list[BaseGeometry]) -> BaseGeometry:
    if len(components(adjacency(shapes))) > 1:
        raise Invalid.field(
            "body.grids", "apart", "所选网格不相连，不能合并。", "The grids do not all touch each other along a border."
        )
    return union_of(shapes)


def _name_new(plan: ChangePlan, old: Mapping[str, Any], parts: list[BaseGeometry], names: Sequence[str]) -> None:
    community = old["community"]
    given = [r["code"] for r in rows.all("SELECT code FROM places_grid WHERE community = %(c)s", {"c": community})]
    codes = next_codes(community, given, len(parts))
    for number, (code, at) in enumerate(zip(codes, reading_order(parts), strict=True)):
        plan.made[code] = parts[at]
        default = old["name"] if len(parts) == 1 else f"{old['name']}-{number + 1}"
        plan.names[code] = names[number] if number < len(names) else default


def _fit_neighbours(plan: ChangePlan, current: Mapping[str, Mapping[str, Any]]) -> None:
    """Give neighbours the new vertices that lie on their border, so that both sides stay vertex for vertex the same."""
    fresh = np.unique(
        shapely.get_coordinates(np.array([*plan.made.values(), *plan.moved.values()], dtype=object)), axis=0
    )
    for code, grid in current.items():
        if code not in plan.retired and code not in plan.moved:
            fitted = with_vertices(grid["shape"], fresh)
            if fitted is not None and fitted.is_valid:
                plan.fitted[code] = fitted


def _check(plan: ChangePlan, current: Mapping[str, Mapping[str, Any]], layer: Mapping[str, Any]) -> None:
    """Faults that the change would leave among or beside the grids it touches."""
    after = {c: g["shape"] for c, g in current.items() if c not in plan.retired} | plan.made | plan.moved | plan.fitted
    touched = set(plan.made) | set(plan.moved)
    for community in sorted({c[:12] for c in touched | set(plan.retired)}):
        codes = sorted(c for c in after if c[:12] == community)
        parent = queries.area_borders([community]).get(community) if layer["kind"] == "base" else None
        before = [g["shape"] for c, g in current.items() if c[:12] == community]
        lost = shapely.difference(shapely.unary_union(before), shapely.unary_union([after[c] for c in codes]))
        for fault in check_coverage([after[c] for c in codes], codes, parent):
            if touched & set(fault.pieces) or (fault.kind == "gap" and area_m2(areal(lost)) > 1):
                plan.faults.append(fault)


def _token(plan: ChangePlan, versions: Mapping[str, int]) -> str:
    shapes = {**plan.made, **plan.moved, **plan.fitted}
    return body_hash(
        {
            "kind": plan.kind,
            "versions": dict(versions),
            "shapes": {code: shape.wkb.hex() for code, shape in shapes.items()},
            "affected": {a.key: a.count for a in plan.affected},
        }
    ).hex()


def _refuse_faults(plan: ChangePlan) -> None:
    bad = [f for f in plan.faults if f.grade == "fault"]
    if bad:
        raise Invalid.fields(*(FieldError("body", f.kind, fault_words(f)) for f in bad))


def _refuse_unanswered(plan: ChangePlan, answers: Mapping[str, str]) -> None:
    missing = [a for a in plan.affected if a.count and a.choices and answers.get(a.key) not in a.choices]
    if missing:
        raise Invalid.fields(
            *(
                FieldError(
                    f"body.answers.{a.key}",
                    "unanswered",
                    Words(
                        f"请说明{a.words.zh}如何处理（{'、'.join(a.choices)}）",
                        f"Say what happens to {a.words.en}: {', '.join(a.choices)}.",
                    ),
                )
                for a in missing
            )
        )


def _write(by: Principal, plan: ChangePlan) -> dict[str, UUID]:
    now = clock.now()
    layer = queries.layer(plan.layer)
    made = insert_grids(
        layer["id"], [({"code": c, "name": plan.names[c]}, s) for c, s in plan.made.items()], reason=plan.kind
    )
    ids = {
        r["code"]: r["id"]
        for r in rows.all(
            "SELECT code, id FROM places_grid WHERE code = ANY(%(c)s)",
            {"c": [*plan.moved, *plan.fitted, *plan.retired]},
        )
    }
    borders.add("grid", [(ids[c], s) for c, s in plan.moved.items()], at=now, reason="redraw")
    borders.add("grid", [(ids[c], s) for c, s in plan.fitted.items()], at=now, reason="fitted")
    rows.run("UPDATE places_grid SET version = version + 1 WHERE code = ANY(%(c)s)", {"c": [*plan.moved, *plan.fitted]})
    rows.run(
        """UPDATE places_grid SET retired_at = %(now)s, version = version + 1, successors = %(new)s::text[]
           WHERE code = ANY(%(c)s)""",
        {"now": now, "new": list(plan.made), "c": plan.retired},
    )
    rows.run(
        "UPDATE places_gridversion SET valid_to = %(now)s WHERE valid_to IS NULL AND grid_id = ANY(%(ids)s)",
        {"now": now, "ids": [ids[c] for c in plan.retired]},
    )
    touch_layer(layer["id"], plan.layer)
    old, new = plan.retired or list(plan.moved), list(plan.made) or list(plan.moved)
    ledger.append(
        by=by,
        tag=TAGS[plan.kind],
        kind="grid",
        subject=ids[old[0]],
        district=old[0][:6],
        body={"old": old, "new": new, "fitted": list(plan.fitted)},
    )
    return made
