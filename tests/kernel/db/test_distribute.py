"""The layout for Citus, where no Citus is at hand: rules on the catalogue, the loop with its keys, and what hot statements name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.program import wangge
from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Report
from wangge.domain.cases.queries import Filter
from wangge.kernel import commands as kit
from wangge.kernel.access import bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.processes import distributing

ASKS_EVERY_NODE = {
    r"SELECT c\.\*, .* FROM cases_case c WHERE c\.id = %\(case\)s": "the address of a case holds its id alone",
    r"WITH known AS \(SELECT 1 FROM cases_case WHERE id = ": "a report sent again is known by its id",
    r"SELECT id FROM cases_case WHERE id = %\(id\)s AND body_hash": "the same, told from another report of that id",
    r".* FROM cases_case c WHERE c\.street = ": "the queue of a street's people: its code begins with the district, which is not said",
}
"""Hot statements that name no district, and why: each would ask every node (docs/scaling.md, what is left to do for Citus)."""


def test_every_table_has_its_place_and_every_key_the_district(own_database: str) -> None:
    assert distributing.faults() == []


BROKEN = (
    ("CREATE TABLE cases_note (id int PRIMARY KEY)", (), "cases_note: has no place in the layout"),
    ("DROP TABLE cases_link", (), "cases_link: has a place in the layout and is not there"),
    (
        "CREATE TABLE cases_note (id int PRIMARY KEY)",
        ("cases_note",),
        "cases_note: has no district, or one that may be empty",
    ),
    (
        "CREATE TABLE cases_note (district varchar(6) NOT NULL, id int PRIMARY KEY)",
        ("cases_note",),
        "cases_note: its primary key (id) does not begin with the district",
    ),
    (
        "CREATE UNIQUE INDEX cases_step_at ON cases_step (at)",
        (),
        "cases_step: the unique key cases_step_at (at) is without the district",
    ),
    (
        "ALTER TABLE cases_step ADD CONSTRAINT s FOREIGN KEY (district, id) REFERENCES cases_clock (district, id)",
        (),
        None,
    ),
    (
        "ALTER TABLE cases_step ADD CONSTRAINT s FOREIGN KEY (id) REFERENCES people_session (id)",
        (),
        "cases_step: the foreign key s leads to people_session on another node",
    ),
    (
        "ALTER TABLE views_view ADD CONSTRAINT s FOREIGN KEY (id) REFERENCES cases_case (id)",
        (),
        "views_view: the foreign key s leads to rows that lie on many nodes",
    ),
    ("ALTER TABLE cases_step ADD COLUMN n bigserial", (), "cases_step: n is numbered by a sequence"),
)


@pytest.mark.parametrize(("sql", "spread", "fault"), BROKEN)
def test_what_does_not_fit_the_layout_is_named(
    own_database: str, monkeypatch: pytest.MonkeyPatch, sql: str, spread: tuple[str, ...], fault: str | None
) -> None:
    monkeypatch.setattr(distributing, "DISTRIBUTED", distributing.DISTRIBUTED + spread)
    rows.run(sql, using="owner")
    assert distributing.faults() == [] if fault is None else fault in distributing.faults()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every statement."""
    texts: list[str] = []
    asked = rows._asked

    def noting(sql: str, *rest: Any) -> Any:
        texts.append(" ".join(sql.split()))
        return asked(sql, *rest)

    monkeypatch.setattr(rows, "_asked", noting)
    return texts


def test_what_is_asked_most_names_the_district_of_each_table_it_reads(
    real_world: SimpleNamespace, recorded: list[str]
) -> None:
    whole_loop(real_world)
    bob = real_world.as_("bob")
    bind(bob)
    for filter in (Filter(), Filter(status=("accepted",)), Filter(street=FUBAO)):
        queries.queue(by=bob, filter=filter)
    wrong = {text: tables for text in recorded if (tables := list(without_district(text)))}
    known = {text: pattern for text in wrong for pattern in ASKS_EVERY_NODE if re.match(pattern, text)}
    assert [f"{wrong[text]}: {text}" for text in wrong.keys() - known.keys()] == []
    assert set(known.values()) == ASKS_EVERY_NODE.keys(), "excepted, and not needed"


NO_CITUS = """
CREATE TABLE made (n int GENERATED ALWAYS AS IDENTITY, what text, name regclass);
CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql AS $$ INSERT INTO made (what, name) VALUES ('reference', name) $$;
CREATE FUNCTION create_distributed_table(name regclass, by text, colocate_with text DEFAULT 'default') RETURNS void LANGUAGE sql
    AS $$ INSERT INTO made (what, name) VALUES (by || ' ' || colocate_with, name) $$;
"""
"""Functions of Citus' names that only note what they were asked for: what is shown with them is our SQL, not Citus."""


def test_the_layout_is_made_in_order_and_the_loop_goes_on_with_its_keys(real_world: SimpleNamespace) -> None:
    assert not distributing.has_citus()
    rows.run(NO_CITUS, using="owner")
    assert distributing.has_citus()
    distributing.apply()
    made = rows.all("SELECT what, name::text FROM made ORDER BY n", using="owner")
    assert [row["name"] for row in made] == [*distributing.REFERENCE, *distributing.DISTRIBUTED]
    assert {row["what"] for row in made} == {"reference", "district default", "district cases_case"}
    rows.run("DROP TABLE made CASCADE", using="owner")
    assert all("district" in key.columns for key in distributing.unique_keys())
    whole_loop(real_world)


def test_without_citus_the_command_prints_the_layout_and_makes_nothing(own_database: str) -> None:
    printed = wangge("distribute", WANGGE_DATABASE_URL=own_database)
    assert printed.returncode == kit.OK, printed.stderr
    assert "SELECT create_distributed_table('cases_step', 'district', colocate_with => 'cases_case');" in printed.stdout
    refused = wangge("distribute", "--apply", WANGGE_DATABASE_URL=own_database)
    assert refused.returncode == kit.REFUSED and "CREATE EXTENSION citus" in refused.stderr


def whole_loop(world: SimpleNamespace) -> dict:
    """From the report to the close; the report and an act sent again change nothing."""
    alice = world.as_("alice")
    report = Report(id=uuid7(), text="路边有垃圾堆", category=category("0101").id, point=point_in(FUBAO + "001001"))
    bind(alice)
    case, made = actions.report(by=alice, report=report)
    again, made_again = actions.report(by=alice, report=report)
    assert (made, made_again, again["id"]) == (True, False, case["id"])
    for who, act, given in (
        ("bob", actions.accept, {}),
        ("bob", actions.dispatch, {}),
        ("hank", actions.take, {}),
        ("hank", actions.resolve, {"result": "已清运"}),
        ("bob", actions.verify, {"outcome": "pass"}),
        ("bob", actions.tag, {"tags": ["夜市"]}),
        ("bob", actions.close, {}),
    ):
        person = world.as_(who)
        bind(person)
        case = act(by=person, case=case["id"], version=case["version"], **given)
    assert queries.detail(by=person, case=case["id"])["status"] == "closed"
    return case


_TABLE = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|,) (" + "|".join(distributing.DISTRIBUTED) + r")\b"
    r"(?: (?:AS )?(?!WHERE|JOIN|SET|ON|ORDER|CROSS|LEFT|LIMIT|USING)(\w+))?"
)
_BESIDE = re.compile(r"\b(\w+)\.district = (\w+)\.district\b")
_GIVEN = re.compile(r"\b(?:(\w+)\.)?district (?:= (?:%\(|ANY\(|v\.value|NEW\.)|IN \()")


def without_district(text: str) -> Iterator[str]:
    """The distributed tables of a statement whose district is neither given nor that of a row that is found by a given one."""
    named = {alias or table: table for table, alias in _TABLE.findall(text)}
    known = set(_GIVEN.findall(text))
    if "" in known:  # without a name in front it is of the only table there is
        known |= named.keys()
    pairs = _BESIDE.findall(text)
    for _ in pairs:
        known |= {b for a, b in pairs if a in known} | {a for a, b in pairs if b in known}
    yield from sorted({table for alias, table in named.items() if alias not in known})
