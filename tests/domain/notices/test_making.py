"""Who is told of what: those whom the matrix names, never who did it, never who may not see the case."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.cases.test_properties import RIGHT, START, choices, given_for, moving
from tests.domain.notices.conftest import act, dispatched, events, forget_events, person, relayed, report, told
from tests.domain.stats.test_recount import NO_SHRINK, apart
from tests.support.statements import Statements
from tests.support.world import FUBAO, HAISHAN
from wangge.domain.cases import actions as cases
from wangge.domain.cases.actions.ladder import climb
from wangge.domain.cases.rules import TABLE, Act
from wangge.domain.cases.tags import CasePermission
from wangge.domain.notices import actions, people_sql
from wangge.domain.people.actions import absences
from wangge.domain.people.models import Post, User
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Problem


def test_a_report_is_told_to_the_desk_that_has_it(world: SimpleNamespace) -> None:
    report(world, by="alice")
    relayed()
    assert told() == {"bob": {"reported"}}


def test_who_did_it_knows_it(world: SimpleNamespace) -> None:
    report(world, by="bob")
    assert relayed() == 0


def test_a_dispatch_is_told_to_the_staff_of_the_units_and_to_who_reported(world: SimpleNamespace) -> None:
    row = report(world, by="alice")
    act(world, "bob", "accept", row)
    act(world, "bob", "dispatch", row, unit=world.units.cleaners, assisting=[world.units.wardens])
    relayed()
    assert told("dispatched") == {who: {"dispatched"} for who in ("hank", "lea", "hugo", "alice")}


def test_a_return_goes_back_to_the_desk(world: SimpleNamespace) -> None:
    row = dispatched(world)
    act(world, "hank", "return_", row, note="不属本单位职责")
    relayed()
    assert told() == {"bob": {"returned"}}


def test_the_desk_above_is_told_of_what_is_passed_up(world: SimpleNamespace) -> None:
    row = report(world, by="alice")
    forget_events()
    act(world, "bob", "escalate", row, note="超出街道权限")
    relayed()
    assert told() == {"dan": {"escalated"}}


def test_help_is_asked_of_a_unit_or_of_the_desk_and_answered_to_who_asked(world: SimpleNamespace) -> None:
    row = dispatched(world)
    act(world, "hank", "ask_help", row, unit=world.units.wardens, note="请协助封路")
    relayed()
    assert told() == {"hugo": {"help_asked"}}
    act(world, "hugo", "answer_help", row, note="已封路")
    relayed()
    assert told("help_answered") == {"hank": {"help_answered"}}
    act(world, "hank", "ask_help", row, note="请中心协调")
    relayed()
    assert told("help_asked") == {"hugo": {"help_asked"}, "bob": {"help_asked"}}


def test_who_asked_for_more_time_hears_how_it_was_decided(world: SimpleNamespace) -> None:
    row = dispatched(world)
    act(world, "hank", "ask_extension", row, due_at=row["due_at"] + timedelta(days=3), note="等配件")
    relayed()
    assert told() == {"bob": {"extension_asked"}}
    act(world, "bob", "refuse", row, note="理由不足")
    relayed()
    assert told("refused") == {"hank": {"refused"}}
    act(world, "lea", "ask_extension", row, due_at=row["due_at"] + timedelta(days=3), note="等配件")
    act(world, "bob", "extend", row)
    relayed()
    assert told("extended") == {"hank": {"extended"}, "lea": {"extended"}}


def test_a_supervision_is_told_to_all_who_have_to_answer_and_its_answer_to_who_made_it(world: SimpleNamespace) -> None:
    row = dispatched(world)
    act(world, "sue", "supervise", row, level="key", note="进展缓慢")
    relayed()
    assert told() == {who: {"supervised"} for who in ("bob", "hank", "lea")}
    act(world, "hank", "answer", row, note="今日完成")
    relayed()
    assert told("answered") == {"sue": {"answered"}}


def test_clocks_remind_and_when_they_run_out_the_supervisor_is_told(world: SimpleNamespace) -> None:
    with clock.at(START):
        row = dispatched(world)
    with clock.at(row["due_at"] - timedelta(minutes=1)):
        climb()
        relayed()
        assert told() == {who: {"reminder"} for who in ("bob", "hank", "lea")}
    with clock.at(row["due_at"] + timedelta(minutes=1)):
        climb()
        relayed()
        assert told("overdue") == {who: {"overdue"} for who in ("bob", "hank", "lea", "sue")}


def test_an_absent_person_is_not_told_but_the_deputy_is(world: SimpleNamespace) -> None:
    row = report(world, by="alice")
    forget_events()
    bob, cora, secu = world.as_("bob"), world.as_("cora"), world.as_("secu")
    bind(secu)
    now = clock.now()
    absences.record_absence(
        by=secu,
        id=person("bob"),
        user=bob.id,
        deputy=cora.id,
        starts=now + timedelta(minutes=1),
        ends=now + timedelta(days=3),
    )
    with clock.at(now + timedelta(hours=1)):
        act(world, "alice", "urge", row, note="请尽快")
        relayed()
    assert told() == {"cora": {"urged"}}


def test_who_reported_and_holds_no_post_any_more_is_not_told(world: SimpleNamespace) -> None:
    row = report(world, by="alice")
    act(world, "bob", "accept", row)
    forget_events()
    with acting(SYSTEM):
        Post.objects.filter(user=person("alice")).update(ends=clock.now())
    act(world, "bob", "dispatch", row, unit=world.units.cleaners)
    relayed()
    assert told() == {"hank": {"dispatched"}, "lea": {"dispatched"}}


def test_a_repeat_of_an_event_tells_nobody_again(world: SimpleNamespace) -> None:
    report(world, by="alice")
    heard = events()
    with acting(SYSTEM):
        assert actions.tell(heard) == 1
        assert actions.tell(heard) == 0
        assert actions.tell([*heard, *heard]) == 0


def test_what_happened_long_ago_is_no_news(world: SimpleNamespace) -> None:
    with clock.at(clock.now() - timedelta(days=4)):
        report(world, by="alice")
    assert relayed() == 0


def test_pages_of_the_persons_are_hinted_to_load_their_notices(world: SimpleNamespace) -> None:
    report(world, by="alice")
    report(world, by="alice")
    heard = events()
    with acting(SYSTEM):
        actions.tell(heard)
        hints = rows.all("SELECT subject, event FROM outbox_event WHERE kind = 'notice'")
    assert hints == [{"subject": person("bob"), "event": "notices.notice.made"}]


def test_many_events_take_as_many_statements_as_one(world: SimpleNamespace) -> None:
    def statements(count: int) -> int:
        for _ in range(count):
            report(world, by="alice")
        heard = events()
        with acting(SYSTEM), Statements() as captured:
            assert actions.tell(heard) == count
        forget_events()
        return len(captured)

    assert statements(1) == statements(12) <= 3


# — the property ———————————————————————————————————————————————————————————————————————————————————————————————————————————

WORLD = [
    (FUBAO + "001001", "alice", "bob"),
    (FUBAO + "002001", "amy", "bob"),
    (HAISHAN + "001001", "charlie", "charlie"),
]
LINE = {
    "reported": (Act.ACCEPT, None),
    "accepted": (Act.DISPATCH, None),
    "handling": (Act.RESOLVE, None),
    "verifying": (Act.VERIFY, "pass"),
    "following_up": (Act.FOLLOW_UP, "dissatisfied"),
}
turns = st.tuples(
    st.integers(0, 2),
    st.just("line") | st.sampled_from(choices) | st.sampled_from(moving),
    st.integers(0, 2),
    st.integers(0, 60 * 24 * 4),
)


def sees(world: SimpleNamespace, login: str, row: dict) -> bool:
    """Whether the person's session would show the case: the oracle."""
    levels = {k: row[k] for k in ("district", "street", "community", "grid")}
    units = [u for u in (row["lead"], row["holder"], *row["assisting"], *row["asked"]) if u]
    return world.as_(login).scope(CasePermission.READ).covers(**levels, units=units, persons=(row["reporter"],))


@settings(max_examples=20, deadline=None, phases=NO_SHRINK, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(turns, min_size=5, max_size=25))
def test_nobody_is_told_of_a_case_they_may_not_see_nor_of_what_they_did(world: SimpleNamespace, history: list) -> None:
    with apart():
        now = START
        with clock.at(now):
            known = [(report(world, by=by, grid=grid)["id"], operator) for grid, by, operator in WORLD]
            relayed()
        for which, what, pick, minutes in history:
            now += timedelta(minutes=minutes)
            with clock.at(now):
                turn(world, *known[which], what, pick, known[(which + 1) % 3][0])


def turn(world: SimpleNamespace, case: UUID, operator: str, what: Any, pick: int, other: UUID) -> None:
    """One attempt at something, and a look at who was told of it and of what time brought."""
    climb()
    with acting(SYSTEM):
        rows.run("DELETE FROM notices_notice")
        row = rows.one("SELECT * FROM cases_case WHERE id = %(id)s", {"id": case})
    assert row is not None
    name, outcome = LINE.get(row["status"], (Act.COMMENT, None)) if what == "line" else what
    permission = next(r.permission for r in TABLE if r.act == name)
    by = world.as_("sue" if name == Act.VERIFY else RIGHT.get(permission, operator))
    bind(by)
    try:
        cases.perform(
            by=by, act=name, case=case, version=row["version"], given=given_for(name, outcome, world, other, pick)
        )
    except Problem:
        pass
    actors = {e.pos: e.body["step"] for e in events()}
    relayed()
    with acting(SYSTEM):
        made = rows.all(
            'SELECT u.login, n.pos, n.person, c.* FROM notices_notice n JOIN people_user u ON u.id = n.person JOIN cases_case c ON c.id = n."case"'
        )
        for notice in made:
            assert sees(world, notice["login"], notice), (what, notice["login"])
            actor = rows.value("SELECT actor FROM cases_step WHERE id = %(id)s", {"id": actors[notice["pos"]]})
            assert actor != notice["person"]


def test_the_predicate_finds_for_everybody_what_their_session_would(world: SimpleNamespace) -> None:
    made = [
        report(world, by="alice"),
        dispatched(world),
        report(world, by="cora", grid=HAISHAN + "001001"),
        report(world, by="amy", grid=FUBAO + "002001"),
    ]
    act(world, "hank", "ask_help", made[1], unit=world.units.police, note="请协助")
    secu = world.as_("secu")
    bind(secu)
    now = clock.now()
    absences.record_absence(
        by=secu,
        id=person("amy"),
        user=person("amy"),
        deputy=person("charlie"),
        starts=now + timedelta(minutes=1),
        ends=now + timedelta(days=3),
    )
    with clock.at(now + timedelta(minutes=5)), acting(SYSTEM):
        found = rows.all(
            f"""WITH everybody AS (SELECT id AS person FROM people_user), {people_sql.held("everybody")}
                SELECT u.login, c.id, {people_sql.may_see("u.id")} AS may FROM people_user u CROSS JOIN cases_case c""",
            people_sql.params(clock.now()),
        )
        by_id = {row["id"]: rows.one("SELECT * FROM cases_case WHERE id = %(id)s", {"id": row["id"]}) for row in made}
        assert len(found) == len(made) * User.objects.count()
        for row in found:
            assert row["may"] == sees(world, row["login"], by_id[row["id"]]), row
    assert {row["may"] for row in found} == {True, False}
