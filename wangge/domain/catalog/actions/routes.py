"""Routes: which unit gets what, where and when. A rule that cannot work is refused here with the field that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from wangge.domain.catalog import rules, store
from wangge.domain.catalog.actions.editing import editing
from wangge.domain.catalog.models import Category, Route
from wangge.domain.catalog.tags import CatalogPermission, CatalogTag
from wangge.domain.people import access
from wangge.domain.people.models import Unit
from wangge.domain.places.models import Area, Grid, GridLayer
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal, Scope
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import FieldError, Forbidden, Invalid, NotFound
from wangge.kernel.words import Words

NO_ROUTE = Words("没有这条派遣规则，或已停用。", "There is no such route, or it has ended.")


def add_route(
    *,
    by: Principal,
    id: UUID,
    name: str,
    unit: UUID,
    category: UUID | None = None,
    area: str | None = None,
    layer: str | None = None,
    grid: str | None = None,
    weekdays: Sequence[int] = (),
    day_kind: str = "any",
    start_minute: int = 0,
    end_minute: int = rules.MINUTES_A_DAY,
    automatic: bool = False,
    note: str = "",
) -> Route:
    """A new rule, from now on. ``id`` names the rule through its versions. Repeating the call with the same content finds the row.

    Raises Invalid with the fields that keep it from working: an unknown or retired unit, category, area, layer or grid, a unit that does
    not serve the area, a window without a minute, or another rule that would fit some case equally well.
    """
    scope = by.require(CatalogPermission.ROUTES)
    given = {
        "name": name, "unit": unit, "category": category, "area": area, "layer": layer, "grid": grid, "automatic": automatic, "note": note,
        "weekdays": sorted(set(weekdays)), "day_kind": day_kind, "start_minute": start_minute, "end_minute": end_minute,
    }  # fmt: skip
    with editing("route", id):

        def make(digest: bytes) -> Route:
            check_route(scope, given, rule=id)
            return Route.objects.create(id=id, rule=id, valid_from=clock.now(), created_hash=digest, **_columns(given))

        made, fresh = access.create_once(Route, id, given, make)
        if fresh:
            ledger.append(by=by, tag=CatalogTag.ROUTE_ADDED, kind="route", subject=id, body=_body(made))
    return made


def change_route(*, by: Principal, rule: UUID, number: int, **changes: Any) -> Route:
    """The next version of a rule. Conflict (409) when ``number`` is not the live version."""
    scope = by.require(CatalogPermission.ROUTES)
    with editing("route", rule):
        old = _live(scope, rule, number)
        given = _given(old)
        unknown = set(changes) - set(given)
        if unknown:
            raise TypeError(f"a route has no changeable {sorted(unknown)}")
        if "weekdays" in changes:
            changes["weekdays"] = sorted(set(changes["weekdays"]))
        if {**given, **changes} == given:
            return old
        given |= changes
        check_route(scope, given, rule=rule)
        now = clock.now()
        Route.objects.filter(id=old.id).update(valid_to=max(now, old.valid_from))
        made = Route.objects.create(id=uuid7(), rule=rule, number=old.number + 1, valid_from=now, **_columns(given))
        ledger.append(by=by, tag=CatalogTag.ROUTE_CHANGED, kind="route", subject=rule, body=_body(made))
    return made


def end_route(*, by: Principal, rule: UUID, number: int) -> Route:
    """End a rule from now on. Its history stays."""
    scope = by.require(CatalogPermission.ROUTES)
    with editing("route", rule):
        row = _live(scope, rule, number)
        row.valid_to = max(clock.now(), row.valid_from)
        row.save(update_fields=["valid_to"])
        ledger.append(by=by, tag=CatalogTag.ROUTE_ENDED, kind="route", subject=rule, body=_body(row))
    return row


def check_route(
    scope: Scope, given: dict[str, Any], *, rule: UUID | None, ending: Collection[UUID] = ()
) -> rules.Route:
    """The rule that ``given`` describes; Invalid when it could not work, Forbidden outside the scope. Used by the dry run as well.

    ``ending``: versions that are to end, so they do not stand against it.
    """
    errors: list[FieldError] = []

    def wrong(path: str, code: str, zh: str, en: str) -> None:
        errors.append(FieldError(f"body.{path}", code, Words(zh, en)))

    if not given["name"].strip():
        wrong("name", "empty", "规则名称不能为空。", "A name is needed.")
    unit = Unit.objects.filter(id=given["unit"]).first()
    if unit is None or not unit.active:
        wrong("unit", "unknown", "没有这个单位，或已停用。", "There is no such unit, or it is retired.")
    if given["category"]:
        _check_category(given["category"], wrong)
    home = _check_place(given, wrong)
    if unit is not None and home and not (home.startswith(unit.area_id) or unit.area_id.startswith(home)):
        wrong(
            "unit", "elsewhere",
            f"{unit.name}属于 {unit.area_id}，不服务 {home}。", f"{unit.name_en or unit.name} belongs to {unit.area_id} and does not serve {home}.",
        )  # fmt: skip
    start, end = given["start_minute"], given["end_minute"]
    if not (0 <= start < rules.MINUTES_A_DAY and 0 <= end <= rules.MINUTES_A_DAY) or start == end:
        wrong("end_minute", "empty", "时间段为空或超出一天。", "The window is empty or outside a day.")
    if any(d not in range(1, 8) for d in given["weekdays"]):
        wrong("weekdays", "range", "星期应为 1 至 7。", "Weekdays are 1 to 7.")
    if given["day_kind"] not in rules.DAY_KINDS:
        wrong("day_kind", "unknown", "日期类型不正确。", "This kind of day is not known.")
    if errors:
        raise Invalid.fields(*errors)
    if not (access.covers_code(scope, home) if home else scope.everything):
        raise Forbidden(Words("该规则的范围超出您的管理范围。", "The rule reaches beyond your scope."))
    made = store.route_of({"id": rule or uuid7(), "unit_id": given["unit"], "category_id": given["category"], "valid_from": None, "valid_to": None, **given})  # fmt: skip
    for row in rows.all(
        "SELECT * FROM catalog_route WHERE valid_to IS NULL AND rule IS DISTINCT FROM %(rule)s", {"rule": rule}
    ):
        if row["id"] not in ending and rules.may_tie(made, store.route_of(row)):
            raise Invalid.field(
                "body", "tie",
                f"与规则“{row['name']}”同样具体且时间重叠，无法判断先后。请缩小其中一条的范围。",
                f"It is as specific as the rule “{row['name']}” and overlaps it; narrow one of them.",
            )  # fmt: skip
    return made


def _check_category(category: UUID, wrong: Any) -> None:
    found = Category.objects.filter(id=category).first()
    if found is None or found.valid_to is not None:
        wrong("category", "unknown", "没有这个类别，或已停用。", "There is no such category, or it is retired.")
        return
    below = Category.objects.filter(parent=found)
    if below.exists() and not below.filter(valid_to__isnull=True).exists():
        wrong("category", "no_leaves", "该类别下没有可用的类别。", "Nothing below this category is in use.")


def _check_place(given: dict[str, Any], wrong: Any) -> str | None:
    """The code of the area that the rule is for (None: everywhere)."""
    area, layer, grid = given["area"], given["layer"], given["grid"]
    if area and not Area.objects.filter(code=area, valid_to__isnull=True).exists():
        wrong("area", "unknown", f"没有区划 {area}，或已撤销。", f"There is no area {area}, or it is no more.")
    if layer and not GridLayer.objects.filter(key=layer).exists():
        wrong("layer", "unknown", f"没有图层 {layer}。", f"There is no layer {layer}.")
    if not grid:
        return area
    if not layer:
        wrong("layer", "needed", "指定网格时须指定图层。", "A grid needs its layer.")
    if area:
        wrong("area", "twice", "指定网格后不再指定区划。", "With a grid, no area is given.")
    if layer and not Grid.objects.filter(code=grid, layer__key=layer, retired_at__isnull=True).exists():
        wrong(
            "grid",
            "unknown",
            f"图层 {layer} 没有网格 {grid}，或已撤销。",
            f"Layer {layer} has no grid {grid}, or it is retired.",
        )
    return grid[:12]


def _live(scope: Scope, rule: UUID, number: int) -> Route:
    row = Route.objects.select_for_update(of=("self",)).filter(rule=rule, valid_to__isnull=True).first()
    if row is None:
        raise NotFound(NO_ROUTE)
    home = row.grid[:12] if row.grid else row.area_id
    if not (access.covers_code(scope, home) if home else scope.everything):
        raise NotFound(NO_ROUTE)
    if row.number != number:
        raise access.changed({"id": rule, "number": row.number, **_given(row)})
    return row


def _given(row: Route) -> dict[str, Any]:
    return {
        "name": row.name, "unit": row.unit_id, "category": row.category_id, "area": row.area_id, "layer": row.layer, "grid": row.grid,
        "automatic": row.automatic, "note": row.note, "weekdays": list(row.weekdays), "day_kind": row.day_kind,
        "start_minute": row.start_minute, "end_minute": row.end_minute,
    }  # fmt: skip


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    renamed = {"unit": "unit_id", "category": "category_id", "area": "area_id"}
    return {renamed.get(k, k): v for k, v in given.items()}


def _body(row: Route) -> dict[str, Any]:
    return {"number": row.number, **{k: str(v) if isinstance(v, UUID) else v for k, v in _given(row).items()}}
