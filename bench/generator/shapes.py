"""The rows of the cases that were led through the loop, turned into the text of COPY with holes for what differs from case to case.

A shape is all that the application wrote of one case (or of two that belong together), table by table. Holes are its own ids, its numbers,
its texts, its place with the grid's worker, and every day and time of day; all else (units, categories, notes, versions, states) is as it
was written. Which tables that are is not listed here: every table with a column that holds a case's id, and those that hang on its files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from bench.generator.chinese import quoted
from bench.generator.lives import Life
from wangge.domain.search.actions import TEXTS, marks
from wangge.kernel.db import rows
from wangge.kernel.ledger import entries
from wangge.kernel.ledger.hashing import canonical
from wangge.kernel.search import grams

Row = dict[str, Any]
APART = {"ledger_entry", "cases_party", "cases_counter"}
"""Written by ways of their own: entries are marked, names are sealed, numbers are counted."""
FORGOTTEN = {"outbox_event": 13, "notices_notice": 89}
"""Tables of which the application keeps so many days."""
_ZONE = timedelta(hours=8)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TIME = r"(?P<day>\d{4}-\d\d-\d\d)(?P<between>[ T])(?P<tod>\d\d:\d\d:\d\d)"
_DATE = r"(?<![\d-])\d{4}-\d\d-\d\d(?![\d-])"

Hole = tuple[str, Any]
PLACE = ("community", "grid", "version", "worker", "worker_name", "lon", "lat", "place_lexemes")
MEMBER = ("number", "sequence", "title", "text", "address", "lexemes")


@dataclass(frozen=True)
class Line:
    """``form`` is filled with ``pick`` of a case's values."""

    form: bytes
    pick: Callable[[Sequence[bytes]], tuple[bytes, ...]]

    def fill(self, values: Sequence[bytes]) -> bytes:
        return self.form % self.pick(values)


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger: what its mark covers, what its leaf is made of, and its line."""

    id: str
    covers: int
    known: Line
    content: Line
    line: Line


@dataclass
class Shape:
    life: Life
    street: str
    first: datetime
    last: datetime
    """Its first and last moment."""
    reported: list[datetime]
    """Of each of its cases."""
    still: int
    """So many seconds later every moment of it is still on the same day."""
    holes: dict[Hole, int] = field(default_factory=dict)
    tables: dict[str, Line] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    parties: list[tuple[Line, int]] = field(default_factory=list)
    """Line and the hole of its id; three more values come at its end: name, phone and the phone's hash."""
    events: int = 0
    """Rows of the outbox."""


def read(lives: Sequence[tuple[Life, list[UUID]]]) -> list[Shape]:
    """The shapes of these cases. As SYSTEM."""
    known = tables()
    rows.run("SET TIME ZONE 'UTC'", using="owner")  # of the times that are read as text
    return [_Reader(life, members, known).shape for life, members in lives]


def tables() -> dict[str, str]:
    """The tables that hang on cases, each with the condition that finds a case's rows."""
    found = rows.all(
        """SELECT c.table_name AS name, array_agg(c.column_name::text) AS columns FROM information_schema.columns c
           JOIN information_schema.tables t USING (table_schema, table_name)
           WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1""",
        using="owner",
    )
    where = {r["name"]: '"case" = ANY(%(ids)s)' for r in found if "case" in r["columns"]}
    files = '(SELECT id FROM evidence_item WHERE "case" = ANY(%(ids)s))'
    return where | {
        "cases_case": "id = ANY(%(ids)s)",
        "evidence_upload": f"id IN {files}",
        "outbox_event": f"subject = ANY(%(ids)s) OR subject IN {files}",
        "ledger_entry": f"subject = ANY(%(ids)s) OR subject IN {files}",
    }


class _Reader:
    def __init__(self, life: Life, members: list[UUID], tables: dict[str, str]) -> None:
        self.members = members
        self.cases = [_one("SELECT * FROM cases_case WHERE id = %(id)s", id) for id in members]
        self.rows = {t: self._rows(t, where) for t, where in tables.items()}
        reported = [c["reported_at"] for c in self.cases]
        last = max(r["at"] for r in self.rows["cases_step"])
        self._off_the_wall(last)
        self.shape = Shape(
            life, self.cases[0]["street"], min(reported), datetime.fromisoformat(last), reported, _still(self._times())
        )
        self.worker, self.worker_name = self._worker()
        self.known = self._known()
        self.pattern = re.compile(
            "|".join(
                [
                    r"\0[^\0]*\0",
                    f"(?P<time>{_TIME})",
                    f"(?P<uuid>{_UUID})",
                    *map(_token, sorted(self.known, key=len, reverse=True)),
                    _DATE,
                ]
            )
        )
        for name in (*PLACE, *((what, m) for m in range(len(members)) for what in MEMBER)):
            self._hole(name if isinstance(name, tuple) else (name, 0))
        for table in sorted(self.rows):
            if self.rows[table] and table not in APART:
                self.shape.tables[table] = self._line("".join(self._copied(table, r) + "\n" for r in self.rows[table]))
        self._parties()
        self._entries()
        self.shape.events = len(self.rows["outbox_event"])

    # — what is there ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def _rows(self, table: str, where: str) -> list[Row]:
        """As text, by column, in the order that a later COPY has."""
        columns = columns_of(table)
        listed = ", ".join(f'"{c}"::text AS "{c}"' for c in columns)
        order = f"ORDER BY {table}.pos" if "pos" in columns else ""  # not as the text that it is selected as
        return rows.all(f"SELECT {listed} FROM {table} WHERE {where} {order}", {"ids": self.members}, using="owner")

    def _off_the_wall(self, last: str) -> None:
        """What the database's own clock wrote gets the time of the act."""
        for row in self.rows["ledger_entry"]:
            row["recorded_at"] = row["at"]
        for row in self.rows["outbox_event"]:
            row["at"] = last

    def _times(self) -> list[datetime]:
        """Every moment in the rows."""
        texts = [v for some in self.rows.values() for row in some for v in row.values() if v]
        return [
            datetime.fromisoformat(f"{match['day']}T{match['tod']}+00:00")
            for text in texts
            for match in re.finditer(_TIME, text)
        ]

    def _worker(self) -> tuple[str, str]:
        row = _one(
            """SELECT u.id, u.name FROM people_post p JOIN people_user u ON u.id = p.user_id
               WHERE p.role = 'grid_worker' AND p.grid = (SELECT grid FROM cases_case WHERE id = %(id)s)
               ORDER BY u.created_at, length(u.login), u.login LIMIT 1""",
            self.members[0],
        )
        return str(row["id"]), row["name"]

    def _known(self) -> dict[str, Hole]:
        """Texts that stand for something of this case alone, and the hole that each becomes."""
        found: dict[str, Hole] = {}
        for m, case in enumerate(self.cases):
            found |= {case["title"]: ("title", m), case["address"]: ("address", m)}
            found |= {case["text"]: ("text", m), case["number"]: ("number", m)}
            found |= {
                case["community"]: ("community", 0),
                case["grid"]: ("grid", 0),
                str(case["grid_version"]): ("version", 0),
            }
            found |= {repr(case["lon"]): ("lon", 0), repr(case["lat"]): ("lat", 0)}
        own = set()
        for table, some in self.rows.items():
            for row in some:
                if "id" in row:
                    own.add(row["id"])
                if table == "cases_follower":
                    found[row["code_hash"].removeprefix("\\x")] = ("secret", row["id"])
        found |= {id: ("id", id) for id in own if re.fullmatch(_UUID, id)}
        return found | {self.worker: ("worker", 0), self.worker_name: ("worker_name", 0)}

    # — holes ———————————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _hole(self, hole: Hole) -> int:
        return self.shape.holes.setdefault(hole, len(self.shape.holes))

    def _line(self, text: str) -> Line:
        """``text`` with its holes. What stands between two NUL characters is the name of one."""
        form, pick, at = bytearray(), [], 0
        for match in self.pattern.finditer(text):
            form += text[at : match.start()].replace("%", "%%").encode()
            at = match.end()
            form += self._filled(match, pick)
        form += text[at:].replace("%", "%%").encode()
        if len(pick) == 1:
            only = pick[0]
            return Line(bytes(form), lambda values: (values[only],))
        return Line(bytes(form), itemgetter(*pick) if pick else lambda values: ())

    def _filled(self, match: re.Match[str], pick: list[int]) -> bytes:
        token = match.group()
        if token[0] == "\0":
            name, _, argument = token.strip("\0").partition(" ")
            pick.append(self._hole((name, int(argument or 0))))
        elif match["time"]:
            at = datetime.fromisoformat(f"{match['day']}T{match['tod']}+00:00")
            pick += [self._hole(("day", at.date())), self._hole(("tod", at.time().replace(microsecond=0)))]
            return f"%b{match['between']}%b".encode()
        elif re.fullmatch(_DATE, token):
            pick.append(self._hole(("day", date.fromisoformat(token))))
        elif token in self.known:
            pick.append(self._hole(self.known[token]))
        else:  # an id of something else: a unit, a category, a colleague
            return token.encode()
        return b"%b"

    # — the lines ———————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _copied(self, table: str, row: Row) -> str:
        values = dict(row)
        if table == "cases_case":  # a resident gives no title: it is the text's beginning
            m = next(m for m, id in enumerate(self.members) if str(id) == row["id"])
            values |= {name: f"\0{name} {m}\0" for name in ("title", "text", "address")}
        if table == "search_document":
            values["grams"] = self._grams(next(m for m, id in enumerate(self.members) if str(id) == row["case"]))
        if table == "outbox_event":
            values |= {"xid": "\0xid\0", "pos": f"\0event {self.rows[table].index(row)}\0"}
        if table == "notices_notice":  # it bears the position of its event
            known = [event["pos"] for event in self.rows["outbox_event"]]
            values["pos"] = f"\0event {known.index(row['pos'])}\0"
        return "\t".join(escaped(values[c]) for c in columns_of(table))

    def _grams(self, m: int) -> str:
        """What stays the same of a case's document, and holes for the rest."""
        case = dict(self.cases[m])
        street = rows.value("SELECT name FROM places_area WHERE code = %(code)s", {"code": case["street"]})
        fixed = {mark for mark in marks(case) if mark[:2] not in ("c:", "g:", "n:", "t:", "p:")}
        assert set(TEXTS) == {"title", "text", "address", "result", "street_name", "community_name", "grid_name"}
        fixed |= grams([case["result"], street])
        reporter = f"'p:{case['reporter']}' " if case["reporter"] else ""
        return (
            f"{quoted(fixed).decode()}{reporter}\0place_lexemes\0\0lexemes {m}\0'n:\0number {m}\0' 't:\0sequence {m}\0'"
        )

    def _parties(self) -> None:
        columns = columns_of("cases_party")
        for row in self.rows["cases_party"]:
            values = row | {"name_sealed": "\0name\0", "phone_sealed": "\0phone\0", "phone_hash": "\0phone_hash\0"}
            line = self._line("\t".join(escaped(values[c]) for c in columns) + "\n")
            self.shape.parties.append((line, self._hole(("id", row["id"]))))

    def _entries(self) -> None:
        listed = rows.all(
            f"SELECT {entries.COLUMNS} FROM ledger_entry e WHERE e.id = ANY(%(ids)s) ORDER BY e.pos",
            {"ids": [UUID(r["id"]) for r in self.rows["ledger_entry"]]},
            using="owner",
        )
        for number, row in enumerate(listed):
            entry = entries.content(row)
            parts = entries.mark_parts(entry["mark"])
            assert parts is not None and entry["commitment"] is None, entry["tag"]
            known = canonical({name: entry[name] for name in _marked(parts[0])})
            entry |= {"recorded_at": entry["at"], "xid": "@xid@", "mark": "@mark@", "pos": 0}
            content = canonical(entry).decode().replace('"pos":0,', f'"pos":\0entry {number}\0,')
            content = content.replace("@xid@", "\0xid\0").replace("@mark@", "\0mark\0")
            text = self.rows["ledger_entry"][number]
            values = text | {
                "pos": f"\0entry {number}\0",
                "xid": "\0xid\0",
                "mark": "\\x\0mark\0",
                "recorded_at": text["at"],
            }
            line = "\t".join(escaped(values[c]) for c in columns_of("ledger_entry")) + "\n"
            self.shape.entries.append(
                Entry(row["id"], parts[0], self._line(known.decode()), self._line(content), self._line(line))
            )


def _marked(covers: int) -> list[str]:
    """What a mark is made of (``wangge.kernel.ledger.entries``)."""
    body = ["body"] if covers & entries.COVERS_BODY else []
    subject = ["subject", "district"] if covers & entries.COVERS_SUBJECT else []
    return ["id", "at", "tag", "actor_kind", "actor", "on_behalf", "kind", "commitment", *body, *subject]


def _token(text: str) -> str:
    """A known text where it stands by itself: a code is no part of a longer one, a name is a whole value."""
    if text.isdigit():
        return rf"(?<!\d){text}(?!\d)"
    if len(text) < 8 and not text.isascii():
        return rf'(?<![^\t"]){re.escape(text)}(?![^\t"])'
    return re.escape(escaped(text))


def _still(times: Sequence[datetime]) -> int:
    """Seconds until the first of the moments reaches a midnight, of UTC or of the zone of the installation."""
    day = timedelta(days=1)
    least = day
    for at in times:
        for shift in (timedelta(), _ZONE):
            local = at + shift
            least = min(least, local.replace(hour=0, minute=0, second=0, microsecond=0) + day - local)
    return max(int(least.total_seconds()) - 1, 0)


_columns: dict[str, list[str]] = {}


def columns_of(table: str) -> list[str]:
    """The columns that COPY fills, in their order."""
    if table not in _columns:
        found = rows.all(
            """SELECT attname::text AS name FROM pg_attribute WHERE attrelid = %(t)s::regclass AND attnum > 0 AND NOT attisdropped
               AND attgenerated = '' ORDER BY attnum""",
            {"t": table},
            using="owner",
        )
        _columns[table] = [r["name"] for r in found]
    return _columns[table]


def escaped(value: str | None) -> str:
    """A value as COPY reads it."""
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _one(sql: str, id: UUID) -> Row:
    found = rows.one(sql, {"id": id}, using="owner")
    assert found is not None
    return found
