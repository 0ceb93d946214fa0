"""What can be done with cases, who may, and how it is recorded and announced."""

from __future__ import annotations

from wangge.domain.cases.rules import ACT_WORDS, Act
from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK, GRID_STAFF, UNIT_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class CasePermission(Permission):
    READ = "cases.read"
    REPORT = "cases.report"
    SELF_RESOLVE = "cases.self_resolve"
    LOCATE = "cases.locate"
    ACCEPT = "cases.accept"
    REJECT = "cases.reject"
    MERGE = "cases.merge"
    WITHDRAW = "cases.withdraw"
    VOID = "cases.void"
    ESCALATE = "cases.escalate"
    DELEGATE = "cases.delegate"
    DISPATCH = "cases.dispatch"
    DESIGNATE = "cases.designate"
    TAKE = "cases.take"
    RETURN = "cases.return"
    PROGRESS = "cases.progress"
    ASK = "cases.ask"
    ANSWER_HELP = "cases.answer_help"
    DECIDE_REQUEST = "cases.decide_request"
    RESOLVE = "cases.resolve"
    VERIFY = "cases.verify"
    FOLLOW_UP = "cases.follow_up"
    DECIDE = "cases.decide"
    CLOSE = "cases.close"
    REOPEN = "cases.reopen"
    ARCHIVE = "cases.archive"
    URGE = "cases.urge"
    SUPERVISE = "cases.supervise"
    LIFT = "cases.lift"
    INSTRUCT = "cases.instruct"
    ANSWER = "cases.answer"
    RECLASSIFY = "cases.reclassify"
    CONFIDENTIAL = "cases.confidential"
    COMMENT = "cases.comment"
    TAG = "cases.tag"
    ASK_REPORTER = "cases.ask_reporter"
    ANSWER_QUESTION = "cases.answer_question"
    PUBLISH = "cases.publish"
    IMPORT = "cases.import"
    REVEAL = "cases.reveal"


_STAFF = GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR}

PERMISSION_WORDS = {
    **{
        CasePermission(f"cases.{act}"): words
        for act, words in ACT_WORDS.items()
        if f"cases.{act}" in set(CasePermission)
    },
    CasePermission.READ: Words("查看案件", "See cases"),
    CasePermission.ASK: Words("请求协同、申请延期或挂账", "Ask for help, extension or suspension"),
    CasePermission.DECIDE_REQUEST: Words("审批延期与挂账", "Decide on extensions and suspensions"),
    CasePermission.RECLASSIFY: Words("更正类别与紧急程度", "Reclassify, set the urgency"),
    CasePermission.CONFIDENTIAL: Words("设置保密", "Set confidentiality"),
    CasePermission.TAG: Words("标签与关联", "Tag and link"),
    CasePermission.IMPORT: Words("导入工单", "Import work orders"),
    CasePermission.REVEAL: Words("查看当事人信息原文", "See a reporter in clear"),
}

GRANTS = declare(
    {
        CasePermission.READ: _STAFF | {Role.LEADER, Role.INTEGRATION, Role.RESIDENT},
        CasePermission.REPORT: _STAFF | {Role.INTEGRATION, Role.RESIDENT},
        CasePermission.SELF_RESOLVE: GRID_STAFF,
        CasePermission.LOCATE: DESK | GRID_STAFF,
        CasePermission.ACCEPT: DESK,
        CasePermission.REJECT: DESK,
        CasePermission.MERGE: DESK,
        CasePermission.WITHDRAW: GRID_STAFF | DESK | UNIT_STAFF | {Role.RESIDENT},
        CasePermission.VOID: {Role.OPERATOR},
        CasePermission.ESCALATE: DESK,
        CasePermission.DELEGATE: {Role.OPERATOR},
        CasePermission.DISPATCH: DESK,
        CasePermission.DESIGNATE: {Role.OPERATOR},
        CasePermission.TAKE: UNIT_STAFF,
        CasePermission.RETURN: UNIT_STAFF,
        CasePermission.PROGRESS: UNIT_STAFF,
        CasePermission.ASK: UNIT_STAFF,
        CasePermission.ANSWER_HELP: UNIT_STAFF | DESK,
        CasePermission.DECIDE_REQUEST: DESK,
        CasePermission.RESOLVE: UNIT_STAFF,
        CasePermission.VERIFY: GRID_STAFF | {Role.OPERATOR, Role.SUPERVISOR},
        CasePermission.FOLLOW_UP: {Role.OPERATOR, Role.RESIDENT},
        CasePermission.DECIDE: {Role.SUPERVISOR},
        CasePermission.CLOSE: {Role.OPERATOR},
        CasePermission.REOPEN: {Role.OPERATOR, Role.RESIDENT},
        CasePermission.ARCHIVE: {Role.OPERATOR},
        CasePermission.URGE: GRID_STAFF | DESK | {Role.SUPERVISOR, Role.LEADER},
        CasePermission.SUPERVISE: {Role.SUPERVISOR},
        CasePermission.LIFT: {Role.SUPERVISOR, Role.LEADER},
        CasePermission.INSTRUCT: {Role.LEADER},
        CasePermission.ANSWER: DESK | UNIT_STAFF,
        CasePermission.RECLASSIFY: DESK,
        CasePermission.CONFIDENTIAL: {Role.OPERATOR},
        CasePermission.COMMENT: _STAFF | {Role.LEADER},
        CasePermission.TAG: DESK | {Role.SUPERVISOR},
        CasePermission.ASK_REPORTER: DESK,
        CasePermission.ANSWER_QUESTION: DESK | {Role.RESIDENT},
        CasePermission.PUBLISH: {Role.OPERATOR},
        # Orders name who called and become cases on a desk: who sits there brings them in, not an administrator (DESIGN §5).
        CasePermission.IMPORT: {Role.OPERATOR, Role.INTEGRATION},
        CasePermission.REVEAL: {Role.OPERATOR},
    },
    PERMISSION_WORDS,
)


# One tag an act, made from the table's own list, so that no act can be without.
CaseTag = LedgerTag("CaseTag", {act.name: f"cases.{act}" for act in Act})  # type: ignore[misc]


class ImportTag(LedgerTag):
    BROUGHT_IN = "cases.brought_in"
    MAPPING_SAVED = "cases.order_mapping.saved"
    MAPPING_REMOVED = "cases.order_mapping.removed"
    ORDERS_STARTED = "cases.order_import.started"
    ORDERS_DONE = "cases.order_import.done"


say(
    {
        CaseTag[act.name]: Words(f"案件 {{number}}：{words.zh}", f"case {{number}}: {words.en.lower()}")
        for act, words in ACT_WORDS.items()
    }
)
say(
    {
        ImportTag.BROUGHT_IN: Words(
            "案件 {number}：自 {source} 导入，含经过 {steps} 步",
            "case {number}: brought in from {source} with {steps} steps",
        ),
        ImportTag.MAPPING_SAVED: Words("保存了工单列对应方案“{name}”", "saved the order mapping “{name}”"),
        ImportTag.MAPPING_REMOVED: Words("删除了工单列对应方案“{name}”", "removed the order mapping “{name}”"),
        ImportTag.ORDERS_STARTED: Words(
            "开始导入 {source} 工单：可用 {good} 行，有误 {bad} 行",
            "began to import orders of {source}: {good} good {good:row|rows}, {bad} bad",
        ),
        ImportTag.ORDERS_DONE: Words(
            "{source} 工单导入完成：新建 {made} 件，已在系统中 {known} 件",
            "imported orders of {source}: {made} {made:case|cases} made, {known} here already",
        ),
    }
)


class CaseEvent(EventName):
    REPORTED = "cases.case.reported"
    CHANGED = "cases.case.changed"
    BROUGHT_IN = "cases.case.brought_in"
    REMINDER = "cases.clock.reminder"
    OVERDUE = "cases.clock.overdue"
    ESCALATED = "cases.clock.escalated"
    REVIEW_DUE = "cases.clock.review_due"
