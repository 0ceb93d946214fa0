"""Generated cases are what the application would have written: nothing that checks, counts, finds or goes on with cases can tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bench.generator import lives, shapes
from bench.generator.fill import fill
from bench.generator.places import by_street
from bench.home import furnish, handed_on
from tests.demo.conftest import demo_setting  # noqa: F401 (the demo's setting, for this folder too)
from tests.support.databases import Databases
from tests.support.reading import pages_read
from wangge.demo.history import person
from wangge.domain.cases.actions import reveal
from wangge.domain.cases.actions.ladder import climb
from wangge.domain.cases.queries import Filter, queue
from wangge.domain.maps import actions as maps
from wangge.domain.places import queries as places
from wangge.domain.search import actions as index
from wangge.domain.search.queries import search
from wangge.domain.stats import actions as stats
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Role, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.jobs.registry import LOOPS
from wangge.kernel.ledger import seal
from wangge.kernel.ledger.verify import verify
from wangge.kernel.outbox import relay

CASES = 2500


@pytest.fixture(scope="module")
def filled(
    demo_setting: None,  # noqa: F811
    databases: Databases,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[SimpleNamespace]:
    """A database of 2 500 cases; ``led``: those that were led by their acts."""
    with django_db_blocker.unblock(), databases.for_one_test():
        places.forget()
        for table in ("ledger_entry", "outbox_event"):  # positions get one more digit in the middle of the lives
            rows.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'pos'), 99_500)", using="owner")
        made = furnish(total=len(lives.LIVES), say=lambda said: None)
        done = fill(CASES, made, processes=2)
        with acting(SYSTEM):
            yield SimpleNamespace(made=made, led={id for _, members in made for id in members}, done=done)
    places.forget()


@pytest.fixture(autouse=True)
def _as_system(filled: SimpleNamespace) -> Iterator[None]:
    bind(SYSTEM)
    yield
    bind(SYSTEM)


def generated(filled: SimpleNamespace, where: str = "TRUE", **params: Any) -> list[dict[str, Any]]:
    """Cases of the generator's, newest first."""
    mine = "id <> ALL(%(led)s) AND source = ANY('{\"\"}')"
    return rows.all(
        f"SELECT * FROM cases_case WHERE {mine} AND {where} ORDER BY reported_at DESC",
        {"led": list(filled.led), **params},
    )


def test_there_are_as_many_as_were_asked_for_in_every_status(filled: SimpleNamespace) -> None:
    count = rows.value("SELECT count(*) FROM cases_case")
    assert abs(count - CASES) <= 10
    found = {row["status"] for row in generated(filled)}
    assert found >= {"archived", "closed", "handling", "suspended", "rejected"}
    assert rows.value("SELECT count(DISTINCT number) FROM cases_case") == count


def test_the_ledger_verifies_and_nothing_waits_for_the_seal(filled: SimpleNamespace) -> None:
    report = verify()
    assert report.counts == {}
    assert report.locks == []
    assert report.entries > 5 * filled.done.cases
    assert seal.waiting()["entries"] == 0


def test_an_entry_that_is_changed_is_found(filled: SimpleNamespace) -> None:
    from wangge.kernel.ledger import guards

    case = generated(filled, "status = 'archived'")[0]
    pos = rows.value("SELECT max(pos) FROM ledger_entry WHERE subject = %(id)s", {"id": case["id"]})
    body = rows.value("SELECT body::text FROM ledger_entry WHERE pos = %(pos)s", {"pos": pos})
    change = "UPDATE ledger_entry SET body = %(body)s::jsonb WHERE pos = %(pos)s"
    with guards.lifted():
        rows.run(change, {"pos": pos, "body": '{"after": "void"}'}, using="owner")
    assert [f.pos for f in verify().findings] == [pos]
    with guards.lifted():
        rows.run(change, {"pos": pos, "body": body}, using="owner")
    assert verify().counts == {}


def test_a_recount_of_the_figures_finds_nothing(filled: SimpleNamespace) -> None:
    assert (stats.wrong_cases(), stats.wrong_cells()) == ([], [])


def test_positions_got_a_digit_more_among_the_lives(filled: SimpleNamespace) -> None:
    for table in ("ledger_entry", "outbox_event"):
        of_led = f"SELECT min(pos) < 100000 AND max(pos) >= 100000 FROM {table} WHERE subject = ANY(%(ids)s)"
        assert rows.value(of_led, {"ids": list(filled.led)}, using="owner"), table


def test_what_can_be_packed_is_packed(filled: SimpleNamespace) -> None:
    assert rows.value("SELECT count(*) FROM stats_times") > 0
    assert (stats.pack(), maps.pack()) == (0, 0)


def test_every_table_that_the_application_writes_for_a_case_has_rows_of_generated_ones(filled: SimpleNamespace) -> None:
    led = list(filled.led)
    for table, where in shapes.tables().items():
        of_led = rows.value(f"SELECT count(*) FROM {table} WHERE {where}", {"ids": led}, using="owner")
        more = rows.value(f"SELECT count(*) FROM {table}", using="owner") - of_led
        assert bool(of_led) == bool(more), (table, of_led, more)


def test_the_search_has_the_same_document_as_a_rebuild_makes(filled: SimpleNamespace) -> None:
    assert index.mend() == 0
    before = rows.all('SELECT "case", grams::text AS grams FROM search_document ORDER BY 1')
    index.rebuild()
    assert rows.all('SELECT "case", grams::text AS grams FROM search_document ORDER BY 1') == before


def test_a_generated_case_is_found_by_its_words_and_shown_in_the_queue(filled: SimpleNamespace) -> None:
    case = generated(filled, "status = 'handling' AND street = '440304010'")[0]
    operator = person(Role.OPERATOR, area=case["street"])
    bind(operator)
    words = f"{case['title']} {case['address']}"
    assert case["id"] in {
        hit["id"] for hit in search(by=operator, q=words, filter=Filter(), sort="-reported_at")["items"]
    }
    found = queue(by=operator, filter=Filter(number=case["number"]))
    assert [item["id"] for item in found["items"]] == [case["id"]]


def test_a_generated_case_lies_where_its_grid_is(filled: SimpleNamespace) -> None:
    for case in generated(filled)[::25]:
        hit = places.locate([(case["lon"], case["lat"])])[0]["base"]
        assert (hit.code, hit.community, str(hit.version_id)) == (
            case["grid"],
            case["community"],
            str(case["grid_version"]),
        )


def test_the_name_of_who_asked_opens_in_its_own_row(filled: SimpleNamespace) -> None:
    case = generated(filled, "channel = 'hotline' AND status = 'archived'")[0]
    party = rows.value('SELECT id FROM cases_party WHERE "case" = %(id)s', {"id": case["id"]})
    operator = person(
        Role.OPERATOR, area=rows.value("SELECT area FROM people_unit WHERE id = %(id)s", {"id": case["holder"]})[:9]
    )
    with acting(operator):
        name = reveal(by=operator, case=case["id"], party=party, field="name", purpose="核实情况")
    assert name.startswith("来电人")


def test_nothing_is_left_to_do_for_those_who_follow_the_acts(filled: SimpleNamespace) -> None:
    assert relay.relay_once() == 0
    assert [r["consumer"] for r in relay.lag() if r["seconds"] > 0 or r["stuck"]] == []


@pytest.mark.parametrize("name", ["case clocks", "ledger sealer", "outbox relay"])
def test_a_loop_that_finds_nothing_to_do_reads_a_few_pages(filled: SimpleNamespace, name: str) -> None:
    """It looks again every few seconds, however large its tables are: here they have hundreds of pages."""

    LOOPS[name].fn()
    pages = pages_read(LOOPS[name].fn)
    assert 0 < max(pages.values()) <= 40, pages


ACTS = {
    "accept": "status = 'reported'",
    "reject": "status = 'reported'",
    "escalate": "status = 'reported' AND length(coalesce(community, '')) > 0",
    "void": "status = 'accepted'",
    "dispatch": "status = 'accepted'",
    "take": "status = 'handling' AND NOT EXISTS (SELECT 1 FROM cases_assignment a WHERE a.\"case\" = c.id AND a.taken_at IS NOT NULL)",
    "progress": "status = 'handling'",
    "urge": "status = 'handling'",
    "answer": "status = 'handling' AND EXISTS (SELECT 1 FROM cases_demand d WHERE d.\"case\" = c.id AND d.answered_at IS NULL)",
    "extend": "status = 'handling' AND EXISTS (SELECT 1 FROM cases_request r WHERE r.\"case\" = c.id AND r.kind = 'extension')",
    "suspend": "status = 'handling'",
    "resolve": "status = 'handling' AND lead IS NOT NULL",
    "verify": "status = 'verifying'",
    "unreachable": "status = 'following_up' AND follow_up IS NULL",
    "resume": "status = 'suspended'",
    "reopen": "status = 'closed'",
    "archive": "status = 'closed'",
    "comment": "status = 'closed'",
    "tag": "status = 'archived'",
}


@pytest.mark.parametrize("act", ACTS)
def test_the_act_is_done_with_a_generated_case(filled: SimpleNamespace, act: str) -> None:
    where = ACTS[act] if act != "tag" else "status = 'rejected'"
    found = generated(filled, f"id IN (SELECT c.id FROM cases_case c WHERE {where})")
    assert found, f"no generated case to {act}"
    row = found[0]
    place = next(p for p in by_street()[row["street"]] if p.grid == row["grid"])
    led = lives.Led.taken_up(row, place)
    before = rows.value('SELECT count(*) FROM cases_step WHERE "case" = %(id)s', {"id": row["id"]})
    getattr(led, act)()
    bind(SYSTEM)
    assert rows.value('SELECT count(*) FROM cases_step WHERE "case" = %(id)s', {"id": row["id"]}) == before + 1
    handed_on()
    assert verify().counts == {}


def test_the_next_report_gets_the_next_number(filled: SimpleNamespace) -> None:
    life = lives.Life("", 1, "now")
    place = by_street()["440304010"][0]
    made = lives.Led(life, place)
    made.live()
    bind(SYSTEM)
    day = made.row["number"][:17]
    numbers = sorted(
        r["number"] for r in rows.all("SELECT number FROM cases_case WHERE number LIKE %(d)s", {"d": f"{day}%"})
    )
    assert [int(n[17:]) for n in numbers] == list(range(1, len(numbers) + 1))
    assert made.row["number"] == numbers[-1]


def test_hardly_a_limit_runs_out_at_once(filled: SimpleNamespace) -> None:
    """What the ladder would have done by now it has no need to do for thousands of cases while others are measured."""
    running = rows.value("SELECT count(*) FROM cases_clock WHERE outcome = 'running'")
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert climb() < running // 20 > 0
