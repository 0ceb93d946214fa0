"""Django finds ``DatabaseWrapper`` here by the name of the package (``ENGINE``)."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestamptzLoader

SOON = 2
"""So many times a statement is asked before the server keeps its plan: none is kept for what is asked once."""

KEPT = 200
"""Cursors of so many statements are kept for each connection."""


class PreparedCursor(psycopg.RawCursor):
    """Values are bound at the server, which keeps the plan. Places are ``$1``, ``$2``: reading a long text with names takes the driver as
    long as asking it. Times are read in C, in the connection's zone, which is UTC; Django's own way is in Python."""

    names: list[str] | None = None
    """Of the columns, once they were asked for (``kernel/db/rows.py``)."""

    def close(self) -> None:
        """Kept for the next time; only what it found is let go of."""
        self._reset()

    @property
    def adapters(self) -> AdaptersMap:
        return self.connection.prepared_adapters


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepare_threshold = SOON  # counts only for the cursors below: Django's own never prepare
        connection.prepared_cursors = {}
        connection.prepared_adapters = AdaptersMap(connection.adapters)
        connection.prepared_adapters.register_loader("timestamptz", TimestamptzLoader)
        return connection

    def prepared_cursor(self, sql: str) -> Any:
        """A ``PreparedCursor`` in Django's wrapping (errors, counting), kept for this text on this connection: asked again, it knows
        how to write the values and to read the columns. The driver goes by the very object, so the same ``sql`` is to be executed.
        What it found has to be fetched before the same is asked again."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        kept = self.connection.prepared_cursors
        cursor = kept.get(sql)
        if cursor is None:
            if len(kept) == KEPT:
                kept.clear()
            cursor = kept[sql] = PreparedCursor(self.connection)
        return self.make_debug_cursor(cursor) if self.queries_logged else self.make_cursor(cursor)

    def is_usable(self) -> bool:
        """Whether the server has hung up since the last request, without asking it.

        Django asks ``SELECT 1`` before the first statement of each request: one of the four times that a short request goes to the
        database. On a connection that waits for nothing, something to read is the end or the server's last word: only then it is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
