"""What the rows of a case are after everything that happened to it: the table of acts, played without a database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from wangge.domain.cases.actions import clocks
from wangge.domain.cases.actions.report import Placed, Report, fresh, party, said
from wangge.domain.cases.rules import STAGE_OF, Act, FollowUp, Stage, Status, Transition, clock_outcome, rows_of
from wangge.domain.catalog.queries import RouteChoice
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.ids import uuid7_text

Fields = dict[str, Any]


class Happened(NamedTuple):
    """One act of the past. ``unit``: of a dispatch, the lead; ``choice``: the rule that chose it. ``due_at``: of a dispatch or an
    extension; ``review_at``: of a suspension; ``category``: corrected at the acceptance, or final at the closing."""

    act: Act
    at: datetime
    by: Principal
    outcome: str | None = None
    note: str = ""
    unit: UUID | None = None
    choice: RouteChoice | None = None
    due_at: datetime | None = None
    review_at: datetime | None = None
    rating: int | None = None
    category: UUID | None = None


class History(NamedTuple):
    """A report that was checked, and the acts that followed, in their order. ``holder``: the desk that it came to first; ``short``: what is
    missing of the evidence that its category wants."""

    by: Principal
    report: Report
    place: Placed
    category: UUID
    urgency: str
    confidential: bool
    reported_at: datetime
    holder: UUID | None
    acts: Sequence[Happened] = ()
    short: Sequence[str] = ()


@dataclass
class Told:
    """The rows of one case, without its number: columns by name, as the tables have them."""

    case: Fields
    party: Fields | None
    steps: list[Fields] = field(default_factory=list)
    clocks: list[Fields] = field(default_factory=list)
    shares: list[Fields] = field(default_factory=list)

    @property
    def running(self) -> Fields | None:
        last = self.clocks[-1] if self.clocks else None
        return last if last is not None and last["stopped_at"] is None else None

    @property
    def lead(self) -> Fields | None:
        """The live share of the lead unit."""
        return next((s for s in self.shares if s["ended_at"] is None), None)


def tell(history: History) -> Told:
    """The rows that the acts of ``history`` leave behind. ValueError for acts that the table does not allow: who tells it is wrong."""
    report, at = history.report, history.reported_at
    planned = clocks.plan(category=history.category, urgency=history.urgency, stage=Stage.ACCEPT, at=at)
    case = _blank(history) | fresh(
        report,
        by=history.by,
        place=history.place,
        category=history.category,
        urgency=history.urgency,
        confidential=history.confidential,
        planned=planned,
        at=at,
    )
    told = Told(case, party(report.reporter, case["district"], report.id))
    _start(told, planned, at)
    _step(told, Act.REPORT, None, history.by, at, before=None, data=said(report, history.place, at, history.short))
    for number, happened in enumerate(history.acts):
        last = told.case["changed_at"]
        if happened.at < last:
            raise ValueError(f"act {number} ({happened.act}) at {happened.at} lies before {last}")
        _play(told, happened)
    if told.running is not None:
        clock = told.running
        clock["next_at"] = clocks.share_of_time(clock["started_at"], clock["due_at"], clock["unit"], clocks.REMIND_AT)
    return told


_BLANK: Fields = (
    dict.fromkeys(("lead", "route", "overdue_at", "review_at", "review_told_at", "back_to", "merged_into", "closed_at", "follow_up",
                   "rating", "supervision", "final_category"))
    | dict.fromkeys(("tries", "returns", "rework", "reopened", "extensions", "urges", "demands_open"), 0)
    | {"moved_version": 1, "self_resolved": False, "designated": False}
)  # fmt: skip


def _blank(history: History) -> Fields:
    """The columns that a fresh case has by the defaults of the table."""
    lists: Fields = {"assisting": [], "asked": [], "handled_by": [], "tags": []}
    desk = {"first_receiver": history.holder, "holder": history.holder, "received_at": clock.now()}
    return _BLANK | lists | desk


def _play(told: Told, h: Happened) -> None:
    """One act: as ``actions.move.write`` moves a case, on the rows in hand."""
    case, move = told.case, _transition(told.case, h)
    before, was_due = case["status"], case["due_at"]
    unit, note, data = _EFFECTS[h.act](told, h)
    case["version"] += 1
    if not move.quiet:
        case["moved_version"] = case["version"]
    case["changed_at"] = h.at
    if h.act == Act.SUSPEND:
        case["status"] = str(Status.SUSPENDED)
    elif move.target is not None:
        case["status"] = str(move.target)
        if told.running is not None:
            _stop(told, h.at, met=move.meets == told.running["stage"], due=was_due)
        stage = STAGE_OF.get(move.target)
        if stage is None:
            case |= {"stage": None, "due_at": None, "closed_at": case["closed_at"] or h.at}
        else:
            due = h.due_at if h.act == Act.DISPATCH else None
            planned = clocks.plan(category=case["category"], urgency=case["urgency"], stage=stage, at=h.at, due_at=due)
            case |= {"stage": str(stage), "due_at": planned.due_at, "closed_at": None}
            _start(told, planned, h.at)
            if h.act == Act.DISPATCH and told.lead is not None:
                told.lead["due_at"] = planned.due_at
    _step(told, h.act, h.outcome, h.by, h.at, before=before, unit=unit, note=note, data=data)


def _transition(case: Fields, h: Happened) -> Transition:
    for move in _moves(h.act, h.outcome):
        if case["status"] in move.sources and (
            move.guard is None or move.guard(case | _NOTHING_ELSE, h.at, frozenset()) is None
        ):
            return move
    raise ValueError(f"{h.act} {h.outcome or ''} is not possible in {case['status']}")


_NOTHING_ELSE: Fields = {"shares": [], "requests": [], "demands": []}
"""What the guards ask of a case besides its columns."""


@cache
def _moves(act: Act, outcome: str | None) -> tuple[Transition, ...]:
    return tuple(m for m in rows_of(act, None if act == Act.SELF_RESOLVE else outcome) if m.outcome == outcome)


def _start(told: Told, planned: clocks.Plan, at: datetime) -> None:
    told.clocks.append(
        {
            **_row_of(told),
            "stage": str(planned.stage),
            "unit": planned.unit,
            "started_at": at,
            "due_at": planned.due_at,
            "first_due_at": planned.due_at,
            "paused_at": None,
            "rung": 0,
            "next_at": None,
            "stopped_at": None,
            "outcome": "running",
        }
    )


def _row_of(told: Told) -> Fields:
    """The key of a new row below the case; as text, since it is only written."""
    return {"district": told.case["district"], "case": told.case["id"], "id": uuid7_text()}


def _stop(told: Told, at: datetime, *, met: bool, due: datetime) -> None:
    clock = told.running
    assert clock is not None
    clock |= {"stopped_at": at, "outcome": clock_outcome(due=due, stopped=at, met=met)}
    if clock["outcome"] == "missed" and told.case["overdue_at"] is None:
        told.case["overdue_at"] = due


def _step(
    told: Told,
    act: Act,
    outcome: str | None,
    by: Principal,
    at: datetime,
    *,
    before: str | None,
    unit: UUID | None = None,
    note: str = "",
    data: Fields,
) -> None:
    salt = os.urandom(16)
    told.steps.append(
        {
            **_row_of(told),
            "at": at,
            "act": str(act),
            "outcome": outcome,
            "before": before,
            "after": told.case["status"],
            "actor": by.id,
            "actor_kind": by.kind,
            "actor_name": by.name,
            "unit": unit,
            "note": note,
            "salt": salt,
            "data": data,
            "note_sha256": hashlib.sha256(salt + note.encode()).hexdigest() if note else None,
        }
    )


# — what each act does besides moving the case: the unit, the note and the data of its step ——————————————————————————————————————

Said = tuple[UUID | None, str, Fields]


def _accept(told: Told, h: Happened) -> Said:
    case, data = told.case, {}
    if h.category is not None and h.category != case["category"]:
        data = {"category": str(h.category), "reported_category": str(case["category"])}
        case["category"] = h.category
    return case["holder"], h.note, data


def _reject(told: Told, h: Happened) -> Said:
    return told.case["holder"], h.note, {}


def _dispatch(told: Told, h: Happened) -> Said:
    case, choice = told.case, h.choice
    lead = h.unit or (choice and choice.unit_id)
    if lead is None:
        raise ValueError("a dispatch needs a unit or a choice")
    by_rule = choice is not None and lead == choice.unit_id
    case |= {
        "lead": lead,
        "assisting": [],
        "designated": False,
        "route": {
            "by": "route" if by_rule else "hand",
            "rule": str(choice.route_id) if choice and choice.route_id else None,
            "why": {"zh": choice.why.zh, "en": choice.why.en} if choice and by_rule else None,
            "suggested": str(choice.unit_id) if choice and not by_rule else None,
        },
    }
    told.shares.append(
        {
            **_row_of(told),
            "unit": lead,
            "kind": "lead",
            "assigned_at": h.at,
            "assigned_by": h.by.id,
            "due_at": None,
            **dict.fromkeys(("taken_at", "taken_by", "resolved_at", "resolved_by", "ended_at", "ended_how")),
            "result": "",
        }
    )
    route = case["route"]
    return (
        lead,
        h.note,
        {"unit": str(lead), "by": route["by"], "rule": route["rule"]} | ({"due_at": str(h.due_at)} if h.due_at else {}),
    )


def _take(told: Told, h: Happened) -> Said:
    share = told.lead
    assert share is not None
    share |= {"taken_at": h.at, "taken_by": h.by.id}
    _handled(told, h)
    return share["unit"], h.note, {"share": "lead"}


def _return(told: Told, h: Happened) -> Said:
    case, share = told.case, told.lead
    assert share is not None
    share |= {"ended_at": h.at, "ended_how": "returned"}
    case |= {"lead": None, "assisting": [], "asked": [], "route": None, "returns": case["returns"] + 1}
    return share["unit"], h.note, {"unit": str(share["unit"]), "returns": case["returns"]}


def _extend(told: Told, h: Happened) -> Said:
    case, clock, share = told.case, told.running, told.lead
    assert clock is not None and share is not None and h.due_at is not None
    data = {"due_at": str(h.due_at), "was": str(case["due_at"])}
    case |= {"due_at": h.due_at, "extensions": case["extensions"] + 1}
    clock["due_at"] = share["due_at"] = h.due_at
    return case["lead"], h.note, data


def _suspend(told: Told, h: Happened) -> Said:
    case, clock = told.case, told.running
    assert clock is not None and h.review_at is not None
    clock["paused_at"] = h.at
    case |= {"stage": None, "due_at": None, "review_at": h.review_at, "back_to": case["status"]}
    return case["lead"] or case["holder"], h.note, {"review_at": str(h.review_at)}


def _resolve(told: Told, h: Happened) -> Said:
    share = told.lead
    assert share is not None
    told.case |= {"result": h.note, "asked": []}
    share |= {"resolved_at": h.at, "resolved_by": h.by.id, "result": h.note}
    _handled(told, h)
    return told.case["lead"], h.note, {}


def _self_resolve(told: Told, h: Happened) -> Said:
    told.case |= {"result": h.note, "self_resolved": True}
    _handled(told, h)
    if h.outcome == "closed":
        told.case |= {"follow_up": str(FollowUp.NOT_WANTED), "final_category": told.case["category"]}
    return None, h.note, {}


def _verify(told: Told, h: Happened) -> Said:
    case, data = told.case, {}
    if h.outcome == "fail":
        case |= {"rework": case["rework"] + 1, "self_resolved": False}
        share = told.lead
        if share is not None:
            share |= dict.fromkeys(("taken_at", "taken_by", "resolved_at", "resolved_by"))
    elif told.party is None or not case["wants_answer"]:
        case["follow_up"] = data["follow_up"] = str(FollowUp.NOT_WANTED)
    return case["lead"], h.note, data


def _follow_up(told: Told, h: Happened) -> Said:
    case = told.case
    if h.outcome == FollowUp.DISSATISFIED:
        raise ValueError("a history tells no dissent: it is led through the loop by its acts")
    if h.outcome == FollowUp.UNREACHABLE:
        case |= {"follow_up": h.outcome, "tries": case["tries"] + 1}
        return case["holder"], h.note, {"tries": case["tries"]}
    case |= {"rating": h.rating, "follow_up": str(h.outcome)}
    return case["holder"], h.note, {"rating": h.rating}


def _close(told: Told, h: Happened) -> Said:
    case = told.case
    case["final_category"] = h.category or case["category"]
    for share in told.shares:
        if share["ended_at"] is None:
            share |= {"ended_at": h.at, "ended_how": "done"}
    return (
        case["holder"],
        h.note,
        {"follow_up": case["follow_up"], "final_category": str(case["final_category"])},
    )


def _archive(told: Told, h: Happened) -> Said:
    return told.case["holder"], h.note, {}


def _handled(told: Told, h: Happened) -> None:
    if h.by.id is not None and h.by.id not in told.case["handled_by"]:
        told.case["handled_by"] = [*told.case["handled_by"], h.by.id]


_EFFECTS: dict[Act, Callable[[Told, Happened], Said]] = {
    Act.ACCEPT: _accept,
    Act.REJECT: _reject,
    Act.DISPATCH: _dispatch,
    Act.TAKE: _take,
    Act.RETURN: _return,
    Act.EXTEND: _extend,
    Act.SUSPEND: _suspend,
    Act.RESOLVE: _resolve,
    Act.SELF_RESOLVE: _self_resolve,
    Act.VERIFY: _verify,
    Act.FOLLOW_UP: _follow_up,
    Act.CLOSE: _close,
    Act.ARCHIVE: _archive,
}
"""The acts that a history can tell."""
