"""The words of the exchange."""

from __future__ import annotations

from enum import StrEnum

from wangge.domain.cases.rules import Act
from wangge.kernel.words import Words


class PartnerKind(StrEnum):
    HOTLINE = "hotline"
    POLICE = "police"
    ABOVE = "above"
    BELOW = "below"

    @property
    def words(self) -> Words:
        return _PARTNERS[self]


_PARTNERS = {
    PartnerKind.HOTLINE: Words("12345 热线", "12345 hotline"),
    PartnerKind.POLICE: Words("公安 110", "Police 110"),
    PartnerKind.ABOVE: Words("上级平台", "The level above"),
    PartnerKind.BELOW: Words("下级平台", "The level below"),
}


LEVELS = frozenset({PartnerKind.ABOVE, PartnerKind.BELOW})
"""Other installations of Wangge, which exchange by themselves (``levels``)."""


class MessageKind(StrEnum):
    """What we say to a partner: how a case of theirs goes on, or what we ask of them. ``answer`` and ``figures``: between levels alone."""

    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    PROGRESS = "progress"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    RETURNED = "returned"
    MERGED = "merged"
    VOIDED = "voided"
    WITHDRAWN = "withdrawn"
    REPLIED = "replied"
    REOPENED = "reopened"
    ASK_RETURN = "ask_return"
    ASK_EXTENSION = "ask_extension"
    HAND_OVER = "hand_over"
    ANSWER = "answer"
    FIGURES = "figures"

    @property
    def words(self) -> Words:
        return KINDS[self]


KINDS = {
    MessageKind.ACCEPTED: Words("已受理", "accepted"),
    MessageKind.DISPATCHED: Words("已派遣", "dispatched"),
    MessageKind.PROGRESS: Words("办理中", "in hand"),
    MessageKind.EXTENDED: Words("已延期", "extended"),
    MessageKind.SUSPENDED: Words("已挂账", "suspended"),
    MessageKind.RESUMED: Words("恢复办理", "resumed"),
    MessageKind.RETURNED: Words("退单", "returned"),
    MessageKind.MERGED: Words("已并案", "merged"),
    MessageKind.VOIDED: Words("作废", "void"),
    MessageKind.WITHDRAWN: Words("已撤单", "withdrawn"),
    MessageKind.REPLIED: Words("已答复", "replied"),
    MessageKind.REOPENED: Words("重新办理", "handled anew"),
    MessageKind.ASK_RETURN: Words("申请退单", "request to take it back"),
    MessageKind.ASK_EXTENSION: Words("申请延期", "request for an extension"),
    MessageKind.HAND_OVER: Words("移交", "hand-over"),
    MessageKind.ANSWER: Words("答复", "answer"),
    MessageKind.FIGURES: Words("日报", "daily figures"),
}

ASKS = (MessageKind.ASK_RETURN, MessageKind.ASK_EXTENSION, MessageKind.HAND_OVER)
"""What a partner has to answer."""

OUT: dict[Act, MessageKind] = {
    Act.ACCEPT: MessageKind.ACCEPTED,
    Act.DISPATCH: MessageKind.DISPATCHED,
    Act.DESIGNATE: MessageKind.DISPATCHED,
    Act.REASSIGN: MessageKind.DISPATCHED,
    Act.PROGRESS: MessageKind.PROGRESS,
    Act.RESOLVE: MessageKind.PROGRESS,
    Act.EXTEND: MessageKind.EXTENDED,
    Act.SUSPEND: MessageKind.SUSPENDED,
    Act.RESUME: MessageKind.RESUMED,
    Act.REJECT: MessageKind.RETURNED,
    Act.MERGE: MessageKind.MERGED,
    Act.VOID: MessageKind.VOIDED,
    Act.WITHDRAW: MessageKind.WITHDRAWN,
    Act.CLOSE: MessageKind.REPLIED,
    Act.REOPEN: MessageKind.REOPENED,
}
"""Which acts a partner hears of. What is not here stays within: comments, requests among units, verification."""


class Told(StrEnum):
    """What a partner may say about an order it gave us."""

    URGE = "urge"
    SUPPLEMENT = "supplement"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    WITHDRAW = "withdraw"
    EXTEND = "extend"

    @property
    def words(self) -> Words:
        return _TOLD[self]


_TOLD = {
    Told.URGE: Words("催办", "hurry"),
    Told.SUPPLEMENT: Words("补充", "something to add"),
    Told.SATISFIED: Words("回访满意", "the caller is satisfied"),
    Told.DISSATISFIED: Words("回访不满意", "the caller is not satisfied"),
    Told.WITHDRAW: Words("撤单", "withdrawn"),
    Told.EXTEND: Words("同意延期", "a later limit"),
}
