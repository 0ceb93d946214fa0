"""Units: added, changed, retired."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access, queries, rules
from wangge.domain.people.models import Unit
from wangge.domain.people.tags import PeopleEvent, PeoplePermission, PeopleTag
from wangge.domain.places.models import Area
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, FieldError, Forbidden, Invalid
from wangge.kernel.words import Words, counted

CHANGEABLE = ("name", "name_en", "kind", "duty", "phone", "supervision_phone", "parent")

NAME_TAKEN = Invalid.field(
    "body.name", "taken", "该区划已有同名单位", "There is already a unit of this name in the area."
)


@transaction.atomic
def add_unit(
    *,
    by: Principal,
    id: UUID,
    name: str,
    kind: str,
    duty: str,
    area: str,
    parent: UUID | None = None,
    name_en: str = "",
    phone: str = "",
    supervision_phone: str = "",
) -> dict[str, Any]:
    """A new unit under ``area``. Raises Invalid for unknown kinds, duties, areas and parents; Forbidden outside the scope."""
    scope = by.require(PeoplePermission.UNITS_MANAGE)
    given = {
        "name": name,
        "name_en": name_en,
        "kind": kind,
        "duty": duty,
        "area": area,
        "parent": parent,
        "phone": phone,
        "supervision_phone": supervision_phone,
    }
    _check_words(kind=kind, duty=duty)
    if not Area.objects.filter(code=area).exists():
        raise Invalid.field("body.area", "unknown", f"没有区划 {area}", f"There is no area {area}.")
    if not access.covers_code(scope, area):
        raise Forbidden(Words("该区划不在您的管理范围内。", "This area is outside your scope."))
    if parent:
        _parent_of(None, parent)

    def make(digest: bytes) -> Unit:
        fields = {k: v for k, v in given.items() if k not in ("area", "parent")}
        return Unit.objects.create(
            id=id, **fields, area_id=area, parent_id=parent, created_at=clock.now(), created_hash=digest
        )

    with access.refusing({"people_unit_name_once_an_area": NAME_TAKEN}):
        unit, fresh = access.create_once(Unit, id, given, make)
    if fresh:
        _announce(by, PeopleTag.UNIT_ADDED, unit, {"name": name, "area": area, "kind": kind, "duty": duty})
    return queries.unit(unit.id)


@transaction.atomic
def change_unit(*, by: Principal, unit: UUID, version: int, **changes: Any) -> dict[str, Any]:
    """Change what is in ``CHANGEABLE``. A unit's area never changes: retire it and add another, so that history keeps its place."""
    scope = by.require(PeoplePermission.UNITS_MANAGE)
    row = access.unit_within(scope, unit)
    if row.version != version:
        raise access.changed(queries.unit(unit))
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"a unit has no changeable {sorted(unknown)}")
    _check_words(kind=changes.get("kind", row.kind), duty=changes.get("duty", row.duty))
    if changes.get("parent"):
        _parent_of(unit, changes["parent"])
    if "parent" in changes:
        changes["parent_id"] = changes.pop("parent")
    fields = sorted(k for k, v in changes.items() if getattr(row, k) != v)
    if not fields:
        return queries.unit(unit)
    with access.refusing({"people_unit_name_once_an_area": NAME_TAKEN}):
        Unit.objects.filter(id=unit).update(version=version + 1, **changes)
    row.refresh_from_db()
    _announce(by, PeopleTag.UNIT_CHANGED, row, {"name": row.name, "fields": [f.removesuffix("_id") for f in fields]})
    return queries.unit(unit)


@transaction.atomic
def retire_unit(*, by: Principal, unit: UUID, version: int) -> dict[str, Any]:
    """The unit takes no more work. Refused while somebody holds an open post in it or an active unit is below it, naming them."""
    scope = by.require(PeoplePermission.UNITS_MANAGE)
    row = access.unit_within(scope, unit)
    if row.version != version:
        raise access.changed(queries.unit(unit))
    if not row.active:
        return queries.unit(unit)
    posts = rows.all(
        """SELECT u.name, p.title FROM people_post p JOIN people_user u ON u.id = p.user_id
           WHERE p.unit_id = %(unit)s AND (p.ends IS NULL OR p.ends > %(now)s) ORDER BY u.name, p.id""",
        {"unit": unit, "now": clock.now()},
    )
    if posts:
        some = [f"{p['name']}（{p['title']}）" for p in posts[:5]]
        raise Conflict(
            Words(
                f"该单位还有 {len(posts)} 个在任岗位：{'、'.join(some)}{' 等' if len(posts) > 5 else ''}。请先结束或移交这些岗位。",
                f"The unit still has {counted(len(posts), 'open post')}: {', '.join(some)}{' …' if len(posts) > 5 else ''}. "
                "End them or hand them over first.",
            ),
            extra={"current": {"open_posts": len(posts), "version": row.version}},
        )
    below = list(Unit.objects.filter(parent_id=unit, active=True).values_list("name", flat=True)[:6])
    if below:
        raise Conflict(
            Words(
                f"该单位还有下级单位：{'、'.join(below[:5])}{' 等' if len(below) > 5 else ''}。请先停用或改挂。",
                f"There are units below it: {', '.join(below[:5])}{' …' if len(below) > 5 else ''}. Retire them or give them another parent.",
            ),
            extra={"current": {"units_below": len(below), "version": row.version}},
        )
    Unit.objects.filter(id=unit).update(active=False, version=version + 1)
    row.refresh_from_db()
    _announce(by, PeopleTag.UNIT_RETIRED, row, {"name": row.name})
    return queries.unit(unit)


def _check_words(*, kind: str, duty: str) -> None:
    faults = []
    if kind not in rules.UNIT_KINDS:
        known = "、".join(rules.UNIT_KINDS)
        faults.append(
            FieldError(
                "body.kind", "unknown", Words(f"没有单位类型 {kind}，可用：{known}", f"No kind {kind}: use {known}.")
            )
        )
    if duty not in rules.DUTIES:
        faults.append(FieldError("body.duty", "unknown", Words(f"没有职责 {duty}", f"There is no duty {duty}.")))
    if faults:
        raise Invalid.fields(*faults)


def _parent_of(unit: UUID | None, parent: UUID) -> None:
    """Refuse a parent that is not there, not active, or below the unit itself."""
    found = Unit.objects.filter(id=parent, active=True).exists()
    if not found:
        raise Invalid.field(
            "body.parent", "unknown", "没有这个上级单位，或已停用", "There is no such active unit to be the parent."
        )
    circle = unit and rows.value(
        """WITH RECURSIVE up AS (
               SELECT id, parent_id FROM people_unit WHERE id = %(parent)s
               UNION SELECT u.id, u.parent_id FROM people_unit u JOIN up ON u.id = up.parent_id)
           SELECT 1 FROM up WHERE id = %(unit)s""",
        {"parent": parent, "unit": unit},
    )
    if circle:
        raise Invalid.field("body.parent", "circle", "上级单位不能是自己或自己的下级", "A unit cannot be below itself.")


def _announce(by: Principal, tag: PeopleTag, unit: Unit, body: dict[str, Any]) -> None:
    place = {"district": unit.district, "street": unit.street, "community": unit.community}
    ledger.append(by=by, tag=tag, kind="unit", subject=unit.id, district=unit.district, body=body)
    outbox.emit(
        PeopleEvent.UNIT_CHANGED, kind="unit", subject=unit.id, place=place, units=[unit.id], body={"act": str(tag)}
    )
