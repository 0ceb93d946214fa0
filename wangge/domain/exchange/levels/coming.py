"""What comes from another installation: a case that is handed over becomes a case here and is answered; what is said of a case we handed over stands
in its timeline; figures are kept. Each message counts once, by its id, in the transaction in which the link moves on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from wangge.domain.cases.rules import Act
from wangge.domain.exchange.actions.answering import take_answer
from wangge.domain.exchange.actions.orders import into
from wangge.domain.exchange.actions.telling import write
from wangge.domain.exchange.actions.told import perform
from wangge.domain.exchange.levels.schemas import LevelMessage
from wangge.domain.exchange.models import Figure, Inbox, Link, Partner
from wangge.domain.exchange.rules import MessageKind
from wangge.domain.places import queries as places
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Problem

log = logging.getLogger("wangge.levels")

COUNTS = ("reported", "closed", "in_time", "open", "overdue")


def take_in(link: Link, messages: Sequence[LevelMessage]) -> None:
    """Do what the messages say and move the link on (the caller saves it). What was done before is told by the id alone: after a restore
    numbers may come anew. One that cannot be done is kept with the reason and shown on the health
    page; the rest goes on."""
    for message in messages:
        inbox = {"partner": link.partner, "seq": message.seq, "kind": message.kind[:16], "at": clock.now()}
        _, fresh = Inbox.objects.get_or_create(id=message.id, defaults=inbox)
        if fresh:
            error = _done(link.partner, message)
            if error:
                Inbox.objects.filter(id=message.id).update(error=error[:300])
        link.seen = message.seq


def _done(partner: Partner, message: LevelMessage) -> str:
    """Do it; what went wrong, empty when nothing did."""
    try:
        with transaction.atomic():
            _do(partner, message)
    except (OperationalError, InterfaceError):
        raise
    except Problem as problem:
        return problem.detail.en
    except Exception as error:
        log.exception("a message of another level failed", extra={"message_id": str(message.id)})
        return f"{type(error).__name__}: {error}"
    return ""


def _do(partner: Partner, message: LevelMessage) -> None:
    if message.kind == MessageKind.HAND_OVER:
        _case(partner, message)
    elif message.kind == MessageKind.ANSWER and message.message is not None:
        take_answer(
            partner=partner,
            by=SYSTEM,
            message=message.message,
            accepted=bool(message.accepted),
            note=message.text,
            number=message.number,
            due_at=None,
        )
    elif message.kind == MessageKind.FIGURES:
        _figures(partner, message)
    elif message.kind in list(MessageKind) and message.order:
        _progress(partner, message)


def _case(partner: Partner, message: LevelMessage) -> None:
    """Take the case in, as orders are, and answer with our number of it, or why not."""
    matter = message.matter
    if matter is None:
        answer: dict[str, Any] = {"accepted": False, "text": "移交内容不完整。"}
    elif not places.is_street(matter.street):
        answer = {"accepted": False, "text": f"本平台没有街道 {matter.street}。"}
    else:
        cells = {
            "number": message.case,
            "received": matter.reported_at,
            "text": matter.text,
            "title": matter.title,
            "address": matter.address,
            "category1": matter.category_code,
            "urgency": matter.urgency,
            "confidential": "是" if matter.confidential else "否",
            "answer": "否",  # who asked is answered by the centre that received it first
            "opinion": message.text,
        }
        [taken] = into(partner, matter.street, [cells])
        faults = "；".join(e["message"]["zh"] for e in taken["errors"])
        answer = {"accepted": taken["case"] is not None, "number": taken["number"] or "", "text": faults}
    with acting(SYSTEM):
        write(
            [
                {
                    "id": uuid7(),
                    "partner": partner.id,
                    "case": None,
                    "pos": None,
                    "kind": MessageKind.ANSWER,
                    "states": {},
                    "at": clock.now(),
                    "said": {"message": message.id, "case": message.case, **answer},
                }
            ]
        )


_OURS = """
    SELECT c.id, c.district, c.status, c.version FROM cases_case c
    WHERE c.district = %(district)s AND c.number = %(number)s AND EXISTS (
        SELECT 1 FROM exchange_message m
        WHERE m.partner_id = %(partner)s AND m."case" = c.id AND m.kind = 'hand_over' AND m.answer <> 'refused')"""


def _progress(partner: Partner, message: LevelMessage) -> None:
    """What became of a case that we handed over: a comment in its timeline. One that is archived hears nothing more."""
    number = message.order or ""
    row = rows.one(_OURS, {"district": number[:6], "number": number, "partner": partner.id})
    if row is None or row["status"] == "archived":
        return
    words = MessageKind(message.kind).words.zh
    more = "，".join(
        t for t in (message.unit, message.text, message.due_at and f"期限 {message.due_at:%Y-%m-%d %H:%M}") if t
    )
    perform(
        partner, Act.COMMENT, row, note=f"{partner.name}（{message.case}）：{words}{f'，{more}' if more else ''}"[:2000]
    )


def _figures(partner: Partner, message: LevelMessage) -> None:
    """The day as it was counted last."""
    for row in message.streets:
        street = str(row.get("street", ""))
        if message.day is None or not places.is_street(street):
            continue
        counts = {name: max(0, int(row.get(name, 0))) for name in COUNTS}
        Figure.objects.update_or_create(
            partner=partner, day=message.day, street=street, defaults=counts | {"district": street[:6]}
        )


def trouble() -> list[rows.Row]:
    """Links with a fault, and messages that nothing could be done with in the last day. Called as SYSTEM."""
    return rows.all(
        """SELECT p.name, l.error, l.last_at, (SELECT count(*) FROM exchange_inbox i WHERE i.partner_id = p.id AND i.error <> ''
                  AND i.at > %(now)s - interval '1 day') AS undone
           FROM exchange_link l JOIN exchange_partner p ON p.id = l.partner_id WHERE p.active ORDER BY p.name""",
        {"now": clock.now()},
    )
