"""Changing the rules: what is refused and why, what is written, and that readers see it at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.support.statements import Statements
from wangge.domain.catalog import actions, queries
from wangge.domain.catalog.checks import calendar as calendar_check
from wangge.domain.catalog.checks import routes as routes_check
from wangge.domain.catalog.models import Category, Limit, Route
from wangge.domain.catalog.queries import Place, Sample
from wangge.domain.catalog.tables import read_categories
from wangge.domain.people.models import Unit
from wangge.domain.places.models import Grid
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound

SHANGHAI = ZoneInfo("Asia/Shanghai")
FUBAO = Place("440304", "440304010", "440304010001", "440304010001001", {"fire": "440304010001901"})
YANTIAN = Place("440308", "440308001")
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def in_february() -> Any:
    with clock.at(datetime(2026, 2, 2, tzinfo=UTC)):
        yield


def codes(error: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(e.path, e.code) for e in error.value.errors}


def ledger_tags() -> list[str]:
    return [r["tag"] for r in rows.all("SELECT tag FROM ledger_entry ORDER BY pos")]


# — limits and the calendar ——————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_limit_of_the_category_wins_over_the_one_above_and_that_over_the_general_one(
    world: SimpleNamespace, code: Any
) -> None:
    leaf, dispute = code("0101"), code("0601")
    assert queries.limit(leaf.id, "normal", "handle")[:2] == (4, "work_hour")
    assert queries.limit(leaf.id, "normal", "accept")[:2] == (2, "work_hour")
    assert queries.limit(dispute.id, "normal", "accept")[:2] == (1, "work_day")
    assert queries.limit(dispute.id, "emergency", "accept")[:2] == (1, "urgent_work_hour")


def test_a_changed_limit_holds_at_once_and_its_history_stays(world: SimpleNamespace, code: Any, admin: Any) -> None:
    leaf = code("0101")
    actions.set_limit(by=admin, category=leaf.id, urgency="normal", stage="handle", amount=8, unit="work_hour")
    assert queries.limit(leaf.id, "normal", "handle")[:2] == (8, "work_hour")
    versions = Limit.objects.filter(category=leaf.id, urgency="normal", stage="handle").order_by("valid_from")
    assert [(v.amount, v.valid_to is None) for v in versions] == [(4, False), (8, True)]
    actions.remove_limit(by=admin, category=leaf.id, urgency="normal", stage="handle")
    assert queries.limit(leaf.id, "normal", "handle")[:2] == (5, "work_day")
    assert ledger_tags()[-2:] == ["catalog.limit.set", "catalog.limit.removed"]


def test_due_uses_the_table_of_days_across_the_festival(world: SimpleNamespace, code: Any, admin: Any) -> None:
    # 0102 has 2 work days: Fri 13 Feb not counted, Sat 14 make-up = 1, 15–23 rest, Tue 24 = 2, close 18:00.
    leaf = code("0102")
    start = datetime(2026, 2, 13, 16, 0, tzinfo=SHANGHAI)
    assert queries.due(leaf.id, "normal", "handle", start) == datetime(2026, 2, 24, 18, 0, tzinfo=SHANGHAI)
    actions.set_days(by=admin, days=[actions.Day(date(2026, 2, 14), False, "街道放假")])
    # Without the make-up day: Tue 24 = 1, Wed 25 = 2.
    assert queries.due(leaf.id, "normal", "handle", start) == datetime(2026, 2, 25, 18, 0, tzinfo=SHANGHAI)
    actions.set_days(by=admin, days=[actions.Day(date(2026, 2, 14), None)])
    # A plain Saturday: the same.
    assert queries.due(leaf.id, "normal", "handle", start) == datetime(2026, 2, 25, 18, 0, tzinfo=SHANGHAI)


def test_importing_a_year_is_a_dry_run_first_and_keeps_what_was_entered_by_hand(
    world: SimpleNamespace, admin: Any
) -> None:
    assert actions.import_year(by=admin, year=2026) == []
    actions.set_days(
        by=admin,
        days=[actions.Day(date(2026, 10, 10), None), actions.Day(date(2026, 10, 8), False, "区里统一安排")],
    )
    assert [d.day for d in actions.import_year(by=admin, year=2026)] == [date(2026, 10, 10)]
    assert not queries.calendar().is_working_day(date(2026, 10, 10))
    actions.import_year(by=admin, year=2026, dry_run=False)
    assert queries.calendar().is_working_day(date(2026, 10, 10))
    assert not queries.calendar().is_working_day(date(2026, 10, 8))
    with pytest.raises(Invalid):
        actions.import_year(by=admin, year=1999)


def test_summer_hours_are_a_season_and_bad_hours_name_their_field(world: SimpleNamespace, admin: Any) -> None:
    week = ["08:30-12:00 15:00-18:30"] * 5 + ["", ""]
    actions.set_hours(by=admin, since=date(2026, 5, 1), week=week, make_up=week[0])
    assert queries.calendar().office(date(2026, 5, 6)) == ((510, 720), (900, 1110))
    assert queries.calendar().office(date(2026, 4, 30)) == ((540, 720), (840, 1080))
    with pytest.raises(Invalid) as error:
        actions.set_hours(by=admin, since=date(2026, 6, 1), week=["9-12", *week[1:]], make_up=week[0])
    assert codes(error) == {("body.week[0]", "hours")}
    with pytest.raises(Invalid):
        actions.set_hours(by=admin, since=date(2026, 6, 1), week=[""] * 7, make_up=week[0])


def test_the_health_page_asks_for_the_holidays_of_a_year_that_is_near(world: SimpleNamespace) -> None:
    with clock.at(datetime(2026, 6, 1, tzinfo=UTC)):
        assert calendar_check() == []
    with clock.at(datetime(2027, 3, 1, tzinfo=UTC)):
        assert "2027" in calendar_check()[0].words.en


# — categories —————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_category_is_added_once_changed_by_version_and_retired(
    world: SimpleNamespace, code: Any, admin: Any, operator: Any
) -> None:
    key, top = uuid4(), code("01")
    fields = {"code": "0199", "name": "宠物粪便", "lead_duty": "sanitation", "keywords": ["狗屎"]}
    with pytest.raises(Forbidden):
        actions.add_category(by=operator, id=key, parent=top.id, **fields)
    made = actions.add_category(by=admin, id=key, parent=top.id, **fields)
    assert actions.add_category(by=admin, id=key, parent=top.id, **fields).id == made.id
    assert (made.initials, made.group) == ("cwfb", "other")
    assert queries.suggest(text="草地上都是狗屎") == key
    with pytest.raises(Invalid) as error:
        actions.add_category(by=admin, id=uuid4(), parent=top.id, **fields)
    assert codes(error) == {("body.code", "taken")}
    actions.change_category(by=admin, category=key, version=1, urgency="urgent")
    with pytest.raises(Conflict) as conflict:
        actions.change_category(by=admin, category=key, version=1, urgency="normal")
    assert conflict.value.extra["current"]["urgency"] == "urgent"
    actions.retire_category(by=admin, category=key, version=2)
    assert queries.category(key) is None
    assert queries.due(key, "normal", "accept", MONDAY) > MONDAY  # its open cases still have their clocks
    assert ledger_tags()[-3:] == ["catalog.category.added", "catalog.category.changed", "catalog.category.retired"]


def test_wrong_values_of_a_category_name_their_fields(world: SimpleNamespace, admin: Any) -> None:
    with pytest.raises(Invalid) as error:
        actions.add_category(
            by=admin,
            id=uuid4(),
            code="a b",
            name=" ",
            lead_duty="magic",
            urgency="soon",
            evidence=[{"at": "x", "kind": "photo", "least": 1}],
        )
    assert {p for p, _ in codes(error)} == {
        "body.code",
        "body.name",
        "body.lead_duty",
        "body.urgency",
        "body.evidence[0]",
    }


def test_a_class_with_live_kinds_is_not_retired(world: SimpleNamespace, code: Any, admin: Any) -> None:
    with pytest.raises(Invalid) as error:
        actions.retire_category(by=admin, category=code("01").id, version=1)
    assert codes(error) == {("path.category", "has_children")}


def test_the_table_that_is_exported_is_taken_in_unchanged(world: SimpleNamespace) -> None:
    found, errors = read_categories(queries.table())
    assert errors == []
    assert actions.import_categories(by=SYSTEM, table=found) == (0, 0, [])


def test_a_damaged_table_names_every_bad_row_and_changes_nothing(world: SimpleNamespace) -> None:
    text = (
        "code,parent,name,lead_duty,urgency,handle_normal,evidence\n"
        "01,,市容环境,urban_management,normal,4 work_hour,\n"
        "\n"
        "0188,01,新类,magic,soon,4 hours,photo\n"
        "0189,77,孤儿,fire,normal,,\n"
        "0189,01,重复,fire,normal,,\n"
        "01 90,01,,fire,normal,,\n"
    )
    found, errors = read_categories(text)
    assert {(e.line, e.column) for e in errors} == {
        (4, "lead_duty"), (4, "urgency"), (4, "handle_normal"), (4, "evidence"), (7, "code"), (7, "name"),
    }  # fmt: skip
    before = Category.objects.count()
    _, _, more = actions.import_categories(by=SYSTEM, table=found, dry_run=False)
    assert {(e.line, e.column) for e in more} == {(5, "parent"), (6, "code")}
    assert Category.objects.count() == before
    assert read_categories("code,name\n1,x\n")[1][0].column == "lead_duty"
    assert read_categories("字" * 200_000)[1][0].line == 1


# — routes —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def add(admin: Any, name: str, unit: Unit, **given: Any) -> Route:
    return actions.add_route(by=admin, id=uuid4(), name=name, unit=unit.id, **given)


def test_without_a_rule_the_lead_duty_serves_at_the_street_then_above(world: SimpleNamespace, code: Any) -> None:
    fire, water = code("0401"), code("0203")
    choice = queries.choose_route(fire.id, FUBAO, MONDAY)
    assert choice.unit_id == world.units.fire_street.id
    assert choice.route_id is None
    assert not choice.automatic
    assert "消防救援" in choice.why.zh
    elsewhere = Place("440304", "440304003")
    assert queries.choose_route(fire.id, elsewhere, MONDAY).unit_id == world.units.fire_district.id
    assert queries.choose_route(water.id, FUBAO, MONDAY).unit_id == world.units.water.id
    assert queries.choose_route(fire.id, YANTIAN, MONDAY) is None


def test_the_most_specific_rule_is_chosen_and_says_why_and_what_came_next(
    world: SimpleNamespace, code: Any, admin: Any
) -> None:
    add(admin, "福田消防归大队", world.units.fire_district, category=code("04").id, area="440304", automatic=True)
    night = add(
        admin,
        "夜间消防",
        world.units.company,
        category=code("04").id,
        area="440304",
        start_minute=22 * 60,
        end_minute=6 * 60,
    )
    choice = queries.choose_route(code("0401").id, FUBAO, MONDAY)
    assert choice.unit_id == world.units.fire_district.id
    assert choice.automatic
    assert choice.runner_up == world.units.fire_street.id
    for part in ("福田消防归大队", "04 消防安全隐患", "福田区", "福保消防站"):
        assert part in choice.why.zh
    assert queries.choose_route(code("0401").id, FUBAO, MONDAY.replace(hour=23)).route_id == night.id


def test_a_rule_for_a_grid_of_a_layer_wins_over_one_for_its_street(
    world: SimpleNamespace, code: Any, admin: Any
) -> None:
    top = code("04").id
    add(admin, "福保", world.units.fire_street, category=top, area="440304010")
    grid = add(admin, "消防网格", world.units.fire_district, category=top, layer="fire", grid="440304010001901")
    assert queries.choose_route(code("0401").id, FUBAO, MONDAY).route_id == grid.id


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"unit": "unknown"}, ("body.unit", "unknown")),
        ({"unit": "retired"}, ("body.unit", "unknown")),
        ({"area": "440308"}, ("body.unit", "elsewhere")),
        ({"area": "990000"}, ("body.area", "unknown")),
        ({"category": "unknown"}, ("body.category", "unknown")),
        ({"layer": "moon"}, ("body.layer", "unknown")),
        ({"layer": "fire", "grid": "440304010001001"}, ("body.grid", "unknown")),
        ({"grid": "440304010001001"}, ("body.layer", "needed")),
        ({"layer": "base", "grid": "440304010001001", "area": "440304"}, ("body.area", "twice")),
        ({"start_minute": 600, "end_minute": 600}, ("body.end_minute", "empty")),
        ({"weekdays": [0]}, ("body.weekdays", "range")),
        ({"day_kind": "blue"}, ("body.day_kind", "unknown")),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_field(
    world: SimpleNamespace, admin: Any, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    unit = world.units.fire_street
    if given.get("unit") == "unknown":
        unit = SimpleNamespace(id=uuid4())
    elif given.get("unit") == "retired":
        Unit.objects.filter(id=unit.id).update(active=False)
    if given.get("category"):
        given = given | {"category": uuid4()}
    with pytest.raises(Invalid) as error:
        add(admin, "规则", unit, **{k: v for k, v in given.items() if k != "unit"})
    assert expected in codes(error)
    assert not Route.objects.exists()


def test_a_second_rule_that_fits_equally_well_is_refused(world: SimpleNamespace, code: Any, admin: Any) -> None:
    first = add(admin, "白天", world.units.fire_street, category=code("04").id, start_minute=540, end_minute=1080)
    with pytest.raises(Invalid) as error:
        add(admin, "午后", world.units.company, category=code("04").id, start_minute=720, end_minute=1200)
    assert codes(error) == {("body", "tie")}
    assert "白天" in error.value.detail.zh
    add(admin, "晚上", world.units.company, category=code("04").id, start_minute=1080, end_minute=540)
    with pytest.raises(Invalid):
        actions.change_route(by=admin, rule=first.rule, number=1, end_minute=1200)


def test_a_changed_rule_keeps_its_versions_and_a_stale_change_is_told(world: SimpleNamespace, admin: Any) -> None:
    made = add(admin, "福保全部", world.units.fire_street, area="440304010")
    second = actions.change_route(by=admin, rule=made.rule, number=1, unit=world.units.police.id)
    assert (second.number, second.rule) == (2, made.rule)
    assert [r["number"] for r in queries.routes(rule=made.rule)] == [2, 1]
    with pytest.raises(Conflict):
        actions.change_route(by=admin, rule=made.rule, number=1, name="旧")
    actions.end_route(by=admin, rule=made.rule, number=2)
    assert queries.routes() == []
    with pytest.raises(NotFound):
        actions.end_route(by=admin, rule=made.rule, number=2)
    assert ledger_tags()[-3:] == ["catalog.route.added", "catalog.route.changed", "catalog.route.ended"]


def test_a_rule_that_breaks_later_is_passed_over_and_told_on_the_health_page(
    world: SimpleNamespace, code: Any, admin: Any
) -> None:
    made = add(admin, "交给安防公司", world.units.company, category=code("0404").id)
    grid = add(admin, "一号消防网格", world.units.police, layer="fire", grid="440304010001901")
    assert routes_check() == []
    Unit.objects.filter(id=world.units.company.id).update(active=False, version=2)
    Grid.objects.filter(code="440304010001901").update(retired_at=clock.now())
    queries.forget()
    assert {b.id for b in queries.broken_routes()} == {made.id, grid.id}
    assert len(routes_check()) == 2
    choice = queries.choose_route(code("0404").id, YANTIAN, MONDAY)
    assert choice is None
    at_fubao = queries.choose_route(code("0404").id, FUBAO, MONDAY)
    assert at_fubao.unit_id == world.units.police.id
    assert "交给安防公司" in at_fubao.why.zh


def test_a_dry_run_counts_what_would_change_hands_and_changes_nothing(
    world: SimpleNamespace, code: Any, admin: Any
) -> None:
    old = add(admin, "福保消防", world.units.fire_street, category=code("04").id, area="440304010")
    draft = actions.check_route(
        admin.scope(actions.routes.CatalogPermission.ROUTES),
        {
            "name": "改交大队", "unit": world.units.fire_district.id, "category": code("0401").id, "area": None, "layer": None, "grid": None,
            "automatic": False, "note": "", "weekdays": [], "day_kind": "any", "start_minute": 0, "end_minute": 1440,
        },
        rule=None,
    )  # fmt: skip
    years_ago = MONDAY - timedelta(days=2000)
    samples = [Sample(code("0401").id, FUBAO, years_ago)] * 3 + [Sample(code("0402").id, FUBAO, MONDAY)] * 2
    samples.append(Sample(code("0401").id, YANTIAN, MONDAY))
    found = queries.compare_routes(samples, add=[draft], remove=[])
    street, district = world.units.fire_street.id, world.units.fire_district.id
    assert (found.total, found.changed) == (6, 4)
    assert found.before == {street: 5, None: 1}
    assert found.after == {district: 4, street: 2}
    assert queries.compare_routes(samples, remove=[old.id]).changed == 0  # the duty gives it to the same unit
    assert Route.objects.count() == 1


def test_an_administrator_of_one_district_makes_no_rule_beyond_it(world: SimpleNamespace) -> None:
    from wangge.kernel.access import Grant, Principal, Role, Scope

    dana = Principal(kind="user", id=uuid4(), name="丹娜", grants=(Grant(Role.SYSTEM_ADMIN, Scope.area("440304")),))
    with pytest.raises(Forbidden):
        add(dana, "全市", world.units.fire_street)
    with pytest.raises(Forbidden):
        add(dana, "盐田", world.units.yantian, area="440308")
    add(dana, "福田", world.units.fire_street, area="440304")


def test_what_a_report_reads_costs_no_statement(world: SimpleNamespace, code: Any) -> None:
    leaf = code("0401")
    with Statements() as captured:
        for _ in range(50):
            assert queries.category(leaf.id)
            queries.due(leaf.id, "normal", "accept", MONDAY)
            queries.choose_route(leaf.id, FUBAO, MONDAY)
            queries.suggest(text="消防通道被占")
    assert len(captured) <= 1  # the look-up of the stamp, once a second


def test_search_finds_by_code_name_initials_and_keyword(world: SimpleNamespace) -> None:
    for text, wanted in (("0201", "0201"), ("井盖", "0201"), ("jgqs", "0201"), ("Manhole", "0201"), ("窨井", "0201")):
        assert wanted in [c.code for c in queries.search(text)], text
    assert queries.search("  ") == []
