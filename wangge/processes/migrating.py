"""Migrations run one at a time in the whole installation, and wait for nobody's table for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from wangge.kernel import commands as kit
from wangge.kernel.commands import CommandError
from wangge.kernel.words import Words

LOCK = 0x77616E67676501  # "wangge", 1
LOCK_TIMEOUT = "15s"


@contextmanager
def owner_lock() -> Iterator[None]:
    """Hold the installation's migration lock. A statement that cannot lock its table within ``LOCK_TIMEOUT`` fails, and can be run again:
    waiting longer would make every reader wait behind it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise CommandError(
                Words(
                    "另一台机器正在更新数据库结构，请稍后再试。",
                    "Another process is bringing the schema up to date; try again soon.",
                ),
                kit.REFUSED,
            )
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
    try:
        yield
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
