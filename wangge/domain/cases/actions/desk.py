"""The centre's acts on its own desk: 受理, 不予受理, 并案, 撤回, 作废, 上报上级, 下派, 定位."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.actions.move import Effects, act, open_for, reason, write
from wangge.domain.cases.actions.report import grid_at
from wangge.domain.cases.rules import LIVE, Act, Status, Transition
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.people import queries as people
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Conflict, FieldError, Forbidden, Invalid
from wangge.kernel.words import Words, counted


def known_category(category: UUID, field: str = "category") -> UUID:
    """The id of a category that can be used now. Raises Invalid."""
    if catalog.category(category) is None:
        raise Invalid.field(
            f"body.{field}", "unknown", "没有这个类别，或已停用。", "There is no such category, or it is retired."
        )
    return category


@act
def accept(*, by: Principal, case: UUID, version: int, category: UUID | None = None, note: str = "") -> Row:
    """受理: the centre takes the case on, and may correct its category."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ACCEPT)
    effects = Effects(note=note.strip(), unit=row["holder"])
    if category is not None and category != row["category"]:
        effects.columns["category"] = known_category(category)
        effects.data |= {"category": str(category), "reported_category": str(row["category"])}
    return write(by=by, row=row, move=move, effects=effects)


@act
def reject(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """不予受理: the matter does not belong into the loop. The reporter is told the reason."""
    row, move = open_for(by=by, case=case, version=version, act=Act.REJECT)
    return write(by=by, row=row, move=move, effects=Effects(note=reason(note), unit=row["holder"]))


@act
def withdraw(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """撤回: the reporter takes the report back, before it is dispatched."""
    row, move = open_for(by=by, case=case, version=version, act=Act.WITHDRAW)
    return write(by=by, row=row, move=move, effects=Effects(note=reason(note)))


@act
def void(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """作废: there never was a matter: a test, a slip, the same thing entered twice."""
    row, move = open_for(by=by, case=case, version=version, act=Act.VOID)
    columns = {"review_at": None, "back_to": None}
    return write(by=by, row=row, move=move, effects=Effects(columns=columns, note=reason(note), unit=row["holder"]))


@act
def merge(*, by: Principal, case: UUID, version: int, other: UUID, note: str = "") -> Row:
    """并案: the case becomes part of ``other``, which goes on for both; its reporter is kept and answered with it.

    Both lie in one district; the other is open, and nothing was merged into this one.
    """
    row, move = open_for(by=by, case=case, version=version, act=Act.MERGE)
    main = other_case(by=by, row=row, other=other)
    if main["status"] not in {*LIVE, Status.SUSPENDED}:
        raise Invalid.field(
            "body.other",
            "not_open",
            f"案件 {main['number']} 现为“{Status(main['status']).words.zh}”，不能并入。",
            f"Case {main['number']} is “{Status(main['status']).words.en}”; nothing can be merged into it.",
        )
    children = queries.merged_into(row)
    if children:
        raise Conflict(
            Words(
                f"已有 {len(children)} 个案件并入本案，请把对方并入本案，或先撤销并案。",
                f"{counted(len(children), 'case was', 'cases were')} merged into this one: merge the other into this, or unmerge first.",
            ),
            extra={"current": queries.state(row)},
        )
    effects = Effects(
        columns={"merged_into": other, "back_to": row["status"]},
        note=note.strip(),
        unit=row["holder"],
        data={"into": str(other), "into_number": main["number"]},
        first={
            # Holds the other case as it is until this is written: it cannot be closed or merged itself meanwhile.
            "main": (
                "SELECT id FROM cases_case WHERE district = %(district)s AND id = %(id)s AND version = %(version)s FOR SHARE",
                {"district": row["district"], "id": other, "version": main["version"]},
            )
        },
        only_if=["EXISTS (SELECT 1 FROM main)"],
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def unmerge(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """撤销并案: a case of its own again, where it stood."""
    row, move = open_for(by=by, case=case, version=version, act=Act.UNMERGE)
    effects = Effects(
        columns={"merged_into": None, "back_to": None},
        target=Status(row["back_to"]),
        note=reason(note),
        unit=row["holder"],
        data={"from": str(row["merged_into"])},
    )
    return write(by=by, row=row, move=move, effects=effects)


def other_case(*, by: Principal, row: Row, other: UUID) -> Row:
    """The second case of an act on two. Raises Invalid: unknown, the same, or in another district."""
    if other == row["id"]:
        raise Invalid.field("body.other", "same", "不能是本案件自己。", "This is the case itself.")
    found = queries.seen(by=by, case=other)
    if found is None:
        raise Invalid.field(
            "body.other",
            "unknown",
            "没有这个案件，或不在您的范围内。",
            "There is no such case, or it is outside your scope.",
        )
    if found["district"] != row["district"]:
        raise Invalid.field(
            "body.other",
            "other_district",
            f"案件 {found['number']} 属于另一个区，只能在同一个区内并案或关联。",
            f"Case {found['number']} belongs to another district; both must lie in one.",
        )
    return found


@act
def escalate(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """上报上级: the centre of the level above holds the case. The first receiver stays answerable for it (首接负责制)."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ESCALATE)
    above = queries.centre_above(row)
    if above is None:
        raise Conflict(
            Words("上面没有网格化服务管理中心。", "There is no centre above this one."),
            extra={"current": queries.state(row)},
        )
    return _hand_to(by=by, row=row, move=move, unit=above, note=reason(note))


@act
def delegate(*, by: Principal, case: UUID, version: int, unit: UUID | None = None, note: str = "") -> Row:
    """下派: a centre or workstation of a level below holds the case; by default the one it lies in."""
    row, move = open_for(by=by, case=case, version=version, act=Act.DELEGATE)
    below = queries.centre_below(row) if unit is None else people.unit(unit)
    if below is None:
        raise Conflict(
            Words("本案所在的下一级没有中心或工作站。", "There is no centre or workstation below at this place."),
            extra={"current": queries.state(row)},
        )
    held = row["holder_area"] or row["district"]
    wrong = unit is not None and not (
        below["active"]
        and below["kind"] in ("centre", "workstation")
        and below["area"].startswith(held)
        and len(below["area"]) > len(held)
    )
    if wrong:
        raise Invalid.field(
            "body.unit",
            "not_below",
            "只能下派给本中心辖区内的下级中心或工作站。",
            "A case is delegated to an active centre or workstation below this one.",
        )
    return _hand_to(by=by, row=row, move=move, unit=below, note=note.strip())


def _hand_to(*, by: Principal, row: Row, move: Transition, unit: Row, note: str) -> Row:
    effects = Effects(
        columns={"holder": unit["id"]},
        note=note,
        unit=unit["id"],
        data={"holder": str(unit["id"]), "was": row["holder"] and str(row["holder"])},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
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
