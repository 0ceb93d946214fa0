"""Hand-written SQL in, dictionaries out. Parameters are named: ``%(name)s``.

``prepared``: for statements that are asked again and again with other values and whose text is always one of a few. The server
reads and plans such a statement once for each connection, which takes longer than running it; all others get their values put into their text, and
a plan for just these values. A prepared statement's values stand apart from it, so PostgreSQL must be able to tell the type of each:
where none follows from the place (an argument of ``jsonb_build_object``, ``%(x)s IS NULL``) the statement says it, ``%(x)s::text``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from django.db import NotSupportedError, OperationalError, connections

from wangge.kernel.db.backend.base import PreparedCursor

Row = dict[str, Any]


def all(
    sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default", prepared: bool = False
) -> list[Row]:
    """Every row of the answer."""
    with _asked(sql, params, using, prepared) as cursor:
        names = _names(cursor)
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(
    sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default", prepared: bool = False
) -> Row | None:
    """The first row, or None."""
    with _asked(sql, params, using, prepared) as cursor:
        names = _names(cursor)
        row = cursor.fetchone()
        return None if row is None else dict(zip(names, row, strict=True))


def value(sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default", prepared: bool = False) -> Any:
    """The first column of the first row, or None."""
    with _asked(sql, params, using, prepared) as cursor:
        row = cursor.fetchone()
        return None if row is None else row[0]


def run(sql: str, params: Mapping[str, Any] | None = None, *, using: str = "default", prepared: bool = False) -> int:
    """Execute and return the number of rows touched."""
    with _asked(sql, params, using, prepared) as cursor:
        return cursor.rowcount


def run_many(
    sql: str, listed: Sequence[Any], *, default: Callable[[Any], Any] | None = None, using: str = "default"
) -> int:
    """Execute with ``%(rows)s``, a JSON list of many objects, that travels beside the statement: quoted into it, as Django's cursor does
    with parameters, megabytes are read three times more. Returns the number of rows touched."""
    with _asked(sql, {"rows": orjson.dumps(listed, default=default).decode()}, using, True) as cursor:
        return cursor.rowcount


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """``items`` in slices of at most ``size``, for set-based writes of bounded length."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


_PLACE = re.compile(r"%(?:\((\w+)\)s|%)")


@lru_cache(maxsize=1000)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """``%(name)s`` as ``$1``, ``$2`` …, and the name of each. A name that stands twice has two numbers: each place has its own type."""
    names: list[str] = []

    def number(place: re.Match[str]) -> str:
        if not place[1]:
            return "%"
        names.append(place[1])
        return f"${len(names)}"

    return _PLACE.sub(number, sql), tuple(names)


def _asked(sql: str, params: Mapping[str, Any] | None, using: str, prepared: bool) -> Any:
    """The cursor with the answer: Django's own, or for a prepared statement the backend's."""
    connection = connections[using]
    if not prepared:
        cursor = connection.cursor()
        cursor.execute(sql, params)
        return cursor
    text, names = _numbered(sql)
    cursor = connection.prepared_cursor(text)
    try:
        cursor.execute(text, [params[name] for name in names] if params else [])
    except NotSupportedError as error:
        # A release that is newer added a column: the plan that the server kept for this connection would never do again.
        connection.close()
        raise OperationalError(str(error)) from error
    return cursor


def _names(cursor: Any) -> list[str]:
    """Of the columns, from the driver's own result: its ``description`` looks up the type of each. A prepared statement's are kept, unless a
    column was added to its table meanwhile."""
    kept, result = cursor.cursor, cursor.pgresult
    prepared = isinstance(kept, PreparedCursor)
    if prepared and kept.names is not None and len(kept.names) == result.nfields:
        return kept.names
    names = [result.fname(i).decode() for i in range(result.nfields)]
    if prepared:
        kept.names = names
    return names
