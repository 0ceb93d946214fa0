"""How many rows and pages the statements of a call read: what shows an index that is not used long before a million cases do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.db import connection

from wangge.kernel.db import rows


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


def pages_read(call: Callable[[], object], *, of: str = "") -> dict[str, int]:
    """Pages that the call reads of each table whose name begins with ``of``, and of its indexes; what writes may be told as well."""
    before = _pages(of)
    call()
    return {table: pages - before[table] for table, pages in _pages(of).items() if pages != before[table]}


def _pages(of: str) -> dict[str, int]:
    for alias in ("default", "owner"):
        rows.value("SELECT pg_stat_force_next_flush()", using=alias)
    found = rows.all(
        """SELECT relname AS name, coalesce(heap_blks_hit + heap_blks_read, 0) + coalesce(idx_blks_hit + idx_blks_read, 0) AS pages
           FROM pg_statio_user_tables WHERE starts_with(relname, %(of)s)""",
        {"of": of},
        using="owner",
    )
    return {row["name"]: row["pages"] for row in found}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
