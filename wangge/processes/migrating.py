"""Bringing the schema up to date while the installation is served: one process at a time, and nobody waits behind it for long.

A statement that needs a table for itself makes everybody wait who comes after it. So it gives up after ``LOCK_WITHIN`` and is tried again when the
table is free, and one that takes longer than ``DONE_WITHIN`` is undone: it belongs into a migration of another kind, or into the night
(``wangge migrate --offline``). What a migration may do at all is held by ``tests/kernel/db/test_upgrades.py`` (docs/operations-upgrade.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.core.management import call_command
from django.db import OperationalError, connections
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from wangge.kernel import commands as kit
from wangge.kernel.commands import CommandError
from wangge.kernel.words import Words

LOCK = 0x77616E67676501  # "wangge", 1
LOCK_WITHIN = "400ms"
DONE_WITHIN = "800ms"
"""With what it waited: nobody waits behind it for longer than a second."""
PATIENCE = 120.0
"""Seconds for which a migration is tried again and again."""
LONGEST_PAUSE = 8.0

Say = Callable[[Words], None]


def pending() -> list[Migration]:
    """What this program has and the database has not, in order."""
    executor = MigrationExecutor(connections["owner"])
    return [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def is_new() -> bool:
    """Whether no migration was ever applied."""
    return not MigrationExecutor(connections["owner"]).loader.applied_migrations


def apply(waiting: list[Migration], *, offline: bool, say: Say) -> None:
    """Apply what ``pending`` gave. ``offline``: nobody is served meanwhile, so nothing has a limit. Raises CommandError; what was applied
    until then stays, and the next run goes on behind it."""
    if offline:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        return
    for migration in waiting:
        _patiently(migration, say)


def _patiently(migration: Migration, say: Say) -> None:
    started, pause = time.monotonic(), 0.5
    while True:
        try:
            with _limits(migration):
                MigrationExecutor(connections["owner"]).migrate([(migration.app_label, migration.name)])
            return
        except OperationalError as error:
            why = _reason(error)
            if why is None:
                raise
            if time.monotonic() - started > PATIENCE:
                raise _given_up(migration, why) from error
            say(
                Words(
                    f"{migration.app_label}.{migration.name}：{why.zh}，稍后再试",
                    f"{migration.app_label}.{migration.name}: {why.en}; trying again",
                )
            )
        threading.Event().wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _reason(error: OperationalError) -> Words | None:
    """Why a limit ended it; None for another reason."""
    if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
        return Words("表正被使用", "a table is in use")
    if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
        return Words(f"一条语句超过 {DONE_WITHIN}", f"a statement took longer than {DONE_WITHIN}")
    return None


def _given_up(migration: Migration, why: Words) -> CommandError:
    name = f"{migration.app_label}.{migration.name}"
    return CommandError(
        Words(
            f"迁移 {name} 在 {PATIENCE:.0f} 秒内未能执行（{why.zh}），已撤销，数据未改变。可稍后再运行 wangge migrate；"
            "或在停止服务后运行 wangge migrate --offline。",
            f"The migration {name} could not be applied within {PATIENCE:.0f} s ({why.en}); it was undone and nothing has changed. Run "
            "wangge migrate again later, or stop the program and run wangge migrate --offline.",
        ),
        kit.REFUSED,
    )


@contextmanager
def _limits(migration: Migration) -> Iterator[None]:
    """One that is no transaction waits for others without anybody behind it (CREATE INDEX CONCURRENTLY) and may take its time; what it left
    half done when it was stopped is removed before it begins anew."""
    lock, done = (LOCK_WITHIN, DONE_WITHIN) if migration.atomic else ("0", "0")
    with connections["owner"].cursor() as cursor:
        if not migration.atomic:
            cursor.execute(
                """SELECT quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                   WHERE NOT i.indisvalid AND c.relnamespace = 'public'::regnamespace AND c.relname !~ '_cc(new|old)[0-9]*$'"""
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)", [lock, done]
        )
    try:
        yield
    finally:
        if connections["owner"].connection is not None:
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)"
                )


@contextmanager
def owner_lock() -> Iterator[None]:
    """Hold the installation's migration lock. Raises CommandError when somebody else does."""
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
    try:
        yield
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
