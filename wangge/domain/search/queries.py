"""Finding cases: by words and numbers in two statements, by phone in three. Every answer is read from the cases themselves, so that
``Scope.sql`` and the row-level security of ``cases_case`` both hold; the index only says where to look.

A first statement counts the index's candidates, up to ``FEW``. Few are all fetched, rechecked and sorted. When there are more, they lie
close together: the documents are walked newest first and their grams compared, without the index (docs/search.md has the figures).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.cases.models import SCOPE
from wangge.domain.cases.queries import MARKS, NAMES, Filter
from wangge.domain.cases.rules import OPEN
from wangge.domain.cases.tags import CasePermission
from wangge.domain.search.rules import channels, states
from wangge.kernel.access import Principal, Scope
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Invalid
from wangge.kernel.search import Word, like, pieces, segments, words
from wangge.kernel.search.grams import MOST_WORDS
from wangge.kernel.web import paging

FEW = 5000
"""Candidates that are all looked at: tens of milliseconds."""
FEW_OPEN = 4
"""So many times ``FEW`` when only open cases are asked for: of them one status may be rare, and a walk reads all documents until it has found enough."""
BEST, BEST_OF_FEW = 60, 1000
"""So many of the cases, the newest, are ranked: of more than ``FEW`` candidates, and of fewer. Reading what a case says costs more than finding it."""
SORTS = ("rank", "-reported_at")
FIELDS = ("number", "title", "text", "address", "place", "result")
_DIGITS = re.compile(r"\d{8,22}")
_ROW = f"""c.id, c.number, c.status, c.version, c.urgency, c.channel, c.category, c.title, c.address, c.district, c.street,
    c.community, c.grid, c.lon, c.lat, c.confidential, c.lead, c.holder, c.stage, c.due_at, c.reported_at, c.changed_at,
    c.closed_at, {MARKS}, {NAMES}"""
_SHOWN = """c.text, c.result, concat_ws(' ', (SELECT s.name FROM places_area s WHERE s.code = c.street),
    (SELECT s.name FROM places_area s WHERE s.code = c.community), (SELECT g.name FROM places_grid g WHERE g.code = c.grid)) AS place"""
_OWN = "lower(normalize(concat_ws(E'\\n', c.title, c.text, c.address, c.result), NFKC))"


def search(
    *, by: Principal, q: str, filter: Filter, sort: str = "rank", after: str | None = None, limit: int = paging.DEFAULT
) -> dict[str, Any]:
    """One page of the cases that hold every word of ``q``. Shape: ``{"items", "next"}``; an item is a row of the queue with ``highlights``."""
    if sort not in SORTS:
        raise Invalid.field(
            "query.sort", "unknown", f"排序应为 {'、'.join(SORTS)} 之一。", f"sort is one of {', '.join(SORTS)}."
        )
    params: dict[str, Any] = {"limit": limit + 1}
    wanted = _checked(q)
    terms = _terms(by, wanted, filter, params)
    few = FEW * FEW_OPEN if filter.status and OPEN.issuperset(filter.status) else FEW
    many = few < rows.value(
        f"SELECT count(*) FROM (SELECT 1 FROM search_document WHERE grams @@ %(tsq)s::tsquery LIMIT {few + 1}) x",
        params,
    )
    ranked, keys = sort == "rank", ("rank", "reported_at", "id") if sort == "rank" else ("reported_at", "id")
    if ranked:
        found = _ranked(_documents(params, many), terms, wanted, params, after, BEST if many else BEST_OF_FEW)
    else:
        found = _newest(_documents(params, many, after), terms, params)
    for row in found[:limit]:
        row["highlights"] = _highlights(row, wanted)
    page = paging.page(found, limit, keys=keys)
    if many and not ranked and page["next"] is None:
        page["next"] = _rest(params, after)
    return page


def matching(*, by: Principal, q: str, filter: Filter, params: dict[str, Any]) -> tuple[str, list[str]]:
    """All cases that hold every word of ``q``, as SQL for who reads them to the end: a FROM item with ``cases_case c``, and the terms."""
    terms = _terms(by, _checked(q), filter, params)
    return f"{_documents(params, False)} d {_JOIN}", terms


def _terms(by: Principal, wanted: list[Word], filter: Filter, params: dict[str, Any]) -> list[str]:
    scope = by.require(CasePermission.READ)
    params["tsq"] = _tsquery(wanted, scope, filter)
    return [scope.sql("c", params, SCOPE), *filter.sql(params), *(_holds(i, w, params) for i, w in enumerate(wanted))]


def _documents(params: dict[str, Any], many: bool, after: str | None = None) -> str:
    """The candidates as a FROM item ``d``; of ``many``, the newest ``FEW`` from ``after`` on, read by time as far as they are needed."""
    later = ""
    if after:
        params["after_value"], params["after_id"] = paging.decode(after, kinds=(datetime, UUID))
        later = """AND (reported_at, "case") < (%(after_value)s, %(after_id)s)"""
    if not many:
        # OFFSET keeps the planner from asking the index once for every case
        return f"""(SELECT district, "case", reported_at FROM search_document WHERE grams @@ %(tsq)s::tsquery {later} OFFSET 0)"""
    # IS TRUE keeps the planner from collecting a hundred thousand rows from the index to sort them
    return f"""(SELECT district, "case", reported_at FROM search_document WHERE (grams @@ %(tsq)s::tsquery) IS TRUE {later}
                ORDER BY reported_at DESC, "case" DESC LIMIT {max(FEW, BEST)})"""


_JOIN = """JOIN cases_case c ON c.district = d.district AND c.id = d."case" """


def _newest(documents: str, terms: list[str], params: dict[str, Any]) -> list[Row]:
    return rows.all(
        f"""SELECT {_ROW}, {_SHOWN} FROM {documents} d {_JOIN} WHERE {" AND ".join(terms)}
            ORDER BY d.reported_at DESC, d."case" DESC LIMIT %(limit)s""",
        params,
    )


def _rest(params: dict[str, Any], after: str | None) -> str | None:
    """Where to go on when a narrow filter took nearly all of the newest ``FEW`` candidates; None when they were the last."""
    last = rows.one(
        f"""SELECT reported_at, "case" FROM {_documents(params, True, after)} d
            OFFSET {max(FEW, BEST) - 1} LIMIT 1""",
        params,
    )
    return paging.encode([last["reported_at"], last["case"]]) if last else None


def _ranked(
    documents: str, terms: list[str], wanted: list[Word], params: dict[str, Any], after: str | None, most: int
) -> list[Row]:
    """A word in the title counts 4, in the address 2, in the text 1; equals newest first. Of the newest ``most`` alone."""
    score = " + ".join(
        f"""(CASE WHEN lower(normalize(c.{column}, NFKC)) LIKE %(like_{i})s THEN {points} ELSE 0 END)"""
        for i in range(len(wanted))
        for column, points in (("title", 4), ("address", 2), ("text", 1))
    )
    later = ""
    if after:
        params["after_rank"], params["after_value"], params["after_id"] = paging.decode(
            after, kinds=(int, datetime, UUID)
        )
        later = "WHERE (m.rank, m.reported_at, m.id) < (%(after_rank)s, %(after_value)s, %(after_id)s)"
    return rows.all(
        f"""SELECT {_ROW}, {_SHOWN}, m.rank
            FROM (SELECT * FROM (SELECT c.district, c.id, c.reported_at, ({score})::int AS rank
                                 FROM {documents} d {_JOIN} WHERE {" AND ".join(terms)}
                                 ORDER BY d.reported_at DESC, d."case" DESC LIMIT {most}) m
                  {later} ORDER BY m.rank DESC, m.reported_at DESC, m.id DESC LIMIT %(limit)s) m
            JOIN cases_case c ON c.district = m.district AND c.id = m.id
            ORDER BY m.rank DESC, m.reported_at DESC, m.id DESC""",
        params,
    )


def _checked(q: str) -> list[Word]:
    wanted = words(q)
    if not wanted:
        raise Invalid.field(
            "query.q", "empty", "请输入要查找的文字、数字或案件编号。", "Type some text or a number to look for."
        )
    if len(wanted) > MOST_WORDS:
        raise Invalid.field(
            "query.q", "many", f"一次最多查找 {MOST_WORDS} 个词。", f"At most {MOST_WORDS} words at a time."
        )
    return wanted


def _tsquery(wanted: list[Word], scope: Scope, filter: Filter) -> str:
    """Every word, within the filter's place, state and channel and what the scope can hold. Values are lexemes of letters and digits, or our own codes."""
    parts = []
    # Marks first: one that a document lacks ends the comparison before its words are looked up.
    if not scope.everything:
        held = [
            *(f"'d:{c}'" for c in sorted(scope.districts)),
            *(f"'s:{c}'" for c in sorted(scope.streets)),
            *(f"'c:{c}'" for c in sorted(scope.communities)),
            *(f"'g:{c}'" for c in sorted(scope.grids)),
            *(f"'u:{u}'" for u in sorted(scope.units)),
            *([f"'p:{scope.person}'"] if scope.person else []),
        ]
        parts.append(_any(held or ["'nothing:'"]))
    for level in ("street", "community", "grid"):
        if code := getattr(filter, level):
            parts.append(f"'{level[0]}:{code}'")
    for wide in (states(filter.status), channels(filter.channel)):
        if wide:
            parts.append(_any([f"'{mark}'" for mark in sorted(wide)]))
    parts += [_any([" & ".join(pieces(w.text)), *_numbered(w)]) for w in wanted]
    return " & ".join(parts)


def _any(parts: list[str]) -> str:
    return "(" + " | ".join(f"({part})" for part in parts) + ")"


def _numbered(word: Word) -> list[str]:
    """A case's number: whole, its beginning past the street and year, or what comes after the street."""
    if not _DIGITS.fullmatch(word.text):
        return []
    whole = [f"'n:{word.text}':*"] if len(word.text) >= 13 else []
    return [*whole, f"'t:{word.text}':*"] if len(word.text) <= 13 else whole


def _holds(at: int, word: Word, params: dict[str, Any]) -> str:
    """The recheck. Names of places are few: which of them hold the word is found once a statement, not once a case."""
    params[f"like_{at}"] = like(word.text)
    pattern = f"%(like_{at})s"
    areas = f"ARRAY(SELECT s.code FROM places_area s WHERE lower(normalize(s.name, NFKC)) LIKE {pattern})"
    grids = f"ARRAY(SELECT g.code FROM places_grid g WHERE lower(normalize(g.name, NFKC)) LIKE {pattern})"
    ways = [
        f"{_OWN} LIKE {pattern}",
        f"c.street = ANY({areas})",
        f"c.community = ANY({areas})",
        f"c.grid = ANY({grids})",
    ]
    if _numbered(word):
        params[f"number_{at}"] = word.text + "%"
        ways += [f"c.number LIKE %(number_{at})s", f"substr(c.number, 10) LIKE %(number_{at})s"]
    return "(" + " OR ".join(ways) + ")"


def _highlights(row: Row, wanted: list[Word]) -> list[dict[str, Any]]:
    found = [(field, segments(row[field], [w.text for w in wanted])) for field in FIELDS]
    return [{"field": field, "segments": cut} for field, cut in found if cut]
