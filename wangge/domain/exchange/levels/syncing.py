"""One round between two installations, seen from below (``sync``) and from above (``hear``)."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

import orjson
from django.db import transaction
from pydantic import ValidationError

from wangge.domain.exchange.levels.coming import take_in
from wangge.domain.exchange.levels.schemas import MOST, LevelAnswer, LevelRequest
from wangge.domain.exchange.levels.signing import ANSWER, REQUEST, SIGNATURE, holds, signed
from wangge.domain.exchange.models import Link
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.crypto.keyring import Use
from wangge.kernel.db import rows
from wangge.kernel.problems import Forbidden
from wangge.kernel.web.outward import Unreachable, ask
from wangge.kernel.words import Words

log = logging.getLogger("wangge.levels")

PATH = "/api/v1/exchange/levels"
SECONDS = 60.0
MOST_BYTES = 20_000_000
CLOCKS = timedelta(minutes=5)
"""By which the two clocks may differ; an older request is none any more."""
NOT_KNOWN = Words(
    "请求不是由已登记的平台签名，或两边时钟相差超过 5 分钟。",
    "The request is not signed by an installation that is entered here, or the clocks differ by more than 5 minutes.",
)


def sync(partner: Any) -> int:
    """Tell the installation above what is new, and take in what it says. Returns how many messages went either way; 0 when all is told or it
    cannot be reached (the link says why). May run twice at once: the later one finds that all is done."""
    with acting(SYSTEM):
        link = Link.objects.select_related("partner").get(partner_id=partner)
        ours = _ours(link.partner_id, link.acked)
        content = {"to": link.key, "at": clock.now().isoformat(), "after": link.seen, "messages": ours}
        body, headers = signed(content, REQUEST)
        try:
            answer = ask(link.url + PATH, body=body, headers=headers, seconds=SECONDS, most=MOST_BYTES)
            if not holds(link.public, answer.headers.get(SIGNATURE.lower(), ""), answer.body, ANSWER):
                raise Unreachable("the answer is not signed by its key")
            said = LevelAnswer.model_validate_json(answer.body)
            if said.re != hashlib.sha256(body).hexdigest():
                raise Unreachable("the answer is to another request")
        except (Unreachable, ValidationError) as error:
            why = str(error) if isinstance(error, Unreachable) else f"{error.error_count()} members are not as agreed"
            log.warning("level %s: %s", link.key, why)
            Link.objects.filter(partner_id=partner).update(error=why[:200])
            return 0
        with transaction.atomic():
            now = Link.objects.select_for_update(of=("self",)).select_related("partner").get(partner_id=partner)
            take_in(now, said.messages)
            # What it has may be less than we knew, after a restore there, or more than we have, after one here: then all is told again.
            now.acked = said.have if said.have <= _newest(now.partner_id) else 0
            now.last_at, now.error = clock.now(), ""
            now.save()
        return len(ours) + len(said.messages)


def hear(*, body: bytes, key: str, signature: str) -> tuple[bytes, dict[str, str]]:
    """What an installation below says, taken in; the signed answer with its headers. Raises Forbidden for everybody else."""
    with acting(SYSTEM):
        link = Link.objects.filter(key=key, partner__active=True).first()
        if link is None or not holds(link.public, signature, body, REQUEST):
            raise Forbidden(NOT_KNOWN)
        try:
            said = LevelRequest.model_validate_json(body)
        except ValidationError:
            raise Forbidden(NOT_KNOWN) from None
        ours = {k.id for k in crypto.keyring().keys().of(Use.SIGN)}
        if said.to not in ours or abs(clock.now() - said.at) > CLOCKS:
            raise Forbidden(NOT_KNOWN)
        with transaction.atomic():
            now = Link.objects.select_for_update(of=("self",)).select_related("partner").get(partner_id=link.partner_id)
            take_in(now, said.messages)
            now.acked, now.last_at, now.error = said.after, clock.now(), ""
            now.save()
            messages = _ours(now.partner_id, said.after)
        content = {"re": hashlib.sha256(body).hexdigest(), "have": now.seen, "messages": messages}
        return signed(content, ANSWER)


def sync_all() -> int:
    """One round with every installation that we ask. Returns how many messages went either way."""
    with acting(SYSTEM):
        found = list(Link.objects.exclude(url="").filter(partner__active=True).values_list("partner_id", flat=True))
    return sum(sync(partner) for partner in found)


def _ours(partner: Any, after: int) -> list[dict[str, Any]]:
    """What the other side does not have yet, in order. Whoever writes holds the partner's lock to its commit, so there are no gaps to come. A side
    that knows of more than there is knew us before a restore: it is told all, and its inbox knows what it had."""
    found = rows.all(
        "SELECT seq, body FROM exchange_message WHERE partner_id = %(partner)s AND seq > %(after)s ORDER BY seq LIMIT %(most)s",
        {"partner": partner, "after": after if after <= _newest(partner) else 0, "most": MOST},
    )
    return [{**orjson.loads(row["body"]), "seq": row["seq"]} for row in found]


def _newest(partner: Any) -> int:
    """The number of the last message for the partner; 0 without one."""
    sql = "SELECT coalesce(max(seq), 0) FROM exchange_message WHERE partner_id = %(partner)s"
    found: int = rows.value(sql, {"partner": partner})
    return found
