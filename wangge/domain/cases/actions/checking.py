"""核查 verify, by someone who did not handle the case, and 结案 close, with the answer to the reporter on record."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.cases.actions.move import Effects, open_for, required_text, write
from wangge.domain.cases.rules import Act, FollowUp, outcomes
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words

_LEAD = "district = %(district)s AND \"case\" = %(case)s AND kind = 'lead' AND ended_at IS NULL AND EXISTS (SELECT 1 FROM moved)"


def verify(*, by: Principal, case: UUID, version: int, outcome: str, note: str = "") -> Row:
    """核查: ``outcome`` is pass or fail. Failed, the case goes back to the same lead unit, and the reason is required."""
    if outcome not in outcomes(Act.VERIFY):
        raise Invalid.field(
            "body.outcome", "unknown", "核查结论应为 pass 或 fail。", "The outcome must be pass or fail."
        )
    row, move = open_for(by=by, case=case, version=version, act=Act.VERIFY, outcome=outcome)
    effects = Effects(note=note.strip(), unit=row["lead"])
    place = {"district": row["district"], "case": row["id"]}
    if outcome == "fail":
        effects.note = required_text("note", note, Words("不通过的原因", "Why it failed"))
        effects.columns["rework"] = row["rework"] + 1
        effects.parts["again"] = (
            f"""UPDATE cases_assignment SET taken_at = NULL, taken_by = NULL, resolved_at = NULL, resolved_by = NULL
                WHERE {_LEAD}""",
            place,
        )
    else:
        effects.parts["done"] = (
            f"UPDATE cases_assignment SET ended_at = %(at)s WHERE {_LEAD}",
            place | {"at": clock.now()},
        )
    return write(by=by, row=row, move=move, effects=effects)


def close(
    *, by: Principal, case: UUID, version: int, follow_up: FollowUp, final_category: UUID | None = None, note: str = ""
) -> Row:
    """结案: how the reporter was answered is recorded, the reported and the final category are both kept."""
    row, move = open_for(by=by, case=case, version=version, act=Act.CLOSE)
    if final_category is not None and catalog.category(final_category) is None:
        raise Invalid.field(
            "body.final_category", "unknown", "没有这个类别，或已停用。", "There is no such category, or it is retired."
        )
    effects = Effects(
        columns={"follow_up": str(follow_up), "final_category": final_category or row["category"]},
        note=note.strip(),
        unit=row["holder"],
        data={"follow_up": str(follow_up), "final_category": str(final_category or row["category"])},
    )
    return write(by=by, row=row, move=move, effects=effects)
