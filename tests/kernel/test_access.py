"""Alice works in the Fubao street, Bob in one of its communities, Charlie in another district: who sees what."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wangge.kernel.access import EVERYTHING, NOTHING, SYSTEM, Columns, Grant, Principal, Role, Scope, acting, bind
from wangge.kernel.access.policies import protect, scope_predicate
from wangge.kernel.db import rows

UNITS = [UUID(int=i) for i in range(1, 5)]
PEOPLE = [UUID(int=i) for i in range(101, 104)]
DISTRICTS = ["440304", "440308"]
STREETS = [d + s for d in DISTRICTS for s in ("001", "002")]
COMMUNITIES = [s + c for s in STREETS for c in ("001", "002")]
GRIDS = [c + g for c in COMMUNITIES for g in ("001", "002")]

things = st.builds(
    lambda grid, depth, unit, others, person: {
        "district": grid[:6],
        "street": grid[:9],
        "community": grid[:12] if depth > 0 else None,
        "grid": grid if depth > 1 else None,
        "unit": unit,
        "others": others,
        "person": person,
    },
    st.sampled_from(GRIDS),
    st.integers(0, 2),
    st.none() | st.sampled_from(UNITS),
    st.lists(st.sampled_from(UNITS), unique=True, max_size=2),
    st.none() | st.sampled_from(PEOPLE),
)
scopes = st.builds(
    Scope,
    everything=st.just(False) | st.booleans(),
    districts=st.frozensets(st.sampled_from(DISTRICTS), max_size=1),
    streets=st.frozensets(st.sampled_from(STREETS), max_size=2),
    communities=st.frozensets(st.sampled_from(COMMUNITIES), max_size=2),
    grids=st.frozensets(st.sampled_from(GRIDS), max_size=2),
    units=st.frozensets(st.sampled_from(UNITS), max_size=2),
    person=st.none() | st.sampled_from(PEOPLE),
)
COLUMNS = Columns(units=("unit",), unit_lists=("others",), persons=("person",))


def naive(scope: Scope, thing: dict) -> bool:
    """The rule of DESIGN §1.5, written as slowly and plainly as it can be."""
    if scope.everything:
        return True
    for level, codes in (
        ("district", scope.districts),
        ("street", scope.streets),
        ("community", scope.communities),
        ("grid", scope.grids),
    ):
        for code in codes:
            if thing[level] == code:
                return True
    for unit in scope.units:
        if thing["unit"] == unit or unit in thing["others"]:
            return True
    return scope.person is not None and thing["person"] == scope.person


@pytest.mark.django_db
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scope=scopes, sample=st.lists(things, min_size=1, max_size=12))
def test_the_scope_in_sql_the_policy_of_the_database_and_a_naive_oracle_agree(scope: Scope, sample: list[dict]) -> None:
    expected = {i for i, thing in enumerate(sample) if naive(scope, thing)}

    in_python = {
        i
        for i, t in enumerate(sample)
        if scope.covers(
            district=t["district"],
            street=t["street"],
            community=t["community"],
            grid=t["grid"],
            units=[u for u in [t["unit"], *t["others"]] if u],
            persons=[t["person"]] if t["person"] else [],
        )
    }
    assert in_python == expected

    table = """(SELECT (v->>'i')::int AS i, v->>'district' AS district, v->>'street' AS street, v->>'community' AS community,
                v->>'grid' AS grid, (v->>'unit')::uuid AS unit, (v->>'person')::uuid AS person,
                ARRAY(SELECT jsonb_array_elements_text(v->'others'))::uuid[] AS others
                FROM jsonb_array_elements(%(sample)s::jsonb) AS v)"""
    params: dict = {"sample": json.dumps([{"i": i, **t} for i, t in enumerate(sample)], default=str)}
    predicate = scope.sql("t", params, COLUMNS)
    assert {r["i"] for r in rows.all(f"SELECT i FROM {table} t WHERE {predicate}", params)} == expected

    bind(Principal(kind="user", id=scope.person, name="Alice", grants=(Grant(Role.GRID_WORKER, scope),)))
    found = rows.all(f"SELECT i FROM {table} t WHERE {scope_predicate(COLUMNS)}", {"sample": params["sample"]})
    assert {r["i"] for r in found} == expected


def test_a_connection_that_nobody_bound_sees_no_protected_row(own_database: str) -> None:
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute("CREATE TABLE secret (district text, street text, community text, grid text)")
        owner.execute(
            "INSERT INTO secret VALUES ('440304', '440304010', NULL, NULL), ('440308', '440308001', NULL, NULL)"
        )
        owner.execute(protect("secret", scope_predicate()))
    count = "SELECT count(*) FROM secret"
    assert rows.value(count) == 0
    with acting(SYSTEM):
        assert rows.value(count) == 2
    alice = Principal(kind="user", id=uuid4(), name="Alice", grants=(Grant(Role.OPERATOR, Scope.area("440304010")),))
    with acting(alice):
        assert rows.value(count) == 1
        with pytest.raises(Exception, match="row-level security"):
            rows.run("INSERT INTO secret VALUES ('440308', '440308001', NULL, NULL)")
    assert rows.value(count) == 0
    connection.close()
    assert rows.value(count) == 0


def test_a_connection_in_the_place_of_a_lost_one_sees_what_that_one_saw_and_no_more(own_database: str) -> None:
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute("CREATE TABLE secret (district text, street text, community text, grid text)")
        owner.execute("INSERT INTO secret VALUES ('440304', '440304010', NULL, NULL)")
        owner.execute(protect("secret", scope_predicate()))

        def lose() -> None:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [rows.value("SELECT pg_backend_pid()")])
            with pytest.raises(OperationalError), transaction.atomic():
                rows.value(count)

        count = "SELECT count(*) FROM secret"
        with acting(SYSTEM):
            lose()
            assert rows.value(count) == 1
            with acting(Principal(kind="user", id=uuid4(), name="Alice")):
                lose()
                assert rows.value(count) == 0
                lose()
            assert rows.value(count) == 1
            lose()
        assert rows.value(count) == 0
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [rows.value("SELECT pg_backend_pid()")])
        with pytest.raises(OperationalError), acting(SYSTEM):
            pass
        connection.close()
        assert rows.value(count) == 0


def test_an_empty_scope_sees_nothing_and_everything_sees_all() -> None:
    assert NOTHING.sql("t", {}) == "(FALSE)"
    assert EVERYTHING.sql("t", {}) == "(TRUE)"
    assert NOTHING.is_empty and not EVERYTHING.is_empty


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR])
def test_an_administrator_sees_no_data_by_that_alone(role: Role) -> None:
    sam = Principal(kind="user", id=uuid4(), name="Sam", grants=(Grant(role, EVERYTHING),))
    assert not sam.visible.everything
    assert sam.visible == Scope(person=sam.id)


def test_a_resident_sees_the_case_they_hold_a_code_of_and_the_database_is_told_of_none() -> None:
    case, other = UUID(int=7), UUID(int=8)
    scope = Scope(cases=frozenset({case}))
    params: dict = {}
    assert scope.sql("c", params, Columns(case="id")) == "((c.id = ANY(%(scope_cases)s)) IS TRUE)"
    assert params == {"scope_cases": [case]} and (scope | Scope(cases=frozenset({other}))).cases == {case, other}
    assert scope.sql("c", {}) == "(FALSE)" and scope.settings() == NOTHING.settings() and not scope.is_empty
