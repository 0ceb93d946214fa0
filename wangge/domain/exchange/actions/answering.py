"""A partner answers what it was asked: an order is taken back or not, more time is given or not, a case is taken over or not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import orjson
from django.db import transaction

from wangge.domain.cases.rules import Act, Status
from wangge.domain.exchange.actions.partners import partner_of
from wangge.domain.exchange.actions.told import perform
from wangge.domain.exchange.models import Message, Partner
from wangge.domain.exchange.rules import MessageKind, PartnerKind
from wangge.domain.exchange.tags import ExchangePermission, ExchangeTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, NotFound
from wangge.kernel.words import Words


def answer(
    *, by: Principal, message: UUID, accepted: bool, note: str = "", number: str = "", due_at: datetime | None = None
) -> None:
    """Take the answer down and do what follows from it: an order that is taken back, and a reported case that is taken over, are rejected with
    the note; more time moves the limit. ``number``: what the partner calls a case it took. The same answer again does nothing.

    Raises NotFound for a message that is not theirs, Conflict for another answer than before and for what asks nothing.
    """
    by.require(ExchangePermission.ORDERS)
    with acting(SYSTEM), transaction.atomic():
        take_answer(
            partner=partner_of(by), by=by, message=message, accepted=accepted, note=note, number=number, due_at=due_at
        )


def take_answer(
    *, partner: Partner, by: Principal, message: UUID, accepted: bool, note: str, number: str, due_at: datetime | None
) -> None:
    """``answer`` of a partner that is known, as SYSTEM and in the caller's transaction."""
    row = Message.objects.select_for_update().filter(id=message, partner=partner).first()
    if row is None:
        raise NotFound(Words("没有这条消息。", "There is no such message."))
    said = "accepted" if accepted else "refused"
    if row.answer == said:
        return
    if row.answer != "waiting":
        raise Conflict(
            Words("这条消息不需要答复，或已有另一答复。", "This message asks nothing, or was answered otherwise."),
            extra={"current": {"answer": row.answer}},
        )
    row.answer, row.answered_at, row.answer_note, row.their_number = said, clock.now(), note, number
    row.save()
    case = rows.one("SELECT id, district, status, version, due_at FROM cases_case WHERE id = %(id)s", {"id": row.case})
    assert case is not None
    kind = MessageKind(row.kind)
    words = f"{partner.name}{'同意' if accepted else '不同意'}{kind.words.zh}{f'（{number}）' if number else ''}：{note or '—'}"
    # A case that another level takes over stays open here until it is answered there: who received it first stays answerable.
    ends = kind == MessageKind.ASK_RETURN or (kind == MessageKind.HAND_OVER and partner.kind == PartnerKind.POLICE)
    wanted = orjson.loads(row.body).get("due_at")
    until = due_at or (datetime.fromisoformat(wanted) if wanted else None)
    if accepted and ends and case["status"] == Status.REPORTED:
        perform(partner, Act.REJECT, case, note=words)
    elif (
        accepted
        and kind == MessageKind.ASK_EXTENSION
        and case["status"] == Status.HANDLING
        and until is not None
        and until > case["due_at"]
    ):
        perform(partner, Act.EXTEND, case, note=words, due_at=until)
    else:
        perform(partner, Act.COMMENT, case, note=words)
    ledger.append(
        by=by,
        tag=ExchangeTag.ANSWERED,
        kind="case",
        subject=row.case,
        district=case["district"],
        body={"name": partner.name, "kind": str(kind), "answer": said, "message": str(message), "number": number},
    )
