"""What a partner's word does to a case in its present status, and what may be asked of which partner."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from wangge.domain.cases.rules import OPEN, Act, FollowUp, Status
from wangge.domain.exchange.rules.kinds import LEVELS, MessageKind, PartnerKind, Told
from wangge.kernel.words import Words

_MOBILE = re.compile(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)")
_DESK = (Status.REPORTED, Status.ACCEPTED)


class Does(NamedTuple):
    """An act, and what it is given besides the note."""

    act: Act
    given: dict[str, Any]


def does(told: Told, status: Status) -> Does | Words:
    """The act that a partner's word becomes, or why there is none."""
    if status == Status.ARCHIVED:
        return Words("案件已归档，不能再改动。", "The case is archived; nothing more is done with it.")
    match told:
        case Told.URGE if status in OPEN:
            return Does(Act.URGE, {})
        case Told.SUPPLEMENT:
            return Does(Act.COMMENT, {})
        case Told.SATISFIED if status == Status.FOLLOWING_UP:
            return Does(Act.FOLLOW_UP, {"outcome": str(FollowUp.SATISFIED)})
        case Told.SATISFIED:
            return Does(Act.COMMENT, {})
        case Told.DISSATISFIED if status == Status.FOLLOWING_UP:
            return Does(Act.FOLLOW_UP, {"outcome": str(FollowUp.DISSATISFIED)})
        case Told.DISSATISFIED if status == Status.CLOSED:
            return Does(Act.REOPEN, {})
        case Told.DISSATISFIED if status in OPEN:
            return Does(Act.URGE, {})
        case Told.WITHDRAW if status in _DESK:
            return Does(Act.WITHDRAW, {})
        case Told.EXTEND if status == Status.HANDLING:
            return Does(Act.EXTEND, {})
    return Words(
        f"案件现为“{status.words.zh}”，不能“{told.words.zh}”。",
        f"The case is now “{status.words.en}”: “{told.words.en}” does nothing to it.",
    )


def fits(kind: MessageKind, partner: PartnerKind, *, theirs: bool, status: Status) -> Words | None:
    """Why this cannot be asked of this partner about a case; None when it can. ``theirs``: they gave us the case."""
    if kind == MessageKind.HAND_OVER:
        if partner == PartnerKind.HOTLINE:
            return Words("案件不能移交给热线。", "Cases are not handed over to a hotline.")
        if theirs:
            return Words("案件来自该单位，请退单或不予受理。", "The case came from them: give it back, or reject it.")
        return (
            None if status in OPEN else Words("案件已结束，不能移交。", "The case has ended; it cannot be handed over.")
        )
    if partner in LEVELS:
        return Words("平台之间只移交案件。", "Between levels, cases are handed over and nothing else is asked.")
    if not theirs:
        return Words("案件不是该单位送来的工单。", "The case is no order of this partner.")
    if kind == MessageKind.ASK_RETURN and status != Status.REPORTED:
        return Words("只有待受理的工单可以申请退单。", "Only an order that is not accepted yet can be given back.")
    if kind == MessageKind.ASK_EXTENSION and status != Status.HANDLING:
        return Words("只有处置中的工单可以申请延期。", "Only an order that is being handled can be extended.")
    return None


def masked(text: str) -> str:
    """A text as it may leave the system: without mobile numbers."""
    return _MOBILE.sub(r"\1****\2", text)
