"""From outside the line: 催办, 督办, 批示 and their answers; corrections; what helps the desk (comments, tags, links)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.actions import clocks
from wangge.domain.cases.actions.desk import known_category, other_case
from wangge.domain.cases.actions.move import Effects, act, open_for, reason, required_text, write
from wangge.domain.cases.actions.wanted import with_evidence
from wangge.domain.cases.rules import Act, Call, Level, Stage, Urgency
from wangge.domain.evidence.actions.attach import Promise
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Invalid
from wangge.kernel.words import Words

MOST_TAGS, LONGEST_TAG = 20, 30


@act
def urge(*, by: Principal, case: UUID, version: int | None = None, note: str) -> Row:
    """催办: those who have the case are asked to hurry."""
    row, move = open_for(by=by, case=case, version=version, act=Act.URGE)
    effects = _demand(row, by=by, kind=Call.URGE, text=reason(note))
    effects.columns["urges"] = row["urges"] + 1
    return write(by=by, row=row, move=move, effects=effects)


@act
def supervise(
    *,
    by: Principal,
    case: UUID,
    version: int | None = None,
    level: str,
    answer_by: datetime | None = None,
    note: str,
) -> Row:
    """督办: with a level and a reason. It must be answered, and stays on the wall until it is lifted."""
    row, move = open_for(by=by, case=case, version=version, act=Act.SUPERVISE)
    if level not in list(Level):
        raise Invalid.field(
            "body.level",
            "unknown",
            f"督办级别应为 {'、'.join(Level)} 之一。",
            f"The level must be one of {', '.join(Level)}.",
        )
    if answer_by is not None and answer_by <= clock.now():
        raise Invalid.field("body.answer_by", "past", "回复期限须晚于现在。", "The answer must be due in the future.")
    effects = _demand(row, by=by, kind=Call.SUPERVISE, text=reason(note), level=level, answer_by=answer_by)
    effects.columns["supervision"] = _highest([level, row["supervision"]])
    return write(by=by, row=row, move=move, effects=effects)


@act
def instruct(*, by: Principal, case: UUID, version: int | None = None, note: str) -> Row:
    """批示: what a leader wants done. It must be answered."""
    row, move = open_for(by=by, case=case, version=version, act=Act.INSTRUCT)
    text = required_text("note", note, Words("批示", "The instruction"))
    return write(by=by, row=row, move=move, effects=_demand(row, by=by, kind=Call.INSTRUCT, text=text))


@act
def answer(*, by: Principal, case: UUID, version: int | None = None, demand: UUID | None = None, note: str) -> Row:
    """回复: whoever has the case answers a demand. An urge is over with its answer; what a supervisor or a leader said stays on the wall
    until they lift it."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ANSWER)
    text = required_text("note", note, Words("回复", "The answer"))
    chosen = _chosen([d for d in row["demands"] if d["answered_at"] is None], demand)
    effects = Effects(note=text, data={"demand": chosen["id"], "kind": chosen["kind"]})
    if chosen["kind"] == Call.URGE:
        effects.columns["demands_open"] = len(row["demands"]) - 1
    effects.parts["answered"] = (
        """UPDATE cases_demand SET answered_at = %(at)s, answered_by = %(by)s, answer = %(text)s,
                  lifted_at = CASE kind WHEN 'urge' THEN %(at)s::timestamptz END
           WHERE district = %(district)s AND id = %(id)s AND EXISTS (SELECT 1 FROM moved)""",
        {"at": clock.now(), "by": by.id, "text": text, "district": row["district"], "id": chosen["id"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def lift(*, by: Principal, case: UUID, version: int | None = None, demand: UUID | None = None, note: str = "") -> Row:
    """解除: a demand leaves the wall."""
    row, move = open_for(by=by, case=case, version=version, act=Act.LIFT)
    chosen = _chosen(row["demands"], demand)
    left = [d for d in row["demands"] if d["id"] != chosen["id"]]
    effects = Effects(
        columns={"demands_open": len(left), "supervision": _highest([d["level"] for d in left])},
        note=note.strip(),
        data={"demand": chosen["id"], "kind": chosen["kind"]},
    )
    effects.parts["lifted"] = (
        """UPDATE cases_demand SET lifted_at = %(at)s, lifted_by = %(by)s
           WHERE district = %(district)s AND id = %(id)s AND EXISTS (SELECT 1 FROM moved)""",
        {"at": clock.now(), "by": by.id, "district": row["district"], "id": chosen["id"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


def _demand(
    row: Row, *, by: Principal, kind: Call, text: str, level: str | None = None, answer_by: datetime | None = None
) -> Effects:
    demand = uuid7()
    data = (
        {"demand": str(demand)}
        | ({"level": level} if level else {})
        | ({"answer_by": str(answer_by)} if answer_by else {})
    )
    effects = Effects(
        columns={"demands_open": len(row["demands"]) + 1}, note=text, unit=row["lead"] or row["holder"], data=data
    )
    effects.parts["demand"] = (
        """INSERT INTO cases_demand (district, id, "case", kind, level, text, made_at, made_by, made_by_name, answer_by)
           SELECT district, %(id)s, id, %(kind)s, %(level)s, %(text)s, %(at)s, %(by)s, %(name)s, %(answer_by)s FROM moved""",
        {
            "id": demand,
            "kind": str(kind),
            "level": level,
            "text": text,
            "at": clock.now(),
            "by": by.id,
            "name": by.name,
            "answer_by": answer_by,
        },
    )
    return effects


def _highest(levels: Sequence[str | None]) -> str | None:
    order = list(Level)
    return max((level for level in levels if level), key=lambda level: order.index(Level(level)), default=None)


def _chosen(found: list[dict[str, Any]], demand: UUID | None) -> dict[str, Any]:
    """The demand that is meant: the one named, or the only one."""
    if demand is not None:
        for candidate in found:
            if candidate["id"] == str(demand):
                return candidate
        raise Invalid.field("body.demand", "unknown", "没有这个督办单，或已处理。", "There is no such open demand.")
    if len(found) > 1:
        raise Invalid.field(
            "body.demand",
            "which",
            f"有 {len(found)} 个督办单，请选择一个。",
            f"There are {len(found)} demands; choose one.",
        )
    return found[0]


@act
def reclassify(*, by: Principal, case: UUID, version: int, category: UUID, note: str) -> Row:
    """更正类别: the running clock follows the limit of the new category, counted from when it started, without the time it stood still."""
    row, move = open_for(by=by, case=case, version=version, act=Act.RECLASSIFY)
    known_category(category)
    if category == row["category"]:
        raise Invalid.field("body.category", "same", "类别没有变化。", "This is its category already.")
    effects = Effects(
        columns={"category": category},
        note=reason(note),
        unit=row["holder"],
        data={"category": str(category), "was": str(row["category"])},
    )
    _count_anew(row, effects, category=category, urgency=row["urgency"])
    return write(by=by, row=row, move=move, effects=effects)


@act
def set_urgency(*, by: Principal, case: UUID, version: int, urgency: str, note: str) -> Row:
    """调整紧急程度: the running clock follows the limit of the new urgency, counted from when it started, without the time it stood still."""
    row, move = open_for(by=by, case=case, version=version, act=Act.SET_URGENCY)
    if urgency not in list(Urgency):
        raise Invalid.field("body.urgency", "unknown", "紧急程度不正确。", "This urgency is not known.")
    if urgency == row["urgency"]:
        raise Invalid.field("body.urgency", "same", "紧急程度没有变化。", "This is its urgency already.")
    effects = Effects(
        columns={"urgency": urgency},
        note=reason(note),
        unit=row["holder"],
        data={"urgency": urgency, "was": row["urgency"]},
    )
    _count_anew(row, effects, category=row["category"], urgency=urgency)
    return write(by=by, row=row, move=move, effects=effects)


def counted_anew(row: Row, *, category: UUID, urgency: str) -> clocks.Plan:
    """The clock that runs, by the limits of this category and urgency, from when it started; the time it stood still does not count."""
    running = queries.running_clock(row)
    return clocks.plan(
        category=category,
        urgency=urgency,
        stage=Stage(row["stage"]),
        at=running["started_at"],
        pauses=queries.pauses(district=row["district"], case=row["id"], clock=running),
    )


def _count_anew(row: Row, effects: Effects, *, category: UUID, urgency: str) -> None:
    planned = counted_anew(row, category=category, urgency=urgency)
    effects.columns["due_at"] = planned.due_at
    effects.data |= {"due_at": str(planned.due_at), "due_before": str(row["due_at"])}
    effects.parts["clock_moved"] = clocks.move(row, planned)


@act
def set_confidential(
    *, by: Principal, case: UUID, version: int | None = None, confidential: bool, note: str = ""
) -> Row:
    """设置保密: who asked is hidden from everyone but the centre, or is not any more."""
    row, move = open_for(by=by, case=case, version=version, act=Act.SET_CONFIDENTIAL)
    effects = Effects(
        columns={"confidential": confidential},
        note=note.strip(),
        unit=row["holder"],
        data={"confidential": confidential},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def comment(
    *, by: Principal, case: UUID, version: int | None = None, note: str, evidence: Sequence[Promise] = ()
) -> Row:
    """备注: never moves a clock."""
    row, move = open_for(by=by, case=case, version=version, act=Act.COMMENT)
    text = required_text("note", note, Words("备注", "The comment"))
    effects = with_evidence(Effects(note=text), by=by, row=row, act=Act.COMMENT, evidence=evidence)
    return write(by=by, row=row, move=move, effects=effects)


@act
def tag(*, by: Principal, case: UUID, version: int | None = None, tags: Sequence[str]) -> Row:
    """标签: these and no others."""
    row, move = open_for(by=by, case=case, version=version, act=Act.TAG)
    chosen = list(dict.fromkeys(t.strip() for t in tags if t.strip()))
    if len(chosen) > MOST_TAGS or any(len(t) > LONGEST_TAG for t in chosen):
        raise Invalid.field(
            "body.tags",
            "too_many",
            f"最多 {MOST_TAGS} 个标签，每个最多 {LONGEST_TAG} 字。",
            f"At most {MOST_TAGS} tags of at most {LONGEST_TAG} characters.",
        )
    return write(
        by=by, row=row, move=move, effects=Effects(columns={"tags": chosen}, data={"tags": chosen, "was": row["tags"]})
    )


@act
def link(*, by: Principal, case: UUID, version: int | None = None, other: UUID, note: str = "") -> Row:
    """关联: two cases of one district belong together; each stays its own."""
    row, move = open_for(by=by, case=case, version=version, act=Act.LINK)
    second = other_case(by=by, row=row, other=other)
    if _linked(row, other):
        raise Conflict(Words("已经关联。", "They are linked already."), extra={"current": queries.state(row)})
    effects = Effects(note=note.strip(), data={"other": str(other), "other_number": second["number"]})
    low, high = sorted((row["id"], other))
    effects.parts["linked"] = (
        """INSERT INTO cases_link (district, "case", other, made_at, made_by)
           SELECT district, %(low)s, %(high)s, %(at)s, %(by)s FROM moved ON CONFLICT DO NOTHING""",
        {"low": low, "high": high, "at": clock.now(), "by": by.id},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def unlink(*, by: Principal, case: UUID, version: int | None = None, other: UUID) -> Row:
    """取消关联."""
    row, move = open_for(by=by, case=case, version=version, act=Act.UNLINK)
    if not _linked(row, other):
        raise Invalid.field("body.other", "unknown", "没有关联这个案件。", "It is not linked to this case.")
    low, high = sorted((row["id"], other))
    effects = Effects(data={"other": str(other)})
    effects.parts["unlinked"] = (
        """DELETE FROM cases_link WHERE district = %(district)s AND "case" = %(low)s AND other = %(high)s
           AND EXISTS (SELECT 1 FROM moved)""",
        {"district": row["district"], "low": low, "high": high},
    )
    return write(by=by, row=row, move=move, effects=effects)


def _linked(row: Row, other: UUID) -> bool:
    low, high = sorted((row["id"], other))
    return bool(
        rows.value(
            'SELECT 1 FROM cases_link WHERE district = %(district)s AND "case" = %(low)s AND other = %(high)s',
            {"district": row["district"], "low": low, "high": high},
        )
    )
