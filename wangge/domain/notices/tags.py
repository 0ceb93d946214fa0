"""Who may do what with notices, and how it is recorded."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import ALL_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class NoticePermission(Permission):
    READ = "notices.read"
    """One's own notices and how one wants to get them."""
    MATRIX = "notices.matrix"
    DELIVERIES = "notices.deliveries"
    WEBHOOKS = "notices.webhooks"


PERMISSION_WORDS = {
    NoticePermission.READ: Words("查看自己的通知", "See one's own notices"),
    NoticePermission.MATRIX: Words("设置通知规则", "Set who is told of what"),
    NoticePermission.DELIVERIES: Words("查看与重发送达记录", "See deliveries, send again"),
    NoticePermission.WEBHOOKS: Words("维护推送订阅", "Manage webhooks"),
}

GRANTS = declare(
    {
        NoticePermission.READ: ALL_STAFF,
        # How the installation is set up is the system administrator's, who gets data out of it the security administrator's (as tokens).
        NoticePermission.MATRIX: {Role.SYSTEM_ADMIN},
        NoticePermission.DELIVERIES: {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.INTEGRATION},
        NoticePermission.WEBHOOKS: {Role.SECURITY_ADMIN, Role.INTEGRATION},
    },
    PERMISSION_WORDS,
    whole=[NoticePermission.MATRIX, NoticePermission.DELIVERIES, NoticePermission.WEBHOOKS],
)


class NoticeTag(LedgerTag):
    MATRIX_CHANGED = "notices.matrix.changed"
    WEBHOOK_ADDED = "notices.webhook.added"
    WEBHOOK_CHANGED = "notices.webhook.changed"
    WEBHOOK_REMOVED = "notices.webhook.removed"
    WEBHOOK_SECRET = "notices.webhook.secret_renewed"
    WEBHOOK_MISSED = "notices.webhook.missed_sent_again"
    DELIVERY_AGAIN = "notices.delivery.sent_again"


say(
    {
        NoticeTag.MATRIX_CHANGED: Words(
            "修改通知规则（第 {version} 版），新增：{added}；取消：{removed}",
            "changed the matrix of notices (version {version}), added: {added}; removed: {removed}",
        ),
        NoticeTag.WEBHOOK_ADDED: Words("新增推送订阅 {name}（{host}）", "added the webhook {name} ({host})"),
        NoticeTag.WEBHOOK_CHANGED: Words("修改推送订阅 {name}：{fields}", "changed the webhook {name}: {fields}"),
        NoticeTag.WEBHOOK_REMOVED: Words("删除推送订阅 {name}", "removed the webhook {name}"),
        NoticeTag.WEBHOOK_SECRET: Words("更换推送订阅 {name} 的密钥", "renewed the secret of the webhook {name}"),
        NoticeTag.WEBHOOK_MISSED: Words(
            "向 {name} 重新推送失败的 {count} 条",
            "sent {count} {count:delivery|deliveries} that had been given up to {name} again",
        ),
        NoticeTag.DELIVERY_AGAIN: Words("重新发送一条通知（{channel}）", "sent a notice again ({channel})"),
    }
)


class NoticeEvent(EventName):
    MADE = "notices.notice.made"
