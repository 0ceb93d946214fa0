"""Roles are fixed sets of permissions in code (DESIGN §5); each domain declares its own permissions and who holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from wangge.kernel.words import Words


class Role(StrEnum):
    """What a post makes of a person, within the post's scope."""

    GRID_WORKER = "grid_worker"
    GRID_HEAD = "grid_head"
    GRID_DEPUTY = "grid_deputy"
    GRID_ASSISTANT = "grid_assistant"
    PATROLLER = "patroller"
    WORKSTATION = "workstation"
    OPERATOR = "operator"
    HANDLER = "handler"
    UNIT_LEADER = "unit_leader"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    INTEGRATION = "integration"
    RESIDENT = "resident"

    @property
    def words(self) -> Words:
        return ROLE_WORDS[self]


ROLE_WORDS = {
    Role.GRID_WORKER: Words("网格员", "Grid worker"),
    Role.GRID_HEAD: Words("网格长", "Grid head"),
    Role.GRID_DEPUTY: Words("副网格长", "Deputy grid head"),
    Role.GRID_ASSISTANT: Words("网格长助理", "Grid assistant"),
    Role.PATROLLER: Words("巡查员", "Patroller"),
    Role.WORKSTATION: Words("社区工作站", "Community workstation"),
    Role.OPERATOR: Words("中心坐席", "Centre operator"),
    Role.HANDLER: Words("承办人", "Unit handler"),
    Role.UNIT_LEADER: Words("承办单位负责人", "Unit leader"),
    Role.SUPERVISOR: Words("督查员", "Supervisor"),
    Role.LEADER: Words("领导", "Leader"),
    Role.ANALYST: Words("统计分析员", "Analyst"),
    Role.AUDITOR: Words("审计管理员", "Auditor"),
    Role.SYSTEM_ADMIN: Words("系统管理员", "System administrator"),
    Role.SECURITY_ADMIN: Words("安全管理员", "Security administrator"),
    Role.INTEGRATION: Words("对接系统", "Integration client"),
    Role.RESIDENT: Words("反映人", "Resident who asked"),
}

GRID_STAFF = frozenset({Role.GRID_WORKER, Role.GRID_HEAD, Role.GRID_DEPUTY, Role.GRID_ASSISTANT, Role.PATROLLER})
DESK = frozenset({Role.WORKSTATION, Role.OPERATOR})
UNIT_STAFF = frozenset({Role.HANDLER, Role.UNIT_LEADER})
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
NO_STAFF = frozenset({Role.INTEGRATION, Role.RESIDENT})
"""Roles that no post gives: a token has the one, the number and code of a case give the other."""
ALL_STAFF = frozenset(Role) - NO_STAFF


class Permission(StrEnum):
    """Base of each domain's permissions; a value is ``<domain>.<thing>.<verb>`` or ``<domain>.<verb>``."""

    @property
    def words(self) -> Words:
        """What it lets one do."""
        return _words[self]


_grants: dict[Permission, frozenset[Role]] = {}
_words: dict[Permission, Words] = {}
_whole: set[Permission] = set()


def declare(
    grants: Mapping[Permission, Iterable[Role]], words: Mapping[Permission, Words], *, whole: Iterable[Permission] = ()
) -> Mapping[Permission, frozenset[Role]]:
    """Say which roles hold which permissions, and what each is called. Called once by each domain's ``tags.py``; a permission is
    declared once, and none is without its words. ``whole``: those about what there is once in an installation; only a post for everywhere
    gives them."""
    table = {permission: frozenset(roles) for permission, roles in grants.items()}
    if table.keys() != words.keys():
        raise ValueError(f"permissions without words, or words without: {sorted(table.keys() ^ words.keys())}")
    for permission, roles in table.items():
        if _grants.get(permission, roles) != roles:
            raise ValueError(f"permission {permission} is declared twice")
    _grants.update(table)
    _words.update(words)
    _whole.update(whole)
    return table


def permissions() -> Mapping[Permission, frozenset[Role]]:
    """Every declared permission with the roles that hold it."""
    return dict(sorted(_grants.items()))


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that hold ``permission``; KeyError when no domain declared it."""
    return _grants[permission]


def is_whole(permission: Permission) -> bool:
    """Whether it is about what there is once in an installation."""
    return permission in _whole


def grants_of(role: Role) -> frozenset[Permission]:
    return frozenset(p for p, roles in _grants.items() if role in roles)
