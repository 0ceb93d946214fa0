"""Rights: what a person may do (permissions, by role) and to what (scope, by post). See docs/people.md and access-and-privacy.md."""

from wangge.kernel.access.bind import acting, bind
from wangge.kernel.access.principal import PUBLIC_PERSON, SYSTEM, Grant, Principal
from wangge.kernel.access.roles import Permission, Role, declare, grants_of, permissions, roles_with
from wangge.kernel.access.scope import EVERYTHING, NOTHING, Columns, Scope

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "PUBLIC_PERSON",
    "SYSTEM",
    "Columns",
    "Grant",
    "Permission",
    "Principal",
    "Role",
    "Scope",
    "acting",
    "bind",
    "declare",
    "grants_of",
    "permissions",
    "roles_with",
]
