"""Changes of grids that take effect at the start of a later day: kept as they were confirmed, looked at anew when their day begins.

Until then cases, posts and maps know nothing of it. On its day it is done when its grids still hold the land they held when it was planned,
and leave no fault; whatever else happened meanwhile (cases came, a neighbour got a vertex, codes were given) makes no difference. Else it
fails, changes nothing, and says why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import shapely
from django.conf import settings
from django.db import OperationalError, transaction
from shapely.geometry.base import BaseGeometry

from wangge.domain.places import queries
from wangge.domain.places.actions.changing import ChangePlan, carry_out, confirmed
from wangge.domain.places.borders import shapes
from wangge.domain.places.models import PlannedChange
from wangge.domain.places.tags import PlacesEvent, PlacesPermission, PlacesTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import SYSTEM, Principal
from wangge.kernel.db import rows
from wangge.kernel.geo.coverage import is_sliver
from wangge.kernel.geo.lattice import areal
from wangge.kernel.problems import Conflict, Invalid, NotFound, Problem
from wangge.kernel.words import Words

log = logging.getLogger("wangge.places")

BROKEN = Words(
    "系统内部错误，未作任何改动；请在编辑器中按现状重做，并将系统日志交维护人员查看。",
    "An error within the system; nothing was changed. Make the change anew in the editor, and have the system's log looked at.",
)


def plan_change(
    *, by: Principal, on: date, token: str, answers: Mapping[str, str] | None = None, **asked: Any
) -> tuple[ChangePlan, UUID]:
    """Keep a confirmed change for the start of the day `on` in the installation's zone; its id.

    `asked`: as of `preview_change`. Raises as `apply_change` does, Invalid for a day that has begun, Conflict when one of the grids is to
    change already.
    """
    with transaction.atomic():
        plan = confirmed(by=by, token=token, answers=answers or {}, asked=asked)
        now = clock.now()
        zone = ZoneInfo(settings.CONFIG.zone)
        due = datetime.combine(on, time(), zone)
        if due <= now:
            raise Invalid.field(
                "body.on",
                "past",
                "生效日期应晚于今天；要立即生效请直接发布。",
                "The day must be after today; to change the grids now, publish without a day.",
            )
        old = list(plan.change().old)
        _refuse_second(old, zone)
        first = old[0]
        made = PlannedChange.objects.create(
            layer_id=queries.layer(plan.layer)["id"],
            kind=plan.kind,
            old=old,
            district=first[:6],
            street=first[:9],
            community=first[:12],
            asked=_kept(asked),
            answers=dict(answers or {}),
            due_at=due,
            state="waiting",
            planned_at=now,
            planned_by=by.id,
            planner=by.name,
        )
        body = {"old": old, "on": on.isoformat()}
        ledger.append(
            by=by, tag=PlacesTag.CHANGE_PLANNED, kind="grid_change", subject=made.id, district=first[:6], body=body
        )
    return plan, made.id


def _refuse_second(old: Sequence[str], zone: ZoneInfo) -> None:
    other = rows.all(
        "SELECT old, due_at FROM places_plannedchange WHERE state = 'waiting' AND old && %(old)s::varchar[] ORDER BY due_at LIMIT 1",
        {"old": list(old)},
    )
    for row in other:
        code = sorted(set(row["old"]) & set(old))[0]
        day = row["due_at"].astimezone(zone).date().isoformat()
        raise Conflict(
            Words(
                f"网格 {code} 已有一项 {day} 生效的调整；请先取消它。",
                f"Grid {code} is to change on {day} already; cancel that first.",
            ),
            extra={"current": {"grid": code, "on": day}},
        )


def cancel_planned(*, by: Principal, id: UUID, version: int) -> None:
    """Give up a change that waits, or put one that failed aside. Repeats make no difference. Raises NotFound, Conflict."""
    scope = by.require(PlacesPermission.GRIDS_MANAGE)
    with transaction.atomic():
        row = rows.one("SELECT * FROM places_plannedchange WHERE id = %(id)s FOR UPDATE", {"id": id})
        if row is None or not scope.covers(district=row["district"], street=row["street"], community=row["community"]):
            raise NotFound(Words("没有这项预定调整。", "There is no such planned change."))
        if row["state"] == "cancelled":
            return
        if row["state"] == "done" or row["version"] != version:
            raise Conflict(
                Words("这项调整的状态已变化，请刷新查看。", "This change is not what it was; look again."),
                extra={"current": {"state": row["state"], "version": row["version"]}},
            )
        _end(id, "cancelled")
        _say(by, PlacesTag.CHANGE_CANCELLED, row)


def apply_due() -> int:
    """Do what is due, each by itself, the earliest first; how many took effect. One that cannot be done fails and stops no other."""
    due = rows.all(
        "SELECT id FROM places_plannedchange WHERE state = 'waiting' AND due_at <= %(now)s ORDER BY due_at, planned_at",
        {"now": clock.now()},
    )
    return sum(_apply(row["id"]) for row in due)


def _apply(id: UUID) -> bool:
    try:
        with transaction.atomic():
            row = rows.one(
                "SELECT * FROM places_plannedchange WHERE id = %(id)s AND state = 'waiting' FOR UPDATE SKIP LOCKED",
                {"id": id},
            )
            if row is None:
                return False  # cancelled, or another worker's
            plan = confirmed(by=SYSTEM, token=None, answers=_read(row["answers"]), asked=_asked(_read(row["asked"])))
            _refuse_other_land(row, plan)
            carry_out(by=SYSTEM, plan=plan, answers=_read(row["answers"]))
            _end(id, "done")
    except Problem as problem:
        _fail(id, problem.detail)
        return False
    except OperationalError:
        # a lock or a connection that was lost says nothing of the change: it waits, and is tried at the next look
        log.exception("a planned change of grids waits for the next look", extra={"change": str(id)})
        return False
    except Exception:
        log.exception("a planned change of grids broke", extra={"change": str(id)})
        _fail(id, BROKEN)
        return False
    queries.forget()
    return True


def _refuse_other_land(row: Mapping[str, Any], plan: ChangePlan) -> None:
    """The grids must be those that were planned with, and hold the land they held: a new vertex on a border is none."""
    found = rows.all(
        """SELECT g.code, v.geometry AS was, c.geometry AS now FROM places_grid g
           JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_from <= %(at)s AND (v.valid_to IS NULL OR v.valid_to > %(at)s)
           JOIN places_gridversion c ON c.grid_id = g.id AND c.valid_to IS NULL
           WHERE g.code = ANY(%(old)s)""",
        {"old": row["old"], "at": row["planned_at"]},
    )
    was, now = shapes([r["was"] for r in found]), shapes([r["now"] for r in found])
    moved = [
        r["code"]
        for r, a, b in zip(found, was, now, strict=True)
        if not is_sliver(areal(shapely.symmetric_difference(a, b)))
    ]
    moved += sorted(set(row["old"]) ^ set(plan.change().old))
    if moved:
        codes = "、".join(moved)
        raise Conflict(
            Words(
                f"预定之后网格 {codes} 的边界已被调整；请在编辑器中按现状重做。",
                f"The borders of {', '.join(moved)} have changed since it was planned; make the change anew in the editor.",
            )
        )


def _fail(id: UUID, why: Words) -> None:
    with transaction.atomic():
        row = rows.one(
            "SELECT * FROM places_plannedchange WHERE id = %(id)s AND state = 'waiting' FOR UPDATE", {"id": id}
        )
        if row is None:
            return
        _end(id, "failed", why)
        _say(SYSTEM, PlacesTag.CHANGE_FAILED, row)
        place = {level: row[level] for level in ("district", "street", "community")}
        outbox.emit(PlacesEvent.CHANGE_FAILED, kind="grid_change", subject=id, place=place)
    log.error("a planned change of grids could not take effect", extra={"change": str(id), "why": why.en})


def _end(id: UUID, state: str, why: Words | None = None) -> None:
    rows.run(
        """UPDATE places_plannedchange SET state = %(state)s, ended_at = %(now)s, fault = %(fault)s::jsonb, version = version + 1
           WHERE id = %(id)s""",
        {"id": id, "state": state, "now": clock.now(), "fault": orjson.dumps(why._asdict()).decode() if why else None},
    )


def _say(by: Principal, tag: PlacesTag, row: Mapping[str, Any]) -> None:
    ledger.append(
        by=by, tag=tag, kind="grid_change", subject=row["id"], district=row["district"], body={"old": row["old"]}
    )


# — as JSON and back ———————————————————————————————————————————————————————————————————————————————————————————————————————


def _kept(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a preview as JSON: shapes as GeoJSON, whole, as a line that cuts need not lie on the lattice."""
    return {name: _json(value) for name, value in asked.items() if value not in (None, (), [], {})}


def _json(value: Any) -> Any:
    if isinstance(value, BaseGeometry):
        return {"geojson": orjson.loads(shapely.to_geojson(value))}
    if isinstance(value, Mapping):
        return {key: _json(one) for key, one in value.items()}
    return [_json(one) for one in value] if isinstance(value, list | tuple) else value


def _asked(value: Any) -> Any:
    if isinstance(value, dict) and "geojson" in value:
        return shapely.from_geojson(orjson.dumps(value["geojson"]))
    if isinstance(value, dict):
        return {key: _asked(one) for key, one in value.items()}
    return [_asked(one) for one in value] if isinstance(value, list) else value


def _read(value: Any) -> dict[str, Any]:
    """What a jsonb column holds: hand-written SQL gets it as text."""
    return orjson.loads(value) if isinstance(value, str) else value
