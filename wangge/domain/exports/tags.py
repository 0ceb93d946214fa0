"""Who may take lists away, and how that is recorded."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.words import Words


class ExportPermission(Permission):
    CASES = "exports.cases"
    """Lists of cases. Figures are taken away by whoever sees them (``stats.read``)."""


PERMISSION_WORDS = {ExportPermission.CASES: Words("导出案件清单", "Export lists of cases")}

GRANTS = declare({ExportPermission.CASES: DESK | {Role.UNIT_LEADER, Role.SUPERVISOR, Role.LEADER}}, PERMISSION_WORDS)


class ExportTag(LedgerTag):
    CASES = "exports.cases"
    STATS = "exports.stats"


say(
    {
        ExportTag.CASES: Words(
            "导出案件清单（{format}，{rows} 行）", "exported a list of cases ({format}, {rows} {rows:row|rows})"
        ),
        ExportTag.STATS: Words(
            "导出统计表（{format}，{rows} 行）", "exported a table of figures ({format}, {rows} {rows:row|rows})"
        ),
    }
)
