"""我的信息 (个人信息保护法 44–47): what is held on a phone is corrected by who has proved it, and erased when they ask and the desk grants it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.cases.actions.retention import RETENTION, forget_phone
from wangge.domain.cases.rules import Channel, Status
from wangge.domain.catalog import queries as catalog
from wangge.domain.portal import door, own, rules
from wangge.domain.portal.actions.reporting import Given, Taken, report
from wangge.domain.portal.tags import PortalTag
from wangge.kernel import crypto, ledger
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid, NotFound, Unavailable
from wangge.kernel.words import Language, Words

NOTHING = Words(
    "这个手机号码名下没有可以处理的个人信息。",
    "Nothing is held on this phone number that this could be done with.",
)
TEXT = Words(
    "申请删除本手机号码名下的姓名和电话（个人信息保护法第四十七条）。",
    "Please erase the name and phone held on this number (Personal Information Protection Law, article 47).",
)


def correct(*, phone: str, ticket: str, name: str | None = None, new_phone: str = "", new_ticket: str = "") -> int:
    """Another name, or another phone that was proved as well, in every report that was made with this phone by who has proved it.
    Returns in how many. Raises Invalid, and NotFound where there is none."""
    hashes = own.hashes_of(phone, ticket)
    if name is None and not new_phone:
        raise Invalid.field(
            "body.name", "missing", "请填写要更正的称呼或手机。", "Give a name or a phone to put right."
        )
    if new_phone:
        own.hashes_of(new_phone, new_ticket, at="new_ticket")
    with acting(SYSTEM), transaction.atomic():
        found = rows.all(
            """SELECT p.district, p.id, p."case", c.number, f.id AS follower FROM cases_party p
               JOIN cases_case c ON c.district = p.district AND c.id = p."case"
               JOIN cases_follower f ON f.district = p.district AND f."case" = p."case" AND f.kind = 'reporter'
               WHERE p.phone_hash = ANY(%(phone)s) AND f.phone_hash = ANY(%(phone)s) AND p.erased_at IS NULL FOR UPDATE OF p""",
            {"phone": hashes},
        )
        if not found:
            raise NotFound(NOTHING)
        for row in found:
            _put(row, name=name, phone=new_phone)
            ledger.append(
                by=door.resident(row["follower"], row["case"]),
                tag=PortalTag.OWN_CORRECTED,
                kind="case",
                subject=row["case"],
                district=row["district"],
                body={"number": row["number"]},
            )
    return len(found)


def _put(row: rows.Row, *, name: str | None, phone: str) -> None:
    sealed = lambda column, text: crypto.seal(text, crypto.Place.of("cases_party", column, row["id"]))
    columns: dict[str, Any] = {}
    if name is not None:
        columns["name_sealed"] = sealed("name_sealed", name.strip()) if name.strip() else None
    if phone:
        columns |= {"phone_sealed": sealed("phone_sealed", phone), "phone_hash": crypto.lookup_hash("phone", phone)}
        rows.run(
            "UPDATE cases_follower SET phone_hash = %(hash)s WHERE district = %(district)s AND id = %(follower)s",
            row | {"hash": columns["phone_hash"]},
        )
    rows.run(
        f"UPDATE cases_party SET {', '.join(f'{c} = %({c})s' for c in columns)} WHERE district = %(district)s AND id = %(id)s",
        row | columns,
    )


def ask_erasure(
    *, id: UUID, secret: str, phone: str, ticket: str, note: str, network: str, language: Language, proof: str = ""
) -> Taken:
    """A wish to be erased: a case of its own kind, where the newest report was made. Sent again, it is the same."""
    hashes = own.hashes_of(phone, ticket)
    kind = catalog.category_by_code(rules.ERASURE)
    if kind is None:
        raise Unavailable(
            Words(
                "本系统尚未设置删除申请，请到街道中心或致电 12345 提出。",
                "Such a request cannot be taken here yet; go to your street's centre or call 12345.",
            )
        )
    with acting(SYSTEM):
        street = rows.value(
            """SELECT c.street FROM cases_party p JOIN cases_case c ON c.district = p.district AND c.id = p."case"
               WHERE p.phone_hash = ANY(%(phone)s) ORDER BY c.id = %(id)s DESC, c.received_at DESC, c.id DESC LIMIT 1""",
            {"phone": hashes, "id": id},
        )
    if street is None:
        raise NotFound(NOTHING)
    text = "\n".join(filter(None, (TEXT.say(language), note.strip())))
    given = Given(
        id=id, secret=secret, text=text, category=kind.id, street=street, phone=phone, ticket=ticket, confidential=True
    )
    return report(given=given, network=network, proof=proof)


def carry_out() -> int:
    """Erase what those have asked for whose request was closed, which is to grant it; what is still open, when it ends. Last of all the
    request forgets its own. Only a request by a proved phone counts, or one that a window took after it had seen who asks. May run twice.
    """
    kind = catalog.category_by_code(rules.ERASURE)
    if kind is None:
        return 0
    with acting(RETENTION):
        granted = rows.all(
            """SELECT p.id, p.phone_sealed, c.id AS "case", c.number, c.received_at FROM cases_case c
               JOIN cases_party p ON p.district = c.district AND p."case" = c.id AND p.phone_sealed IS NOT NULL
               LEFT JOIN cases_follower f ON f.district = c.district AND f."case" = c.id AND f.kind = 'reporter'
               WHERE coalesce(c.final_category, c.category) = %(kind)s AND c.status = ANY(%(granted)s)
                 AND (f.phone_hash IS NOT NULL OR c.channel = %(window)s) ORDER BY c.closed_at, c.id""",
            {
                "kind": kind.id,
                "granted": [str(Status.CLOSED), str(Status.ARCHIVED)],
                "window": str(Channel.WINDOW),
            },
        )
    return sum(_erase(request) for request in granted)


def _erase(request: rows.Row) -> int:
    hashes, policy = crypto.lookup_hashes("phone", own.phone_of(request)), f"本人申请 {request['number']}"
    with acting(RETENTION), transaction.atomic():
        given: dict[str, Any] = {"hashes": hashes, "until": request["received_at"]}
        erased, waiting = forget_phone(**given, policy=policy, but=request["case"])
        if not waiting:
            more, _ = forget_phone(**given, policy=policy, but=UUID(int=0))
            erased += more
            rows.run(
                """UPDATE cases_follower SET phone_hash = NULL
                   WHERE phone_hash = ANY(%(hashes)s) AND (made_at <= %(until)s OR "case" = %(case)s)""",
                given | {"case": request["case"]},
            )
    return erased
