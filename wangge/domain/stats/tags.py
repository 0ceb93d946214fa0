"""Who may see figures."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK, GRID_STAFF, UNIT_STAFF
from wangge.kernel.words import Words


class StatsPermission(Permission):
    READ = "stats.read"
    PERSONS = "stats.persons"
    """Figures of single members of staff."""
    CASES = "stats.cases"
    """Figures however small. Without it (the analyst) whatever could be told of a single case is left out."""


_HEADS = frozenset({Role.OPERATOR, Role.UNIT_LEADER, Role.SUPERVISOR, Role.LEADER})
_WORKING = GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR, Role.LEADER}

PERMISSION_WORDS = {
    StatsPermission.READ: Words("查看统计", "See figures"),
    StatsPermission.PERSONS: Words("按人员统计", "See figures by member of staff"),
    StatsPermission.CASES: Words("由数字查看案件", "Go from a figure to its cases"),
}

GRANTS = declare(
    {
        StatsPermission.READ: _WORKING | {Role.ANALYST},
        StatsPermission.CASES: _WORKING,
        StatsPermission.PERSONS: _HEADS,
    },
    PERMISSION_WORDS,
)
