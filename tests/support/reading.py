"""How many rows the statements of a call read: what shows an index that is not used long before a million cases do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.db import connection


def rows_read(call: Callable[[], object], *, of: str) -> int:
    """Rows that the call's statements look at in tables whose name begins with ``of``, those that a filter drops included. Reads only."""
    asked: list[tuple[str, Any, bool]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append((sql, params, "$1" in sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        call()
    total = 0
    for sql, params, numbered in asked:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}"
        with connection.prepared_cursor(explain) if numbered else connection.cursor() as cursor:
            cursor.execute(explain, params)
            answer = cursor.fetchone()[0]
        for plan in orjson.loads(answer) if isinstance(answer, str) else answer:
            for node in _nodes(plan["Plan"]):
                if node.get("Relation Name", "").startswith(of):
                    seen = node["Actual Rows"] + sum(v for k, v in node.items() if k.startswith("Rows Removed by"))
                    total += seen * node["Actual Loops"]
    assert asked, "nothing was asked"
    return round(total)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
