"""Who may exchange with other systems, and how it is recorded."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.words import Words


class ExchangePermission(Permission):
    PARTNERS = "exchange.partners"
    ASK = "exchange.ask"
    ORDERS = "exchange.orders"
    FIGURES = "exchange.figures"


PERMISSION_WORDS: dict[Permission, Words] = {
    ExchangePermission.PARTNERS: Words("维护对接单位", "Manage partners of the exchange"),
    ExchangePermission.ASK: Words("向对接单位移交或申请", "Hand over to partners and ask them"),
    ExchangePermission.ORDERS: Words("以对接单位身份交换工单", "Exchange orders as a partner"),
    ExchangePermission.FIGURES: Words("查看下级平台日报", "See daily figures of the levels below"),
}

GRANTS = declare(
    {
        # A partner is a token and an address outside: the security administrator's.
        ExchangePermission.PARTNERS: {Role.SECURITY_ADMIN},
        ExchangePermission.ASK: DESK,
        ExchangePermission.ORDERS: {Role.INTEGRATION},
        ExchangePermission.FIGURES: {Role.LEADER, Role.SUPERVISOR, Role.ANALYST, Role.OPERATOR},
    },
    PERMISSION_WORDS,
    whole=[ExchangePermission.PARTNERS],
)


class ExchangeTag(LedgerTag):
    PARTNER_ADDED = "exchange.partner.added"
    PARTNER_CHANGED = "exchange.partner.changed"
    RECEIVED = "exchange.orders.received"
    TOLD = "exchange.order.told"
    ASKED = "exchange.case.asked"
    ANSWERED = "exchange.case.answered"


say(
    {
        ExchangeTag.PARTNER_ADDED: Words("新增对接单位 {name}（{kind}）", "added the partner {name} ({kind})"),
        ExchangeTag.PARTNER_CHANGED: Words("修改对接单位 {name}：{fields}", "changed the partner {name}: {fields}"),
        ExchangeTag.RECEIVED: Words(
            "{name} 送来工单：新建 {made}，已有 {known}，有误 {refused}",
            "{name} sent orders: {made} made, {known} known, {refused} refused",
        ),
        ExchangeTag.TOLD: Words("{name} 就工单 {order} 告知：{told}", "{name} said of order {order}: {told}"),
        ExchangeTag.ASKED: Words("向 {name} 提出：{kind}", "asked {name}: {kind}"),
        ExchangeTag.ANSWERED: Words("{name} 答复{kind}：{answer}", "{name} answered {kind}: {answer}"),
    }
)
