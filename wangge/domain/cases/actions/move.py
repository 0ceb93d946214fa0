"""How every act on a case is written: look, check, then one statement that moves it, or nobody is the wiser.

The order of the checks is the order of what a person may learn: may they know the case, is the act theirs, is it possible now, is
somebody faster. The write is conditional on the version that was read, so of two people one wins; the other's act is looked at again,
and goes on only if nothing happened that they had to know of.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID

import orjson

from wangge.domain.cases import queries
from wangge.domain.cases.actions import clocks
from wangge.domain.cases.actions.captured import capture_data
from wangge.domain.cases.rules import (
    STAGE_OF,
    Act,
    Facts,
    Part,
    Status,
    Transition,
    clock_outcome,
    may_verify,
    rows_of,
    share_of,
)
from wangge.domain.cases.tags import CaseEvent, CasePermission, CaseTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db.rows import Row
from wangge.kernel.db.statement import Statement
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid
from wangge.kernel.words import Words

TRIES = 8
"""So often an act is looked at again when acts that do not concern it came between."""


@dataclass
class Effects:
    """What an act does besides moving the case.

    ``columns`` of the case to set; ``parts`` of the statement (name → SQL and its parameters; they may read the part ``moved``);
    ``first``: parts before it, which ``only_if`` (SQL terms) may ask; ``data`` for the timeline and the ledger (no personal data);
    ``due_at``: the limit of the clock that starts, when a person set it; ``keeps_clock``: the clock that runs is not stopped;
    ``leaves``: who does it may not know of the case any more afterwards.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, clocks.Piece] = field(default_factory=dict)
    first: dict[str, clocks.Piece] = field(default_factory=dict)
    only_if: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    unit: UUID | None = None
    target: Status | None = None
    due_at: datetime | None = None
    keeps_clock: bool = False
    leaves: bool = False


class Raced(Exception):
    """Somebody else wrote to the case between the look and the write."""


P = ParamSpec("P")


def act(function: Callable[P, Row]) -> Callable[P, Row]:
    """An act on a case: looked at again when somebody else's came between."""

    @wraps(function)
    def tried(*args: P.args, **kwargs: P.kwargs) -> Row:
        for _ in range(TRIES):
            try:
                return function(*args, **kwargs)
            except Raced:
                continue
        raise Conflict(Words("此案件正被多人处理，请稍后再试。", "Several people are acting on this case; try again."))

    return tried


def open_for(
    *, by: Principal, case: UUID, version: int | None, act: Act, outcome: str | None = None
) -> tuple[Row, Transition]:
    """The case and the row of the table, after every check that does not depend on the act's inputs.

    Raises NotFound (may not know it), Forbidden (may not do it here), Conflict (not in this status, not possible now, or something
    happened since ``version`` that one must know of first).
    """
    row = queries.visible(by=by, case=case)
    found = rows_of(act, outcome)
    permission = CasePermission(found[0].permission)
    by.require(permission)
    if not any(concerns(by=by, row=row, move=move) for move in found):
        raise Forbidden(
            Words(
                f"案件不在您可以“{act.words.zh}”的范围内。",
                f"“{act.words.en}” is not for you to do with this case.",
            ),
            extra={"permission": str(permission)},
        )
    here = [move for move in found if row["status"] in move.sources]
    if not here:
        raise Conflict(
            Words(
                f"案件现为“{Status(row['status']).words.zh}”，不能{act.words.zh}。",
                f"The case is now “{Status(row['status']).words.en}” and cannot be changed by “{act.words.en}”.",
            ),
            extra={"current": queries.state(row)},
        )
    if not here[0].quiet and (version is None or not row["moved_version"] <= version <= row["version"]):
        raise changed_meanwhile(row)
    now, why = clock.now(), None
    for move in here:
        why = move.guard and move.guard(row, now, by.units)
        if why is None:
            return row, move
    assert why is not None
    raise Conflict(why, extra={"current": queries.state(row)})


def concerns(*, by: Principal, row: Facts, move: Transition) -> bool:
    """Whether the act is this person's to do with this case, by scope and by the part they have in it. Status is not looked at."""
    permission = CasePermission(move.permission)
    if not by.may(permission):
        return False
    scope = by.scope(permission)
    if by.kind == "resident":
        return move.resident and row["id"] in scope.cases
    if scope.everything:
        return move.part != Part.VERIFIER or _may_verify(by, row)
    place = {k: row[k] for k in ("district", "street", "community", "grid")}
    match move.part:
        case Part.SEES:
            return True
        case Part.PLACE:
            return scope.covers(**place)
        case Part.VERIFIER:
            return scope.covers(**place) and _may_verify(by, row)
        case Part.LEAD:
            return row["lead"] in scope.units
        case Part.ASSISTING:
            return share_of(row, scope.units, lead=False) is not None
        case Part.HANDLING:
            return share_of(row, scope.units) is not None
        case Part.CENTRE:
            return _is_centre(scope, row)
        case Part.REPORTER:
            return row["reporter"] == by.id or _is_centre(scope, row)
        case Part.ASKED:
            return bool(scope.units & set(row["asked"])) or _is_centre(scope, row)
        case Part.ANSWERING:
            return share_of(row, scope.units) is not None or _is_centre(scope, row)


_LENGTHS = {"district": 6, "street": 9, "community": 12, "grid": 15}


def _is_centre(scope: Any, row: Facts) -> bool:
    """Whether the scope covers the area of the centre that holds the case: a community does not decide for its street. A centre above
    the districts belongs to those whose scope reaches over more than one."""
    area = row["holder_area"]
    place = {k: row[k] for k in ("district", "street", "community", "grid")}
    if area is None:
        return scope.covers(**place)
    if row["holder"] in scope.units:
        return True
    if len(area) < 6:
        return len(scope.districts) > 1 and scope.covers(**place)
    levels = {name: area[:length] if len(area) >= length else None for name, length in _LENGTHS.items()}
    return scope.covers(**levels)


def _may_verify(by: Principal, row: Facts) -> bool:
    return may_verify(person=by.id, person_units=by.units, handled_by=row["handled_by"], lead=row["lead"])


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

    Raises Raced when somebody else changed the case since ``row`` was read.
    """
    at = max(clock.now(), row["changed_at"])
    was = Status(row["status"])
    target = effects.target or move.target or was
    columns: dict[str, Any] = {"status": str(target), "changed_at": at} | effects.columns
    planned = None
    if move.moves and not effects.keeps_clock:
        planned = _next_clock(row, columns, target, at, effects.due_at)
    s = Statement()
    if by.kind == "user":
        effects.data |= capture_data(seen_at=row["reported_at"], lon=row["lon"], lat=row["lat"])
    for name, (sql, params) in effects.first.items():
        s.cte(name, sql, **params)
    stops = move.moves and not effects.keeps_clock and was in STAGE_OF
    if stops or (was == Status.SUSPENDED and target != was and not effects.keeps_clock):
        met = row["stage"] is not None and move.meets == row["stage"]
        outcome = clock_outcome(due=row["due_at"], stopped=at, met=met) if row["due_at"] else "ended"
        if outcome == "missed":
            columns.setdefault("overdue_at", row["overdue_at"] or row["due_at"])
    else:
        outcome = None
    if not move.quiet:
        columns["moved_version"] = row["version"] + 1
    s.cte(
        "moved",
        f"""UPDATE cases_case SET {", ".join(f"{name} = %({name})s{_CASTS.get(name, '')}" for name in columns)}, version = version + 1
            WHERE district = %(in_district)s AND id = %(case_id)s AND version = %(old_version)s
              {"".join(f" AND {term}" for term in effects.only_if)} RETURNING *""",
        **columns,
        in_district=row["district"],
        case_id=row["id"],
        old_version=row["version"],
    )
    if outcome is not None:
        clocks.stop(s, row=row, at=at, outcome=outcome)
    if planned is not None:
        clocks.start(s, source="moved", planned=planned, at=at, after="clock_stopped" if outcome is not None else None)
    add_step(
        s,
        source="moved",
        by=by,
        move_act=move.act,
        outcome=move.outcome,
        before=row["status"],
        effects=effects,
        at=at,
        left=left_behind(row, columns),
    )
    for name, (sql, params) in effects.parts.items():
        s.cte(name, sql, **params)
    # Row-level security lets nobody write a row that they could not read then: a unit that gives a case back is let out by the system.
    with acting(SYSTEM) if effects.leaves else nullcontext():
        changed = s.fetch("SELECT * FROM moved")
    if changed is None:
        raise Raced
    return changed


_CASTS = {
    "assisting": "::uuid[]",
    "handled_by": "::uuid[]",
    "asked": "::uuid[]",
    "tags": "::text[]",
    "route": "::jsonb",
}


def _next_clock(
    row: Row, columns: dict[str, Any], target: Status, at: datetime, due_at: datetime | None
) -> clocks.Plan | None:
    """The clock of the new status, and the columns of the case that repeat it."""
    stage = STAGE_OF.get(target)
    if stage is None:
        columns |= {"stage": None, "due_at": None}
        columns.setdefault("closed_at", at)
        return None
    category = columns.get("category") or row["category"]
    planned = clocks.plan(category=category, urgency=row["urgency"], stage=stage, at=at, due_at=due_at)
    columns |= {"stage": str(stage), "due_at": planned.due_at, "closed_at": None}
    return planned


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
    event: CaseEvent | None = None,
    left: Mapping[str, Any] | None = None,
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
        event=event or (CaseEvent.REPORTED if move_act == Act.REPORT else CaseEvent.CHANGED),
        kind="case",
        subject_sql="id",
        place_sql={level: level for level in outbox.LEVELS},
        units_sql="array_remove(ARRAY[lead, holder] || assisting || asked, NULL)",
        body={"act": str(move_act), "outcome": outcome, "step": str(step)} | ({"left": left} if left else {}),
        body_sql="jsonb_build_object('number', number, 'status', status, 'version', version, 'stage', stage, 'due_at', due_at)",
    )


def left_behind(row: Facts, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Which units and levels had the case before and have it no more, so that their screens can let go of it."""
    now = {**row, **columns}

    def units(of: Mapping[str, Any]) -> set[str]:
        return {str(u) for u in (of["lead"], of["holder"], *of["assisting"], *of["asked"]) if u}

    gone = sorted(units(row) - units(now))
    levels = {k: row[k] for k in ("street", "community", "grid") if row[k] is not None and now[k] != row[k]}
    return ({"units": gone} if gone else {}) | levels


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the ledger takes: no floats (their text differs between machines)."""

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, UUID | datetime):
            return str(value)
        return [plain(v) for v in value] if isinstance(value, list | tuple) else value

    return {k: plain(v) for k, v in data.items()}


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


def reason(note: str | None) -> str:
    """The note of an act that must say why."""
    return required_text("note", note, Words("原因", "The reason"))
