"""Posts give exactly their scope, for exactly their time; absence and hand-over; three administrators."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.people.conftest import AREAS, GRIDS, START, principal_of
from wangge.domain.cases.tags import CasePermission
from wangge.domain.people import queries
from wangge.domain.people.actions import absences, handing, posts, users
from wangge.domain.people.actions.authenticate import posts_at
from wangge.domain.people.actions.second_factor import reset_factor
from wangge.domain.people.models import Absence, Post, User
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel import clock
from wangge.kernel.access import Role, Scope
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound

NOW = START + timedelta(days=10)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def fixed():
    with clock.at(NOW):
        yield


# — the property ———————————————————————————————————————————————————————————————————————————————————————————————————————————

WHO = ["p0", "p1", "p2"]
PLACES = [("area", c) for c, *_ in AREAS] + [("grid", g) for g in GRIDS]
hours = st.integers(0, 12)


@st.composite
def lives(draw) -> tuple[list, list]:
    """Posts of three people and their absences, on a clock of twelve hours."""
    held = []
    for _ in range(draw(st.integers(0, 6))):
        kind, code = draw(st.sampled_from(PLACES))
        starts = draw(hours)
        ends = draw(st.none() | st.integers(starts + 1, 14))
        role = draw(
            st.sampled_from(["operator", "leader", "supervisor"] if kind == "area" else ["grid_worker", "patroller"])
        )
        held.append((draw(st.sampled_from(WHO)), role, kind, code, starts, ends))
    away = []
    for person in WHO:
        if draw(st.booleans()):
            starts = draw(hours)
            others = [w for w in WHO if w != person]
            away.append((person, draw(st.sampled_from(others)), starts, draw(st.integers(starts + 1, 14))))
    return held, away


def oracle(person: str, hour: int, held: list, away: list) -> set:
    """What the person holds, by plain counting."""

    def absent(who: str) -> bool:
        return any(w == who and s <= hour < e for w, _, s, e in away)

    if absent(person):
        return set()
    whose = {person} | {w for w, deputy, s, e in away if deputy == person and s <= hour < e}
    found = set()
    for who, role, _, code, starts, ends in held:
        if who in whose and starts <= hour and (ends is None or hour < ends):
            codes = [code]
            if len(code) < 6:
                codes = [c for c, _, level, _ in AREAS if level == "district" and c.startswith(code)]
            found |= {(role, c) for c in codes}
    return found


def codes_of(scope: Scope) -> set[str]:
    return scope.districts | scope.streets | scope.communities | scope.grids


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives(), hour=st.integers(0, 13))
def test_a_post_gives_exactly_its_scope_while_it_is_held_and_nothing_else(people, life, hour) -> None:
    held, away = life
    with transaction.atomic():
        ids = {w: User.objects.create(login=w, name=w, created_at=START).id for w in WHO}
        at = [START + timedelta(hours=h) for h in range(15)]
        for who, role, kind, code, starts, ends in held:
            Post.objects.create(
                user_id=ids[who],
                role=role,
                title="x",
                **{f"{kind}_id": code},
                starts=at[starts],
                ends=None if ends is None else at[ends],
                created_at=START,
            )
        for who, deputy, starts, ends in away:
            Absence.objects.create(
                user_id=ids[who], deputy_id=ids[deputy], starts=at[starts], ends=at[ends], created_at=START
            )
        found = {w: {(str(g.role), c) for g in posts_at(ids[w], at[hour]) for c in codes_of(g.scope)} for w in WHO}
        transaction.set_rollback(True)
    assert found == {w: oracle(w, hour, held, away) for w in WHO}


# — appointing —————————————————————————————————————————————————————————————————————————————————————————————————————————————


def give(by: str, user, role: Role, **where) -> dict:
    return posts.give_post(by=principal_of(by), id=uuid7(), user=user, role=role, **where)


def test_only_a_security_administrator_appoints_and_only_within_the_scope_and_never_oneself(people) -> None:
    with pytest.raises(Forbidden):
        give("sam", people.eve, Role.LEADER, area="440304")
    assert give("fiona", people.eve, Role.LEADER, area="440304")["area"] == "440304"
    for where in ({"area": "440308"}, {"area": "4403"}, {"grid": GRIDS[3]}):
        role = Role.GRID_WORKER if "grid" in where else Role.LEADER
        with pytest.raises(Forbidden):
            give("fiona", people.eve, role, **where)
    with pytest.raises(Forbidden):
        give("fiona", people.fiona, Role.LEADER, area="440304")
    with pytest.raises(Forbidden):
        give("fiona", people.eve, Role.AUDITOR, everywhere=True)


def test_a_role_is_posted_only_to_a_scope_that_fits_it_in_the_act_and_in_the_database(people) -> None:
    for role, where in (
        (Role.HANDLER, {"area": "440304"}),
        (Role.OPERATOR, {"grid": GRIDS[0]}),
        (Role.WORKSTATION, {"area": "440304"}),
    ):
        with pytest.raises(Invalid):
            give("secu", people.eve, role, **where)
        with pytest.raises(IntegrityError), transaction.atomic():
            Post.objects.create(
                user_id=people.eve,
                role=role,
                title="x",
                starts=NOW,
                created_at=NOW,
                **{f"{k}_id": v for k, v in where.items()},
            )
    both = {"area_id": "440304", "grid_id": GRIDS[0]}
    for bad in (both, {}, {"area_id": "440304", "ends": NOW - DAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Post.objects.create(user_id=people.eve, role="patroller", title="x", starts=NOW, created_at=NOW, **bad)


def test_one_person_cannot_hold_two_of_the_three_administrators(people) -> None:
    with pytest.raises(Conflict) as refused:
        give("secu", people.sam, Role.AUDITOR, everywhere=True)
    assert refused.value.extra["code"] == "two-administrators"
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.create(user_id=people.sam, role="auditor", title="x", everywhere=True, starts=NOW, created_at=NOW)
    posts.end_post(by=principal_of("secu"), post=people.posts["sam"], version=1)
    with clock.at(NOW + DAY):
        assert give("secu", people.sam, Role.AUDITOR, everywhere=True)["role"] == "auditor"


def test_an_administrator_has_no_right_to_data_by_that_alone(people) -> None:
    for who in ("sam", "secu", "audrey"):
        me = principal_of(who)
        assert not me.may(CasePermission.READ)
        assert me.scope(CasePermission.READ).is_empty
    assert principal_of("bob").may(CasePermission.READ)
    assert not principal_of("sam").may(PeoplePermission.USERS_MANAGE)
    assert not principal_of("secu").may(PeoplePermission.UNITS_MANAGE)


def test_the_same_creating_call_twice_is_one_post_and_another_body_is_refused(people) -> None:
    key = uuid7()
    call = {"by": principal_of("secu"), "id": key, "user": people.eve, "role": Role.LEADER, "area": "440304"}
    assert posts.give_post(**call) == posts.give_post(**call)
    with pytest.raises(Invalid):
        posts.give_post(**call | {"area": "440308"})
    assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'people.post.given'") == 1


def test_a_stale_version_is_answered_with_the_present_state(people) -> None:
    posts.change_post(by=principal_of("secu"), post=people.posts["alice"], version=1, phone="0755-1")
    with pytest.raises(Conflict) as refused:
        posts.change_post(by=principal_of("secu"), post=people.posts["alice"], version=1, phone="0755-2")
    assert refused.value.extra["current"]["phone"] == "0755-1"


# — hand-over and absence ——————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_hand_over_ends_one_post_and_starts_the_other_at_the_same_moment(people) -> None:
    moment: datetime = NOW + DAY
    made = handing.hand_over(
        by=principal_of("secu"), post=people.posts["alice"], version=1, id=uuid7(), to=people.eve, at=moment
    )
    assert (made["grid"], made["phone"], made["public"], made["starts"]) == (GRIDS[0], "0755-83910001", True, moment)
    for at, alice, eve in ((moment - timedelta(seconds=1), 1, 0), (moment, 0, 1)):
        holds = [sum(g.role is Role.GRID_WORKER for g in posts_at(u, at)) for u in (people.alice, people.eve)]
        assert holds == [alice, eve]
    body = rows.value("SELECT body FROM ledger_entry WHERE tag = 'people.post.handed_over'")
    assert '"successor": "eve"' in str(body).replace("'", '"')


def test_all_posts_of_a_person_are_handed_over_at_one_moment_or_none_is(people) -> None:
    secu = principal_of("secu")
    second = posts.give_post(by=secu, id=uuid7(), user=people.alice, role=Role.GRID_WORKER, grid=GRIDS[1])
    with clock.at(NOW + DAY):
        wanted = [handing.Wanted(p, 1, uuid7()) for p in (people.posts["alice"], second["id"])]
        for spoilt in (wanted[1]._replace(version=7), wanted[1]._replace(post=people.posts["bob"])):
            with pytest.raises((Conflict, Invalid)), transaction.atomic():
                handing.hand_all_over(by=secu, user=people.alice, to=people.eve, posts=[wanted[0], spoilt])
            assert not Post.objects.filter(user=people.eve, grid=GRIDS[0]).exists()
        made = handing.hand_all_over(by=secu, user=people.alice, to=people.eve, posts=wanted)
        assert {m["grid"] for m in made} == {GRIDS[0], GRIDS[1]} and len({m["starts"] for m in made}) == 1
        again = handing.hand_all_over(by=secu, user=people.alice, to=people.eve, posts=wanted)
        assert again == made  # the same call again
        assert posts_at(people.alice, clock.now()) == []
        with pytest.raises(Forbidden):
            handing.hand_all_over(by=principal_of("bob"), user=people.eve, to=people.alice, posts=wanted)


def test_posts_are_found_by_name_and_title(people) -> None:
    found = queries.posts(by=principal_of("secu"), q="艾丽")["items"]
    assert [p["user_name"] for p in found] == ["艾丽"]
    assert {p["title"] for p in queries.posts(by=principal_of("secu"), q="中心坐席")["items"]} == {"中心坐席"}
    assert queries.posts(by=principal_of("secu"), q="%")["items"] == []


def test_a_deputy_holds_the_rights_for_these_dates_and_the_absent_person_does_not(people) -> None:
    absence = absences.record_absence(
        by=principal_of("bob"), id=uuid7(), user=people.alice, deputy=people.eve, starts=NOW + DAY, ends=NOW + 3 * DAY
    )
    held = lambda who, at: {str(g.role) for g in posts_at(who, at)}
    assert held(people.alice, NOW) == {"grid_worker"}
    assert held(people.eve, NOW + DAY) == {"handler", "grid_worker"}
    assert held(people.alice, NOW + DAY) == set()
    assert held(people.eve, NOW + 3 * DAY) == {"handler"}
    with clock.at(NOW + 2 * DAY):
        absences.end_absence(by=principal_of("alice"), absence=absence["id"])
        assert held(people.alice, clock.now()) == {"grid_worker"}


def test_who_may_record_whose_absence(people) -> None:
    def record(by: str, user, deputy) -> dict:
        return absences.record_absence(
            by=principal_of(by), id=uuid7(), user=user, deputy=deputy, starts=NOW + DAY, ends=NOW + 2 * DAY
        )

    for by, user, deputy in (
        ("charlie", people.alice, people.eve),  # another district
        ("bob", people.alice, people.bob),  # for his own benefit
        ("alice", people.alice, people.eve),  # nobody hands out her own rights
        ("dora", people.dora, people.eve),
        ("bob", people.eve, people.alice),  # not under his desk
    ):
        with pytest.raises(Forbidden):
            record(by, user, deputy)
    assert record("dora", people.eve, people.alice)
    with pytest.raises(Conflict):
        record("secu", people.eve, people.bob)  # a second deputy
    with pytest.raises(Conflict):
        record("secu", people.alice, people.bob)  # alice stands in for eve
    with pytest.raises(Conflict):
        record("secu", people.bob, people.eve)  # eve is away


def test_nobody_stands_in_for_an_administrator(people) -> None:
    Absence.objects.create(user_id=people.secu, deputy_id=people.eve, starts=NOW, ends=NOW + DAY, created_at=NOW)
    assert {str(g.role) for g in posts_at(people.eve, NOW)} == {"handler"}


def test_a_closed_account_loses_its_posts_and_nobody_closes_their_own(people) -> None:
    with pytest.raises(Forbidden):
        users.deactivate_user(by=principal_of("secu"), user=people.secu, version=1)
    users.deactivate_user(by=principal_of("secu"), user=people.alice, version=1)
    back = users.reactivate_user(by=principal_of("secu"), user=people.alice, version=2)
    assert back["active"]
    assert posts_at(people.alice, NOW + DAY) == []


def test_a_district_administrator_sees_and_touches_only_the_people_of_the_district(people) -> None:
    from wangge.domain.people import queries

    seen = {u["login"] for u in queries.users(by=principal_of("fiona"), limit=100)["items"]}
    assert seen == {"alice", "bob", "dora", "eve", "fiona"}
    assert len(queries.users(by=principal_of("secu"), limit=100)["items"]) == 10
    for act in (users.reset_password, users.unlock_user):
        with pytest.raises(NotFound):
            act(by=principal_of("fiona"), user=people.charlie)
    give("secu", people.fiona, Role.LEADER, area="440304")
    Post.objects.filter(id=people.posts["fiona"]).update(area_id="4403")
    seen = {u["login"] for u in queries.users(by=principal_of("fiona"), limit=100)["items"]}
    assert seen == {"alice", "bob", "charlie", "carl", "dora", "eve", "fiona"}, (
        "the city's own offices go with all its districts"
    )


def test_who_may_reset_a_password_may_not_become_more_than_they_may_appoint(people) -> None:
    assert users.reset_password(by=principal_of("fiona"), user=people.eve)
    give("secu", people.eve, Role.LEADER, area="4403", starts=NOW + DAY)
    for act in (users.reset_password, users.unlock_user, reset_factor):
        with pytest.raises(Forbidden):
            act(by=principal_of("fiona"), user=people.eve)
    with pytest.raises(Forbidden):
        users.deactivate_user(by=principal_of("fiona"), user=people.eve, version=1)
    assert users.reset_password(by=principal_of("secu"), user=people.eve)
