"""Tells the database who is asking, for row-level security: the second lock behind every scoped query.

The settings live on the connection, so each request and each job binds before its first statement; a connection that was never
bound sees no row of a protected table. One that takes the place of a lost one is told the same before anybody asks it: it would find
nothing, and whoever goes on after the loss would take that for the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from wangge.kernel.access.principal import Principal
from wangge.kernel.access.scope import NOTHING, Scope

NAMES = tuple(NOTHING.settings())
_SQL = "SELECT " + ", ".join(f"set_config('{name}', %s, false)" for name in NAMES)


@dataclass(frozen=True)
class _Bound:
    """What a connection was last told; ``lasting`` is False inside a transaction, whose rollback would take it back."""

    scope: Scope
    lasting: bool


def bind(principal: Principal, *, using: str = "default") -> None:
    """Make the connection see what ``principal`` sees. One statement, none when the connection is bound to the same scope."""
    _bind(principal.visible, using)


def _scope(wrapper: BaseDatabaseWrapper) -> Scope:
    """What is to be seen through this wrapper, whichever connection it has."""
    return getattr(wrapper, "wangge_scope", NOTHING)


def tell(cursor: Any, scope: Scope) -> None:
    """Make the cursor's connection see what the scope holds."""
    values = scope.settings()
    cursor.execute(_SQL, [values[name] for name in NAMES])


@receiver(connection_created)
def _tell_the_new(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if (scope := _scope(connection)) != NOTHING:
        with connection.cursor() as cursor:
            tell(cursor, scope)
        connection.connection.wangge_bound = _Bound(scope, True)


def _bind(scope: Scope, using: str) -> None:
    connection = connections[using]
    connection.wangge_scope = scope
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    inside = connection.in_atomic_block
    # Kept on the driver's connection, not on Django's wrapper: a new connection knows nothing.
    if not inside and getattr(connection.connection, "wangge_bound", None) == _Bound(scope, True):
        return
    with connection.cursor() as cursor:
        tell(cursor, scope)
    connection.connection.wangge_bound = _Bound(scope, not inside)


@contextmanager
def acting(principal: Principal, *, using: str = "default") -> Iterator[Principal]:
    """Bind for the block, then bind back to what was there: jobs, commands and imports that act for somebody else."""
    before = _scope(connections[using])
    try:
        bind(principal, using=using)
        yield principal
    finally:
        connection = connections[using]
        connection.wangge_scope = before
        if connection.connection is not None and not connection.needs_rollback:
            _bind(before, using)
