"""Finding cases: by words and numbers in two statements, by phone in three. Every answer is read from the cases themselves, so that
``Scope.sql`` and the row-level security of ``cases_case`` both hold; the index only says where to look.

A first statement collects the index's candidates, up to ``FEW``. Of few the cases are read, rechecked and sorted. When there are more, they lie
close together: the documents are walked newest first and their grams compared, without the index (docs/search.md has the figures).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple
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
    ranked, keys = sort == "rank", ("rank", "reported_at", "id") if sort == "rank" else ("reported_at", "id")
    many = not _collected(params, few, None if ranked else after)
    if ranked:
        documents, most = (_walked(params), BEST) if many else (_COLLECTED, BEST_OF_FEW)
        found = _ranked(documents, terms, wanted, params, after, most)
    else:
        found = _newest(_walked(params, after) if many else _COLLECTED, terms, params)
    for row in found[:limit]:
        row["highlights"] = _highlights(row, wanted)
    page = paging.page(found, limit, keys=keys)
    if many and not ranked and page["next"] is None:
        page["next"] = _rest(params, after)
    return page


def matching(*, by: Principal, q: str, filter: Filter, params: dict[str, Any]) -> tuple[str, list[str]]:
    """All cases that hold every word of ``q``, as SQL for who reads them to the end: a FROM item with ``cases_case c``, and the terms."""
    terms = _terms(by, _checked(q), filter, params)
    # OFFSET keeps the planner from asking the index once for every case
    documents = (
        """(SELECT district, "case", reported_at FROM search_document WHERE grams @@ %(tsq)s::tsquery OFFSET 0)"""
    )
    return f"{documents} d {_JOIN}", terms


def _terms(by: Principal, wanted: list[Word], filter: Filter, params: dict[str, Any]) -> list[str]:
    scope = by.require(CasePermission.READ)
    params["tsq"] = _tsquery(wanted, scope, filter)
    return [scope.sql("c", params, SCOPE), *filter.sql(params), *(_holds(i, w, params) for i, w in enumerate(wanted))]


def _later(params: dict[str, Any], after: str | None) -> str:
    if not after:
        return ""
    params["after_value"], params["after_id"] = paging.decode(after, kinds=(datetime, UUID))
    return """AND (reported_at, "case") < (%(after_value)s, %(after_id)s)"""


def _collected(params: dict[str, Any], few: int, after: str | None) -> bool:
    """Put the candidates from ``after`` on into ``params``, newest first, for ``_COLLECTED``; False when they are more than ``few``. The index is asked
    once: to unite the rows of all lexemes that begin with one character takes longer than what follows."""
    kept = ", ".join(
        f"""CASE WHEN count(*) <= {few} THEN array_agg({column} ORDER BY reported_at DESC, "case" DESC)::text END AS {name}"""
        for column, name in (("district", "districts"), ('"case"', "cases"))
    )
    found = rows.one(
        f"""SELECT count(*) AS count, {kept}
            FROM (SELECT district, "case", reported_at FROM search_document
                  WHERE grams @@ %(tsq)s::tsquery {_later(params, after)} LIMIT {few + 1}) x""",
        params,
    )
    assert found is not None
    # As the text of arrays: twenty thousand ids go back as they came.
    params |= {"districts": found["districts"] or "{}", "cases": found["cases"] or "{}"}
    return found["count"] <= few


class Documents(NamedTuple):
    """Candidates as a FROM item ``d`` with ``district`` and ``case``, and their order, newest first."""

    sql: str
    newest: str


_COLLECTED = Documents(
    """unnest(%(districts)s::text[], %(cases)s::uuid[]) WITH ORDINALITY d (district, "case", place)""", "d.place"
)


def _walked(params: dict[str, Any], after: str | None = None) -> Documents:
    """The newest ``FEW`` candidates from ``after`` on, read by time as far as they are needed."""
    # IS TRUE keeps the planner from collecting a hundred thousand rows from the index to sort them
    return Documents(
        f"""(SELECT district, "case", reported_at FROM search_document
             WHERE (grams @@ %(tsq)s::tsquery) IS TRUE {_later(params, after)}
             ORDER BY reported_at DESC, "case" DESC LIMIT {max(FEW, BEST)}) d""",
        'd.reported_at DESC, d."case" DESC',
    )


_JOIN = """JOIN cases_case c ON c.district = d.district AND c.id = d."case" """


def _newest(documents: Documents, terms: list[str], params: dict[str, Any]) -> list[Row]:
    return rows.all(
        f"""SELECT {_ROW}, {_SHOWN} FROM {documents.sql} {_JOIN} WHERE {" AND ".join(terms)}
            ORDER BY {documents.newest} LIMIT %(limit)s""",
        params,
    )


def _rest(params: dict[str, Any], after: str | None) -> str | None:
    """Where to go on when a narrow filter took nearly all of the newest ``FEW`` candidates; None when they were the last."""
    last = rows.one(
        f"""SELECT reported_at, "case" FROM {_walked(params, after).sql} OFFSET {max(FEW, BEST) - 1} LIMIT 1""",
        params,
    )
    return paging.encode([last["reported_at"], last["case"]]) if last else None


def _ranked(
    documents: Documents, terms: list[str], wanted: list[Word], params: dict[str, Any], after: str | None, most: int
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
                                 FROM {documents.sql} {_JOIN} WHERE {" AND ".join(terms)}
                                 ORDER BY {documents.newest} LIMIT {most}) m
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
