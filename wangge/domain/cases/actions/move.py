"""How every act on a case is written: look, check, then one statement that moves it, or nobody is the wiser.

The order of the checks is the order of what a person may learn: may they know the case, may they act on it, is the act possible
now, is somebody faster. The write is conditional on the version that was read, so of two people one wins and the other is told
the present state.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases import queries
from wangge.domain.cases.rules import STAGE_OF, Act, Status, Transition, clock_outcome, may_verify, transition
from wangge.domain.cases.tags import CaseEvent, CasePermission, CaseTag
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.db.statement import Statement
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid
from wangge.kernel.words import Words


@dataclass
class Effects:
    """What an act does besides moving the case: ``columns`` of the case to set, ``parts`` of the statement (name → SQL and its
    parameters; they may read the part ``moved``), ``data`` for the timeline and the ledger (no personal data)."""

    columns: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    unit: UUID | None = None


def open_for(
    *, by: Principal, case: UUID, version: int, act: Act, outcome: str | None = None
) -> tuple[Row, Transition]:
    """The case and the row of the table, after every check that does not depend on the act's inputs.

    Raises NotFound (may not know it), Forbidden (may not do it here), Conflict (not in this status, or changed meanwhile).
    """
    row = queries.visible(by=by, case=case)
    move = transition(act, outcome)
    permission = CasePermission(move.permission)
    by.require(permission)
    if not allowed(by=by, row=row, move=move):
        raise Forbidden(
            Words(
                f"案件不在您可以“{act.words.zh}”的范围内。",
                f"This case is outside what you may {act.words.en.lower()}.",
            ),
            extra={"permission": str(permission)},
        )
    if row["status"] not in move.sources:
        raise Conflict(
            Words(
                f"案件现为“{Status(row['status']).words.zh}”，不能{act.words.zh}。",
                f"The case is now “{Status(row['status']).words.en}” and cannot be changed by “{act.words.en}”.",
            ),
            extra={"current": queries.state(row)},
        )
    if row["version"] != version:
        raise changed_meanwhile(row)
    return row, move


def allowed(*, by: Principal, row: Row, move: Transition) -> bool:
    """Whether this person may do this to this case, by scope and by the part they have in it. Status is not looked at."""
    permission = CasePermission(move.permission)
    if not by.may(permission):
        return False
    scope = by.scope(permission)
    if move.act in (Act.TAKE, Act.RESOLVE):
        return scope.everything or row["lead"] in scope.units
    if move.act == Act.VERIFY and not may_verify(
        person=by.id, person_units=by.units, handled_by=row["handled_by"], lead=row["lead"]
    ):
        return False
    return scope.covers(**{k: row[k] for k in ("district", "street", "community", "grid")})


def changed_meanwhile(row: Row) -> Conflict:
    return Conflict(
        Words(
            "别人刚刚处理过此案件，请按最新状态继续。",
            "Somebody else has just acted on this case; go on from its present state.",
        ),
        extra={"current": queries.state(row)},
    )


def write(*, by: Principal, row: Row, move: Transition, effects: Effects) -> Row:
    """Move the case: one statement for the case, its step, its clocks, the ledger and the outbox. Returns the new row.

    Raises Conflict when somebody else changed the case since ``row`` was read.
    """
    at = max(clock.now(), row["changed_at"])
    target = Status(move.target) if move.target else Status(row["status"])
    columns: dict[str, Any] = {"status": str(target), "changed_at": at} | effects.columns
    if move.moves:
        columns |= _next_clock(row, columns, target, at)
    s = Statement()
    s.cte(
        "moved",
        f"""UPDATE cases_case SET {", ".join(f"{name} = %({name})s" for name in columns)}, version = version + 1
            WHERE district = %(in_district)s AND id = %(case_id)s AND version = %(old_version)s RETURNING *""",
        **columns,
        in_district=row["district"],
        case_id=row["id"],
        old_version=row["version"],
    )
    if move.moves:
        _stop_clock(s, row=row, at=at)
        start_clock(s, source="moved", at=at, after="clock_stopped")
    add_step(
        s, source="moved", by=by, move_act=move.act, outcome=move.outcome, before=row["status"], effects=effects, at=at
    )
    for name, (sql, params) in effects.parts.items():
        s.cte(name, sql, **params)
    changed = s.fetch("SELECT * FROM moved")
    if changed is None:
        raise changed_meanwhile(queries.visible(by=by, case=row["id"]))
    return changed


def _next_clock(row: Row, columns: Mapping[str, Any], target: Status, at: datetime) -> dict[str, Any]:
    """The columns of the case that repeat the clock of its new status."""
    stage = STAGE_OF.get(target)
    if stage is None:
        return {"stage": None, "due_at": None, "closed_at": at}
    category = columns.get("category") or row["category"]
    return {"stage": str(stage), "due_at": catalog.due(category, row["urgency"], str(stage), at)}


def _stop_clock(s: Statement, *, row: Row, at: datetime) -> None:
    s.cte(
        "clock_stopped",
        """UPDATE cases_clock SET stopped_at = %(at)s, outcome = %(outcome)s
           WHERE district = %(district)s AND "case" = %(case)s AND outcome = 'running' AND EXISTS (SELECT 1 FROM moved)
           RETURNING id""",
        district=row["district"],
        case=row["id"],
        at=at,
        outcome=clock_outcome(due=row["due_at"], stopped=at),
    )


def start_clock(s: Statement, *, source: str, at: datetime, after: str | None = None) -> None:
    """The clock row of the case's stage, as the part ``source`` has it. ``after``: the part that stops the one before; reading
    it makes PostgreSQL run it first, as the table holds one running clock a case."""
    s.cte(
        f"clock_of_{source}",
        f"""INSERT INTO cases_clock (district, id, "case", stage, started_at, due_at, outcome)
            SELECT district, %(id)s, id, stage, %(at)s, due_at, 'running' FROM {source}
            WHERE stage IS NOT NULL {f"AND (SELECT count(*) FROM {after}) >= 0" if after else ""}""",
        id=uuid7(),
        at=at,
    )


def add_step(
    s: Statement,
    *,
    source: str,
    by: Principal,
    move_act: Act,
    outcome: str | None,
    before: str | None,
    effects: Effects,
    at: datetime,
) -> None:
    """The act as a step of the timeline, an entry of the ledger and an event of the outbox, from the part ``source``."""
    step, salt = uuid7(), os.urandom(16)
    digest = hashlib.sha256(salt + effects.note.encode()).hexdigest() if effects.note else None
    s.cte(
        "step",
        f"""INSERT INTO cases_step (district, id, "case", at, act, outcome, before, after, actor, actor_kind, actor_name, unit,
                                    note, salt, data)
            SELECT district, %(id)s, id, %(at)s, %(act)s, %(outcome)s, %(before)s, status, %(actor)s, %(actor_kind)s,
                   %(actor_name)s, %(unit)s, %(note)s, %(salt)s, %(data)s::jsonb FROM {source}""",
        id=step,
        at=at,
        act=str(move_act),
        outcome=outcome,
        before=before,
        actor=by.id,
        actor_kind=by.kind,
        actor_name=by.name,
        unit=effects.unit,
        note=effects.note,
        salt=salt,
        data=orjson.dumps(effects.data, default=str).decode(),
    )
    body = {"outcome": outcome, "before": before, "step": str(step), "note_sha256": digest, **_plain(effects.data)}
    ledger.cte(
        s,
        source=source,
        by=by,
        tag=CaseTag(f"cases.{move_act}"),
        kind="case",
        subject_sql="id",
        district_sql="district",
        body={k: v for k, v in body.items() if v is not None},
        body_sql="jsonb_build_object('number', number, 'after', status, 'version', version)",
        at=at,
    )
    outbox.cte(
        s,
        source=source,
        event=CaseEvent.REPORTED if move_act == Act.REPORT else CaseEvent.CHANGED,
        kind="case",
        subject_sql="id",
        place_sql={level: level for level in outbox.LEVELS},
        units_sql="array_remove(ARRAY[lead, holder] || assisting, NULL)",
        body={"act": str(move_act), "step": str(step)},
        body_sql="jsonb_build_object('number', number, 'status', status, 'version', version, 'due_at', due_at)",
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the ledger takes: no floats (their text differs between machines)."""
    return {k: repr(v) if isinstance(v, float) else (str(v) if isinstance(v, UUID) else v) for k, v in data.items()}


def required_text(name: str, value: str | None, words: Words, *, most: int = 2000) -> str:
    """A text input of an act: given, and not longer than ``most`` characters."""
    text = (value or "").strip()
    if not text:
        raise Invalid.field(f"body.{name}", "missing", f"请填写{words.zh}。", f"{words.en} is required.")
    if len(text) > most:
        raise Invalid.field(
            f"body.{name}", "too_long", f"{words.zh}最多 {most} 字。", f"{words.en}: at most {most} characters."
        )
    return text
