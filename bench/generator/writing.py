"""One part of the cases of a plan: their lines, made in this process and copied by its own connection in one transaction."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from bench.generator.chinese import Texts
from bench.generator.places import Place
from bench.generator.shapes import FORGOTTEN, MEMBER, PLACE, Shape
from wangge.kernel import crypto
from wangge.kernel.crypto import cipher, lookup
from wangge.kernel.crypto.keyring import Use
from wangge.kernel.ledger.entries import MARK_BYTES
from wangge.kernel.ledger.hashing import HASHES, LEAF, NODE
from wangge.kernel.ledger.seal import BATCH

PEOPLE = 20_000
_EPOCH = date(1970, 1, 1).toordinal()
_FORM = ("name", "phone", "phone_hash")


@dataclass
class Plan:
    """Arrays with one element for each copy of a shape: which shape, moved by how many weeks and seconds, in which of its street's places, and
    the numbers of its cases. ``counters``: (street, days since 1970, last number)."""

    which: Any
    weeks: Any
    later: Any
    where: Any
    sequence: Any
    now: datetime
    counters: list[tuple[str, int, int]] = field(default_factory=list)


class Part(NamedTuple):
    """What the order of the parts needs: ``leaves`` (32 bytes each) and ``ids`` (36) of its entries from position ``first`` on, and the roots
    of its batches with how many entries each has."""

    cases: int
    rows: int
    bytes: int
    first: int
    entries: int
    leaves: bytes
    ids: bytes
    roots: list[tuple[bytes, int]]


class Writer:
    """Made before the processes part, so that each has it; ``write`` is called in one of them."""

    def __init__(
        self,
        plan: Plan,
        shapes: Sequence[Shape],
        places: dict[str, list[Place]],
        columns: dict[str, list[str]],
        *,
        xid: int,
        entry: int,
        event: int,
        owner: str,
    ) -> None:
        import numpy as np

        self.plan, self.shapes, self.columns, self.owner = plan, shapes, columns, owner
        self.xid = b"%d" % xid
        self.places = [[_Here(p) for p in places[s.street]] for s in shapes]
        self.days = [date.fromordinal(_EPOCH + n).isoformat().encode() for n in range(30_000)]
        self.clock = [b"%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60) for s in range(86_400)]
        self.layouts = [_Layout(s) for s in shapes]
        kept = {t: np.array([_oldest(s, plan.now, d) for s in shapes]) for t, d in FORGOTTEN.items()}
        self.kept = {t: plan.weeks >= least[plan.which] for t, least in kept.items()}
        entries = np.array([len(s.entries) for s in shapes])[plan.which]
        events = np.array([s.events for s in shapes])[plan.which]
        self.entry = np.cumsum(entries) - entries + entry + 1
        self.event = np.cumsum(events) - events + event + 1
        keys = crypto.keyring().keys()
        mark = keys.active(Use.MARK)
        self.secret, self.mark_key = mark.secret, mark.id.encode()
        self.field, self.look_up = keys.active(Use.FIELD), keys.active(Use.LOOKUP)
        self.people = [(f"来电人{n}", f"0755-{20_000_000 + n}") for n in range(PEOPLE)]
        self.phones = [b"\\\\x" + lookup.keyed_hash(self.look_up, "phone", p).hex().encode() for _, p in self.people]
        self.h: Callable[[bytes], bytes] = HASHES[settings.CONFIG.ledger_hash]
        self.texts: Texts | None = None

    def write(self, first: int, end: int) -> Part:
        lines, part = self._lines(first, end)
        with psycopg.connect(self.owner) as connection:
            connection.execute("SET session_replication_role = replica")  # keys and marks are right as they are
            self._copied(connection, lines)
        return part

    def floor(self, first: int, end: int) -> float:
        """Seconds that plain COPY takes for the lines of a part, into tables without any key."""
        lines, _ = self._lines(first, min(end, len(self.plan.which)))
        with psycopg.connect(self.owner) as connection:
            for table in lines:
                connection.execute(
                    f"CREATE TEMP TABLE floor_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING GENERATED)"
                )
            began = time.perf_counter()
            self._copied(connection, lines, "floor_")
            took = time.perf_counter() - began
            connection.rollback()
        return took

    def _copied(self, connection: psycopg.Connection[Any], lines: dict[str, list[bytes]], prefix: str = "") -> None:
        for table, some in lines.items():
            listed = ", ".join(f'"{name}"' for name in self.columns[table])
            with connection.cursor() as cursor, cursor.copy(f"COPY {prefix}{table} ({listed}) FROM STDIN") as copy:
                copy.write(b"".join(some))

    def _lines(self, first: int, end: int) -> tuple[dict[str, list[bytes]], Part]:
        self.texts = self.texts or Texts(random.Random(os.urandom(8)))
        lines: dict[str, list[bytes]] = {
            t: [] for t in self.columns if t not in ("ledger_link", "stats_cell", "stats_own")
        }
        leaves, ids, cases = [], [], 0
        for n in range(first, end):
            shape = self.shapes[self.plan.which[n]]
            layout = self.layouts[self.plan.which[n]]
            values = self._values(n, shape, layout)
            for table, line in shape.tables.items():
                if table not in self.kept or self.kept[table][n]:
                    lines[table].append(line.fill(values))
            for line, id in shape.parties:
                lines["cases_party"].append(line.fill(self._who(values, layout, values[id])))
            self._entries(shape, layout, values, lines["ledger_entry"], leaves)
            ids += [values[at] for at in layout.entry_ids]
            cases += len(shape.reported)
        made = {t: some for t, some in lines.items() if some}
        return made, Part(
            cases, sum(line.count(b"\n") for some in made.values() for line in some), sum(len(line) for some in made.values() for line in some),
            int(self.entry[first]), len(leaves), b"".join(leaves), b"".join(ids),
            [(_root(self.h, leaves[at : at + BATCH]), len(leaves[at : at + BATCH])) for at in range(0, len(leaves), BATCH)],
        )  # fmt: skip

    def _values(self, n: int, shape: Shape, layout: _Layout) -> list[bytes]:
        """What fills the holes of this copy."""
        plan = self.plan
        later, moved = int(plan.later[n]), 7 * int(plan.weeks[n])
        here = self.places[plan.which[n]][plan.where[n]]
        values = [b""] * layout.size
        values[: len(PLACE)] = (*here.known, *here.points[int(random.random() * len(here.points))], here.lexemes)
        assert self.texts is not None
        for m, reported in enumerate(layout.reported):
            told = self.texts.draw()
            day = self.days[reported + moved].replace(b"-", b"")
            tail = b"%b%05d" % (day, plan.sequence[n, m])
            at = len(PLACE) + m * len(MEMBER)
            values[at : at + len(MEMBER)] = (
                here.street + tail,
                tail,
                told.title,
                told.text,
                told.address,
                told.lexemes,
            )
        milliseconds = b"%012x" % int((layout.begun + (moved * 86_400) + later) * 1000)
        start = b"%b-%b-7" % (milliseconds[:8], milliseconds[8:])
        chance = os.urandom(8 * len(layout.ids) + 32 * len(layout.secrets)).hex().encode()
        at = 0
        for hole, rank in layout.ids:
            values[hole] = b"%b%b-a%b-%b" % (start, rank, chance[at : at + 3], chance[at + 3 : at + 15])
            at += 16
        for hole in layout.secrets:
            values[hole] = chance[at : at + 64]
            at += 64
        for hole, day_ in layout.days:
            values[hole] = self.days[day_ + moved]
        for hole, second in layout.tods:
            values[hole] = self.clock[second + later]
        for hole, number in layout.entries:
            values[hole] = b"%d" % (self.entry[n] + number)
        for hole, number in layout.events:
            values[hole] = b"%d" % (self.event[n] + number)
        if layout.xid is not None:
            values[layout.xid] = self.xid
        return values

    def _who(self, values: list[bytes], layout: _Layout, row: bytes) -> list[bytes]:
        """The values with a name and a phone, sealed for this row."""
        n = int(random.random() * PEOPLE)
        id = row.decode()
        for hole, column, text in zip(layout.party[:2], ("name_sealed", "phone_sealed"), self.people[n], strict=True):
            sealed = cipher.seal_with(self.field, text, cipher.Place("cases_party", column, id))
            values[hole] = b"\\\\x" + sealed.hex().encode()
        values[layout.party[2]] = self.phones[n]
        return values

    def _entries(
        self, shape: Shape, layout: _Layout, values: list[bytes], lines: list[bytes], leaves: list[bytes]
    ) -> None:
        for entry in shape.entries:
            covers = bytes((entry.covers,))
            digest = hmac.digest(self.secret, covers + entry.known.fill(values), hashlib.sha256)[:MARK_BYTES]
            values[layout.mark] = b"%02x%b%b" % (entry.covers, self.mark_key, digest.hex().encode())
            lines.append(entry.line.fill(values))
            leaves.append(self.h(LEAF + entry.content.fill(values)))


class _Here:
    """A place as bytes."""

    def __init__(self, place: Place) -> None:
        known = (place.community, place.grid, place.version, place.worker, place.worker_name)
        self.known = tuple(text.encode() for text in known)
        self.street = place.street.encode()
        self.points = [(lon.encode(), lat.encode()) for lon, lat in place.points]
        self.lexemes = place.lexemes


class _Layout:
    """The holes of a shape by what fills them."""

    def __init__(self, shape: Shape) -> None:
        def of(kind: str) -> list[tuple[int, Any]]:
            return [(at, what) for (name, what), at in shape.holes.items() if name == kind]

        self.size = len(shape.holes)
        ranked = sorted(of("id"), key=lambda one: one[1])  # what was made later stays the later one
        self.ids = [(at, b"%03x" % rank) for rank, (at, _) in enumerate(ranked)]
        self.secrets = [at for at, _ in of("secret")]
        self.days = [(at, day.toordinal() - _EPOCH) for at, day in of("day")]
        self.tods = [(at, (tod.hour * 60 + tod.minute) * 60 + tod.second) for at, tod in of("tod")]
        self.entries, self.events = of("entry"), of("event")
        self.xid = next((at for at, _ in of("xid")), None)
        self.mark = next((at for at, _ in of("mark")), 0)
        self.party = [next((at for at, _ in of(name)), 0) for name in _FORM]
        self.reported = [(r + timedelta(hours=8)).date().toordinal() - _EPOCH for r in shape.reported]
        self.begun = shape.first.timestamp()
        self.entry_ids = [shape.holes["id", e.id] for e in shape.entries]


def _oldest(shape: Shape, now: datetime, days: int) -> int:
    """By how many weeks a shape may be moved so that it ended within so many days before ``now``."""
    return -((shape.last - (now - timedelta(days=days))) // timedelta(weeks=1))


def _root(h: Callable[[bytes], bytes], leaves: Sequence[bytes]) -> bytes:
    """The Merkle root of RFC 9162, level by level: an odd last node goes up as it is."""
    level = list(leaves)
    while len(level) > 1:
        paired = [h(NODE + level[n] + level[n + 1]) for n in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) // 2 * 2 :]
    return level[0]
