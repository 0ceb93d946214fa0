"""反映问题, and “我也遇到了”: both give a number and a secret code, once. Sent again, they give the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.rules import LIVE, Channel, Status
from wangge.domain.evidence.actions import Promise
from wangge.domain.portal import door, limits, rules
from wangge.domain.portal.proof import admit
from wangge.domain.portal.tags import PortalTag
from wangge.kernel import clock, crypto, ledger
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.db.statement import recoverable
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, FieldError, Invalid, NotFound
from wangge.kernel.words import Words


@dataclass(frozen=True)
class Given:
    """What a resident says. ``secret`` is the client's own, made up for this report: the code is made of it. ``ticket``: of a phone that was
    proved. Neither name nor phone is needed."""

    id: UUID
    secret: str
    text: str
    category: UUID | None = None
    point: tuple[float, float] | None = None
    accuracy_m: float | None = None
    street: str | None = None
    address: str = ""
    name: str = ""
    phone: str = ""
    ticket: str = ""
    confidential: bool = False
    wants_answer: bool = True
    evidence: tuple[Promise, ...] = ()
    channel: Channel = Channel.RESIDENT


class Taken(NamedTuple):
    """``made``: by this call; False when it was here already."""

    case: UUID
    number: str
    code: str
    made: bool


def report(*, given: Given, network: str, proof: str = "") -> Taken:
    """Take a report in. Raises Invalid for wrong input, Forbidden for who is kept out, TooMany, ProofWanted."""
    known = _known(given.id)
    if known is None:
        limits.not_banned(network=network, phone=given.phone)
        admit(network=network, proof=proof)
        limits.take(rules.reports_of_network(settings.CONFIG.portal_network_limit), network)
        if given.phone:
            limits.take(rules.REPORTS_OF_PHONE, crypto.normal("phone", given.phone))
    phone_hash = _proved(given)
    said = Report(
        id=given.id,
        text=given.text,
        category=given.category,
        channel=given.channel,
        point=given.point,
        accuracy_m=given.accuracy_m,
        street=given.street,
        address=given.address,
        reporter=Reporter(given.name, given.phone),
        confidential=given.confidential,
        wants_answer=given.wants_answer,
        evidence=given.evidence,
    )
    follower = known["id"] if known else uuid7()
    codes = door.secret_codes(str(given.id), given.secret)
    with acting(SYSTEM), transaction.atomic():
        row, made = cases.report(by=door.resident(follower, given.id), report=said)
        if made:
            _follow(row["district"], follower, row["id"], "reporter", row["number"], codes[0], phone_hash)
    if not made:
        return _again(given.id, row["number"], codes)
    if row["status"] == Status.REPORTED:
        cases.by_itself(row)
    return Taken(row["id"], row["number"], codes[0], True)


def _known(case: UUID) -> rows.Row | None:
    with acting(SYSTEM):
        return rows.one(
            """SELECT id, code_hash FROM cases_follower WHERE "case" = %(case)s AND kind = 'reporter'""", {"case": case}
        )


def _again(case: UUID, number: str, codes: list[str]) -> Taken:
    """The same report sent again has the same secret, so its code can be said again."""
    known = _known(case)
    for code in codes:
        if known is not None and door.hash_of(number, code) == bytes(known["code_hash"]):
            return Taken(case, number, code, False)
    raise Invalid.field(
        "body.id",
        "id_reused",
        "这个编号（id）已用于另一条反映，请换用新编号重新提交。",
        "This id was used for another report; send it again with a new id.",
    )


def _proved(given: Given) -> bytes | None:
    """The hash of the phone, if it is the one that was proved. Raises Invalid for a ticket that is over or another phone's."""
    if not given.ticket:
        return None
    proved = door.phone_of(given.ticket)
    if proved is None or proved not in crypto.lookup_hashes("phone", given.phone):
        raise Invalid.fields(FieldError("body.ticket", "ticket", NOT_PROVED))
    return proved


NOT_PROVED = Words("手机验证已失效，请重新验证，或不填手机。", "The phone has to be proved again, or left out.")


def _follow(
    district: str, follower: UUID, case: UUID, kind: str, number: str, code: str, phone_hash: bytes | None
) -> None:
    rows.run(
        """INSERT INTO cases_follower (district, id, "case", kind, code_hash, phone_hash, made_at)
           VALUES (%(district)s, %(id)s, %(case)s, %(kind)s, %(code)s, %(phone)s, %(at)s)""",
        {
            "district": district,
            "id": follower,
            "case": case,
            "kind": kind,
            "code": door.hash_of(number, code),
            "phone": phone_hash,
            "at": clock.now(),
        },
    )


def me_too(*, id: UUID, ref: str, secret: str, network: str, ticket: str = "", proof: str = "") -> Taken:
    """我也遇到了: follow the case that was shown as similar, with a number and code of one's own, and get the same answers.

    Raises NotFound for a hint that is none, Conflict when the case is over meanwhile.
    """
    limits.not_banned(network=network)
    admit(network=network, proof=proof)
    limits.take(rules.reports_of_network(settings.CONFIG.portal_network_limit), network)
    case = door.case_of(ref)
    phone = door.phone_of(ticket) if ticket else None
    if ticket and phone is None:
        raise Invalid.fields(FieldError("body.ticket", "ticket", NOT_PROVED))
    code = door.secret_codes(str(id), secret)[0]
    with acting(SYSTEM), transaction.atomic():
        row = rows.one("SELECT id, district, number, status FROM cases_case WHERE id = %(case)s", {"case": case})
        if row is None:
            raise NotFound(door.UNKNOWN)
        if row["status"] not in {*LIVE, Status.SUSPENDED, Status.MERGED}:
            raise Conflict(
                Words(
                    "这件反映已办结。问题还在的话，请重新反映。",
                    "This report has been closed. If the problem is still there, please report it.",
                )
            )
        taken = Taken(case, row["number"], code, True)
        try:
            with recoverable():
                _follow(row["district"], id, case, "me_too", row["number"], code, phone)
        except IntegrityError:  # sent again; with another secret it is another one's id
            known = rows.value("SELECT code_hash FROM cases_follower WHERE id = %(id)s", {"id": id})
            if known is None or bytes(known) != door.hash_of(row["number"], code):
                raise Invalid.field(
                    "body.id",
                    "id_reused",
                    "这个编号（id）已使用过，请换用新编号。",
                    "This id was used before; take a new one.",
                ) from None
            return taken._replace(made=False)
        ledger.append(
            by=door.resident(id, case),
            tag=PortalTag.ME_TOO,
            kind="case",
            subject=case,
            district=row["district"],
            body={"number": row["number"]},
        )
    return taken
