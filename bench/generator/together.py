"""Long statements that do not need each other, several at a time: each is run by one process of PostgreSQL alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from django.db import connections

MEMORY = "1GB"
"""Of each statement."""
AT_ONCE = min(os.cpu_count() or 1, 4)


def owner_url() -> str:
    """How another connection of the owner reaches the database that Django is at."""
    at = connections["owner"].get_connection_params()
    given = {k: at[k] for k in ("host", "port", "user", "password", "dbname") if at.get(k)}
    return psycopg.conninfo.make_conninfo(**given, options="-c synchronous_commit=off -c timezone=UTC")


def together(statements: Iterable[str]) -> None:
    """Run them, begun in this order, ``AT_ONCE`` at a time. None is in a transaction with another."""
    owner = owner_url()

    def run(statement: str) -> None:
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(f"SET maintenance_work_mem = '{MEMORY}'")
            connection.execute(f"SET work_mem = '{MEMORY}'")
            connection.execute("SET hash_mem_multiplier = 1")
            connection.execute("SET max_parallel_maintenance_workers = 0")
            connection.execute(statement)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(run, statements):
            pass
