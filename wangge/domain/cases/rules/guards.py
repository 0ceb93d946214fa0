"""What the table of acts asks besides the status: pure functions of a case's facts, and of the part a person has in it.

The facts are the columns of the case and what ``queries.FACTS`` adds: ``holder_area`` (code of the holder's area), ``shares`` (live
assignments), ``requests`` (pending ones), ``demands`` (those not lifted) and ``followed`` (its reporter has the number and the code).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from wangge.domain.cases.rules.words import Ask, FollowUp
from wangge.kernel.words import Words

Facts = Mapping[str, Any]

MOST_RETURNS = 2
"""After so many returns the centre designates, and the unit may not return the case again (DESIGN §4)."""
MOST_TRIES = 3
"""So often the centre tries to reach a reporter before the case may be closed without an answer."""


class Part(StrEnum):
    """The part in a case that an act belongs to."""

    PLACE = "place"
    """Whoever's scope covers the place of the case."""
    CENTRE = "centre"
    """Whoever's scope covers the area of the centre that holds the case: a community does not decide for its street."""
    LEAD = "lead"
    ASSISTING = "assisting"
    HANDLING = "handling"
    """The lead unit or an assisting one."""
    ASKED = "asked"
    """A unit that was asked for help, or the centre of the case."""
    REPORTER = "reporter"
    """The member of staff who reported it, or the centre in the reporter's name."""
    ANSWERING = "answering"
    """Who must answer a demand: the lead unit, an assisting one, or the centre."""
    VERIFIER = "verifier"
    """Covers the place and did not handle the case."""
    SEES = "sees"
    """Whoever may read the case."""


def may_verify(*, person: object, person_units: frozenset[object], handled_by: Iterable[object], lead: object) -> bool:
    """A verifier did not handle the case: neither took or resolved it, nor belongs to the unit that did (DESIGN §4, verify)."""
    return person not in set(handled_by) and lead not in person_units


def share_of(facts: Facts, units: Iterable[UUID], *, lead: bool | None = None) -> dict[str, Any] | None:
    """The live assignment of one of ``units``; ``lead``: only the lead's (True) or an assisting one (False)."""
    mine = {str(u) for u in units}
    for share in facts["shares"]:
        if str(share["unit"]) in mine and lead in (None, share["kind"] == "lead"):
            return share
    return None


def pending(facts: Facts, *kinds: Ask) -> list[dict[str, Any]]:
    """The requests that wait for an answer."""
    return [r for r in facts["requests"] if r["kind"] in kinds]


# Each guard says why the act is impossible now, or nothing. ``now`` is the time of the attempt, ``units`` those of the person.


def returnable(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["designated"]:
        return Words(
            "此案件由中心指定承办，不能再退单。", "The centre designated this unit; the case cannot be returned again."
        )
    return None


def not_yet_designated(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["returns"] >= MOST_RETURNS:
        return Words(
            f"已退单 {facts['returns']} 次，请用“指定派遣”。",
            f"Returned {facts['returns']} times: designate a unit instead.",
        )
    return None


def to_be_designated(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["returns"] < MOST_RETURNS:
        return Words(
            f"退单未满 {MOST_RETURNS} 次，请用“派遣”。",
            f"Returned fewer than {MOST_RETURNS} times: dispatch it as usual.",
        )
    return None


def not_taken(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    mine = share_of(facts, units)
    if mine is not None and mine["taken_at"]:
        return Words("本案件已签收。", "This case has been taken already.")
    return None


def share_open(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    mine = share_of(facts, units, lead=False)
    if mine is not None and mine["resolved_at"]:
        return Words("本单位的协办已办结。", "Your unit's share is resolved already.")
    return None


def help_asked(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if not pending(facts, Ask.HELP):
        return Words("没有待答复的协同请求。", "No request for help waits for an answer.")
    return None


def extendable(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if pending(facts, Ask.EXTENSION):
        return Words("已有一个延期申请待审批。", "An extension has been asked for and not decided yet.")
    if facts["due_at"] is not None and facts["due_at"] < now:
        return Words("已超期，延期须在到期前申请。", "The limit has passed; an extension is asked for before it does.")
    return None


def suspendable(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if pending(facts, Ask.SUSPENSION):
        return Words("已有一个挂账申请待审批。", "A suspension has been asked for and not decided yet.")
    return None


def refusable(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if not pending(facts, Ask.EXTENSION, Ask.SUSPENSION):
        return Words("没有待审批的申请。", "No request waits for a decision.")
    return None


def has_lead(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["lead"] is None:
        return Words("没有主办单位。", "There is no lead unit.")
    return None


def without_lead(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    return None if facts["lead"] is None else Words("已有主办单位。", "There is a lead unit.")


def not_answered(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    """The reporter's word stands; only a try that reached nobody is repeated."""
    if facts["follow_up"] in (None, FollowUp.UNREACHABLE):
        return None
    return Words("回访结果已记录。", "The follow-up is on record already.")


def first_dissent(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["reopened"]:
        return Words("已重新办理过一次，由督查员裁定。", "It was handled anew once; a supervisor decides now.")
    return not_answered(facts, now, units)


def first_dissent_with_lead(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    return first_dissent(facts, now, units) or has_lead(facts, now, units)


def first_dissent_without_lead(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    return first_dissent(facts, now, units) or without_lead(facts, now, units)


def second_dissent(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if not facts["reopened"]:
        return Words("首次不满意直接退回重办。", "The first dissent sends the case back.")
    return not_answered(facts, now, units)


def disputed(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["follow_up"] != FollowUp.DISSATISFIED:
        return Words("没有需要裁定的不满意。", "There is no dissent to decide on.")
    return None


def disputed_with_lead(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    return disputed(facts, now, units) or has_lead(facts, now, units)


def closable(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    """The answer to the reporter is on record (DESIGN §4: the step is never skipped silently)."""
    if facts["follow_up"] is None:
        return Words("请先记录回访结果。", "Record the follow-up first.")
    if facts["follow_up"] == FollowUp.DISSATISFIED:
        return Words("反映人不满意，须由督查员裁定。", "The reporter is not satisfied; a supervisor must decide.")
    if facts["follow_up"] == FollowUp.UNREACHABLE and facts["tries"] < MOST_TRIES:
        return Words(
            f"联系 {facts['tries']} 次未果；满 {MOST_TRIES} 次后方可结案。",
            f"Tried {facts['tries']} times; close it after {MOST_TRIES}.",
        )
    return None


def not_reopened(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if facts["reopened"]:
        return Words("已重新办理过一次。", "It was handled anew once already.")
    return None


def demanded(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if not facts["demands"]:
        return Words("没有未解除的督办。", "There is no demand to answer or to lift.")
    return None


def askable(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    """One question at a time: a reporter who is asked three things answers one."""
    if not facts["followed"] or facts["holder"] is None:
        return Words(
            "反映人没有查询码，看不到网上的提问；请电话联系。",
            "The reporter has no code and would not see a question; call them instead.",
        )
    if pending(facts, Ask.QUESTION):
        return Words("上一个问题还没有得到答复。", "The question before has not been answered yet.")
    return None


def questioned(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if not pending(facts, Ask.QUESTION):
        return Words("没有待答复的问题。", "No question waits for an answer.")
    return None


def unanswered(facts: Facts, now: datetime, units: frozenset[UUID]) -> Words | None:
    if not any(d["answered_at"] is None for d in facts["demands"]):
        return Words("没有待回复的督办。", "No demand waits for an answer.")
    return None
