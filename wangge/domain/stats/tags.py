"""Who may see figures and take lists away, and how that is recorded."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK, GRID_STAFF, UNIT_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class StatsPermission(Permission):
    READ = "stats.read"
    PERSONS = "stats.persons"
    """Figures of single members of staff."""
    CASES = "stats.cases"
    """Figures however small. Without it (the analyst) whatever could be told of a single case is left out."""
    EXPORT = "stats.export"


_HEADS = frozenset({Role.OPERATOR, Role.UNIT_LEADER, Role.SUPERVISOR, Role.LEADER})
_WORKING = GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR, Role.LEADER}

GRANTS = declare(
    {
        StatsPermission.READ: _WORKING | {Role.ANALYST},
        StatsPermission.CASES: _WORKING,
        StatsPermission.PERSONS: _HEADS,
        StatsPermission.EXPORT: DESK | {Role.UNIT_LEADER, Role.SUPERVISOR, Role.LEADER},
    }
)


class StatsTag(LedgerTag):
    ASKED = "stats.export.asked"
    MADE = "stats.export.made"
    TAKEN = "stats.export.taken"


say(
    {
        StatsTag.ASKED: Words("申请导出案件清单（{format}）", "asked for an export of the case list ({format})"),
        StatsTag.MADE: Words("生成导出文件，共 {rows} 行", "an export was made, {rows} rows"),
        StatsTag.TAKEN: Words("下载导出文件，共 {rows} 行", "took an export away, {rows} rows"),
    }
)


class StatsEvent(EventName):
    EXPORT_ASKED = "stats.export.asked"
