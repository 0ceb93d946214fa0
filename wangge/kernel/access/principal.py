"""Who acts: a member of staff, an integration client, a resident without an account, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from uuid import UUID

from wangge.kernel.access.roles import ADMINISTRATORS, Permission, Role, is_whole, roles_with
from wangge.kernel.access.scope import EVERYTHING, NOTHING, Scope
from wangge.kernel.problems import Forbidden
from wangge.kernel.words import Language, Words

Kind = Literal["user", "token", "resident", "public", "system"]


@dataclass(frozen=True)
class Grant:
    """A role within a scope: what one post, or one token, gives. ``post`` is the row it came from."""

    role: Role
    scope: Scope
    post: UUID | None = None


@dataclass(frozen=True)
class Principal:
    """Built anew for each request from the rows that are valid now: a right that was taken away is gone at the next request.

    A resident has no log-in: they hold the number and the secret code of one case, which is their whole scope.

    ``only``: for tokens, the permissions it was narrowed to. ``pending``: why a session may do nothing yet but finish its
    log-in (second factor, password to be changed).
    """

    kind: Kind
    id: UUID | None
    name: str
    grants: tuple[Grant, ...] = ()
    session: UUID | None = None
    only: frozenset[str] | None = None
    pending: str | None = None
    language: Language | None = None
    units: frozenset[UUID] = field(default=frozenset())

    def may(self, permission: Permission) -> bool:
        """Whether any post gives ``permission`` somewhere."""
        if self.kind == "system":
            return True
        if self.pending or (self.only is not None and permission not in self.only):
            return False
        return any(self._gives(g, permission) for g in self.grants)

    def _gives(self, grant: Grant, permission: Permission) -> bool:
        """What there is once in an installation is not for who administers a part of it. A token is held to what is its own by whoever asks."""
        if grant.role not in roles_with(permission):
            return False
        return grant.scope.everything or not is_whole(permission) or self.kind == "token"

    def scope(self, permission: Permission) -> Scope:
        """Where ``permission`` holds: the union of the scopes of the posts that give it. A person's own reports go along."""
        if self.kind == "system":
            return EVERYTHING
        if not self.may(permission):
            return NOTHING
        scope = Scope(person=self.id)
        for grant in self.grants:
            if self._gives(grant, permission):
                scope |= grant.scope
        return scope

    def require(self, permission: Permission) -> Scope:
        """``scope(permission)``, or Forbidden with the roles that have it."""
        if not self.may(permission):
            roles = sorted(roles_with(permission))
            if not self.pending and is_whole(permission) and self.roles.intersection(roles):
                raise Forbidden(PART, extra={"permission": str(permission)})
            raise Forbidden(
                Words(
                    "您的岗位没有这项权限。" + (f"需要：{'、'.join(r.words.zh for r in roles)}。" if roles else ""),
                    "Your post does not include this."
                    + (f" It needs: {', '.join(r.words.en for r in roles)}." if roles else ""),
                ),
                extra={"permission": str(permission)},
            )
        return self.scope(permission)

    @cached_property
    def visible(self) -> Scope:
        """All that any post of this person shows: the scope of the database's second lock. An administrator's post shows no data."""
        if self.kind == "system":
            return EVERYTHING
        scope = Scope(person=self.id) if not self.pending else NOTHING
        for grant in () if self.pending else self.grants:
            if grant.role not in ADMINISTRATORS:
                scope |= grant.scope
        return scope

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(g.role for g in self.grants)


PART = Words(
    "此项影响整个系统，只有负责全部区域的管理员可以办理。",
    "This concerns the whole installation: only an administrator for everywhere may do it.",
)
SYSTEM = Principal(kind="system", id=None, name="system")
PUBLIC_PERSON = Principal(kind="public", id=None, name="public")
