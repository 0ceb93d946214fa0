"""The words of the loop: statuses, acts, stages, channels, and what each is called."""

from __future__ import annotations

from enum import StrEnum

from wangge.domain.catalog.rules import CHANNELS, URGENCIES
from wangge.kernel.words import Words


class Status(StrEnum):
    REPORTED = "reported"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    VERIFYING = "verifying"
    FOLLOWING_UP = "following_up"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    VOID = "void"

    @property
    def words(self) -> Words:
        return STATUS_WORDS[self]


STATUS_WORDS = {
    Status.REPORTED: Words("待受理", "Reported"),
    Status.ACCEPTED: Words("待派遣", "Accepted"),
    Status.HANDLING: Words("处置中", "In handling"),
    Status.VERIFYING: Words("待核查", "To be verified"),
    Status.FOLLOWING_UP: Words("待回访", "To be followed up"),
    Status.SUSPENDED: Words("挂账", "Suspended"),
    Status.CLOSED: Words("已结案", "Closed"),
    Status.ARCHIVED: Words("已归档", "Archived"),
    Status.REJECTED: Words("不予受理", "Rejected"),
    Status.MERGED: Words("已并案", "Merged"),
    Status.WITHDRAWN: Words("已撤回", "Withdrawn"),
    Status.VOID: Words("作废", "Void"),
}
LIVE = frozenset({Status.REPORTED, Status.ACCEPTED, Status.HANDLING, Status.VERIFYING, Status.FOLLOWING_UP})
"""Somebody has to act and a clock runs."""
OPEN = LIVE | {Status.SUSPENDED}
"""The matter is not over."""


class Act(StrEnum):
    REPORT = "report"
    SELF_RESOLVE = "self_resolve"
    LOCATE = "locate"
    ACCEPT = "accept"
    REJECT = "reject"
    MERGE = "merge"
    UNMERGE = "unmerge"
    WITHDRAW = "withdraw"
    VOID = "void"
    ESCALATE = "escalate"
    DELEGATE = "delegate"
    DISPATCH = "dispatch"
    DESIGNATE = "designate"
    REASSIGN = "reassign"
    INVOLVE = "involve"
    TAKE = "take"
    RETURN = "return"
    DECLINE = "decline"
    PROGRESS = "progress"
    ASK_HELP = "ask_help"
    ANSWER_HELP = "answer_help"
    ASK_EXTENSION = "ask_extension"
    EXTEND = "extend"
    ASK_SUSPENSION = "ask_suspension"
    SUSPEND = "suspend"
    REFUSE = "refuse"
    RESUME = "resume"
    RESOLVE_SHARE = "resolve_share"
    RESOLVE = "resolve"
    VERIFY = "verify"
    FOLLOW_UP = "follow_up"
    DECIDE = "decide"
    CLOSE = "close"
    REOPEN = "reopen"
    ARCHIVE = "archive"
    URGE = "urge"
    SUPERVISE = "supervise"
    INSTRUCT = "instruct"
    ANSWER = "answer"
    LIFT = "lift"
    RECLASSIFY = "reclassify"
    SET_URGENCY = "set_urgency"
    SET_CONFIDENTIAL = "set_confidential"
    COMMENT = "comment"
    TAG = "tag"
    LINK = "link"
    UNLINK = "unlink"
    ASK_REPORTER = "ask_reporter"
    ANSWER_QUESTION = "answer_question"
    PUBLISH = "publish"
    # Nobody does these to a case, so they are not in the table: they follow when grids change, or when a clock runs on.
    REGRID = "regrid"
    REMIND = "remind"
    OVERDUE = "overdue"
    RAISE = "raise"
    REVIEW = "review"

    @property
    def words(self) -> Words:
        return ACT_WORDS[self]


ACT_WORDS = {
    Act.REPORT: Words("上报", "Report"),
    Act.SELF_RESOLVE: Words("现场自处置", "Resolve on the spot"),
    Act.LOCATE: Words("定位", "Locate"),
    Act.ACCEPT: Words("受理", "Accept"),
    Act.REJECT: Words("不予受理", "Reject"),
    Act.MERGE: Words("并案", "Merge"),
    Act.UNMERGE: Words("撤销并案", "Unmerge"),
    Act.WITHDRAW: Words("撤回", "Withdraw"),
    Act.VOID: Words("作废", "Void"),
    Act.ESCALATE: Words("上报上级", "Escalate"),
    Act.DELEGATE: Words("下派", "Delegate"),
    Act.DISPATCH: Words("派遣", "Dispatch"),
    Act.DESIGNATE: Words("指定派遣", "Designate"),
    Act.REASSIGN: Words("改派", "Reassign"),
    Act.INVOLVE: Words("增派协办", "Involve"),
    Act.TAKE: Words("签收", "Take"),
    Act.RETURN: Words("退单", "Return"),
    Act.DECLINE: Words("协办退回", "Decline"),
    Act.PROGRESS: Words("进展", "Progress"),
    Act.ASK_HELP: Words("请求协同", "Ask for help"),
    Act.ANSWER_HELP: Words("答复协同", "Answer a request for help"),
    Act.ASK_EXTENSION: Words("申请延期", "Ask for an extension"),
    Act.EXTEND: Words("延期", "Extend"),
    Act.ASK_SUSPENSION: Words("申请挂账", "Ask for suspension"),
    Act.SUSPEND: Words("挂账", "Suspend"),
    Act.REFUSE: Words("驳回申请", "Refuse a request"),
    Act.RESUME: Words("恢复办理", "Resume"),
    Act.RESOLVE_SHARE: Words("协办办结", "Resolve one's share"),
    Act.RESOLVE: Words("办结", "Resolve"),
    Act.VERIFY: Words("核查", "Verify"),
    Act.FOLLOW_UP: Words("回访", "Follow up"),
    Act.DECIDE: Words("裁定", "Decide"),
    Act.CLOSE: Words("结案", "Close"),
    Act.REOPEN: Words("重新办理", "Reopen"),
    Act.ARCHIVE: Words("归档", "Archive"),
    Act.URGE: Words("催办", "Urge"),
    Act.SUPERVISE: Words("督办", "Supervise"),
    Act.INSTRUCT: Words("批示", "Instruct"),
    Act.ANSWER: Words("回复督办", "Answer a demand"),
    Act.LIFT: Words("解除督办", "Lift a demand"),
    Act.RECLASSIFY: Words("更正类别", "Reclassify"),
    Act.SET_URGENCY: Words("调整紧急程度", "Set urgency"),
    Act.SET_CONFIDENTIAL: Words("设置保密", "Set confidentiality"),
    Act.COMMENT: Words("备注", "Comment"),
    Act.TAG: Words("标签", "Tag"),
    Act.LINK: Words("关联案件", "Link"),
    Act.UNLINK: Words("取消关联", "Unlink"),
    Act.ASK_REPORTER: Words("询问反映人", "Ask the reporter"),
    Act.ANSWER_QUESTION: Words("答复询问", "Answer the question"),
    Act.PUBLISH: Words("公开答复", "Clear for the public"),
    Act.REGRID: Words("网格调整", "Grid changed"),
    Act.REMIND: Words("临期提醒", "Reminder"),
    Act.OVERDUE: Words("超期", "Overdue"),
    Act.RAISE: Words("超期升级", "Raised to the level above"),
    Act.REVIEW: Words("挂账复核到期", "Review of a suspension is due"),
}


class Stage(StrEnum):
    """What a clock is for; the values of ``catalog.Limit.stage``."""

    ACCEPT = "accept"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"
    FOLLOW_UP = "follow_up"

    @property
    def words(self) -> Words:
        return STAGE_WORDS[self]


STAGE_WORDS = {
    Stage.ACCEPT: Words("受理时限", "To be accepted"),
    Stage.DISPATCH: Words("派遣时限", "To be dispatched"),
    Stage.HANDLE: Words("处置时限", "To be handled"),
    Stage.VERIFY: Words("核查时限", "To be verified"),
    Stage.FOLLOW_UP: Words("回访时限", "To be followed up"),
}

STAGE_OF = {
    Status.REPORTED: Stage.ACCEPT,
    Status.ACCEPTED: Stage.DISPATCH,
    Status.HANDLING: Stage.HANDLE,
    Status.VERIFYING: Stage.VERIFY,
    Status.FOLLOWING_UP: Stage.FOLLOW_UP,
}
"""The clock that runs in each status; none runs in a status that is not here."""


class Channel(StrEnum):
    WORKER = "worker"
    RESIDENT = "resident"
    HOTLINE = "hotline"
    OPEN311 = "open311"
    WINDOW = "window"
    PATROL = "patrol"
    INSPECTION = "inspection"
    UNIT = "unit"
    CAMERA = "camera"
    IMPORT = "import"

    @property
    def words(self) -> Words:
        return CHANNEL_WORDS[self]


CHANNEL_WORDS = {channel: CHANNELS[channel] for channel in Channel}


class FollowUp(StrEnum):
    """How the reporter was answered: the step is never skipped silently (DESIGN §4)."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    UNREACHABLE = "unreachable"
    NOT_WANTED = "not_wanted"

    @property
    def words(self) -> Words:
        return FOLLOW_UP_WORDS[self]


FOLLOW_UP_WORDS = {
    FollowUp.SATISFIED: Words("已答复，满意", "Answered, satisfied"),
    FollowUp.DISSATISFIED: Words("已答复，不满意", "Answered, dissatisfied"),
    FollowUp.UNREACHABLE: Words("多次联系未果", "Could not be reached"),
    FollowUp.NOT_WANTED: Words("无需答复", "No answer wanted"),
}


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def words(self) -> Words:
        return URGENCIES[self]


class Level(StrEnum):
    """How strongly a case is supervised (督办)."""

    ORDINARY = "ordinary"
    KEY = "key"
    LISTED = "listed"

    @property
    def words(self) -> Words:
        return LEVEL_WORDS[self]


LEVEL_WORDS = {
    Level.ORDINARY: Words("一般督办", "Ordinary"),
    Level.KEY: Words("重点督办", "Key"),
    Level.LISTED: Words("挂牌督办", "Listed"),
}


class Ask(StrEnum):
    """What a unit can ask for while it handles a case, and what the centre asks its reporter (``cases_request.kind``)."""

    HELP = "help"
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    QUESTION = "question"


class Call(StrEnum):
    """What comes from outside the line and wants an answer (``cases_demand.kind``)."""

    URGE = "urge"
    SUPERVISE = "supervise"
    INSTRUCT = "instruct"
