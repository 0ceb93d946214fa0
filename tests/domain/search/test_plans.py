"""How PostgreSQL goes about a search, over 20 000 cases: no large table is read from end to end for a page."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.support.statements import Statements
from wangge.domain.cases.queries import Filter
from wangge.domain.search import queries
from wangge.kernel.access import Grant, Principal, Role, Scope, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

CASES = 20_000
FILL = f"""
INSERT INTO cases_case (district, id, street, number, status, version, urgency, channel, category, title, text, address, confidential,
                        wants_answer, holder, stage, due_at, reported_at, received_at, changed_at, result, source, body_hash)
SELECT '440304', gen_random_uuid(), '440304010', '440304010' || (20260000 + n / 100)::text || lpad((n % 100)::text, 5, '0'), 'reported', 1,
       'normal', 'hotline', gen_random_uuid(), '', CASE WHEN n % 4000 = 0 THEN '白蚁' ELSE '' END || '垃圾', '', false, true,
       gen_random_uuid(), 'accept', now(), now() - n * interval '1 minute', now(), now(), '', '', 'x'
FROM generate_series(1, {CASES}) n;
INSERT INTO search_document (district, "case", version, reported_at, grams)
SELECT district, id, 1, reported_at, array_to_tsvector(ARRAY['垃圾', '圾', 'd:' || district, 's:' || street, 'n:' || number]
       || CASE WHEN text LIKE '白%' THEN ARRAY['白蚁', '蚁垃'] ELSE '{{}}' END) FROM cases_case;
"""


@pytest.fixture
def many(own_database: str) -> Principal:
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute(FILL)
        owner.execute("VACUUM ANALYZE cases_case")
        owner.execute("VACUUM ANALYZE search_document")
    scope = Scope(districts=frozenset({"440304"}))
    by = Principal(kind="user", id=uuid7(), name="Dan", grants=(Grant(Role.OPERATOR, scope),))
    bind(by)
    return by


def page_plan(by: Principal, q: str, sort: str) -> tuple[int, str, str]:
    """How many were found, and the plans of the statements that collected candidates and that read the cases, as they were run."""
    with Statements() as said:
        page = queries.search(by=by, q=q, filter=Filter(), sort=sort)
    assert len(said) == 2
    explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "
    looked, read = (
        "\n".join(line["QUERY PLAN"] for line in rows.all(explain + one["sql"].replace("%", "%%"), {})) for one in said
    )
    return len(page["items"]), looked, read


def read_in_full(plan: str) -> list[str]:
    return re.findall(r"Seq Scan on (cases_case|search_document)", plan)


@pytest.mark.parametrize("sort", queries.SORTS)
@pytest.mark.parametrize("q", ["白蚁", "白", "白蚁 垃圾"])
def test_rare_words_come_from_the_index(many: Principal, q: str, sort: str) -> None:
    count, looked, read = page_plan(many, q, sort)
    assert count == 5
    assert "Bitmap Index Scan on search_document_grams" in looked
    assert read_in_full(looked) == [] == read_in_full(read)
    assert "search_document" not in read, "the index is asked once"


@pytest.mark.parametrize("sort", queries.SORTS)
def test_common_words_are_walked_newest_first_no_further_than_needed(many: Principal, sort: str) -> None:
    count, _, plan = page_plan(many, "垃圾", sort)
    assert count == 20
    assert read_in_full(plan) == []
    walked = re.search(r"search_document_newest on search_document.*?rows=(\d+)", plan)
    assert walked is not None
    assert int(walked[1]) <= queries.BEST + 1, plan
