"""An address is written to only after a code that was sent there has come back: a mistyped one would tell strangers of cases.

A code holds for an hour and for five tries; a person gets one a minute and five a day for each channel, so that nobody's mailbox is
filled by somebody else. A wrong code, one that has run out and one that was never asked for are answered alike.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hmac import compare_digest
from math import ceil
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.notices import addresses
from wangge.domain.notices.models import Confirmation, Delivery, Preference
from wangge.domain.notices.rules import Channel
from wangge.domain.notices.rules.texts import CONFIRM
from wangge.domain.notices.tags import NoticePermission
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Forbidden, Invalid, TooMany
from wangge.kernel.words import Words

VALID = timedelta(hours=1)
TRIES = 5
PAUSE, DAY, MOST_A_DAY = timedelta(minutes=1), timedelta(days=1), 5
FIELDS: dict[Channel, addresses.Field] = {Channel.EMAIL: "email", Channel.SMS: "mobile"}


def locked(by: Principal) -> Preference:
    """The person's preferences, theirs alone until the transaction ends."""
    by.require(NoticePermission.READ)
    if by.kind != "user" or by.id is None:
        raise Forbidden(Words("只有工作人员可以设置接收方式。", "Only members of staff have such preferences."))
    rows.run(
        "INSERT INTO notices_preference (person, changed_at) VALUES (%(person)s, %(now)s) ON CONFLICT DO NOTHING",
        {"person": by.id, "now": clock.now()},
    )
    return Preference.objects.select_for_update().get(person=by.id)


def send_code(*, by: Principal, channel: Channel) -> None:
    """Send a new code to the person's own address; the one before holds no more. Raises TooMany, and Invalid when there is no
    address that waits for its confirmation."""
    with transaction.atomic():
        row, field = locked(by), FIELDS[channel]
        if getattr(row, f"{field}_sealed") is None or getattr(row, f"{field}_confirmed_at") is not None:
            raise Invalid.field(
                "body.channel",
                "nothing",
                "没有待确认的地址，请先填写。",
                "No address waits to be confirmed; give one first.",
            )
        new_code(row.person, channel)


def new_code(person: UUID, channel: Channel) -> None:
    """Make a code and queue it for the address that was just given. In the transaction that holds the person's preferences."""
    now = clock.now()
    _within_limits(person, channel)
    void(person, channel)
    code = Confirmation(id=uuid7(), person=person, channel=channel, made_at=now, expires_at=now + VALID)
    code.code_sealed = addresses.seal_code(code.id, f"{secrets.randbelow(1_000_000):06d}")
    code.save(force_insert=True)
    with acting(SYSTEM):  # deliveries are the worker's
        Delivery.objects.create(channel=channel, confirmation=code, event=CONFIRM, made_at=now, next_at=now)


def void(person: UUID, channel: Channel) -> None:
    """A code that is on its way holds no more."""
    Confirmation.objects.filter(person=person, channel=channel, code_sealed__isnull=False).update(code_sealed=None)


def confirm(*, by: Principal, channel: Channel, code: str) -> None:
    """The code that was sent to the address comes back. Raises Invalid for any that does not hold, always alike."""
    with transaction.atomic():
        row, now = locked(by), clock.now()
        open_codes = Confirmation.objects.filter(
            person=row.person, channel=channel, code_sealed__isnull=False, expires_at__gt=now, tries__lt=TRIES
        )
        found = open_codes.first()
        right = found is not None and compare_digest(addresses.opened_code(found.id, found.code_sealed), code)
        if found is not None:
            found.tries += 1
            found.code_sealed = None if right else found.code_sealed
            found.save(update_fields=["tries", "code_sealed"])
        if right:
            field = f"{FIELDS[channel]}_confirmed_at"
            setattr(row, field, now)
            row.save(update_fields=[field])
    if not right:  # after the transaction, which counts the try
        raise Invalid.field(
            "body.code",
            "wrong",
            "验证码不正确或已失效，请核对；必要时重新获取。",
            "This code is wrong or holds no more; check it, or ask for a new one.",
        )


def _within_limits(person: UUID, channel: Channel) -> None:
    now = clock.now()
    sent: list[Any] = list(
        Confirmation.objects.filter(person=person, channel=channel, made_at__gt=now - DAY)
        .order_by("-made_at")
        .values_list("made_at", flat=True)[:MOST_A_DAY]
    )
    until = None
    if len(sent) == MOST_A_DAY:
        until = sent[-1] + DAY
    elif sent and sent[0] + PAUSE > now:
        until = sent[0] + PAUSE
    if until is not None:
        raise TooMany(
            Words(
                f"验证码发送过于频繁：每分钟一次，每天最多 {MOST_A_DAY} 次，请稍后再试。",
                f"Too many codes: one a minute and {MOST_A_DAY} a day at most; try again later.",
            ),
            extra={"retry_after": ceil((until - now).total_seconds())},
        )
