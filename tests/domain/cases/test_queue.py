"""The queue is asked term by term of a scope: together the terms must give what a plain reading of the rule gives, in order, once."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.statements import Statements
from wangge.domain.cases.queries import SORTS, Filter, counts, queue
from wangge.domain.cases.rules import LIVE, OPEN, Status
from wangge.domain.cases.schemas import FilterQuery
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Grant, Principal, Role, Scope, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
UNITS = [UUID(int=i) for i in range(1, 5)]
PEOPLE = [UUID(int=i) for i in range(101, 104)]
CATEGORIES = [UUID(int=i) for i in range(201, 204)]
DISTRICTS = ["440304", "440308"]
STREETS = [d + s for d in DISTRICTS for s in ("001", "002")]
COMMUNITIES = [s + c for s in STREETS for c in ("001", "002")]
GRIDS = [c + g for c in COMMUNITIES for g in ("001", "002")]
TAGS = ["夜间", "占道"]

scopes = st.builds(
    Scope,
    districts=st.frozensets(st.sampled_from(DISTRICTS), max_size=2),
    streets=st.frozensets(st.sampled_from(STREETS), max_size=3),
    communities=st.frozensets(st.sampled_from(COMMUNITIES), max_size=3),
    grids=st.frozensets(st.sampled_from(GRIDS), max_size=4),
    units=st.frozensets(st.sampled_from(UNITS), max_size=2),
    person=st.sampled_from(PEOPLE),
)
TWO = Scope(districts=frozenset(DISTRICTS), units=frozenset(UNITS[:2]), person=PEOPLE[0])
some = lambda values: st.none() | st.sampled_from(values)
several = lambda values: st.just(()) | st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True)
answer = st.none() | st.booleans()
moments = st.none() | st.integers(0, 200).map(lambda hours: NOW - timedelta(hours=hours))
CRITERIA: dict[str, st.SearchStrategy[Any]] = {
    "status": several(list(Status)), "street": some(STREETS), "community": some(COMMUNITIES), "grid": some(GRIDS),
    "category": some(CATEGORIES), "channel": several(["worker", "hotline", "camera"]), "urgency": several(["normal", "urgent", "emergency"]),
    "lead": some(UNITS), "overdue": answer, "located": answer, "reported_from": moments, "reported_to": moments,
    "number": some(["4403040012026112099999"]), "holder": some(UNITS), "unit": some(UNITS), "reporter": some(PEOPLE), "tag": some(TAGS),
    "demanded": answer, "supervision": several(["ordinary", "key"]), "returned": answer, "returns": some([1, 2]), "reopened": answer, "reworked": answer,
    "helper": some(UNITS), "requested": answer, "confidential": answer,
    "box": some([(114.0, 22.5, 114.5, 22.6), (114.2, 22.55, 114.3, 22.6)]),
    "within": st.just(()) | st.sampled_from([((114.0, 22.5), (114.2, 22.5), (114.1, 22.58)), ((114.0, 22.5), (114.0, 22.58), (114.4, 22.58))]),
}  # fmt: skip


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """Narrowed by up to three things: more would leave nothing to page through."""
    names = draw(st.lists(st.sampled_from(sorted(CRITERIA)), max_size=3, unique=True))
    return Filter(**{name: draw(CRITERIA[name]) for name in names})


def passes(filter: Filter, case: dict[str, Any]) -> bool:
    """What each criterion means, written as plainly as it can be."""
    due = case["due_at"]
    west, south, east, north = filter.box or (0.0, 0.0, 0.0, 0.0)
    equal = ("street", "community", "grid", "category", "lead", "number", "holder", "reporter", "confidential")
    among = ("status", "channel", "urgency", "supervision")
    return all(
        [
            *(getattr(filter, n) is None or getattr(filter, n) == case[n] for n in equal),
            *(not getattr(filter, n) or case[n] in getattr(filter, n) for n in among),
            filter.overdue is None or filter.overdue == (due is not None and due < NOW),
            filter.located is None or filter.located == (case["lon"] is not None),
            filter.reported_from is None or case["reported_at"] >= filter.reported_from,
            filter.reported_to is None or case["reported_at"] < filter.reported_to,
            filter.unit is None or filter.unit == case["lead"] or filter.unit in case["assisting"],
            filter.tag is None or filter.tag in case["tags"],
            filter.demanded is None or filter.demanded == (case["demands_open"] > 0),
            filter.returned is None or filter.returned == (case["returns"] > 0),
            filter.returns is None or case["returns"] >= filter.returns,
            filter.reopened is None or filter.reopened == (case["reopened"] > 0),
            filter.reworked is None or filter.reworked == (case["rework"] > 0),
            filter.helper is None or filter.helper in waiting(case),
            filter.requested is None or filter.requested == (None in waiting(case)),
            filter.box is None
            or (case["lon"] is not None and west <= case["lon"] <= east and south <= case["lat"] <= north),
            not filter.within
            or (
                case["lon"] is not None
                and shapely.Polygon(filter.within).covers(shapely.Point(case["lon"], case["lat"]))
            ),
        ]
    )


def waiting(case: dict[str, Any]) -> list[UUID | None]:
    """Whom a request of this case waits for; None: its centre."""
    dice = random.Random(case["number"])
    return dice.sample([*UNITS, None], dice.randrange(3)) if dice.random() < 0.5 else []


def expected(scope: Scope, filter: Filter, sort: str, cases: list[dict[str, Any]]) -> list[UUID]:
    column, descending = SORTS[sort]
    found = [
        case
        for case in cases
        if scope.covers(
            **{level: case[level] for level in ("district", "street", "community", "grid")},
            units=[case["lead"], case["holder"], *case["assisting"], *case["asked"]],
            persons=[case["reporter"]],
        )
        and passes(filter, case)
        and case[column] is not None
    ]
    return [case["id"] for case in sorted(found, key=lambda c: (c[column], c["id"]), reverse=descending)]


def a_case(dice: random.Random, n: int) -> dict[str, Any]:
    """Any case that the constraints allow; moments are few, so that many are equal."""
    grid, depth, status = dice.choice(GRIDS), dice.randrange(3), dice.choice(list(Status))
    ended, held = status not in OPEN, dice.choice(UNITS)
    return {
        "id": uuid7(), "district": grid[:6], "street": grid[:9], "community": grid[:12] if depth else None,
        "grid": grid if depth > 1 else None, "number": f"{grid[:9]}20261120{n:05d}" if n else "4403040012026112099999", "status": status,
        "urgency": dice.choice(["normal", "urgent", "emergency"]), "channel": dice.choice(["worker", "hotline"]),
        "category": dice.choice(CATEGORIES), "title": "", "text": "", "lon": dice.choice([None, 114.1, 114.25]), "confidential": dice.random() < 0.3,
        "wants_answer": True, "reporter": dice.choice([None, *PEOPLE]), "holder": held, "lead": dice.choice(UNITS),
        "assisting": dice.sample(UNITS, dice.randrange(3)), "asked": dice.sample(UNITS, dice.randrange(2)),
        "stage": "accept" if status in LIVE else None, "due_at": NOW + timedelta(hours=dice.randrange(-3, 4)) if status in LIVE else None,
        "review_at": NOW if status == Status.SUSPENDED else None, "back_to": "accepted" if status in (Status.SUSPENDED, Status.MERGED) else None,
        "merged_into": uuid7() if status == Status.MERGED else None, "reported_at": NOW - timedelta(hours=dice.randrange(0, 200, 20)),
        "received_at": NOW, "changed_at": NOW - timedelta(hours=dice.randrange(0, 60, 12)), "closed_at": NOW if ended else None,
        "returns": dice.randrange(3), "reopened": dice.randrange(2), "rework": dice.randrange(2), "demands_open": dice.randrange(2),
        "supervision": dice.choice([None, "ordinary", "key"]), "tags": dice.sample(TAGS, dice.randrange(3)), "body_hash": b"x",
    }  # fmt: skip


def write(case: dict[str, Any]) -> None:
    case["lat"] = None if case["lon"] is None else random.Random(case["number"]).choice([22.52, 22.57])
    casts = {"assisting": "::uuid[]", "asked": "::uuid[]", "tags": "::varchar[]"}
    values = [f"%({column})s{casts.get(column, '')}" for column in case]
    rows.run(
        f"""INSERT INTO cases_case ({", ".join(case)}, version, address, result, source)
            VALUES ({", ".join(values)}, 1, '', '', '')""",
        case,
    )
    answered = {unit: "answered" for unit in UNITS[:2] if unit not in waiting(case)}
    for of, outcome in [*((of, "pending") for of in waiting(case)), *answered.items()]:
        rows.run(
            """INSERT INTO cases_request (district, id, "case", kind, unit, of, text, asked_at, outcome, answered_at)
               VALUES (%(district)s, %(id)s, %(case)s, 'help', %(unit)s, %(of)s, '', %(at)s, %(outcome)s, %(answered)s)""",
            {"district": case["district"], "id": uuid7(), "case": case["id"], "unit": case["lead"], "of": of, "at": NOW}
            | {"outcome": outcome, "answered": None if outcome == "pending" else NOW},
        )


@pytest.fixture
def cases(db: None) -> list[dict[str, Any]]:
    dice = random.Random(11)
    made = [a_case(dice, n) for n in range(120)]
    with acting(SYSTEM):
        for case in made:
            write(case)
    return made


def walked(by: Principal, filter: Filter, sort: str, limit: int) -> list[UUID]:
    seen: list[UUID] = []
    after = None
    while True:
        page = queue(by=by, filter=filter, sort=sort, after=after, limit=limit)
        assert len(page["items"]) <= limit
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            return seen


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scope=scopes, filter=filters(), sort=st.sampled_from(sorted(SORTS)), limit=st.integers(4, 40))
@example(scope=TWO, filter=Filter(box=(114.0, 22.5, 114.5, 22.6)), sort="reported_at", limit=7)
@example(scope=TWO, filter=Filter(tag=TAGS[0], unit=UNITS[0]), sort="-changed_at", limit=7)
def test_the_pages_walked_to_the_end_are_what_a_plain_reading_finds(
    cases: list[dict[str, Any]], scope: Scope, filter: Filter, sort: str, limit: int
) -> None:
    grant = Grant(Role.OPERATOR, scope)
    by = Principal(kind="user", id=scope.person, name="Pat", grants=(grant,), units=scope.units)
    with clock.at(NOW):
        bind(by)
        assert walked(by, filter, sort, limit) == expected(scope, filter, sort, cases)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scope=scopes,
    wanted=st.lists(st.tuples(filters(), st.sampled_from(sorted(SORTS))), max_size=4),
    most=st.sampled_from([3, 20, 1000]),
)
def test_a_count_is_that_of_the_pages_and_ends_where_it_was_told(
    cases: list[dict[str, Any]], scope: Scope, wanted: list[tuple[Filter, str]], most: int
) -> None:
    by = Principal(kind="user", id=scope.person, name="Pat", grants=(Grant(Role.OPERATOR, scope),), units=scope.units)
    with clock.at(NOW):
        bind(by)
        there = [len(walked(by, filter, sort, 40)) for filter, sort in wanted]
        assert counts(by=by, wanted=wanted, most=most) == [(min(n, most), n > most) for n in there]


def test_what_a_request_does_not_say_is_no_filter_to_the_queue_and_the_map() -> None:
    """Both go another, much longer way to what a filter narrows: an empty list of a request must not be one."""
    assert FilterQuery().filter() == Filter()
    assert FilterQuery(status=[Status.HANDLING]).filter() == Filter(status=("handling",))
    assert FilterQuery(channel=["hotline"], box="114,22,115,23").filter() == Filter(
        channel=("hotline",), box=(114.0, 22.0, 115.0, 23.0)
    )


@pytest.mark.parametrize("sort", SORTS)
def test_the_system_sees_everything_once(cases: list[dict[str, Any]], sort: str) -> None:
    with clock.at(NOW), acting(SYSTEM):
        assert walked(SYSTEM, Filter(), sort, 7) == expected(SYSTEM.visible, Filter(), sort, cases)


def test_a_page_is_one_statement_however_wide_the_scope_and_whatever_the_filter(cases: list[dict[str, Any]]) -> None:
    wide = Scope(
        False, frozenset(DISTRICTS), frozenset(STREETS), frozenset(COMMUNITIES), frozenset(GRIDS), frozenset(UNITS)
    )
    for scope in (Scope(), Scope.area(STREETS[0]), wide):
        by = Principal(kind="user", id=PEOPLE[0], name="Pat", grants=(Grant(Role.OPERATOR, scope),))
        bind(by)
        for filter in (Filter(), Filter(unit=UNITS[0]), Filter(status=("reported",), street=STREETS[0])):
            for sort in SORTS:
                with Statements() as said:
                    queue(by=by, filter=filter, sort=sort)
                    counts(by=by, wanted=[(filter, sort)])
                assert len(said) == 2


def test_who_has_no_scope_at_all_gets_an_empty_page(cases: list[dict[str, Any]]) -> None:
    by = Principal(kind="token", id=None, name="Meter", grants=(Grant(Role.INTEGRATION, Scope()),))
    bind(by)
    assert queue(by=by, filter=Filter()) == {"items": [], "next": None}
    assert counts(by=by, wanted=[(Filter(), "-reported_at")]) == [(0, False)]
