"""What a unit asks for while it handles a case, and what the centre says: 协同, 延期, 挂账."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.actions import clocks
from wangge.domain.cases.actions.dispatching import drop_requests, usable
from wangge.domain.cases.actions.handling import share_for
from wangge.domain.cases.actions.move import Effects, act, open_for, reason, required_text, write
from wangge.domain.cases.actions.wanted import with_evidence
from wangge.domain.cases.rules import Act, Ask, Stage, Status, pending
from wangge.domain.evidence.actions.attach import Promise
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words


@act
def ask_help(*, by: Principal, case: UUID, version: int | None = None, unit: UUID | None = None, note: str) -> Row:
    """协同: a unit that handles the case asks another one, or the centre, for help. The one that is asked may read the case."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ASK_HELP)
    text = required_text("note", note, Words("需要什么帮助", "What help is needed"))
    asking = share_for(by, row)
    if unit is not None:
        usable([unit], "unit")
        if str(unit) == asking["unit"]:
            raise Invalid.field("body.unit", "same", "不能请求本单位协同。", "A unit does not ask itself for help.")
    effects = Effects(
        columns={"asked": [*row["asked"], unit]} if unit and unit not in row["asked"] else {},
        note=text,
        unit=UUID(asking["unit"]),
        data={"asked": str(unit) if unit else None},
        parts={"request": new_request(row, by=by, kind=Ask.HELP, unit=asking["unit"], of=unit, text=text)},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def answer_help(
    *,
    by: Principal,
    case: UUID,
    version: int | None = None,
    request: UUID | None = None,
    note: str,
    evidence: Sequence[Promise] = (),
) -> Row:
    """答复协同: the unit that was asked, or the centre, says what it did."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ANSWER_HELP)
    text = required_text("note", note, Words("答复", "The answer"))
    mine = [r for r in pending(row, Ask.HELP) if r["of"] is None or UUID(r["of"]) in by.units or not by.units]
    chosen = _chosen(mine or pending(row, Ask.HELP), request)
    effects = Effects(
        note=text,
        unit=UUID(chosen["of"]) if chosen["of"] else row["holder"],
        data={"request": chosen["id"]},
        parts={"answered": answer_request(row, by=by, request=chosen["id"], outcome="answered", text=text)},
    )
    with_evidence(effects, by=by, row=row, act=Act.ANSWER_HELP, evidence=evidence)
    return write(by=by, row=row, move=move, effects=effects)


@act
def ask_extension(*, by: Principal, case: UUID, version: int | None = None, due_at: datetime, note: str) -> Row:
    """申请延期: asked for before the limit is over; the centre decides."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ASK_EXTENSION)
    _later(due_at, row["due_at"])
    text = reason(note)
    effects = Effects(
        note=text,
        unit=row["lead"],
        data={"due_at": str(due_at)},
        parts={"request": new_request(row, by=by, kind=Ask.EXTENSION, unit=row["lead"], text=text, wanted_at=due_at)},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def extend(*, by: Principal, case: UUID, version: int, due_at: datetime | None = None, note: str = "") -> Row:
    """延期: the centre moves the limit, as it was asked or as it says itself. Decided late, what was asked in time still counts."""
    row, move = open_for(by=by, case=case, version=version, act=Act.EXTEND)
    asked = pending(row, Ask.EXTENSION)
    until = due_at or (datetime.fromisoformat(asked[0]["wanted_at"]) if asked else None)
    if until is None:
        raise Invalid.field(
            "body.due_at", "missing", "没有延期申请，请填写延至何时。", "Nobody asked for an extension; say until when."
        )
    _later(until, row["due_at"])
    running = queries.running_clock(row)
    pauses = queries.pauses(district=row["district"], case=row["id"], clock=running)
    planned = clocks.Plan(Stage(row["stage"]), running["unit"], running["started_at"], until, pauses)
    effects = Effects(
        columns={"due_at": until, "extensions": row["extensions"] + 1},
        note=note.strip(),
        unit=row["lead"],
        data={"due_at": str(until), "was": str(row["due_at"])},
        parts={
            "clock_moved": clocks.move(row, planned),
            "share_moved": (
                """UPDATE cases_assignment SET due_at = %(due)s WHERE district = %(district)s AND "case" = %(case)s AND kind = 'lead'
                   AND ended_at IS NULL AND EXISTS (SELECT 1 FROM moved)""",
                {"due": until, "district": row["district"], "case": row["id"]},
            ),
        },
    )
    if asked:
        effects.parts["granted"] = answer_request(
            row, by=by, request=asked[0]["id"], outcome="granted", text=note.strip()
        )
    return write(by=by, row=row, move=move, effects=effects)


@act
def ask_suspension(*, by: Principal, case: UUID, version: int | None = None, review_at: datetime, note: str) -> Row:
    """申请挂账: what cannot be done for now (season, ownership, money) is to stand still until a review; the centre decides."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ASK_SUSPENSION)
    _future(review_at)
    text = reason(note)
    effects = Effects(
        note=text,
        unit=row["lead"],
        data={"review_at": str(review_at)},
        parts={
            "request": new_request(row, by=by, kind=Ask.SUSPENSION, unit=row["lead"], text=text, wanted_at=review_at)
        },
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def suspend(*, by: Principal, case: UUID, version: int, review_at: datetime | None = None, note: str) -> Row:
    """挂账: every clock stands still; the case is looked at again at ``review_at``."""
    row, move = open_for(by=by, case=case, version=version, act=Act.SUSPEND)
    asked = pending(row, Ask.SUSPENSION)
    review = review_at or (datetime.fromisoformat(asked[0]["wanted_at"]) if asked else None)
    if review is None:
        raise Invalid.field(
            "body.review_at", "missing", "请填写复核日期。", "Say when the case is to be looked at again."
        )
    _future(review)
    at = clock.now()
    effects = Effects(
        columns={"stage": None, "due_at": None, "review_at": review, "back_to": row["status"]},
        note=reason(note),
        unit=row["lead"] or row["holder"],
        data={"review_at": str(review)},
        parts={
            "clock_paused": clocks.pause(row, at),
            "requests_dropped": drop_requests(row, at=at, but=[UUID(r["id"]) for r in asked]),
        },
        keeps_clock=True,
    )
    if asked:
        effects.parts["granted"] = answer_request(
            row, by=by, request=asked[0]["id"], outcome="granted", text=note.strip()
        )
    return write(by=by, row=row, move=move, effects=effects)


@act
def refuse(*, by: Principal, case: UUID, version: int | None = None, request: UUID | None = None, note: str) -> Row:
    """驳回: the extension or suspension that was asked for is not granted."""
    row, move = open_for(by=by, case=case, version=version, act=Act.REFUSE)
    chosen = _chosen(pending(row, Ask.EXTENSION, Ask.SUSPENSION), request)
    text = reason(note)
    effects = Effects(
        note=text,
        unit=row["holder"],
        data={"request": chosen["id"], "kind": chosen["kind"]},
        parts={"refused": answer_request(row, by=by, request=chosen["id"], outcome="refused", text=text)},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def resume(*, by: Principal, case: UUID, version: int, note: str = "") -> Row:
    """恢复办理: the case goes on where it stood, with as much time as it had left."""
    row, move = open_for(by=by, case=case, version=version, act=Act.RESUME)
    standing = queries.running_clock(row)
    piece, due = clocks.resume(row, standing, clock.now())
    effects = Effects(
        columns={"stage": standing["stage"], "due_at": due, "review_at": None, "back_to": None},
        target=Status(row["back_to"]),
        note=note.strip(),
        unit=row["lead"] or row["holder"],
        data={"due_at": str(due)},
        parts={"clock_resumed": piece},
        keeps_clock=True,
    )
    return write(by=by, row=row, move=move, effects=effects)


def new_request(
    row: Row,
    *,
    by: Principal,
    kind: Ask,
    unit: Any,
    text: str,
    of: UUID | None = None,
    wanted_at: datetime | None = None,
) -> clocks.Piece:
    """The part that writes down what is asked for."""
    return (
        """INSERT INTO cases_request (district, id, "case", kind, unit, of, text, wanted_at, asked_at, asked_by)
           SELECT district, %(id)s, id, %(kind)s, %(unit)s::uuid, %(of)s::uuid, %(text)s, %(wanted)s, %(at)s, %(by)s FROM moved""",
        {
            "id": uuid7(),
            "kind": str(kind),
            "unit": unit,
            "of": of,
            "text": text,
            "wanted": wanted_at,
            "at": clock.now(),
            "by": by.id,
        },
    )


def answer_request(row: Row, *, by: Principal, request: str, outcome: str, text: str) -> clocks.Piece:
    """The part that writes down how it was answered."""
    return (
        """UPDATE cases_request SET outcome = %(outcome)s, answered_at = %(at)s, answered_by = %(by)s, answer = %(text)s
           WHERE district = %(district)s AND id = %(id)s AND EXISTS (SELECT 1 FROM moved)""",
        {"outcome": outcome, "at": clock.now(), "by": by.id, "text": text, "district": row["district"], "id": request},
    )


def _chosen(found: list[dict[str, Any]], request: UUID | None) -> dict[str, Any]:
    """The request that is meant: the one named, or the only one."""
    if request is not None:
        for candidate in found:
            if candidate["id"] == str(request):
                return candidate
        raise Invalid.field("body.request", "unknown", "没有这个待处理的申请。", "There is no such pending request.")
    if len(found) > 1:
        raise Invalid.field(
            "body.request",
            "which",
            f"有 {len(found)} 个待处理的申请，请选择一个。",
            f"{len(found)} requests are pending; choose one.",
        )
    return found[0]


def _later(due_at: datetime, than: datetime) -> None:
    if due_at <= than or due_at <= clock.now():
        raise Invalid.field(
            "body.due_at",
            "not_later",
            "延期后的期限须晚于原期限和现在。",
            "The new limit must be later than the old one and than now.",
        )


def _future(review_at: datetime) -> None:
    if review_at <= clock.now():
        raise Invalid.field("body.review_at", "past", "复核日期须晚于现在。", "The review date must lie in the future.")
