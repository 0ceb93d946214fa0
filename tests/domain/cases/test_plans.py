"""What is asked about one case, or for one page, reads a few rows, however many cases there are. Found with these at a million cases: a
detail that walked through its district (1.6 s)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from tests.support import world as small
from tests.support.reading import rows_read
from tests.support.world import FUBAO, point_in
from wangge.domain.cases import actions, intake, queries
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.queries import SORTS, Filter
from wangge.kernel.access import bind

MANY = 3000
FEW = 150


@pytest.fixture
def town(real_world: SimpleNamespace) -> SimpleNamespace:
    """Two cases of which one is merged into the other, and thousands more of their kind."""
    bob = real_world.as_("bob")
    bind(bob)
    made = [
        actions.report(
            by=bob,
            report=Report(
                text=f"第 {n} 件：路灯不亮",
                category=small.category("0101").id,
                point=point_in(FUBAO + "001001"),
                reporter=Reporter(name="张三", phone="13800000000"),
            ),
        )[0]
        for n in range(2)
    ]
    main, other = (actions.accept(by=bob, case=case["id"], version=case["version"]) for case in made)
    multiply()
    actions.merge(by=bob, case=other["id"], version=other["version"], other=main["id"])
    return SimpleNamespace(
        by=bob,
        district=real_world.as_("dan"),
        case=main["id"],
        point=(main["lon"], main["lat"]),
        category=main["category"],
    )


def multiply() -> None:
    """So many more of each case that is there."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"""CREATE TEMPORARY TABLE copies AS
                SELECT c.id AS old, gen_random_uuid() AS new, n FROM cases_case c, generate_series(1, {MANY // 2}) n"""
        )
        for table, key in (
            ("cases_case", "id"),
            *((t, '"case"') for t in ("cases_step", "cases_clock", "cases_party")),
        ):
            cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [table])
            own = {
                "number": "left(t.number, 17) || lpad((10000 + row_number() OVER ())::text, 5, '0')",
                "merged_into": "NULL",
            }
            own |= {"reporter": "NULL", "id": "gen_random_uuid()", key.strip('"'): "k.new"}
            names = [name for (name,) in cursor.fetchall()]
            listed = ", ".join(f'"{name}"' for name in names)
            values = ", ".join(own.get(name, f't."{name}"') for name in names)
            cursor.execute(
                f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} t JOIN copies k ON k.old = t.{key}"
            )
            cursor.execute(f"ANALYZE {table}")


def test_a_case_is_shown_and_looked_at_for_an_act_from_a_few_rows(town: SimpleNamespace) -> None:
    assert queries.detail(by=town.by, case=town.case)["related"], "the merged one is there"
    assert rows_read(lambda: queries.detail(by=town.by, case=town.case), of="cases_") < FEW
    assert rows_read(lambda: queries.visible(by=town.by, case=town.case), of="cases_") < 20
    row = queries.visible(by=town.by, case=town.case)
    for of_it in (queries.has_reporter, queries.merged_into, queries.running_clock, queries.parties):
        assert rows_read(lambda asked=of_it: asked(row), of="cases_") < 20, of_it.__name__


@pytest.mark.parametrize("sort", SORTS)
def test_a_page_is_found_in_about_as_many_rows_as_it_shows(town: SimpleNamespace, sort: str) -> None:
    for filter in (Filter(), Filter(status=("accepted",)), Filter(street=FUBAO)):
        assert rows_read(lambda asked=filter: queries.queue(by=town.by, filter=asked, sort=sort), of="cases_") < FEW, (
            filter
        )


@pytest.mark.parametrize(
    ("flag", "filter"),
    [
        ("returns = 1", Filter(returned=True)),
        ("returns = 2", Filter(returns=2)),
        ("rework = 1", Filter(reworked=True)),
        ("reopened = 1", Filter(reopened=True)),
        ("confidential = true", Filter(confidential=True)),
    ],
)
def test_what_is_rare_among_the_open_cases_of_a_district_is_found_in_the_order_of_its_limits(
    town: SimpleNamespace, flag: str, filter: Filter
) -> None:
    """Most that ever had the flag have ended: neither what is open nor what has the flag leads to the few that are both."""
    some = "WHERE id IN (SELECT id FROM cases_case WHERE closed_at IS NULL ORDER BY id LIMIT %s)"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"UPDATE cases_case SET status = 'closed', closed_at = now(), due_at = NULL, {flag} {some}", [300]
        )
        cursor.execute(f"UPDATE cases_case SET {flag} {some}", [7])
        cursor.execute("ANALYZE cases_case")
    page = lambda: queries.queue(by=town.district, filter=filter, sort="due_at")
    assert len(page()["items"]) == 7
    assert rows_read(page, of="cases_") < FEW


def test_what_was_here_before_is_found_among_the_cases_of_the_place(town: SimpleNamespace) -> None:
    with connections["owner"].cursor() as cursor:  # all but a few lie elsewhere
        cursor.execute("UPDATE cases_case SET lon = lon + 0.05 WHERE merged_into IS NULL AND id <> %s", [town.case])
        cursor.execute("ANALYZE cases_case")
    asked: dict[str, Any] = {"by": town.by, "point": town.point}
    assert rows_read(lambda: intake.earlier_here(**asked), of="cases_") < FEW
    similar = lambda: intake.similar(**asked, place=None, text="路灯不亮", category=town.category)
    assert rows_read(similar, of="cases_") < FEW
