"""Who may see figures."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK, GRID_STAFF, UNIT_STAFF


class StatsPermission(Permission):
    READ = "stats.read"
    PERSONS = "stats.persons"
    """Figures of single members of staff."""
    CASES = "stats.cases"
    """Figures however small. Without it (the analyst) whatever could be told of a single case is left out."""


_HEADS = frozenset({Role.OPERATOR, Role.UNIT_LEADER, Role.SUPERVISOR, Role.LEADER})
_WORKING = GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR, Role.LEADER}

GRANTS = declare(
    {
        StatsPermission.READ: _WORKING | {Role.ANALYST},
        StatsPermission.CASES: _WORKING,
        StatsPermission.PERSONS: _HEADS,
    }
)
