"""Tells the database who is asking, for row-level security: the second lock behind every scoped query.

The settings live on the connection, so each request and each job binds before its first statement; a connection that was never
bound sees no row of a protected table. What a connection is known to be told is remembered on it, to spare a statement: only what was
told outside a transaction and answered, because a rollback takes a setting back and a lost answer says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from wangge.kernel.access.principal import Principal
from wangge.kernel.access.scope import NOTHING, Scope

Settings = tuple[str, ...]
"""A scope as the database is told it, in the order of NAMES."""

NAMES = tuple(NOTHING.settings())
ALONG = ", ".join(f"set_config('{name}', (%(along)s::text[])[{i}], false)" for i, name in enumerate(NAMES, 1))
"""Columns that bind while a statement looks up who is asking (``look_up``). They must stand where a row is a found asker."""

# What was there is read before anything is set: the sub-select is materialised first, a list of columns has no promised order.
_TELL = (
    "WITH before AS MATERIALIZED (SELECT ARRAY["
    + ", ".join(f"current_setting('{name}', true)" for name in NAMES)
    + f"] AS told) SELECT before.told, {ALONG} FROM before"
)


def settings_of(scope: Scope) -> Settings:
    return tuple(scope.settings().values())


def bind(principal: Principal, *, using: str = "default") -> None:
    """Make the connection see what ``principal`` sees. One statement, none when the connection is bound to the same scope."""
    _tell(settings_of(principal.visible), using)


@contextmanager
def acting(principal: Principal, *, using: str = "default") -> Iterator[Principal]:
    """Bind for the block, then bind back to what was there: jobs, commands and imports that act for somebody else."""
    before = _tell(settings_of(principal.visible), using)
    try:
        yield principal
    finally:
        if _can_be_told(connections[using]):
            _tell(before, using)


def look_up(
    sql: str,
    params: Mapping[str, Any],
    *,
    guess: Settings | None,
    make: Callable[[tuple[Any, ...]], Principal | None],
    using: str = "default",
) -> Principal | None:
    """Find who is asking and bind the connection to what they see, in one round trip when ``guess`` is right.

    ``sql`` has ALONG as its last columns and answers at most one row. ``guess`` is what the asker saw last time; what ``make`` reads
    in the row decides: when it says otherwise the connection is told anew before anybody can ask it anything. None when there is no
    such asker; the caller binds to whom it takes him for.
    """
    told = guess or settings_of(NOTHING)
    row = prepared(sql, {**params, "along": list(told)}, using=using, telling=told)
    if row is None:
        return None
    try:
        principal = make(row[: -len(NAMES)])
        wanted = settings_of(principal.visible if principal else NOTHING)
        if wanted != told:
            _tell(wanted, using)
    except BaseException:
        if _can_be_told(connections[using]):
            _tell(settings_of(NOTHING), using)
        raise
    return principal


def prepared(
    sql: str, params: Mapping[str, Any], *, using: str = "default", telling: Settings | None = None
) -> tuple[Any, ...] | None:
    """One row by a statement the server plans once for each connection: planning these takes longer than running them, and Django's
    own cursor puts the values into the text, so that every call would be planned anew.

    ``telling``: what a row of the answer means the connection was told. The statement must bear to be run twice: a connection that
    turns out to be lost is made anew, which spares the check before every request that it is still there.
    """
    connection = connections[using]
    fresh = connection.connection is None
    connection.ensure_connection()
    try:
        row = _run(connection, sql, params, telling)
    except OperationalError:
        if fresh or connection.in_atomic_block or not connection.connection.closed:
            raise
        connection.close()
        connection.ensure_connection()
        row = _run(connection, sql, params, telling)
    connection.health_check_done = True
    return row


def _run(
    connection: BaseDatabaseWrapper, sql: str, params: Mapping[str, Any], telling: Settings | None
) -> tuple[Any, ...] | None:
    raw = connection.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = 5  # counts only for the cursors made here: Django's never prepare
    if telling:
        raw.wangge_told = None
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        cursor.execute(sql, params, prepare=True)
        row = cursor.fetchone()
    if telling and row is not None and raw.info.transaction_status == TransactionStatus.IDLE:
        raw.wangge_told = telling
    return row


def _tell(values: Settings, using: str) -> Settings:
    """Tell the connection, and answer what it was told before."""
    # Kept on the driver's connection, not on Django's wrapper: a new connection knows nothing.
    if getattr(connections[using].connection, "wangge_told", None) == values and connections[using].health_check_done:
        return values
    row = prepared(_TELL, {"along": list(values)}, using=using, telling=values)
    assert row is not None
    return tuple(before or nothing for before, nothing in zip(row[0], settings_of(NOTHING), strict=True))


def _can_be_told(connection: BaseDatabaseWrapper) -> bool:
    """Not when the transaction around has failed: its rollback takes back what was told in it, as it should."""
    raw = connection.connection
    return (
        raw is not None
        and not raw.closed
        and not connection.needs_rollback
        and raw.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS)
    )
