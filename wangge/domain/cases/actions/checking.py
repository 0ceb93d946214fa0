"""核查 verify by someone who did not handle the case, 回访 follow-up with the reporter, 裁定 decision, 结案 close, 重新办理 reopen, 归档."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.actions.desk import known_category
from wangge.domain.cases.actions.dispatching import end_shares
from wangge.domain.cases.actions.handling import shot_at
from wangge.domain.cases.actions.move import (
    Effects,
    act,
    add_step,
    open_for,
    reason,
    required_text,
    write,
)
from wangge.domain.cases.actions.wanted import with_evidence
from wangge.domain.cases.rules import Act, Call, FollowUp, outcomes
from wangge.domain.evidence.actions.attach import Promise
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.db.statement import Statement
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words


@act
def verify(
    *,
    by: Principal,
    case: UUID,
    version: int,
    outcome: str,
    note: str = "",
    point: tuple[float, float] | None = None,
    evidence: Sequence[Promise] = (),
) -> Row:
    """核查: ``outcome`` is pass or fail. Failed, the case goes back to the same lead unit, or to the centre when it was resolved on the
    spot; the reason is required. Passed, a case that nobody outside asked for has its follow-up on record at once: there is none."""
    _known(Act.VERIFY, outcome)
    row, move = open_for(by=by, case=case, version=version, act=Act.VERIFY, outcome=outcome)
    effects = Effects(note=note.strip(), unit=row["lead"], data=shot_at(row, point))
    if outcome == "fail":
        effects.note = required_text("note", note, Words("不通过的原因", "Why it failed"))
        effects.columns |= {"rework": row["rework"] + 1, "self_resolved": False}
        effects.parts["again"] = again(row)
    elif not queries.has_reporter(row):
        effects.columns["follow_up"] = str(FollowUp.NOT_WANTED)
        effects.data["follow_up"] = str(FollowUp.NOT_WANTED)
    with_evidence(effects, by=by, row=row, act=Act.VERIFY, evidence=evidence)
    return write(by=by, row=row, move=move, effects=effects)


@act
def follow_up(
    *, by: Principal, case: UUID, version: int, outcome: str, rating: int | None = None, note: str = ""
) -> Row:
    """回访: what the reporter says. Not satisfied the first time, the case is handled again; the second time a supervisor decides. A try
    that reaches nobody is counted."""
    _known(Act.FOLLOW_UP, outcome)
    row, move = open_for(by=by, case=case, version=version, act=Act.FOLLOW_UP, outcome=outcome)
    effects = Effects(note=note.strip(), unit=row["holder"], columns={"rating": rating}, data={"rating": rating})
    if outcome == FollowUp.UNREACHABLE:
        effects.columns = {"follow_up": outcome, "tries": row["tries"] + 1}
        effects.data = {"tries": row["tries"] + 1}
    elif outcome == FollowUp.DISSATISFIED:
        effects.note = reason(note)
        if move.moves:
            effects.columns |= {"follow_up": None, "tries": 0, "reopened": row["reopened"] + 1, "self_resolved": False}
            effects.parts["again"] = again(row)
        else:
            effects.columns["follow_up"] = outcome
    else:
        effects.columns["follow_up"] = outcome
    return write(by=by, row=row, move=move, effects=effects)


@act
def decide(*, by: Principal, case: UUID, version: int, outcome: str, note: str) -> Row:
    """裁定: a supervisor says whether a case that its reporter is not satisfied with is handled once more (again) or is over (uphold)."""
    _known(Act.DECIDE, outcome)
    row, move = open_for(by=by, case=case, version=version, act=Act.DECIDE, outcome=outcome)
    effects = Effects(note=reason(note), unit=row["lead"])
    if outcome == "again":
        effects.columns |= {"follow_up": None, "tries": 0, "reopened": row["reopened"] + 1}
        effects.parts["again"] = again(row)
        return write(by=by, row=row, move=move, effects=effects)
    return _close(by=by, row=row, move=move, effects=effects, final_category=None)


@act
def close(*, by: Principal, case: UUID, version: int, final_category: UUID | None = None, note: str = "") -> Row:
    """结案: the reported and the final category are both kept; the reporters of merged cases are answered with this one."""
    row, move = open_for(by=by, case=case, version=version, act=Act.CLOSE)
    if final_category is not None:
        known_category(final_category, "final_category")
    effects = Effects(note=note.strip(), unit=row["holder"])
    return _close(by=by, row=row, move=move, effects=effects, final_category=final_category)


def _close(*, by: Principal, row: Row, move: Any, effects: Effects, final_category: UUID | None) -> Row:
    at = clock.now()
    final = final_category or row["category"]
    effects.columns["final_category"] = final
    effects.data |= {"follow_up": row["follow_up"], "final_category": str(final)}
    effects.parts["shares_ended"] = end_shares(row, at=at, lead="done", assisting="done")
    # An urge is over with its case; what a supervisor or a leader said stays on the wall until they lift it.
    effects.columns["demands_open"] = sum(d["kind"] != Call.URGE for d in row["demands"])
    effects.parts["urges_over"] = (
        """UPDATE cases_demand SET lifted_at = %(at)s WHERE district = %(district)s AND "case" = %(case)s AND kind = 'urge'
           AND lifted_at IS NULL AND EXISTS (SELECT 1 FROM moved)""",
        {"at": at, "district": row["district"], "case": row["id"]},
    )
    changed = write(by=by, row=row, move=move, effects=effects)
    for child in queries.merged_into(row):
        _answer_with(by=by, child=child, main=changed)
    return changed


def _answer_with(*, by: Principal, child: Row, main: Row) -> None:
    """A merged case's own history says how the case it became part of ended; its reporter is told from this."""
    s = Statement()
    s.cte(
        "moved",
        """UPDATE cases_case SET result = %(result)s, final_category = %(final)s, changed_at = greatest(changed_at, %(at)s),
                  version = version + 1
           WHERE district = %(district)s AND id = %(id)s AND merged_into = %(main)s RETURNING *""",
        result=main["result"],
        final=main["final_category"],
        at=main["changed_at"],
        district=child["district"],
        id=child["id"],
        main=main["id"],
    )
    effects = Effects(data={"with": str(main["id"]), "with_number": main["number"]})
    at = max(main["changed_at"], child["changed_at"])
    add_step(
        s, source="moved", by=by, move_act=Act.CLOSE, outcome="with", before=child["status"], effects=effects, at=at
    )
    s.fetch("SELECT id FROM moved")


@act
def reopen(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """重新办理: a closed case is taken up again, once; the centre dispatches it anew."""
    row, move = open_for(by=by, case=case, version=version, act=Act.REOPEN)
    effects = Effects(
        columns={
            "lead": None,
            "assisting": [],
            "route": None,
            "designated": False,
            "self_resolved": False,
            "follow_up": None,
            "rating": None,
            "tries": 0,
            "reopened": row["reopened"] + 1,
        },
        note=reason(note),
        unit=row["holder"],
        data={"result_before": row["result"][:500], "lead_before": row["lead"] and str(row["lead"])},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def archive(*, by: Principal, case: UUID, version: int, note: str = "") -> Row:
    """归档: from now on the case is only read."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ARCHIVE)
    effects = Effects(columns={"closed_at": row["closed_at"]}, note=note.strip(), unit=row["holder"])
    return write(by=by, row=row, move=move, effects=effects)


def again(row: Row) -> tuple[str, dict[str, Any]]:
    """The part that gives the lead its share back: not taken, not resolved."""
    return (
        """UPDATE cases_assignment SET taken_at = NULL, taken_by = NULL, resolved_at = NULL, resolved_by = NULL
           WHERE district = %(district)s AND "case" = %(case)s AND kind = 'lead' AND ended_at IS NULL AND EXISTS (SELECT 1 FROM moved)""",
        {"district": row["district"], "case": row["id"]},
    )


def _known(act: Act, outcome: str) -> None:
    if outcome not in outcomes(act):
        listed = "、".join(outcomes(act))
        raise Invalid.field(
            "body.outcome",
            "unknown",
            f"结果应为 {listed} 之一。",
            f"The outcome must be one of {', '.join(outcomes(act))}.",
        )
