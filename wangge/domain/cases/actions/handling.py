"""The lead unit's acts: 签收 take, 办结 resolve."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.cases.actions.move import Effects, open_for, required_text, write
from wangge.domain.cases.rules import Act
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Conflict
from wangge.kernel.words import Words

_LEAD = "district = %(district)s AND \"case\" = %(case)s AND kind = 'lead' AND ended_at IS NULL AND EXISTS (SELECT 1 FROM moved)"


def take(*, by: Principal, case: UUID, version: int, note: str = "") -> Row:
    """签收: the lead unit says that it has the case. Once for each dispatch."""
    row, move = open_for(by=by, case=case, version=version, act=Act.TAKE)
    if row["taken_at"] is not None:
        raise Conflict(
            Words("本案件已签收。", "This case has been taken already."), extra={"current": {"version": row["version"]}}
        )
    effects = Effects(note=note.strip(), unit=row["lead"], columns=_handlers(row, by))
    effects.parts["taken"] = (
        f"UPDATE cases_assignment SET taken_at = %(at)s, taken_by = %(by)s WHERE {_LEAD}",
        {"at": clock.now(), "by": by.id, "district": row["district"], "case": row["id"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


def resolve(*, by: Principal, case: UUID, version: int, result: str) -> Row:
    """办结: the lead unit reports what it did. The case goes to be verified by someone else."""
    row, move = open_for(by=by, case=case, version=version, act=Act.RESOLVE)
    text = required_text("result", result, Words("处置结果", "Result"), most=5000)
    effects = Effects(note=text, unit=row["lead"], columns={"result": text} | _handlers(row, by))
    effects.parts["resolved"] = (
        f"""UPDATE cases_assignment SET resolved_at = %(at)s, resolved_by = %(by)s, result = %(result)s
            WHERE {_LEAD}""",
        {"at": clock.now(), "by": by.id, "result": text, "district": row["district"], "case": row["id"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


def _handlers(row: Row, by: Principal) -> dict[str, list[UUID]]:
    if by.id is None or by.id in row["handled_by"]:
        return {}
    return {"handled_by": [*row["handled_by"], by.id]}
