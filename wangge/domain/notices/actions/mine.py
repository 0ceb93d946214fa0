"""What a person does with their own notices: read them, and say how they want to get them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from wangge.domain.notices import addresses
from wangge.domain.notices.actions.confirming import locked, new_code, void
from wangge.domain.notices.models import Preference
from wangge.domain.notices.rules import PERSONAL, Channel
from wangge.domain.notices.tags import NoticePermission
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.crypto.lookup import plain_phone
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid

_EMAIL = re.compile(r"[^\s@<>\"',;:\\()\[\]]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")


def mark_read(*, by: Principal, ids: Sequence[UUID] | None = None, before: datetime | None = None) -> int:
    """Mark own notices as read: these, or all up to a moment. Returns how many were unread. Others' notices are not touched."""
    by.require(NoticePermission.READ)
    if (ids is None) == (before is None):
        raise Invalid.field("body", "which", "请给出 ids 或 before 之一。", "Give either ids or before.")
    return rows.run(
        f"""UPDATE notices_notice SET read_at = %(now)s
            WHERE person = %(person)s AND in_app AND read_at IS NULL AND {"at <= %(before)s" if ids is None else "id = ANY(%(ids)s)"}""",
        {"now": clock.now(), "person": by.id, "before": before, "ids": list(ids or ())},
    )


@transaction.atomic
def set_preferences(*, by: Principal, changes: Mapping[str, Any]) -> Preference:
    """Change what is named in ``changes`` (email, mobile, quiet_from, quiet_to, off) of one's own; an empty address is taken away, a
    new one is written to only after it was confirmed (``confirming``)."""
    row = locked(by)
    for channel, field, read in ((Channel.EMAIL, "email", _email), (Channel.SMS, "mobile", _mobile)):
        if field in changes:
            _address(row, channel, field, read(changes[field] or ""))
    if "off" in changes:
        row.off = [str(c) for c in PERSONAL if c in (changes["off"] or ())]
    for name in ("quiet_from", "quiet_to"):
        if name in changes:
            setattr(row, name, changes[name])
    if (row.quiet_from is None) != (row.quiet_to is None):
        raise Invalid.field(
            "body.quiet_to",
            "whole",
            "免打扰时段须有起止时间，或都不填。",
            "Quiet hours have a beginning and an end, or neither.",
        )
    row.changed_at = clock.now()
    row.save()
    return row


def _address(row: Preference, channel: Channel, field: addresses.Field, value: str) -> None:
    """Take the address in, and send it a code. The one that is there already stays as it is, confirmed or not."""
    sealed = getattr(row, f"{field}_sealed")
    if sealed is not None and addresses.opened(row.person, field, sealed) == value:
        return
    setattr(row, f"{field}_sealed", addresses.seal(row.person, field, value))
    setattr(row, f"{field}_confirmed_at", None)
    if value:
        new_code(row.person, channel)
    else:
        void(row.person, channel)


def _email(text: str) -> str:
    if not text:
        return ""
    if not _EMAIL.fullmatch(text) or len(text) > 254:
        raise Invalid.field("body.email", "email", "邮箱地址不正确。", "This is no e-mail address.")
    domains = settings.CONFIG.mail_domains
    if domains and text.rsplit("@", 1)[1].lower() not in {d.lower() for d in domains}:
        raise Invalid.field(
            "body.email",
            "domain",
            f"只能使用这些域名的邮箱：{'、'.join(domains)}。",
            f"Only addresses of these domains may be used: {', '.join(domains)}.",
        )
    return text


def _mobile(text: str) -> str:
    if not text:
        return ""
    number = plain_phone(text)
    if not re.fullmatch(r"\+?\d{8,15}", number):
        raise Invalid.field("body.mobile", "phone", "手机号码不正确。", "This is no mobile number.")
    return number
