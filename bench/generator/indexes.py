"""Indexes that no constraint needs are taken away while many rows come in, and made anew afterwards, which is quicker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from bench.generator.together import together
from wangge.kernel.db import rows


@contextmanager
def dropped(
    tables: Sequence[str], *, when: bool, phase: Callable[[str], AbstractContextManager[None]]
) -> Iterator[None]:
    """For the block, if ``when``. Should it fail, they are made anew all the same."""
    found = [] if not when else rows.all(
        """SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made FROM pg_index i
           JOIN pg_class c ON c.oid = i.indrelid
           WHERE c.relname = ANY(%(tables)s) AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
           ORDER BY c.relname, 1""",
        {"tables": list(tables)},
        using="owner",
    )  # fmt: skip
    for index in found:
        rows.run(f"DROP INDEX {index['name']}", using="owner")
    try:
        yield
    finally:
        with phase("indexes"):
            together(index["made"] for index in found)
