"""What was given up is sent again by hand: one thing, or all that a receiver which was away has missed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from wangge.domain.notices.models import Delivery, Webhook
from wangge.domain.notices.tags import NoticePermission, NoticeTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.problems import Conflict, NotFound
from wangge.kernel.words import Words


def send_again(*, by: Principal, delivery: UUID) -> None:
    """Send once more by hand, with a full number of tries: what was given up or waits for its next try, and a webhook that was sent.

    A token sends its own again. Raises NotFound, Conflict for a mail or SMS that was sent or dropped.
    """
    by.require(NoticePermission.DELIVERIES)
    with acting(SYSTEM), transaction.atomic():
        row = Delivery.objects.select_for_update(of=("self",)).select_related("webhook").filter(id=delivery).first()
        if row is None or (by.kind == "token" and (row.webhook is None or row.webhook.token_id != by.id)):
            raise NotFound(Words("没有这条发送记录。", "There is no such delivery."))
        if row.webhook is not None and not row.webhook.active:
            raise Conflict(Words("该订阅已停用，请先启用。", "The webhook is not active; activate it first."))
        if row.status == "dropped" or (row.status == "sent" and row.webhook is None):
            raise Conflict(
                Words(
                    "该通知已送达或已取消，不再发送给个人。",
                    "It was delivered or is not to be sent any more; persons are not told twice.",
                ),
                extra={"current": {"status": row.status}},
            )
        Delivery.objects.filter(id=delivery).update(
            status="waiting", tries=0, next_at=clock.now(), claimed_until=None, done_at=None, error="", http_status=None
        )
        ledger.append(
            by=by,
            tag=NoticeTag.DELIVERY_AGAIN,
            kind="notices_delivery",
            subject=delivery,
            body={"channel": row.channel},
        )


def send_missed(*, by: Principal, webhook: UUID) -> int:
    """Send all that was given up for a receiver again, each with a full number of tries, of each case in the order it happened. Returns how
    many. Raises NotFound, Conflict for a webhook that is not active."""
    by.require(NoticePermission.DELIVERIES)
    with acting(SYSTEM), transaction.atomic():
        row = Webhook.objects.select_for_update().filter(id=webhook, removed_at__isnull=True).first()
        if row is None or (by.kind == "token" and row.token_id != by.id):
            raise NotFound(Words("没有这个推送订阅。", "There is no such webhook."))
        if not row.active:
            raise Conflict(Words("该订阅已停用，请先启用。", "The webhook is not active; activate it first."))
        count = Delivery.objects.filter(webhook=row, status="given_up").update(
            status="waiting", tries=0, next_at=clock.now(), claimed_until=None, done_at=None, error="", http_status=None
        )
        if count:
            body = {"name": row.name, "count": count}
            ledger.append(by=by, tag=NoticeTag.WEBHOOK_MISSED, kind="webhook", subject=webhook, body=body)
    return count
