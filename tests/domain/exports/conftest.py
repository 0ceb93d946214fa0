"""The small world with real commits: an export reads on a connection of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from openpyxl import load_workbook

from tests.support import world as small
from tests.support.world import FUBAO, HAISHAN, NANYUAN, category, point_in
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.exports.actions import Export, export_cases
from wangge.domain.exports.queries import Asked
from wangge.domain.places import queries as places
from wangge.domain.stats import actions as stats
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows

GRIDS = [
    (FUBAO + "001001", "bob"),
    (FUBAO + "002001", "bob"),
    (NANYUAN + "001001", "cora"),
    (HAISHAN + "001001", "charlie"),
]
CHANNELS = ("worker", "hotline", "window", "patrol")


@pytest.fixture(scope="module")
def world(databases: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """With sixty cases of all kinds. Tests of one module share it: what they add they know."""
    with django_db_blocker.unblock(), databases.for_one_test() as name:
        places.forget()
        made = small.build()
        made.owner = databases.owner_url(name)
        for n in range(60):
            grid, operator = GRIDS[n // 3 % 4]
            report(made, f"第 {n} 件：垃圾成堆", by=operator, grid=grid, channel=CHANNELS[n % 3])
        with psycopg.connect(made.owner) as owner:  # states that would take a hundred acts
            owner.execute(
                """UPDATE cases_case c SET returns = x.n % 3, reopened = x.n % 2, status = x.status, confidential = x.n % 7 = 0,
                       tags = CASE WHEN x.n % 5 = 0 THEN ARRAY['重点'] ELSE '{}' END,
                       stage = CASE WHEN x.live THEN 'accept' END, due_at = CASE WHEN x.live THEN c.due_at + (x.n - 20) * interval '1 hour' END,
                       closed_at = CASE WHEN NOT x.live THEN c.reported_at END,
                       reported_at = c.reported_at - x.n * interval '5 hour'
                   FROM (SELECT id, n, status, status IN ('reported', 'accepted') AS live FROM (
                            SELECT id, n, (ARRAY['reported', 'accepted', 'closed', 'rejected'])[1 + n % 4] AS status FROM (
                                SELECT id, row_number() OVER (ORDER BY number) AS n FROM cases_case) a) b) x WHERE x.id = c.id"""
            )
        with acting(SYSTEM):
            stats.rebuild()
        yield made
    places.forget()


def report(world: SimpleNamespace, text: str, *, by: str = "bob", grid: str = FUBAO + "001001", **given: Any) -> dict:
    person = world.as_(by)
    bind(person)
    given = {
        "category": category("0101").id,
        "point": point_in(grid),
        "reporter": Reporter("欧阳示范", "13800001111"),
    } | given
    return actions.report(by=person, report=Report(text=text, **given))[0]


def taken(world: SimpleNamespace, login: str, asked: Asked, form: Any = "csv", language: str = "zh") -> list[list[Any]]:
    """The file's lines, heading first."""
    by = world.as_(login)
    bind(by)
    made = export_cases(by=by, asked=asked, form=form, language=language)
    lines = lines_of(made, form)
    assert len(lines) == made.rows + 1
    return lines


def lines_of(made: Export, form: str) -> list[list[Any]]:
    data = b"".join(made.pieces)
    if form == "csv":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    sheet = load_workbook(io.BytesIO(data), read_only=True).active
    assert sheet is not None
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def exporting() -> int:
    """Connections of this database beside the one that asks."""
    return rows.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in%%'",
        {},
    )
