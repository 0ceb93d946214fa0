"""The centre's acts: 受理 accept, 派遣 dispatch, 定位 locate."""

from __future__ import annotations

from uuid import UUID

import orjson

from wangge.domain.cases import queries
from wangge.domain.cases.actions.move import Effects, open_for, write
from wangge.domain.cases.actions.report import grid_at
from wangge.domain.cases.rules import Act
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.people import queries as people
from wangge.kernel import clock
from wangge.kernel.access import Principal, acting
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import FieldError, Forbidden, Invalid
from wangge.kernel.words import Words


def accept(*, by: Principal, case: UUID, version: int, category: UUID | None = None, note: str = "") -> Row:
    """受理: the centre takes the case on, and may correct its category."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ACCEPT)
    effects = Effects(note=note.strip(), unit=row["holder"])
    if category is not None and category != row["category"]:
        if catalog.category(category) is None:
            raise Invalid.field(
                "body.category", "unknown", "没有这个类别，或已停用。", "There is no such category, or it is retired."
            )
        effects.columns["category"] = category
        effects.data |= {"category": str(category), "reported_category": str(row["category"])}
    return write(by=by, row=row, move=move, effects=effects)


def dispatch(*, by: Principal, case: UUID, version: int, unit: UUID | None = None, note: str = "") -> Row:
    """派遣: give the case to its lead unit, the one that the routes choose unless another is named. Why is kept with the case."""
    row, move = open_for(by=by, case=case, version=version, act=Act.DISPATCH)
    at = clock.now()
    choice = catalog.choose_route(row["category"], queries.route_place(row), at)
    if unit is None and choice is None:
        raise Invalid.field(
            "body.unit",
            "no_route",
            "没有适用的派遣规则，请选择主办单位。",
            "No route applies to this case; choose the lead unit.",
        )
    chosen = unit or choice.unit_id
    if unit is not None and not people.unit(unit)["active"]:
        raise Invalid.field("body.unit", "unknown", "这个单位已停用，请另选。", "This unit is retired; choose another.")
    by_rule = choice is not None and chosen == choice.unit_id
    route = {
        "by": "route" if by_rule else "hand",
        "rule": str(choice.route_id) if choice and choice.route_id else None,
        "why": {"zh": choice.why.zh, "en": choice.why.en} if choice and by_rule else None,
        "suggested": str(choice.unit_id) if choice and not by_rule else None,
    }
    effects = Effects(
        columns={"lead": chosen, "route": orjson.dumps(route).decode()},
        note=note.strip(),
        unit=chosen,
        data={"unit": str(chosen), "by": route["by"], "rule": route["rule"]},
    )
    effects.parts["assigned"] = (
        """INSERT INTO cases_assignment (district, id, "case", unit, kind, assigned_at, assigned_by, result)
           SELECT district, %(id)s, id, lead, 'lead', %(at)s, %(by)s, '' FROM moved""",
        {"id": uuid7(), "at": at, "by": by.id},
    )
    return write(by=by, row=row, move=move, effects=effects)


def locate(*, by: Principal, case: UUID, version: int, point: tuple[float, float], note: str = "") -> Row:
    """定位: give the case its point and grid. A case stays in its district; what belongs to another is handed over."""
    row, move = open_for(by=by, case=case, version=version, act=Act.LOCATE)
    found = grid_at(point)
    if isinstance(found, FieldError):
        raise Invalid.fields(found)
    if found.district != row["district"]:
        raise Invalid.field(
            "body.point",
            "other_district",
            f"这个位置在另一个区（{found.district}）；案件不能跨区移动，请移交该区。",
            f"This point lies in another district ({found.district}); a case does not leave its district, hand it over instead.",
        )
    if not by.scope(CasePermission.LOCATE).covers(**found.levels):
        raise Forbidden(
            Words(
                f"这个位置（网格 {found.grid}）不在您的范围内，请由街道中心定位。",
                f"This point (grid {found.grid}) is outside your scope; ask the street's centre to locate the case.",
            )
        )
    effects = Effects(
        columns={
            "lon": point[0],
            "lat": point[1],
            "street": found.street,
            "community": found.community,
            "grid": found.grid,
            "grid_version": found.grid_version,
        },
        note=note.strip(),
        data={"grid": found.grid, "was": row["grid"] or row["street"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


AUTOMATIC = Principal(kind="system", id=None, name="自动派遣")


def by_itself(row: Row) -> Row:
    """Accept and dispatch a fresh case when the rule that fits it is automatic; the timeline says that the system did it and why."""
    choice = catalog.choose_route(row["category"], queries.route_place(row), clock.now())
    if choice is None or not choice.automatic:
        return row
    with acting(AUTOMATIC):
        taken_on = accept(by=AUTOMATIC, case=row["id"], version=row["version"], note=choice.why.zh)
        return dispatch(by=AUTOMATIC, case=row["id"], version=taken_on["version"], note=choice.why.zh)
