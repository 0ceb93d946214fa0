"""Keyset paging: a page is "the rows after this one", so it costs the same at row 20 and at row 2 000 000.

The cursor is opaque to clients: the sort values of the last row, in base64url JSON.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson

from wangge.kernel.problems import Invalid
from wangge.kernel.web.schemas import Output

MOST = 100
DEFAULT = 20

T = TypeVar("T")


class Page(Output, Generic[T]):
    """``next`` is null on the last page, else what to send as ``after``."""

    items: list[T]
    next: str | None = None


def encode(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).rstrip(b"=").decode()


def decode(cursor: str, *, kinds: Sequence[type]) -> list[Any]:
    """The values of a cursor, checked against ``kinds`` (``datetime`` values are parsed). Raises Invalid for a foreign cursor."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return [_typed(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise Invalid.field(
            "query.after",
            "cursor",
            "翻页标记无效，请从第一页重新开始。",
            "The page mark is not valid; start from the first page.",
        ) from error


def _typed(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)  # PostgreSQL knows no zone of 16 hours and more
    if kind is str and not isinstance(value, str):
        raise ValueError
    return kind(value)


def page(rows: list[dict[str, Any]], limit: int, *, keys: Sequence[str]) -> dict[str, Any]:
    """``rows`` were fetched with ``LIMIT limit + 1``: the extra one tells that there is more and is not shown."""
    more = len(rows) > limit
    shown = rows[:limit]
    return {"items": shown, "next": encode([shown[-1][k] for k in keys]) if more else None}
