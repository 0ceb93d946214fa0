"""N cases, written as the application would have written them, by COPY: `fill` makes them after the shapes of cases that it led itself.

Each gets ids, numbers, days and times of its own, a grid of its shape's street with its worker, a point, a text and, if somebody asked, a
name; its entries of the ledger are marked and hashed, chained and put under signed roots; search, figures, map, counters and cursors are
what the followers would have left. Times move by whole weeks, so that limits counted in working hours stay what they are. At the end the
ladder is climbed of limits that ran out meanwhile.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psutil
import psycopg
from django.conf import settings
from django.db import connections

from bench.generator import indexes
from bench.generator.lives import Life
from bench.generator.places import Place, by_street
from bench.generator.shapes import Shape, columns_of, read
from bench.generator.together import owner_url, together
from bench.generator.writing import Part, Plan, Writer
from bench.home import handed_on
from wangge.domain.cases.actions.ladder import climb
from wangge.domain.stats import actions as stats
from wangge.domain.stats import facts
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.crypto.keyring import Use
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, head, seal
from wangge.kernel.ledger.batches import Batch
from wangge.kernel.ledger.hashing import CHAIN, HASHES, moment

AT_ONCE = 4000
"""Shapes of one part."""
WITHOUT_INDEXES = 30_000
"""From so many cases on it is quicker to make the indexes anew."""
WEEKS = 98
"""How far back cases lie: not so far that the reporters' names would have been forgotten."""
LATELY = timedelta(days=26)
"""Closed no longer ago than that: others are archived."""


@dataclass
class Filled:
    """``seconds`` by what was done. ``bytes``: of the lines copied; ``rows``: how many. ``floor``: seconds of the same lines by plain COPY. ``python``, ``postgres``:
    seconds of a processor."""

    cases: int = 0
    rows: int = 0
    bytes: int = 0
    floor: float = 0.0
    python: float = 0.0
    postgres: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.cases / sum(self.seconds.values())


def fill(
    count: int,
    made: Sequence[tuple[Life, list[UUID]]],
    *,
    processes: int | None = None,
    say: Callable[[str], object] = lambda said: None,
) -> Filled:
    """Write cases until there are about ``count``, after the ones in ``made``. In a database where nothing else runs, by an owner that is a
    superuser."""
    filled = Filled()
    python, postgres = spent_here(), spent_there()

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        filled.seconds[name] = filled.seconds.get(name, 0.0) + time.perf_counter() - began
        say(f"{name}: {filled.seconds[name]:.1f} s")

    with acting(SYSTEM):
        with phase("plan"):
            places = by_street()
            shapes = read(made)
            there = rows.value("SELECT count(*) FROM cases_case", using="owner")
            plan = _plan(count - there, shapes, places)
            tables = sorted(
                {t for s in shapes for t in s.tables}
                | {"ledger_entry", "cases_party", "ledger_link", "stats_cell", "stats_own"}
            )
            columns = {t: columns_of(t) for t in tables}
        with indexes.dropped(tables, when=count - there >= WITHOUT_INDEXES, phase=phase):
            with phase("write"):
                _write(plan, shapes, places, columns, filled, processes or os.cpu_count() or 1)
            with phase("figures"):
                _figures()
        tables += ["maps_pack", "stats_times", "cases_counter"]
        with phase("analyse"):
            _vacuum(tables)
        with phase("pack"):
            stats.pack()
        with phase("ladder"):
            while climb():
                pass
        with phase("followers"):
            handed_on()
            _vacuum(tables)
    filled.python, filled.postgres = spent_here() - python, spent_there() - postgres
    return filled


def _vacuum(tables: Sequence[str]) -> None:
    together(f"VACUUM ANALYZE {table}" for table in tables)


def spent_here() -> float:
    """Seconds of a processor of this process and of those it started and saw end."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def spent_there() -> float:
    """The same of every process of the server, if it runs on this machine."""
    try:
        server = psutil.Process(rows.value("SELECT pg_backend_pid()", using="owner")).parent()
    except psutil.NoSuchProcess:
        return float("nan")
    assert server is not None
    total = sum(server.cpu_times()[:4])  # those that have ended count as the server's children
    for process in server.children():
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total


# — who, where and when ————————————————————————————————————————————————————————————————————————————————————————————————————————


def _plan(count: int, shapes: Sequence[Shape], places: dict[str, list[Place]]) -> Plan:
    """Draw for each what differs; in the order of the reports."""
    dice = np.random.default_rng(5)
    of_life: dict[str, int] = {}
    for shape in shapes:
        of_life[_kind(shape)] = of_life.get(_kind(shape), 0) + 1
    weight = np.array([s.life.share / of_life[_kind(s)] for s in shapes])
    members = np.array([len(s.reported) for s in shapes])
    much = int(count / (weight / weight.sum() * members).sum()) + 1 if count > 0 else 0
    which = dice.choice(len(shapes), size=much, p=weight / weight.sum())
    if much > len(shapes):  # the rarest, too, is there once
        which[: len(shapes)] = np.arange(len(shapes))
    now = clock.now() - timedelta(minutes=5)
    least, most = np.array([_weeks(s, now) for s in shapes]).T
    weeks = dice.integers(least[which], most[which], endpoint=True)
    later = (dice.random(much) * np.array([_later(s) for s in shapes])[which]).astype(np.int64)
    many = np.array([len(places[s.street]) for s in shapes])[which]
    where = np.minimum((dice.exponential(0.33, much) * many).astype(np.int64), many - 1)
    reported = np.array([[r.timestamp() for r in (*s.reported, s.reported[0])[:2]] for s in shapes])[which]
    reported += (weeks * 604_800 + later)[:, None]
    order = np.argsort(reported[:, 0], kind="stable")
    plan = Plan(which[order], weeks[order], later[order], where[order], np.zeros((much, 2), np.int32), now)
    _number(plan, shapes, reported[order], members)
    return plan


def _kind(shape: Shape) -> str:
    return f"{shape.life.when} {shape.life.acts}"


def _weeks(shape: Shape, now: datetime) -> tuple[int, int]:
    """By how many weeks a shape may be moved: the earliest and the latest."""
    if shape.life.when == "now":
        return 0, 0
    latest = (now - shape.last) // timedelta(weeks=1)
    if shape.life.when == "lately":
        return min(-((shape.last - (now - LATELY)) // timedelta(weeks=1)), latest), latest
    return min(-((shape.first - (now - timedelta(weeks=WEEKS))) // timedelta(weeks=1)), latest), latest


def _later(shape: Shape) -> int:
    """Seconds by which it may be moved within its days; what goes on now happened at least a minute ago."""
    return min(shape.still, 240) if shape.life.when == "now" else shape.still


def _number(plan: Plan, shapes: Sequence[Shape], reported: Any, members: Any) -> None:
    """The next numbers of each street's day, in the order of the reports, and the counters after them."""
    streets = sorted({s.street for s in shapes})
    street = np.array([streets.index(s.street) for s in shapes])[plan.which]
    day = (reported + 8 * 3600).astype(np.int64) // 86_400
    key = street[:, None] * 1_000_000 + day
    there = members[plan.which][:, None] > np.arange(2)
    flat = np.argsort(key.ravel() + ~there.ravel() * 10**12, kind="stable")
    sorted_key = key.ravel()[flat][: int(there.sum())]
    begins = np.concatenate(([True], sorted_key[1:] != sorted_key[:-1])) if len(sorted_key) else np.zeros(0, bool)
    starts = np.flatnonzero(begins)
    sequence = np.arange(len(sorted_key)) - np.repeat(starts, np.diff(np.append(starts, len(sorted_key)))) + 1
    used = {
        (r["street"], (r["day"] - datetime(1970, 1, 1).date()).days): r["last"]  # noqa: DTZ001 (a day)
        for r in rows.all("SELECT street, day, last FROM cases_counter", using="owner")
    }
    before = np.array(
        [used.get((streets[k // 1_000_000], int(k % 1_000_000)), 0) for k in sorted_key[starts]], np.int64
    )
    sequence += np.repeat(before, np.diff(np.append(starts, len(sorted_key))))
    plan.sequence.ravel()[flat[: len(sorted_key)]] = sequence
    ends = np.append(starts[1:], len(sorted_key)) - 1
    plan.counters = (
        [
            (streets[k // 1_000_000], int(k % 1_000_000), int(n))
            for k, n in zip(sorted_key[starts], sequence[ends], strict=True)
        ]
        if len(sorted_key)
        else []
    )


# — writing ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

_writer: Writer | None = None


def _write(
    plan: Plan,
    shapes: Sequence[Shape],
    places: dict[str, list[Place]],
    columns: dict[str, list[str]],
    filled: Filled,
    processes: int,
) -> None:
    """Parts one after the other, several at a time; what follows from their order (links, batches) as they come."""
    global _writer
    seal.seal_all()
    owner = owner_url()
    with psycopg.connect(owner) as connection:
        xid = int(connection.execute("SELECT pg_current_xact_id()::text").fetchone()[0])  # type: ignore[index]
    entry = rows.value("SELECT coalesce(max(pos), 0) FROM ledger_entry", using="owner")
    event = rows.value("SELECT coalesce(max(pos), 0) FROM outbox_event", using="owner")
    writer = _writer = Writer(plan, shapes, places, columns, xid=xid, entry=entry, event=event, owner=owner)
    connections.close_all()  # none may be shared with those that are forked
    chain = _Chain(owner, xid, columns["ledger_link"])
    with multiprocessing.get_context("fork").Pool(processes, _alone) as pool:
        for part in pool.imap(_part, range(0, len(plan.which), AT_ONCE)):
            filled.cases += part.cases
            filled.rows += part.rows
            filled.bytes += part.bytes
            chain.add(part)
    chain.end()
    if len(plan.which):
        filled.floor = writer.floor(0, AT_ONCE) * len(plan.which) / min(AT_ONCE, len(plan.which))
    _counters(plan)
    rows.run(
        "SELECT setval(pg_get_serial_sequence('ledger_entry', 'pos'), (SELECT max(pos) FROM ledger_entry))",
        using="owner",
    )
    rows.run(
        "SELECT setval(pg_get_serial_sequence('outbox_event', 'pos'), (SELECT max(pos) FROM outbox_event))",
        using="owner",
    )
    rows.run(
        "UPDATE outbox_cursor SET xid = %(xid)s::text::xid8, pos = (SELECT max(pos) FROM outbox_event), moved_at = clock_timestamp()",
        {"xid": str(xid)},
        using="owner",
    )
    _writer = None


def _alone() -> None:
    """Each process draws dice of its own."""
    random.seed(os.getpid())


def _part(first: int) -> Part:
    assert _writer is not None
    return _writer.write(first, min(first + AT_ONCE, len(_writer.plan.which)))


class _Chain:
    """Links and batches, in the order of the entries."""

    def __init__(self, owner: str, xid: int, columns: list[str]) -> None:
        last = batches.last(using="owner")
        assert last is not None
        self.last: Batch = last
        self.xid, self.name = str(xid), settings.CONFIG.ledger_hash
        self.h = HASHES[self.name]
        self.key = crypto.keyring().keys().active(Use.SIGN)
        self.connection = psycopg.connect(owner)
        self.columns = ", ".join(columns)
        assert columns == ["seq", "pos", "id", "leaf", "chain"]

    def add(self, part: Part) -> None:
        if not part.entries:
            return
        h = self.h if self.name != "sha256" else lambda data: hashlib.sha256(data).digest()
        chain, seq, pos, lines = bytes.fromhex(self.last.chain), self.last.last, part.first, []
        for number, (root, count) in enumerate(part.roots):
            at = sum(n for _, n in part.roots[:number])
            for n in range(at, at + count):
                leaf = part.leaves[32 * n : 32 * n + 32]
                chain = h(CHAIN + chain + leaf)
                seq += 1
                lines.append(b"%d\t%d\t%b\t\\\\x%b\t\\\\x%b\n" % (
                    seq, pos, part.ids[36 * n : 36 * n + 36], leaf.hex().encode(), chain.hex().encode(),
                ))  # fmt: skip
                pos += 1
            self._batch(root, chain, seq, pos - 1)
        with self.connection.cursor() as cursor, cursor.copy(f"COPY ledger_link ({self.columns}) FROM STDIN") as copy:
            copy.write(b"".join(lines))
        self.connection.commit()

    def _batch(self, root: bytes, chain: bytes, seq: int, pos: int) -> None:
        unsigned = Batch(
            number=self.last.number + 1,
            first=self.last.last + 1,
            last=seq,
            root=root.hex(),
            chain=chain.hex(),
            previous=self.last.name(self.h),
            sealed_at=moment(datetime.now(UTC)),
            hash=self.name,
            xid=self.xid,
            pos=pos,
            key=self.key.id,
        )
        self.last = Batch(**{**unsigned.__dict__, "signature": self.key.sign(unsigned.signed)})
        batches.insert(self.last, using="owner")

    def end(self) -> None:
        self.connection.close()
        head.keep(self.last)


def _counters(plan: Plan) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE reached (street text, day int, last int)")
        with cursor.copy("COPY reached FROM STDIN") as copy:
            for counter in plan.counters:
                copy.write_row(counter)
        cursor.execute(
            """INSERT INTO cases_counter (street, day, last) SELECT street, date '1970-01-01' + day, last FROM reached
               ON CONFLICT (street, day) DO UPDATE SET last = excluded.last"""
        )
        cursor.execute("DROP TABLE reached")


def _figures() -> None:
    """The sums of the entries. Packed durations are gone: they are packed anew once there are indexes."""
    # Without knowing how few days, streets and categories there are, each sum is sorted together: 35 GB of ten million cases, and hours.
    rows.run("ANALYZE stats_entry", using="owner")
    summed = []
    for table, key, sums in (("stats_cell", facts.CELL, facts.cells), ("stats_own", facts.OWN, facts.own_sums)):
        rows.run(f"DELETE FROM {table}", using="owner")
        summed.append(f"INSERT INTO {table} ({', '.join((*key, *facts.MEASURES))}) {sums('stats_entry')}")
    together(summed)
    rows.run("DELETE FROM stats_times", using="owner")
