"""What who asked may still say of their case: the acts that the table gives to the resident, by the very functions of the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wangge.domain.cases import actions as cases
from wangge.domain.cases import queries
from wangge.domain.cases.rules import FollowUp, Status
from wangge.domain.evidence.actions import Promise
from wangge.domain.portal.door import Resident, opened
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Forbidden, Invalid
from wangge.kernel.words import Words


def answer(*, who: Resident, note: str, evidence: Sequence[Promise] = ()) -> Row:
    """Answer what the centre asked. Only who reported it is asked."""
    _reporter(who, of_main=False)
    return _say(who, cases.answer_question, note=note, evidence=evidence)


def withdraw(*, who: Resident, note: str) -> Row:
    """Take the report back, before anybody was sent to deal with it."""
    _reporter(who, of_main=False)
    return _say(who, cases.withdraw, note=note)


def follow_up(*, who: Resident, solved: bool, rating: int | None = None, note: str = "") -> Row:
    """Say whether it is solved, and how well it went (1–5). Not solved, it is dealt with again, once; then a supervisor decides."""
    _reporter(who)
    if not solved and not note.strip():
        raise Invalid.field("body.note", "missing", "请写明哪里没有解决。", "Please say what is not solved.")
    outcome = FollowUp.SATISFIED if solved else FollowUp.DISSATISFIED
    return _say(who, cases.follow_up, outcome=str(outcome), rating=rating, note=note)


def reopen(*, who: Resident, note: str) -> Row:
    """Once, after it was closed."""
    _reporter(who)
    return _say(who, cases.reopen, note=note)


def _reporter(who: Resident, *, of_main: bool = True) -> None:
    """Raises Forbidden for who only follows a case, or whose own became part of another and who would speak of what is not theirs."""
    if who.kind != "reporter" or (who.main and not of_main):
        raise Forbidden(
            Words(
                "您是关注这件反映的人，只能查看进度。",
                "You follow this report: you can see how it goes, and its reporter speaks for it.",
            )
        )


def _say(who: Resident, act: Callable[..., Row], **given: Any) -> Row:
    """Do the act as of the case's present state: who asks sees one sentence of it, and the table says whether it is still possible."""
    with opened(who) as by:
        row = queries.visible(by=by, case=who.subject)
        return act(by=by, case=who.subject, version=row["version"], **given)


def possible(row: Row) -> frozenset[str]:
    """For who reported it: the acts that the table gives them in this state (a row with the facts)."""
    from wangge.domain.cases.rules import possible as rows_of
    from wangge.kernel import clock

    now = clock.now()
    return frozenset(
        str(move.act)
        for move in rows_of(Status(row["status"]))
        if move.resident and not (move.guard and move.guard(row, now, frozenset()))
    )
