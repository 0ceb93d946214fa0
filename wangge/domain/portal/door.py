"""The only way to a case without a log-in: its number with a secret code, or with a phone that was proved.

What is opened here is one case. Its Principal may do what the table of acts lets the resident do, to that case alone
(``Scope.cases``); the statements below it run as the system, because the database is told of no such scope.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from wangge.domain.portal import limits
from wangge.domain.portal.rules import TICKET_HOLDS, WRONG_CODES_OF_CASE, WRONG_CODES_OF_NETWORK, code_of, plain_code
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, Grant, Principal, Role, Scope, acting
from wangge.kernel.crypto import cipher
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

UNKNOWN = Words(
    "没有这个编号，或查询码不对。请核对后再试。",
    "There is no such number, or the code is wrong. Check both and try again.",
)
NAME = "反映人"


@dataclass(frozen=True)
class Resident:
    """Who holds a code. ``case``: the one they follow; ``main``: the one it was merged into, which goes on for both."""

    follower: UUID
    kind: str
    case: UUID
    main: UUID | None

    @property
    def subject(self) -> UUID:
        """The case that goes on."""
        return self.main or self.case

    @property
    def principal(self) -> Principal:
        return resident(self.follower, self.subject)


def resident(follower: UUID, case: UUID) -> Principal:
    """Somebody who may speak of this case."""
    scope = Scope(cases=frozenset({case}))
    return Principal(kind="resident", id=follower, name=NAME, grants=(Grant(Role.RESIDENT, scope),))


@contextmanager
def opened(who: Resident) -> Iterator[Principal]:
    """The database is open for the block, and only the principal's own case is asked for in it."""
    with acting(SYSTEM):
        yield who.principal


def secret_codes(key: str, secret: str) -> list[str]:
    """The code that belongs to what the client made up, under the active key first: the same call sent again gets the same code, and nobody
    can make it of what is stored."""
    return [code_of(digest) for digest in crypto.lookup_hashes("portal.secret", f"{key} {secret}")]


def hash_of(number: str, code: str) -> bytes:
    """What is stored of a code."""
    return crypto.lookup_hash("portal.code", f"{number} {plain_code(code)}")


_FOUND = """SELECT f.id, f.kind, f."case", c.merged_into FROM cases_follower f
    JOIN cases_case c ON c.district = f.district AND c.id = f."case" WHERE """


def enter(*, number: str, secret: str, network: str) -> Resident:
    """Whoever knows the number and its code, or the number and holds a ticket of the phone it was reported with. Raises NotFound, always
    alike, and TooMany after too many wrong ones."""
    limits.check(WRONG_CODES_OF_CASE, number)
    limits.check(WRONG_CODES_OF_NETWORK, network)
    row = _by_code(number, secret) or _by_ticket(number, secret)
    if row is None:
        limits.take(WRONG_CODES_OF_CASE, number)
        limits.take(WRONG_CODES_OF_NETWORK, network)
        raise NotFound(UNKNOWN)
    return Resident(row["id"], row["kind"], row["case"], row["merged_into"])


def _by_code(number: str, secret: str) -> rows.Row | None:
    code = plain_code(secret)
    if code is None:
        return None
    with acting(SYSTEM):
        return rows.one(
            f"{_FOUND} f.code_hash = ANY(%(hashes)s)",
            {"hashes": crypto.lookup_hashes("portal.code", f"{number} {code}")},
        )


def _by_ticket(number: str, secret: str) -> rows.Row | None:
    phone = phone_of(secret)
    if phone is None:
        return None
    with acting(SYSTEM):
        return rows.one(
            f"{_FOUND} f.phone_hash = %(phone)s AND c.number = %(number)s ORDER BY f.kind DESC LIMIT 1",
            {"phone": phone, "number": number},
        )


# — a phone that was proved ————————————————————————————————————————————————————————————————————————————————————————————————


def ticket_for(phone: str) -> tuple[str, datetime]:
    """What a phone that was proved is known by for a while: its keyed hash and an end, signed. Says nothing of the number."""
    until = clock.now() + TICKET_HOLDS
    said = f"{int(until.timestamp())}.{crypto.lookup_hash('phone', phone).hex()}"
    return f"{said}.{crypto.lookup_hash('portal.ticket', said).hex()}", until


def phone_of(ticket: str) -> bytes | None:
    """The keyed hash of the phone that a ticket is for; None for one that is over, or was not made here."""
    said, _, signature = ticket.rpartition(".")
    until, _, phone = said.partition(".")
    sent = signature.encode()
    right = any(hmac.compare_digest(h.hex().encode(), sent) for h in crypto.lookup_hashes("portal.ticket", said))
    if not right or datetime.fromtimestamp(int(until), UTC) < clock.now():
        return None
    return bytes.fromhex(phone)


# — a case that is pointed at without being named ——————————————————————————————————————————————————————————————————————————

_REF = crypto.Place.of("portal_ref", "case", 0)


def ref_of(case: UUID) -> str:
    """A case as a stranger may name it: says nothing, and is another text each time."""
    return crypto.seal(str(case), _REF).hex()


def case_of(ref: str) -> UUID:
    """Raises NotFound for what we did not make."""
    try:
        return UUID(cipher.open_sealed(crypto.keyring(), bytes.fromhex(ref), _REF))
    except (ValueError, crypto.NotReadable, crypto.KeyringError) as error:
        raise NotFound(
            Words("这条提示已失效，请重新查看附近的反映。", "This hint holds no more; look for reports nearby again.")
        ) from error
