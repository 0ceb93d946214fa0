"""Writing views. Publishing to a unit or an area, and every change of what is published, is recorded in the ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from wangge.domain.cases.schemas import CaseRow
from wangge.domain.people import access
from wangge.domain.views import queries
from wangge.domain.views.schemas import ViewFields
from wangge.domain.views.tags import ViewPermission, ViewTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from wangge.kernel.words import Words

MOST = 50
"""Views of one person: more cannot be found in a list any more."""


def save(*, by: Principal, id: UUID, given: ViewFields) -> tuple[Row, bool]:
    """A new view, and whether it was made now: sent again with the same content it is the one that is there."""
    by.require(ViewPermission.KEEP)
    values = _values(by=by, given=given)
    with transaction.atomic():
        rows.run("SELECT pg_advisory_xact_lock(hashtextextended('views' || %(me)s::text, 0))", {"me": by.id})
        if (
            rows.value("SELECT count(*) FROM views_view WHERE owner = %(me)s AND id <> %(id)s", {"me": by.id, "id": id})
            >= MOST
        ):
            raise Invalid.field(
                "body.id",
                "many",
                f"最多保存 {MOST} 个视图，请先删除不用的。",
                f"At most {MOST} views are kept; delete one first.",
            )
        _prefer(by=by, view=id, given=given)
        made = rows.run(
            """INSERT INTO views_view (id, owner, unit, area, name, query, columns, position, preferred, changed_at)
               VALUES (%(id)s, %(me)s, %(unit)s, %(area)s, %(name)s, %(query)s, %(columns)s, %(position)s, %(preferred)s, %(at)s)
               ON CONFLICT (id) DO NOTHING""",
            values | {"id": id, "me": by.id},
        )
        if made:
            _record(by=by, tag=ViewTag.PUBLISHED, view=id, values=values)
    row = queries.one(by=by, view=id)
    if row is None or not (made or _same(row, values)):
        raise Invalid.field(
            "body.id",
            "reused",
            "这个 id 已用于另一内容，请换一个新的 id。",
            "This id was used for something else; make a new one.",
        )
    return row, bool(made)


def change(*, by: Principal, view: UUID, version: int, given: ViewFields) -> Row:
    """Raises NotFound, Forbidden for what others published, and Conflict with the present view when it was changed meanwhile."""
    old = _mine(by=by, view=view)
    values = _values(by=by, given=given)
    if not old["own"]:
        values["preferred"] = old["preferred"]
    with transaction.atomic():
        if old["own"]:
            _prefer(by=by, view=view, given=given)
        done = rows.run(
            """UPDATE views_view SET unit = %(unit)s, area = %(area)s, name = %(name)s, query = %(query)s, columns = %(columns)s,
                      position = %(position)s, preferred = %(preferred)s, changed_at = %(at)s, version = version + 1
               WHERE id = %(id)s AND version = %(version)s""",
            values | {"id": view, "version": version},
        )
        if done:
            before, after = old["unit"] or old["area"], values["unit"] or values["area"]
            tag = ViewTag.CHANGED if before and after else ViewTag.PUBLISHED if after else ViewTag.WITHDRAWN
            if before or after:
                _record(
                    by=by,
                    tag=tag,
                    view=view,
                    values=values | {"unit": values["unit"] or old["unit"], "area": values["area"] or old["area"]},
                )
        else:
            transaction.set_rollback(True)
    row = queries.one(by=by, view=view)
    if row is None:
        raise NotFound(NO_VIEW)
    if not done:
        raise Conflict(
            Words("该视图已被修改，请按现在的内容重试。", "The view was changed meanwhile; go on from what it is now."),
            extra={"current": {k: row[k] for k in ("id", "name", "version", "changed_at")}},
        )
    return row


def delete(*, by: Principal, view: UUID) -> None:
    """Raises NotFound, and Forbidden for what others published, unless one may publish there oneself."""
    old = _mine(by=by, view=view)
    with transaction.atomic():
        if rows.run("DELETE FROM views_view WHERE id = %(id)s", {"id": view}):
            _record(by=by, tag=ViewTag.WITHDRAWN, view=view, values=old)


NO_VIEW = Words("没有这个视图，或不是您可见的。", "There is no such view, or it is not for you.")


def _mine(*, by: Principal, view: UUID) -> Row:
    """The view, if the person may change it: their own, or one published where they may publish."""
    row = queries.one(by=by, view=view)
    if row is None:
        raise NotFound(NO_VIEW)
    if not row["own"]:
        _may_publish(by=by, unit=row["unit"], area=row["area"])
    return row


def _values(*, by: Principal, given: ViewFields) -> dict[str, Any]:
    if given.unit and given.area:
        raise Invalid.field(
            "body.area", "both", "只能发布给一个单位或一个区域。", "It is published to one unit or one area, not both."
        )
    if given.unit or given.area:
        _may_publish(by=by, unit=given.unit, area=given.area)
    strange = sorted(set(given.columns) - set(CaseRow.model_fields))
    if strange or len(set(given.columns)) < len(given.columns):
        raise Invalid.field(
            "body.columns",
            "unknown" if strange else "twice",
            f"案件列表没有这些列：{'、'.join(strange)}。" if strange else "同一列只能出现一次。",
            f"A list of cases has no column {', '.join(strange)}." if strange else "A column stands there once.",
        )
    return {
        "name": given.name, "query": orjson.dumps(queries.checked(given.query)).decode(), "columns": given.columns, "position": given.position,
        "preferred": given.preferred, "unit": given.unit, "area": given.area, "at": clock.now(),
    }  # fmt: skip


def _may_publish(*, by: Principal, unit: UUID | None, area: str | None) -> None:
    scope = by.require(ViewPermission.PUBLISH)
    if scope.everything or (unit and unit in scope.units) or (area and access.covers_code(scope, area)):
        return
    raise Forbidden(
        Words("只能发布给本人岗位范围内的单位或区域。", "A view is published to a unit or an area of your own posts."),
        extra={"permission": str(ViewPermission.PUBLISH)},
    )


def _prefer(*, by: Principal, view: UUID, given: ViewFields) -> None:
    if given.preferred:
        rows.run(
            "UPDATE views_view SET preferred = false WHERE owner = %(me)s AND preferred AND id <> %(id)s",
            {"me": by.id, "id": view},
        )


def _same(row: Row, values: dict[str, Any]) -> bool:
    kept = ("name", "columns", "position", "unit", "area")
    return row["own"] and row["query"] == orjson.loads(values["query"]) and all(row[k] == values[k] for k in kept)


def _record(*, by: Principal, tag: ViewTag, view: UUID, values: dict[str, Any]) -> None:
    if values["unit"] or values["area"]:
        where = {"unit": str(values["unit"]) if values["unit"] else None, "area": values["area"]}
        ledger.append(by=by, tag=tag, kind="view", subject=view, body={"name": values["name"]} | where)
