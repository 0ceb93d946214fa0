"""Which base grids a stacked grid is made of, after whatever change; and that a post on a stacked grid opens the cases of its base grids."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from tests.support.world import FUBAO, build, point_in
from wangge.domain.cases import actions as cases
from wangge.domain.cases import queries as case_queries
from wangge.domain.people import passwords
from wangge.domain.people.actions import NewPost, NewStaff, load_staff
from wangge.domain.places import actions, membership, queries
from wangge.kernel.access import SYSTEM, Role, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid

ONE, TWO, OTHER = FUBAO + "001001", FUBAO + "001002", FUBAO + "002001"
POLICE, POLICE_TWO = FUBAO + "001501", FUBAO + "002501"


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    return build()


def stack(key: str, grids: dict[str, object], stacking: str = "N:1") -> None:
    actions.ensure_layer(by=SYSTEM, key=key, name=key, kind="specialised", over="base", stacking=stacking)
    actions.load_grids(by=SYSTEM, layer=key, grids=[{"code": c, "name": c, "geometry": g} for c, g in grids.items()])


def kept() -> set[tuple[str, str]]:
    return {(r["stacked"], r["base"]) for r in rows.all("SELECT stacked, base FROM places_membership")}


def computed() -> set[tuple[str, str]]:
    """From the present shapes, one by one."""
    found = rows.all(
        """SELECT g.code, l.key, v.geometry, v.centre_lon, v.centre_lat FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id
           JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL WHERE g.retired_at IS NULL"""
    )
    shapes = {r["code"]: membership.borders.shape(r["geometry"]) for r in found}
    inner = {r["code"]: box(r["centre_lon"], r["centre_lat"], r["centre_lon"], r["centre_lat"]).centroid for r in found}
    base = [r["code"] for r in found if r["key"] == "base"]
    stacked = [r["code"] for r in found if r["key"] != "base"]
    return {
        (s, b)
        for s in stacked
        for b in base
        if shapes[s].contains(inner[b]) or (shapes[b].contains(inner[s]) and shapes[s].area < shapes[b].area)
    }


def test_a_stacked_grid_has_the_base_grids_it_groups(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        stack("police", {POLICE: box(114, 22.5, 114.02, 22.51), POLICE_TWO: box(114.02, 22.5, 114.03, 22.51)})
        assert kept() == {(POLICE, ONE), (POLICE, TWO), (POLICE_TWO, OTHER)}
        assert membership.base_grids_of([POLICE, ONE]) == {POLICE: [ONE, TWO]}


def test_a_base_grid_that_two_stacked_ones_share_belongs_to_the_one_with_its_middle(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        stack("police", {POLICE: box(114, 22.5, 114.0135, 22.51), POLICE_TWO: box(114.0135, 22.5, 114.03, 22.51)})
        assert kept() == {(POLICE, ONE), (POLICE_TWO, TWO), (POLICE_TWO, OTHER)}


def test_a_stacked_grid_smaller_than_a_base_grid_belongs_to_it(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        stack(
            "fire",
            {FUBAO + "001601": box(114, 22.5, 114.004, 22.51), FUBAO + "001602": box(114.004, 22.5, 114.01, 22.51)},
            "1:N",
        )
        assert kept() == {(FUBAO + "001601", ONE), (FUBAO + "001602", ONE)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["split one", "merge", "split other", "move police", "split police"]), max_size=4))
def test_after_any_change_the_membership_is_what_the_shapes_say(world: SimpleNamespace, changes: list[str]) -> None:
    from django.db import transaction

    with acting(SYSTEM), transaction.atomic():
        stack("police", {POLICE: box(114, 22.5, 114.02, 22.51), POLICE_TWO: box(114.02, 22.5, 114.03, 22.51)})
        for change in changes:
            base = [r["code"] for r in queries.current_grids(queries.layer("base")["id"], [FUBAO + "001"])]
            asked = {
                "split one": {"kind": "split", "grids": base[:1], "count": 2},
                "merge": {"kind": "merge", "grids": base[:2]},
                "split other": {"kind": "split", "grids": base[-1:], "count": 3},
                "split police": {"kind": "split", "grids": [first_police()], "count": 2},
                "move police": {"kind": "split", "grids": [first_police()], "count": 3},
            }[change]
            try:
                with transaction.atomic():
                    plan = actions.preview_change(by=SYSTEM, **asked)
                    answers = {a.key: a.choices[0] for a in plan.affected if a.choices}
                    actions.apply_change(by=SYSTEM, token=plan.token, answers=answers, **asked)
            except Invalid:
                continue
        assert kept() == computed()
        transaction.set_rollback(True)


def first_police() -> str:
    return queries.current_grids(queries.layer("police")["id"], None)[0]["code"]


def test_a_post_on_a_police_grid_opens_the_cases_of_its_base_grids_and_no_others(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        stack("police", {POLICE: box(114, 22.5, 114.02, 22.51), POLICE_TWO: box(114.02, 22.5, 114.03, 22.51)})
        load_staff(
            by=SYSTEM,
            staff=[NewStaff("pat", "Pat", (NewPost(Role.PATROLLER, grid=POLICE),))],
            password_hash=passwords.hashed_random("x" * 20),
        )
        made = {
            grid: cases.report(by=SYSTEM, report=cases.Report(text="有垃圾堆", point=point_in(grid)))[0]["id"]
            for grid in (ONE, TWO, OTHER)
        }
    pat = world.as_("pat")
    assert {g for grant in pat.grants for g in grant.scope.grids} == {POLICE, ONE, TWO}
    bind(pat)
    seen = {c["id"] for c in case_queries.queue(by=pat, filter=case_queries.Filter())["items"]}
    assert seen == {made[ONE], made[TWO]}
