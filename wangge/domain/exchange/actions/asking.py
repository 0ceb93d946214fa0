"""A desk asks a partner: to take an order back, for more time, or to take a case that is the police's. It stands in the case's timeline, and waits
for an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.cases import actions as cases
from wangge.domain.cases import queries
from wangge.domain.cases.actions.move import concerns
from wangge.domain.cases.rules import Act, Status, rows_of
from wangge.domain.catalog import queries as catalog
from wangge.domain.exchange.actions.partners import NO_PARTNER
from wangge.domain.exchange.actions.telling import write
from wangge.domain.exchange.models import Message, Partner
from wangge.domain.exchange.rules import ASKS, LEVELS, MessageKind, PartnerKind, fits, masked
from wangge.domain.exchange.tags import ExchangePermission, ExchangeTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from wangge.kernel.words import Words


@transaction.atomic
def ask(
    *, by: Principal, id: UUID, case: UUID, partner: UUID, kind: MessageKind, note: str, due_at: datetime | None = None
) -> None:
    """Ask ``partner``; asked again with the same ``id`` nothing more happens.

    Raises NotFound for a case or partner one may not know, Forbidden for who is not of the centre that holds the case, Conflict when the
    case is in no state for it or the same question waits for its answer, Invalid.
    """
    by.require(ExchangePermission.ASK)
    row = queries.visible(by=by, case=case)
    if not _holds(by, row):
        raise Forbidden(
            Words("只有持有案件的中心可以这样做。", "Only the centre that holds the case may do this."),
            extra={"permission": str(ExchangePermission.ASK)},
        )
    with acting(SYSTEM):
        found = Partner.objects.filter(id=partner, active=True).first()
        if found is None:
            raise NotFound(NO_PARTNER)
        earlier = Message.objects.filter(id=id).first()
    if earlier is not None:
        if (earlier.case, earlier.partner_id, earlier.kind) != (case, partner, str(kind)):
            raise Invalid.field("body.id", "reused", "这个 id 已用于另一内容。", "This id was used for something else.")
        return
    why = fits(kind, PartnerKind(found.kind), theirs=row["source"] == found.source, status=Status(row["status"]))
    if why is not None:
        raise Conflict(why, extra={"current": queries.state(row)})
    if kind == MessageKind.ASK_EXTENSION and (due_at is None or due_at <= clock.now()):
        raise Invalid.field(
            "body.due_at", "future", "请填写延至何时，须晚于现在。", "Say until when; it lies in the future."
        )
    with acting(SYSTEM):
        waits = Message.objects.filter(case=case, partner=found, kind=kind, answer="waiting").exists()
    if waits:
        raise Conflict(Words("同一申请正在等待答复。", "The same question waits for its answer."))
    cases.comment(by=by, case=case, note=f"{kind.words.zh} → {found.name}：{note}")
    said = {
        "order": row["source_number"] if row["source"] == found.source else None,
        "case": row["number"],
        "text": note,
    }
    if due_at is not None:
        said["due_at"] = due_at
    if kind == MessageKind.HAND_OVER:
        said["matter"] = _matter(row, words=PartnerKind(found.kind) in LEVELS or not row["confidential"])
    with acting(SYSTEM):
        write(
            [
                {
                    "id": id,
                    "partner": found.id,
                    "case": case,
                    "pos": None,
                    "kind": kind,
                    "states": found.states,
                    "at": clock.now(),
                    "said": said,
                    "answer": "waiting",
                }
            ],
            made_by=by.id,
        )
    ledger.append(
        by=by,
        tag=ExchangeTag.ASKED,
        kind="case",
        subject=case,
        district=row["district"],
        body={"name": found.name, "kind": str(kind), "message": str(id)},
    )


def offers(*, by: Principal, row: rows.Row) -> list[rows.Row]:
    """Whom this person may ask about a case now, and what (``asks``); partners that nothing can be asked of are left out. ``row``: as
    ``cases.visible`` gives it."""
    if not _holds(by, row):
        return []
    with acting(SYSTEM):
        found = rows.all(
            """SELECT p.id, p.kind, p.name, p.source, (SELECT coalesce(array_agg(m.kind), '{}') FROM exchange_message m
                      WHERE m.partner_id = p.id AND m."case" = %(case)s AND m.answer = 'waiting') AS waiting
               FROM exchange_partner p WHERE p.active ORDER BY p.name, p.id""",
            {"case": row["id"]},
        )
    for partner in found:
        theirs, status = row["source"] == partner["source"], Status(row["status"])
        partner["asks"] = [
            kind
            for kind in ASKS
            if kind not in partner["waiting"]
            and fits(kind, PartnerKind(partner["kind"]), theirs=theirs, status=status) is None
        ]
    return [partner for partner in found if partner["asks"]]


def _holds(by: Principal, row: rows.Row) -> bool:
    """Whether the person is of the centre that holds the case."""
    return concerns(by=by, row=row, move=rows_of(Act.REJECT)[0])


def _matter(row: rows.Row, *, words: bool) -> dict[str, Any]:
    """What they need to begin. Never who reported it: they ask the centre, and what it shows them is on record (reveal). Of a confidential
    case the police get no words either, which might tell who it was; a centre of another level does, where it is confidential too."""
    category = catalog.category(row["category"])
    open_words = {"title": masked(row["title"]), "text": masked(row["text"])} if words else {}
    return {
        "category": category.words.zh if category else "",
        "category_code": category.code if category else "",
        "urgency": row["urgency"],
        "reported_at": row["reported_at"],
        "street": row["street"],
        "address": masked(row["address"]) if words else "",
        "lon": row["lon"],
        "lat": row["lat"],
        "confidential": row["confidential"],
        **open_words,
    }
