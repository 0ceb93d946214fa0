"""The simulated hotline and police, as they run beside the demo and by hand: over real sockets, against the real application."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.domain.exchange.conftest import Caller, case_of, partnered
from tests.domain.exchange.test_hotline import ask, dispatched
from tests.domain.notices.conftest import act, report
from tests.support.http import serving
from wangge.demo import other_side
from wangge.demo.other_side import PARTS, OtherSide, Partner
from wangge.domain.exchange import actions, queries
from wangge.domain.exchange.rules import MessageKind
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.outbox import relay

NOW = datetime.now(UTC)
DAY = f"{NOW.astimezone(other_side.CHINA):%Y%m%d}"
FIRST, SECOND = f"12345-{DAY}-001", f"12345-{DAY}-002"


@pytest.fixture
def address(real_world: SimpleNamespace) -> Iterator[str]:
    with serving() as url:
        yield url


def side(address: str, partner: Caller, kind: str = "hotline", **part: object) -> tuple[OtherSide, list[tuple]]:
    said: list[tuple] = []
    return OtherSide(
        Partner(address, partner.token), PARTS[kind]._replace(**part), lambda *what: said.append(what)
    ), said  # type: ignore[arg-type]


def taken() -> list[str]:
    """The orders that came in, by their numbers."""
    with acting(SYSTEM):
        found = rows.all("SELECT source_number FROM cases_case WHERE source_number <> '' ORDER BY source_number")
    return [row["source_number"] for row in found]


def told() -> None:
    while relay.relay_once():
        continue


def test_a_few_orders_at_once_then_one_now_and_then_and_none_twice_after_a_restart(
    real_world: SimpleNamespace, address: str
) -> None:
    partner = partnered(real_world)
    sim, _ = side(address, partner)
    for seconds in (0, 5, 119):
        sim.turn(NOW + timedelta(seconds=seconds))
        assert len(taken()) == 3
    again, _ = side(address, partner)
    again.turn(NOW + timedelta(seconds=119))
    assert len(taken()) == 3
    again.turn(NOW + timedelta(seconds=240))
    assert taken() == [f"12345-{DAY}-00{n}" for n in (1, 2, 3, 4)]
    sim.turn(NOW + timedelta(seconds=240))  # the one of before wakes up: the same urge, the same fourth order
    assert len(taken()) == 4 and case_of(FIRST)["urges"] == 1


def test_it_waits_for_the_desk_when_as_many_as_it_wants_are_open(real_world: SimpleNamespace, address: str) -> None:
    sim, _ = side(address, partnered(real_world), most=4, pause=1.0)
    for seconds in range(8):
        sim.turn(NOW + timedelta(seconds=seconds))
    assert len(taken()) == 4
    act(real_world, "bob", "reject", case_of(FIRST), note="重复来单")
    told()
    sim.turn(NOW + timedelta(seconds=9))
    assert len(taken()) == 5


def test_it_hears_how_its_orders_go_on_agrees_to_more_time_and_takes_back_what_is_not_ours(
    real_world: SimpleNamespace, address: str
) -> None:
    partner = partnered(real_world, states={"dispatched": "已转承办"})
    sim, said = side(address, partner)
    sim.turn(NOW)
    row = dispatched(real_world, FIRST)
    wanted = row["due_at"] + timedelta(days=2)
    ask(real_world, "bob", row, partner, MessageKind.ASK_EXTENSION, due_at=wanted, note="须协调产权单位")
    ask(real_world, "bob", case_of(SECOND), partner, MessageKind.ASK_RETURN)
    told()
    sim.turn(NOW)
    assert case_of(FIRST)["due_at"] == wanted
    assert case_of(SECOND)["status"] == "rejected"
    assert (FIRST, "已转承办") in {what[:2] for what in said}
    assert [what[0] for what in said if what[1] == "answered"] == [FIRST, SECOND]


def test_the_police_acknowledge_with_their_number_and_give_what_is_not_theirs(
    real_world: SimpleNamespace, address: str
) -> None:
    partner = partnered(real_world, "police")
    sim, _ = side(address, partner, "police")
    row = report(real_world, "楼上打架")
    ask(real_world, "bob", row, partner, MessageKind.HAND_OVER, note="属治安警情")
    sim.turn(NOW)
    bob = real_world.as_("bob")
    bind(bob)
    [said] = queries.of_case(by=bob, case=row["id"])["items"]
    assert (said["answer"], said["their_number"][:5]) == ("accepted", "110-J")
    given = case_of(f"110-{DAY}-001")
    assert (given["status"], given["channel"], given["source"]) == ("reported", "unit", "police-sz")


def test_a_refusal_is_said_once_and_it_goes_on_when_it_is_over(real_world: SimpleNamespace, address: str) -> None:
    partner = partnered(real_world)
    secu = real_world.as_("secu")
    bind(secu)
    actions.change_partner(by=secu, partner=partner.partner.id, version=1, changes={"active": False})
    said: list[str] = []
    refused, made, stop = threading.Event(), threading.Event(), threading.Event()

    def hear(number: str, what: str, words: str) -> None:
        said.append(what)
        (made if what == "made" else refused).set()

    sim = OtherSide(Partner(address, partner.token), PARTS["hotline"], hear)
    thread = threading.Thread(target=sim.run, args=(stop, 0.01))
    thread.start()
    try:
        assert refused.wait(30)
        actions.change_partner(by=secu, partner=partner.partner.id, version=2, changes={"active": True})
        assert made.wait(30)
    finally:
        stop.set()
        thread.join(30)
    assert said.count("no answer") == 1


def test_the_program_needs_nothing_but_python_and_a_token(
    real_world: SimpleNamespace, address: str, tmp_path: Path
) -> None:
    alone = tmp_path / "other_side.py"
    alone.write_bytes(Path(other_side.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", str(alone), "hotline", partnered(real_world).token, address]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            lines = [program.stdout.readline().split() for _ in range(3)]
        finally:
            program.terminate()
    assert [line[1] for line in lines] == ["made"] * 3
    assert lines[0][2] == case_of(lines[0][0])["number"]
    with acting(SYSTEM):
        assert all(case_of(line[0])["reported_at"] <= clock.now() for line in lines)
