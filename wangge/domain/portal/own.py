"""我的信息: the one place where what is sealed of a resident is opened for that resident, by a phone that they have proved."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.portal import door
from wangge.kernel import crypto
from wangge.kernel.crypto.masked import opened
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words

NOT_PROVED = Words("手机验证已失效，请重新验证。", "The phone has to be proved again.")


def hashes_of(phone: str, ticket: str, *, at: str = "ticket") -> list[bytes]:
    """What the phone of this ticket is found by. Raises Invalid for a ticket that is over or another phone's."""
    found = crypto.lookup_hashes("phone", phone)
    if door.phone_of(ticket) not in found:
        raise Invalid.field(f"body.{at}", "ticket", NOT_PROVED.zh, NOT_PROVED.en)
    return found


def name_of(party: UUID, sealed: bytes | None, *, whole: bool) -> str:
    """The name that was given; masked where nobody has proved that it was given with this phone by who has it now."""
    masked = crypto.masked(sealed, crypto.Place.of("cases_party", "name_sealed", party), crypto.Kind.NAME)
    if masked is None:
        return ""
    return opened(masked) if whole else masked.masked


def phone_of(party: Row) -> str:
    """The phone of who asked to be erased (a row with ``id`` and ``phone_sealed``)."""
    masked = crypto.masked(party["phone_sealed"], crypto.Place.of("cases_party", "phone_sealed", party["id"]), crypto.Kind.PHONE)  # fmt: skip
    return opened(masked) if masked else ""
