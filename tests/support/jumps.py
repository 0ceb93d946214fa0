"""A clock of the server that jumps, for Python and for PostgreSQL alike, without touching the machine's.

Python has one door to time (``kernel.clock``). In the database, functions of the same names stand before PostgreSQL's own for the
application's log-in. What stays is the time in new UUIDs and in defaults of columns: they order nothing and limit nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any

import psycopg
import pytest
from django.db import connections

from wangge.kernel import clock

_TIMES = ("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp")


class Jumping:
    """``by``: how far the server's clock is off now."""

    def __init__(self, owner_url: str) -> None:
        self._sql = psycopg.connect(owner_url, autocommit=True)
        self._sql.execute("CREATE SCHEMA jumped")
        self._sql.execute("CREATE TABLE jumped.jump AS SELECT interval '0' AS by")
        for name in _TIMES:
            self._sql.execute(
                f"""CREATE FUNCTION jumped.{name}() RETURNS timestamptz STABLE LANGUAGE sql
                    AS 'SELECT pg_catalog.{name}() + by FROM jumped.jump'"""
            )
        described = connections.databases["default"]
        self._sql.execute("GRANT USAGE ON SCHEMA jumped TO PUBLIC")
        self._sql.execute("GRANT SELECT ON jumped.jump TO PUBLIC")
        self._role = f'ALTER ROLE "{described["USER"]}" IN DATABASE "{described["NAME"]}"'
        self._sql.execute(f"{self._role} SET search_path = jumped, pg_catalog, public")
        connections.close_all()  # the next ones find it
        self.by = timedelta()

    def to(self, by: timedelta) -> None:
        self.by = by
        self._sql.execute("UPDATE jumped.jump SET by = %s", [by])

    def end(self) -> None:
        """The database's own time again, for checks that look at the names of its functions."""
        self.to(timedelta())
        self._sql.execute(f"{self._role} RESET search_path")
        connections.close_all()

    def close(self) -> None:
        self._sql.close()


@contextmanager
def jumping(owner_url: str) -> Iterator[Jumping]:
    made = Jumping(owner_url)

    class Time(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + made.by

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "datetime", Time)
        try:
            yield made
        finally:
            made.close()
