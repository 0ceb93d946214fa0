"""What every change of the rules shares: one at a time, a new stamp for the copies in memory, one event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from wangge.domain.catalog import store
from wangge.domain.catalog.tags import CatalogEvent
from wangge.kernel import outbox
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

_LOCK = 0x7761_6E67_6361  # any number of our own: pg_advisory_xact_lock


@contextmanager
def editing(what: str, subject: UUID | None = None) -> Iterator[None]:
    """A transaction in which the rules may be changed by nobody else, so that a check of one rule against the others holds.

    The stamp is written first: a reader that waits on nothing sees old rules with the old stamp or new ones with the new.
    """
    try:
        with transaction.atomic():
            rows.run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
            rows.run(
                """INSERT INTO catalog_state (id, stamp) VALUES (1, %(stamp)s)
                   ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp""",
                {"stamp": uuid7()},
            )
            store.forget()
            yield
            outbox.emit(CatalogEvent.CHANGED, kind="catalog", subject=subject, body={"what": what})
    finally:
        store.forget()
