"""The database as it is at one moment, for reads that take long: on a connection of its own, read only, bound to who asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import IsolationLevel

from wangge.kernel.access.bind import tell
from wangge.kernel.access.principal import Principal

IDLE = "60s"
"""Whoever lets a snapshot lie for so long has it taken away: an old one keeps the whole database from being cleaned up."""
AT_ONCE = 1000
"""Rows fetched at once."""


class Snapshot:
    """What ``opened`` gives: every statement sees the same moment, whatever happens meanwhile."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection

    def value(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)
            row = cursor.fetchone()
            return None if row is None else row[0]

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """Row after row by a cursor of the server: never more than ``AT_ONCE`` of them here."""
        with self._connection.chunked_cursor() as cursor:
            cursor.execute(sql, params)
            while found := cursor.fetchmany(AT_ONCE):
                yield from found


@contextmanager
def opened(by: Principal) -> Iterator[Snapshot]:
    """A snapshot that sees what ``by`` sees; row-level security holds in it as in any request."""
    connection = connections["default"].copy()
    try:
        connection.ensure_connection()
        connection.connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.connection.read_only = True
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            tell(cursor, by.visible)
            # Everything will be read: plan for the last row, not for the first.
            cursor.execute("SELECT set_config('cursor_tuple_fraction', '1', true)")
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE}'")
        yield Snapshot(connection)
    finally:
        with suppress(Error):  # what it holds is let go of now, and not when the server has noticed that we are gone
            connection.rollback()
        connection.close()
