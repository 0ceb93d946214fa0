"""Short messages to residents: they have no account, so what is said and to whom lies, sealed, with the delivery until it is old."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from wangge.domain.notices import addresses
from wangge.domain.notices.models import Delivery, Message
from wangge.domain.notices.rules import Channel
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.ids import uuid7


def send_message(*, to: str, text: str, event: str, holds: timedelta) -> None:
    """Queue an SMS; one that could not be sent within ``holds`` is not sent any more."""
    now, id = clock.now(), uuid7()
    with acting(SYSTEM), transaction.atomic():
        message = Message.objects.create(
            id=id,
            to_sealed=addresses.seal_message(id, "to_sealed", to),
            text_sealed=addresses.seal_message(id, "text_sealed", text),
            made_at=now,
            expires_at=now + holds,
        )
        Delivery.objects.create(channel=Channel.SMS, message=message, event=event, made_at=now, next_at=now)
