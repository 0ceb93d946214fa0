"""What can be done with cases, who may, and how it is recorded and announced."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK, GRID_STAFF, UNIT_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class CasePermission(Permission):
    READ = "cases.read"
    REPORT = "cases.report"
    LOCATE = "cases.locate"
    ACCEPT = "cases.accept"
    DISPATCH = "cases.dispatch"
    TAKE = "cases.take"
    RESOLVE = "cases.resolve"
    VERIFY = "cases.verify"
    CLOSE = "cases.close"
    IMPORT = "cases.import"
    REVEAL = "cases.reveal"


GRANTS = declare(
    {
        CasePermission.READ: GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR, Role.LEADER, Role.INTEGRATION},
        CasePermission.REPORT: GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR, Role.INTEGRATION},
        CasePermission.LOCATE: DESK | GRID_STAFF,
        CasePermission.ACCEPT: DESK,
        CasePermission.DISPATCH: DESK,
        CasePermission.TAKE: UNIT_STAFF,
        CasePermission.RESOLVE: UNIT_STAFF,
        CasePermission.VERIFY: GRID_STAFF | {Role.OPERATOR, Role.SUPERVISOR},
        CasePermission.CLOSE: {Role.OPERATOR},
        CasePermission.IMPORT: {Role.OPERATOR, Role.INTEGRATION},
        CasePermission.REVEAL: {Role.OPERATOR},
    }
)


class CaseTag(LedgerTag):
    REPORT = "cases.report"
    LOCATE = "cases.locate"
    ACCEPT = "cases.accept"
    DISPATCH = "cases.dispatch"
    TAKE = "cases.take"
    RESOLVE = "cases.resolve"
    VERIFY = "cases.verify"
    CLOSE = "cases.close"
    REGRID = "cases.regrid"


say(
    {
        CaseTag.REPORT: Words("上报案件 {number}", "reported case {number}"),
        CaseTag.LOCATE: Words("为案件 {number} 定位", "located case {number}"),
        CaseTag.ACCEPT: Words("受理案件 {number}", "accepted case {number}"),
        CaseTag.DISPATCH: Words("派遣案件 {number}", "dispatched case {number}"),
        CaseTag.TAKE: Words("签收案件 {number}", "took case {number}"),
        CaseTag.RESOLVE: Words("办结案件 {number}", "resolved case {number}"),
        CaseTag.VERIFY: Words("核查案件 {number}", "verified case {number}"),
        CaseTag.REGRID: Words("案件 {number} 随网格调整", "case {number} followed a change of grids"),
        CaseTag.CLOSE: Words("结案 {number}", "closed case {number}"),
    }
)


class CaseEvent(EventName):
    REPORTED = "cases.case.reported"
    CHANGED = "cases.case.changed"
