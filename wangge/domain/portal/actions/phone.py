"""A phone is proved by a code that was sent there: then its reports are found by it, and nobody can report in another's name."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.db import transaction

from wangge.domain.notices import actions as notices
from wangge.domain.notices.rules import RESIDENT_CODE, Channel
from wangge.domain.portal import door, limits, rules
from wangge.domain.portal.proof import admit
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid, Unavailable
from wangge.kernel.words import Words

MOBILE = re.compile(r"1[3-9]\d{9}")
TEXT = Words(
    "验证码 {code}，{minutes} 分钟内有效，用于网格居民端。请勿告诉他人。",
    "{code} is your code for the residents' portal, for {minutes} min. Tell nobody.",
)


def send_code(*, phone: str, network: str, language: str = "zh", proof: str = "") -> None:
    """Send a code. Raises Invalid for what is no mobile number, Unavailable where no SMS can be sent, TooMany, ProofWanted."""
    phone = crypto.normal("phone", phone)
    if not MOBILE.fullmatch(phone):
        raise Invalid.field(
            "body.phone", "mobile", "请填写 11 位手机号码。", "Give a mobile number of 11 digits, as in China."
        )
    if not notices.configured(Channel.SMS):
        raise Unavailable(
            Words(
                "本系统尚未开通短信，无法验证手机；不填手机也可以反映和查询。",
                "No SMS can be sent here. You can report and follow a report without a phone.",
            )
        )
    limits.not_banned(network=network, phone=phone)
    admit(network=network, proof=proof)
    for limit in (rules.SMS_IN_A_ROW, rules.SMS_OF_PHONE):
        limits.take(limit, phone)
    limits.take(rules.SMS_OF_NETWORK, network)
    id, code, now = uuid7(), f"{secrets.randbelow(1_000_000):06d}", clock.now()
    with acting(SYSTEM), transaction.atomic():
        known = {"phone": crypto.lookup_hash("phone", phone)}
        rows.run("DELETE FROM portal_phone_code WHERE phone_hash = %(phone)s", known)
        rows.run(
            """INSERT INTO portal_phone_code (id, phone_hash, code_hash, made_at, expires_at)
               VALUES (%(id)s, %(phone)s, %(code)s, %(now)s, %(ends)s)""",
            known | {"id": id, "code": _hash(id, code), "now": now, "ends": now + rules.CODE_HOLDS},
        )
        minutes = int(rules.CODE_HOLDS.total_seconds() // 60)
        text = TEXT.fill(code=code, minutes=minutes).say(language)
        notices.send_message(to=phone, text=text, event=RESIDENT_CODE, holds=rules.CODE_HOLDS)


def prove(*, phone: str, code: str, network: str) -> tuple[str, datetime]:
    """A ticket for the phone, and until when it holds. Raises Invalid for any code that does not, always alike."""
    limits.check(rules.WRONG_CODES_OF_NETWORK, network)
    with acting(SYSTEM), transaction.atomic():
        found = rows.one(
            """UPDATE portal_phone_code SET tries = tries + 1
               WHERE phone_hash = ANY(%(phone)s) AND expires_at > %(now)s AND tries < %(most)s RETURNING id, code_hash""",
            {"phone": crypto.lookup_hashes("phone", phone), "now": clock.now(), "most": rules.CODE_TRIES},
        )
        right = found is not None and bytes(found["code_hash"]) == _hash(found["id"], code)
        if right:
            rows.run("DELETE FROM portal_phone_code WHERE id = %(id)s", found)
    if not right:
        limits.take(rules.WRONG_CODES_OF_NETWORK, network)
        raise Invalid.field(
            "body.code",
            "wrong",
            "验证码不正确或已失效，请核对或重新获取。",
            "This code is wrong or holds no more; check it, or ask for a new one.",
        )
    return door.ticket_for(phone)


def _hash(id: object, code: str) -> bytes:
    return crypto.lookup_hash("portal.phone_code", f"{id} {code}")
