"""The demo as it is loaded into a database. Loaded once for the whole module: nothing here changes it but what says so."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.support.databases import Databases
from wangge import demo
from wangge.demo import history, loading, names
from wangge.demo.stories import STORIES
from wangge.domain.cases import queries as cases
from wangge.domain.catalog import queries as catalog
from wangge.domain.people import access, passwords
from wangge.domain.people.actions.authenticate import posts_at
from wangge.domain.places import queries as places
from wangge.domain.places.actions import load_areas, read_area_rows
from wangge.domain.stats import queries as stats
from wangge.domain.stats.sources import Asked
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, Role, acting
from wangge.kernel.db import rows
from wangge.kernel.outbox import relay
from wangge.kernel.problems import Conflict

SHIPPED = Path(demo.__file__).parent / "data" / "streets.csv.gz"
NOW = datetime(2026, 6, 17, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded(demo_setting: None, databases: Databases, django_db_setup: None, django_db_blocker: Any) -> Iterator[float]:
    """A database with the demo, as on a Wednesday morning; yields how many seconds the load took."""
    with django_db_blocker.unblock(), databases.for_one_test():
        places.forget()
        started = time.monotonic()
        with clock.at(NOW):
            demo.load()
            took = time.monotonic() - started
            with acting(SYSTEM):
                yield took
    places.forget()


def _counts() -> dict[str, int]:
    tables = (
        "places_area places_areaborder places_gridlayer places_grid places_gridversion people_unit people_user people_post "
        "catalog_category catalog_route catalog_calendarday cases_case cases_assignment cases_clock cases_party ledger_entry"
    ).split()
    return {t: rows.value(f"SELECT count(*) FROM {t}") for t in tables}


def test_everything_is_there_and_the_time_it_took_is_told(loaded: float, capsys: pytest.CaptureFixture[str]) -> None:
    found = _counts()
    with capsys.disabled():
        print(f"\n  demo loaded in {loaded:.1f} s: {found}")
    assert found["places_grid"] == found["places_gridversion"] == 771 + 33 + 374 + 46 + 9
    assert found["people_unit"] > 300 and 580 <= found["people_user"] <= 660
    layers = rows.all(
        """SELECT l.key, count(*) FILTER (WHERE g.street = '440304010') AS fubao,
                  count(*) FILTER (WHERE g.district = '440308') AS yantian
           FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id GROUP BY l.key"""
    )
    assert {r["key"]: (r["fubao"], r["yantian"]) for r in layers} == {
        "base": (81, 374),
        "working": (33, 0),
        "police": (0, 46),
        "fire": (0, 9),
    }


@pytest.mark.parametrize("layer", ["base", "working", "police", "fire"])
def test_the_stored_layers_have_no_fault(loaded: float, layer: str) -> None:
    within = {"working": "440304010", "police": "440308", "fire": "440308"}.get(layer)
    assert places.check_layer(layer, within) == []


def test_a_point_in_a_grid_is_located_in_it(loaded: float) -> None:
    found = rows.all(
        """SELECT g.code, v.centre_lon, v.centre_lat FROM places_grid g JOIN places_gridversion v ON v.grid_id = g.id
           JOIN places_gridlayer l ON l.id = g.layer_id WHERE l.key = 'base'"""
    )
    hits = places.locate([(r["centre_lon"], r["centre_lat"]) for r in found], layers=["base"])
    assert [h["base"].code for h in hits] == [r["code"] for r in found]


def test_every_base_grid_has_a_grid_worker_and_every_working_grid_its_head_deputy_and_assistant(loaded: float) -> None:
    held = {
        (r["grid"], r["role"]) for r in rows.all("SELECT DISTINCT grid, role FROM people_post WHERE grid IS NOT NULL")
    }
    grids = rows.all("SELECT g.code, l.key FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id")
    assert [g["code"] for g in grids if g["key"] == "base" and (g["code"], "grid_worker") not in held] == []
    for role in ("grid_head", "grid_deputy", "grid_assistant", "grid_worker"):
        assert [g["code"] for g in grids if g["key"] == "working" and (g["code"], role) not in held] == []
    assert [g["code"] for g in grids if g["key"] in ("police", "fire") and (g["code"], "patroller") not in held] == []


def test_every_unit_that_can_be_chosen_has_a_handler_and_every_centre_an_operator(loaded: float) -> None:
    assert (
        rows.all(
            """SELECT u.name FROM people_unit u WHERE u.kind IN ('department', 'company', 'volunteers')
               AND NOT EXISTS (SELECT 1 FROM people_post p WHERE p.unit_id = u.id AND p.role = 'handler')"""
        )
        == []
    )
    assert (
        rows.all(
            """SELECT u.name FROM people_unit u WHERE u.kind = 'centre'
               AND NOT EXISTS (SELECT 1 FROM people_post p WHERE p.area = u.area AND p.role = 'operator')"""
        )
        == []
    )


def test_every_category_finds_a_unit_in_every_street(loaded: float) -> None:
    streets = [r["code"] for r in rows.all("SELECT code FROM places_area WHERE level = 'street' AND code IN (SELECT area FROM people_unit)")]  # fmt: skip
    assert len(streets) == 14
    for street in streets:
        place = catalog.Place(street[:6], street, None, None)
        missing = [c.code for c in catalog.leaves() if catalog.choose_route(c.id, place, NOW) is None]
        assert missing == [], street


def test_no_rule_and_no_route_of_the_demo_is_broken(loaded: float) -> None:
    assert catalog.broken_routes() == []
    assert rows.value("SELECT count(*) FROM catalog_route WHERE valid_to IS NULL") == 8


def test_no_phone_can_be_anybodys(loaded: float) -> None:
    found = rows.all(
        """SELECT phone FROM people_post UNION SELECT phone FROM people_unit UNION SELECT supervision_phone FROM people_unit"""
    )
    given = {r["phone"] for r in found} - {""}
    assert len(given) > 900
    assert [p for p in given if not re.fullmatch(names.PHONE, p)] == []


def test_the_printed_log_ins_open_with_their_password_and_hold_their_roles(loaded: float) -> None:
    roles = {
        "fubao": Role.OPERATOR, "yantian": Role.OPERATOR, "yantianqu": Role.OPERATOR, "worker": Role.GRID_WORKER,
        "station": Role.WORKSTATION, "handler": Role.HANDLER, "cleaner": Role.HANDLER, "unitleader": Role.UNIT_LEADER, "supervisor": Role.SUPERVISOR,
        "leader": Role.LEADER, "analyst": Role.ANALYST, "auditor": Role.AUDITOR, "sysadmin": Role.SYSTEM_ADMIN,
        "secadmin": Role.SECURITY_ADMIN,
    }  # fmt: skip
    printed = demo.logins()
    assert {entry.login for entry in printed} == set(roles)
    assert all(entry.role.zh and entry.role.en and entry.what.zh and entry.what.en for entry in printed)
    for entry in printed:
        row = rows.one(
            """SELECT c.password, c.must_change, array_agg(p.role) AS roles FROM people_user u
               JOIN people_credential c ON c.user_id = u.id JOIN people_post p ON p.user_id = u.id
               WHERE u.login = %(login)s GROUP BY 1, 2""",
            {"login": entry.login},
        )
        assert row is not None and not row["must_change"]
        assert roles[entry.login] in row["roles"], entry.login
    assert passwords.is_right(printed[0].password, row["password"])


def test_the_cases_stand_in_every_state_with_their_places_clocks_and_reasons(loaded: float) -> None:
    made = rows.all("SELECT * FROM cases_case")
    assert len(made) == len(STORIES)
    states = Counter(c["status"] for c in made)
    assert set(states) == {"reported", "accepted", "handling", "verifying", "following_up", "closed"}
    assert min(states.values()) >= 3
    assert any(c["grid"] is None for c in made) and any(c["rework"] for c in made)
    assert all(c["reported_at"] <= c["changed_at"] <= NOW for c in made)
    assert all((c["lead"] is not None) == (c["status"] not in ("reported", "accepted")) for c in made)
    assert all(c["holder"] is not None for c in made)
    desk = history.person(Role.OPERATOR, area="440304010")
    assert access.covers_code(desk.visible, "440304010") and not access.covers_code(desk.visible, "440308002")


def test_supervision_has_something_to_look_at(loaded: float) -> None:
    supervisor = history.person(Role.SUPERVISOR, area="440304")
    with clock.at(NOW), acting(supervisor):
        found = cases.demands(by=supervisor, filter=cases.Filter())["items"]
        assert {d["kind"] for d in found} == {"urge", "supervise", "instruct"}
        assert any(d["answered_at"] for d in found) and all(d["made_at"] < NOW for d in found)
        twice = cases.queue(by=supervisor, filter=cases.Filter(status=("accepted",), returns=2))["items"]
        assert len(twice) == 2


@pytest.mark.parametrize("entry", ["fubao", "yantian", "yantianqu", "worker", "station", "handler", "unitleader", "supervisor", "leader"])  # fmt: skip
def test_everybody_who_may_see_cases_finds_some(loaded: float, entry: str) -> None:
    user = rows.value("SELECT id FROM people_user WHERE login = %(login)s", {"login": entry})
    by = Principal(kind="user", id=user, name=entry, grants=tuple(posts_at(user, NOW)))
    with acting(by):
        found = cases.queue(by=by, filter=cases.Filter(), limit=100)["items"]
    assert 3 <= len(found) < len(STORIES)


def test_loading_again_changes_nothing(loaded: float) -> None:
    before, said = _counts(), []
    stamps = rows.all("SELECT key, version, stamp FROM places_gridlayer ORDER BY key")
    demo.load(said.append)
    assert said == [] and _counts() == before
    assert rows.all("SELECT key, version, stamp FROM places_gridlayer ORDER BY key") == stamps


def test_the_history_is_counted_as_soon_as_the_relay_runs(loaded: float) -> None:
    while relay.relay_once():
        pass
    user = rows.value("SELECT id FROM people_user WHERE login = %(login)s", {"login": "leader"})
    leader = Principal(kind="user", id=user, name="leader", grants=tuple(posts_at(user, NOW)))
    with acting(leader):
        told = stats.summary(by=leader, asked=Asked((NOW - timedelta(days=90)).date(), NOW.date()))
    assert told["figures"]["reported"] == sum(story.street.startswith("440304") for story in STORIES)
    for name in ("closed", "closing_rate_due", "in_time_rate", "response_rate", "solution_rate", "satisfaction_rate"):
        assert told["figures"][name], name
    assert all(time["median"] for time in told["times"].values())


def test_the_shipped_list_of_streets_adds_the_rest_of_the_country_and_changes_nothing_of_the_demo(
    demo_setting: None, own_database: str
) -> None:
    demo.load(None)
    with acting(SYSTEM):
        before = rows.all("SELECT code, name, name_en, version FROM places_area ORDER BY code")
        counts = load_areas(by=SYSTEM, areas=read_area_rows(SHIPPED))
        assert counts["changed"] == 0 and counts["added"] > 41_000
        known = {"codes": [row["code"] for row in before]}
        after = rows.all(
            "SELECT code, name, name_en, version FROM places_area WHERE code = ANY(%(codes)s) ORDER BY code", known
        )
        assert after == before


def test_an_interrupted_world_leaves_nothing_and_is_loaded_by_the_next_start(
    demo_setting: None, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(**given: Any) -> None:
        raise Stopped

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(loading, "load_staff", stop)
        demo.load(None)
    with acting(SYSTEM):
        assert set(_counts().values()) == {0}

    played = history._play

    def half(number: int, story: Any) -> None:
        if number == 20:
            raise Stopped
        played(number, story)

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(history, "_play", half)
        demo.load(None)
    with acting(SYSTEM):
        some = _counts()
        assert 0 < some["cases_case"] < len(STORIES)
    demo.load(None)
    with acting(SYSTEM):
        assert _counts()["cases_case"] == len(STORIES) and _counts()["people_user"] == some["people_user"]
        assert rows.value("SELECT max(changed_at) FROM cases_case") <= clock.now() + timedelta(seconds=1)


def test_an_installation_that_is_no_demo_is_left_alone(db: None) -> None:
    assert not settings.CONFIG.demo
    with pytest.raises(Conflict):
        demo.load(None)
