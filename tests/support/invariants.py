"""What must hold after any fault: every test that breaks something asks the same questions, of the tables and as their owner.

``hold_once_settled``: what is still under way is not lost, and what begins meanwhile is not seen. ``hold`` knows what clients were
told (a ``Journal``) when it is given one.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.support.burst import ACTS, Journal
from tests.support.program import Running, wangge
from tests.support.wait import until
from wangge.kernel import commands as kit
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.files.store import LocalStore, digest_of

Sql = psycopg.Connection[dict[str, Any]]
LADDER = {"remind": 1, "overdue": 2, "raise": 3}
"""The steps that a clock takes by itself, and the rung each is."""


def database(running: Running) -> Sql:
    server = EmbeddedServer.attach(running.home / "var")
    assert server is not None
    return opened(server.owner_url)


def opened(url: str) -> Sql:
    return psycopg.connect(url, autocommit=True, row_factory=dict_row)


def whole(running: Running, journal: Journal | None = None) -> None:
    """The program is well again, everything it had begun has come to its end, all of it is right, and so is what can be computed anew."""
    at_rest(running, journal)
    for command in (("ledger", "verify"), ("stats", "check")):
        done = wangge(*command, WANGGE_HOME=str(running.home / "var"))
        assert done.returncode == kit.OK, done.stdout + done.stderr


def at_rest(running: Running, journal: Journal | None = None) -> None:
    """The same, without what takes a command to compute."""
    until(lambda: json.loads(running.get("/api/v1/health"))["level"] in ("ok", "warn"), 120)
    with database(running) as sql:
        hold_once_settled(sql, journal, LocalStore(running.home / "var" / "files"))


def hold_once_settled(sql: Sql, journal: Journal | None = None, store: LocalStore | None = None) -> None:
    """All is asked of the one moment at which all had settled: a request that its client gave up may still be served."""

    def at_one_moment() -> bool:
        sql.rollback()
        sql.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        assert under_way(sql) == []
        return True

    until(at_one_moment, 120)
    hold(sql, journal, store)
    sql.rollback()


def settled(sql: Sql) -> bool:
    return under_way(sql) == []


def under_way(sql: Sql) -> list[dict[str, Any]]:
    """A few of what is not done yet: every consumer has to hear of everything, every job that may run to be done, every entry to be sealed, no
    clock to be due."""
    return sql.execute(
        """SELECT 'event for ' || c.consumer AS what, e.event AS which, e.at FROM outbox_cursor c JOIN outbox_event e ON (e.xid, e.pos) > (c.xid, c.pos)
           UNION ALL SELECT 'upload', id::text, NULL FROM evidence_upload WHERE state = 'stored'
           UNION ALL SELECT 'job ' || status, task_name, scheduled_at FROM procrastinate_jobs
                     WHERE status = 'doing' OR (status = 'todo' AND coalesce(scheduled_at, now()) <= now())
           UNION ALL SELECT 'entry', tag, at FROM ledger_entry e WHERE NOT EXISTS (SELECT 1 FROM ledger_link l WHERE l.pos = e.pos)
           UNION ALL SELECT 'clock', stage, next_at FROM cases_clock WHERE outcome = 'running' AND paused_at IS NULL AND next_at <= now() LIMIT 5"""
    ).fetchall()


def hold(sql: Sql, journal: Journal | None = None, store: LocalStore | None = None) -> None:
    _each_step_once(sql)
    _each_clock_once(sql)
    _nothing_half_done(sql)
    _consumers_have_all(sql)
    if journal is not None:
        assert journal.wrong == [], "\n".join(journal.wrong)
        _acknowledged(sql, journal)
        if store is not None:
            _uploaded(sql, journal, store)


def _each_step_once(sql: Sql) -> None:
    """A case's version, its steps, their entries in the ledger and their events are one and the same history; no number is lost or given twice."""
    wrong = sql.execute(
        """WITH steps AS (SELECT "case" AS id, count(*) AS n, array_agg(act::text ORDER BY at, id) AS acts FROM cases_step GROUP BY 1),
                entries AS (SELECT subject AS id, count(*) AS n, array_agg(substr(tag, 7)::text ORDER BY at, id) AS acts FROM ledger_entry
                            WHERE kind = 'case' AND tag LIKE 'cases.%' GROUP BY 1),
                events AS (SELECT subject AS id, count(*) AS n FROM outbox_event WHERE kind = 'case' GROUP BY 1)
           SELECT c.number, c.version, s.acts, e.acts AS entries, v.n AS events FROM cases_case c
           FULL JOIN steps s USING (id) FULL JOIN entries e USING (id) FULL JOIN events v USING (id)
           WHERE (c.version = s.n AND s.n = e.n AND e.n = v.n AND s.acts = e.acts) IS NOT TRUE"""
    ).fetchall()
    assert not wrong, wrong[:5]
    gaps = sql.execute(
        """SELECT left(number, 17) AS day, count(*) AS n, count(DISTINCT number) AS different, max(right(number, 5)::int) AS last
           FROM cases_case GROUP BY 1 HAVING count(*) <> max(right(number, 5)::int) OR count(*) <> count(DISTINCT number)"""
    ).fetchall()
    assert not gaps, gaps


def _each_clock_once(sql: Sql) -> None:
    """An open case has one running clock, of its stage; each rung that a clock has climbed is one step, and none was left out."""
    odd = sql.execute(
        """SELECT c.number, c.stage, array_agg(k.stage) FILTER (WHERE k.outcome = 'running') AS running FROM cases_case c
           LEFT JOIN cases_clock k ON k."case" = c.id GROUP BY c.number, c.stage
           HAVING count(*) FILTER (WHERE k.outcome = 'running') <> (c.stage IS NOT NULL)::int
               OR count(*) FILTER (WHERE k.outcome = 'running' AND k.stage <> c.stage) > 0"""
    ).fetchall()
    assert not odd, odd[:5]
    climbed: Counter[tuple[str, int]] = Counter()
    for row in sql.execute('SELECT "case", rung FROM cases_clock WHERE rung > 0').fetchall():
        climbed.update((str(row["case"]), rung) for rung in range(1, row["rung"] + 1))
    steps = Counter(
        (str(row["case"]), LADDER[row["act"]])
        for row in sql.execute('SELECT "case", act FROM cases_step WHERE act = ANY(%s)', [list(LADDER)]).fetchall()
    )
    assert climbed == steps, "a clock has rung twice or never"


def _nothing_half_done(sql: Sql) -> None:
    for what, query in {
        "operation": "SELECT * FROM cases_operation WHERE answer IS NULL",
        "event set aside": "SELECT * FROM outbox_stuck",
        "job given up": "SELECT * FROM procrastinate_jobs WHERE status = 'failed'",
        "entry sealed twice": "SELECT pos FROM ledger_link GROUP BY pos HAVING count(*) > 1",
    }.items():
        assert not (found := sql.execute(query).fetchall()), (what, found[:5])


def _consumers_have_all(sql: Sql) -> None:
    """What the outbox's consumers keep is what the cases say: each case is found and counted, of each file there is one entry."""
    for what, query in {
        "search": """SELECT c.number, c.version, d.version AS indexed FROM cases_case c FULL JOIN search_document d ON d."case" = c.id
                     WHERE d.version IS DISTINCT FROM c.version""",
        "figures": """SELECT c.number FROM cases_case c FULL JOIN (SELECT "case", sum(reported) AS n FROM stats_entry GROUP BY 1) e
                      ON e."case" = c.id WHERE e.n IS DISTINCT FROM 1""",
        "figures' sums": """SELECT * FROM (SELECT sum(reported) AS n FROM stats_cell WHERE dimension = 'all' AND grain = 'day') k,
                            (SELECT count(*) AS n FROM cases_case) c WHERE coalesce(k.n, 0) <> c.n""",
        "notices": """SELECT c.number FROM cases_case c WHERE NOT EXISTS (SELECT FROM notices_notice n WHERE n."case" = c.id)
                      AND EXISTS (SELECT FROM cases_step s WHERE s."case" = c.id AND s.act = 'overdue')""",
        "files": """SELECT subject FROM ledger_entry WHERE tag = 'evidence.file.stored' GROUP BY 1 HAVING count(*) > 1""",
    }.items():
        assert not (found := sql.execute(query).fetchall()), (what, found[:5])


def _acknowledged(sql: Sql, journal: Journal) -> None:
    cases = {str(c["id"]): c for c in sql.execute("SELECT * FROM cases_case").fetchall()}
    assert {i: cases[i]["number"] for i in journal.numbers if i in cases} == journal.numbers
    done: dict[str, list[str]] = {}
    for row in sql.execute('SELECT "case", act FROM cases_step ORDER BY at, id').fetchall():
        done.setdefault(str(row["case"]), []).append(row["act"])
    shares = {
        str(r["case"]): r["unit"]
        for r in sql.execute("SELECT * FROM cases_assignment WHERE ended_at IS NULL").fetchall()
    }
    for id, case in cases.items():
        acts = [act for act in done[id] if act not in LADDER]
        known = ["report", *journal.acts.get(id, [])]
        # The last one may have been done without an answer: the burst was over before it was sent again.
        assert acts[: len(known)] == known and len(acts) <= len(known) + 1 and acts == ["report", *ACTS][: len(acts)], (
            id,
            acts,
            known,
        )
        assert case["stage"] == {1: "accept", 2: "dispatch"}.get(len(acts), "handle")
        assert shares.pop(id, None) == (case["lead"] if len(acts) > 2 else None)
    assert not shares, "something is left of a case that is not there"


def _uploaded(sql: Sql, journal: Journal, store: LocalStore) -> None:
    uploads = {str(u["id"]): u for u in sql.execute("SELECT * FROM evidence_upload").fetchall()}
    items: dict[str, list[str]] = {}
    for row in sql.execute("SELECT * FROM evidence_item").fetchall():
        items.setdefault(str(row["id"]), []).append(str(row["case"]))
    for id, digest in journal.uploads.items():
        assert (uploads[id]["state"], uploads[id]["sha256"]) == ("ready", digest)
        with store.path(digest).open("rb") as file:
            assert digest_of(file) == digest
    assert {i: items[i] for i in journal.attached} == {i: [case] for i, case in journal.attached.items()}
