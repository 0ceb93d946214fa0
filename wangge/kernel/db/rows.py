"""Hand-written SQL in, dictionaries out. Parameters are named: ``%(name)s``."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connections

Row = dict[str, Any]


def all(sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default") -> list[Row]:
    """Every row of the answer."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        names = [c.name for c in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default") -> Row | None:
    """The first row, or None."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        names = [c.name for c in cursor.description]
        row = cursor.fetchone()
        return None if row is None else dict(zip(names, row, strict=True))


def value(sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default") -> Any:
    """The first column of the first row, or None."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
        return None if row is None else row[0]


def run(sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default") -> int:
    """Execute and return the number of rows touched."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    """``items`` in slices of at most ``size``, for set-based writes of bounded length."""
    for start in builtins.range(0, len(items), size):
        yield items[start : start + size]
