"""Upgrades while the installation is served: what migrations may do, and that nobody waits behind one for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connections, migrations
from django.db.migrations.loader import MigrationLoader

from tests.support.program import free_port, wangge
from tests.support.upgrades import faults
from wangge.kernel import commands as kit
from wangge.kernel.commands import CommandError
from wangge.kernel.db import rows
from wangge.kernel.health import checks
from wangge.processes import migrating

FIRST_RELEASE = ("0001_initial", "0002_sql")
"""Of every package: there is no release before it."""
EXPLAINED: dict[tuple[str, str], str] = {}
"""Later migrations that break a rule, each with the reason why the release before it goes on all the same."""


def test_no_migration_breaks_the_release_before_it_or_holds_it_up(own_database: str) -> None:
    loader = MigrationLoader(connections["owner"])
    found = {}
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if migration.__module__.startswith("wangge."):
            wrong = faults(loader.collect_sql([(migration, False)]), atomic=migration.atomic)
            if wrong:
                found[app, name] = wrong
    assert ("cases", "0002_sql") in found, "it makes indexes of the cases: whoever finds nothing in it finds nothing"
    later = {which: wrong for which, wrong in found.items() if which[1] not in FIRST_RELEASE}
    unexplained = [f"{which}: {fault}" for which, wrong in later.items() if which not in EXPLAINED for fault in wrong]
    assert not unexplained, "\n".join(unexplained)
    assert EXPLAINED.keys() - later.keys() == set(), "explained, but breaks no rule"


FINE = (
    "ALTER TABLE cases_case ADD COLUMN colour text NULL",
    "ALTER TABLE cases_case ADD COLUMN colour varchar(9) DEFAULT '' NOT NULL",
    "CREATE INDEX CONCURRENTLY cases_case_colour ON cases_case (colour)",
    "ALTER TABLE cases_case VALIDATE CONSTRAINT cases_case_coloured",
    "ALTER TABLE cases_case DROP CONSTRAINT cases_case_coloured",
    "ALTER TABLE cases_case ALTER COLUMN colour DROP NOT NULL",
    """CREATE TABLE colour (id int PRIMARY KEY, "case" uuid NOT NULL); CREATE INDEX of_case ON colour ("case");
       ALTER TABLE colour ADD CONSTRAINT light CHECK (id > 0); INSERT INTO colour SELECT 1; ALTER TABLE colour ENABLE ROW LEVEL SECURITY""",
)
WRONG = (
    ("ALTER TABLE cases_case DROP COLUMN title CASCADE", "the release before still uses it"),
    ('ALTER TABLE "cases_case" RENAME COLUMN "title" TO "heading"', "the release before still uses it"),
    ("DROP TABLE cases_link CASCADE", "the release before still uses it"),
    ("ALTER TABLE cases_case ALTER COLUMN title TYPE varchar(20)", "rewrites the table"),
    ("ALTER TABLE cases_case ALTER COLUMN lon SET NOT NULL", "reads the whole table"),
    ("ALTER TABLE cases_case ADD COLUMN colour text NOT NULL", "give it a db_default"),
    (
        "ALTER TABLE cases_case ADD COLUMN colour text DEFAULT '' NOT NULL; ALTER TABLE cases_case ALTER COLUMN colour DROP DEFAULT",
        "leans on its default",
    ),
    ("ALTER TABLE cases_case ADD COLUMN token uuid DEFAULT gen_random_uuid()", "rewrites the table"),
    ("CREATE INDEX cases_case_colour ON cases_case (colour)", "CONCURRENTLY"),
    ("ALTER TABLE cases_case ADD CONSTRAINT c CHECK (returns < 9)", "NOT VALID"),
    ("ALTER TABLE cases_case ADD CONSTRAINT c CHECK (returns < 9) NOT VALID", "may not meet"),
    ("ALTER TABLE cases_case ADD CONSTRAINT u UNIQUE (number)", "reads the whole table"),
    ("ALTER TABLE cases_mark DROP CONSTRAINT k, ADD PRIMARY KEY (district, mark)", "reads the whole table"),
    ("CREATE OR REPLACE FUNCTION cases_seen() RETURNS int LANGUAGE sql AS 'SELECT 1'", "calls"),
    ("ALTER TABLE cases_step ADD CONSTRAINT k FOREIGN KEY (unit) REFERENCES people_unit (id)", "NOT VALID"),
    ("UPDATE cases_case SET colour = 'red' WHERE colour IS NULL", "let a job do it"),
    ("CREATE POLICY mine ON cases_case USING (true)", "sees"),
    ("LOCK TABLE cases_case", "nobody may write"),
    (
        "ALTER TABLE c ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE c VALIDATE CONSTRAINT k",
        "a migration of its own",
    ),
)


@pytest.mark.parametrize("sql", FINE)
def test_what_holds_nobody_up_and_breaks_nothing_may_be_done(sql: str) -> None:
    assert faults([sql]) == []


@pytest.mark.parametrize(("sql", "reason"), WRONG)
def test_what_blocks_or_breaks_the_release_before_is_named_with_the_way_out(sql: str, reason: str) -> None:
    assert any(reason in fault for fault in faults([sql])), faults([sql])


def test_what_is_no_transaction_is_one_statement() -> None:
    index = "CREATE INDEX CONCURRENTLY a ON cases_case (number)"
    assert faults([index], atomic=False) == []
    assert "cannot be done again" in faults([index, index.replace(" a ", " b ")], atomic=False)[0]


class Column(migrations.Migration):
    operations = [migrations.RunSQL("ALTER TABLE cases_case ADD COLUMN of_tomorrow text NULL")]


class Index(migrations.Migration):
    atomic = False
    operations = [migrations.RunSQL("CREATE INDEX CONCURRENTLY IF NOT EXISTS of_tomorrow ON ledger_entry (tag)")]


class TooLong(migrations.Migration):
    operations = [migrations.RunSQL("SELECT pg_sleep(60)")]


@pytest.fixture
def of_tomorrow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Applies a migration that is in no package as `wangge migrate` does."""

    def apply(kind: type[migrations.Migration], say: migrating.Say = lambda _: None) -> None:
        given = kind("0099_of_tomorrow", "cases")
        monkeypatch.setattr(migrating.MigrationExecutor, "migrate", lambda executor, _: run(executor, given))
        try:
            with migrating.owner_lock():
                migrating.apply([given], offline=False, say=say)
        finally:
            connections.close_all()

    return apply


def run(executor: migrating.MigrationExecutor, migration: migrations.Migration) -> None:
    executor.apply_migration(executor.loader.project_state(), migration)


def test_nobody_waits_for_more_than_a_second_behind_a_migration_that_waits(
    own_database: str, of_tomorrow: Callable[..., None]
) -> None:
    """Somebody reads the table for long, so the migration cannot have it, and whoever comes after it would wait for both."""
    tried = threading.Semaphore(0)
    with reading(own_database, "cases_case") as reader, writing(own_database) as waits, ThreadPoolExecutor(1) as pool:
        done = pool.submit(of_tomorrow, Column, lambda _: tried.release())
        for _ in range(3):
            assert tried.acquire(timeout=60)
        reader.rollback()
        done.result(120)
    assert rows.value("SELECT count(of_tomorrow) FROM cases_case", using="owner") == 0
    assert len(waits) > 10 and max(waits) < 1.0, max(waits)
    assert max(waits) > 0.1, "the migration stood in nobody's way: this test shows nothing"


@contextmanager
def reading(url: str, table: str) -> Iterator[psycopg.Connection]:
    """A transaction that has read the table and stays open until it is rolled back."""
    with psycopg.connect(url) as connection:
        connection.execute(f"SELECT count(*) FROM {table}")
        yield connection


@contextmanager
def writing(url: str) -> Iterator[list[float]]:
    """Somebody writes cases all the time; how long each write took."""
    waits: list[float] = []
    end = threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not end.wait(0.005):
                began = time.monotonic()
                connection.execute("UPDATE cases_case SET version = version + 1")
                waits.append(time.monotonic() - began)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(work)
        try:
            yield waits
        finally:
            end.set()
            writer.result(60)


def test_a_statement_that_takes_longer_is_undone_and_the_way_out_is_said(
    own_database: str, of_tomorrow: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", 0.0)
    monkeypatch.setattr(migrating, "DONE_WITHIN", "50ms")
    with pytest.raises(CommandError, match="--offline"):
        of_tomorrow(TooLong)
    assert rows.value("SHOW statement_timeout", using="owner") == "0"


def test_an_index_that_was_left_half_made_is_made_anew(own_database: str, of_tomorrow: Callable[..., None]) -> None:
    [make] = Index.operations
    with psycopg.connect(own_database, autocommit=True) as sql:
        with psycopg.connect(own_database) as writer:
            writer.execute("LOCK TABLE ledger_entry IN ROW EXCLUSIVE MODE")
            sql.execute("SET lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):  # a build waits for whoever writes, and is stopped
                sql.execute(make.sql)
        invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
        assert sql.execute(invalid).fetchone() == (1,)
        of_tomorrow(Index)
        assert sql.execute(invalid).fetchone() == (0,)
        assert sql.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'of_tomorrow'").fetchone() == (1,)


def test_a_host_with_the_older_program_goes_on_and_says_so(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_migrated_until", 0.0)
    rows.run(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('cases', '9999_of_tomorrow', now())", using="owner"
    )
    found = checks.migrations()
    assert found is not None and found.level == "warn" and "9999_of_tomorrow" in found.words.en
    assert migrating.pending() == []


def test_a_column_that_is_added_meanwhile_costs_a_connection_one_answer(own_database: str) -> None:
    """The server refuses the plan that it kept, for good: the older program asks anew on a new connection."""
    asked = "SELECT c.* FROM catalog_state c"

    def width() -> int:
        rows.all(asked, prepared=True)
        return len(connections["default"].prepared_cursor(rows._numbered(asked)[0]).names or [])

    before = [width() for _ in range(5)][-1]
    rows.run("ALTER TABLE catalog_state ADD COLUMN of_tomorrow text", using="owner")
    with pytest.raises(OperationalError):
        width()
    assert [width(), width(), width()] == [before + 1] * 3


def test_the_program_does_not_start_on_an_older_schema_and_says_what_to_do(own_database: str, tmp_path: Path) -> None:
    env = {"WANGGE_DATABASE_URL": own_database, "WANGGE_HOME": str(tmp_path), "WANGGE_PORT": str(free_port())}
    [(_, newest)] = MigrationLoader(connections["owner"]).graph.leaf_nodes("cases")
    rows.run("DELETE FROM django_migrations WHERE app = 'cases' AND name = %(name)s", {"name": newest}, using="owner")
    done = wangge("serve", **env)
    assert done.returncode == kit.REFUSED
    assert f"cases.{newest}" in done.stderr and "wangge migrate" in done.stderr
