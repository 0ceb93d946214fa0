"""Bob looks up who calls again; what he looked for is on record, the number is not."""

from __future__ import annotations

from types import SimpleNamespace

import orjson
import pytest

from tests.domain.search.conftest import report
from tests.support.world import FUBAO, HAISHAN
from wangge.domain.cases.actions import Reporter
from wangge.domain.search import phone
from wangge.domain.search.phone import by_phone
from wangge.kernel import crypto
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Forbidden, Invalid, TooMany

PHONE = "13800001111"


def looked_up(world: SimpleNamespace, given: str = PHONE, *, by: str = "bob") -> list[str]:
    person = world.as_(by)
    bind(person)
    return [row["number"] for row in by_phone(by=person, phone=given, purpose="来电人追问进度")]


def test_a_phone_finds_its_cases_however_it_is_written_and_only_in_scope(world: SimpleNamespace) -> None:
    caller = Reporter(name="张示", phone="138-0000-1111")
    own = report(world, "漏水", reporter=caller, confidential=True)
    other = report(world, "漏水", by="charlie", grid=HAISHAN + "001001", reporter=caller)
    report(world, "漏水", grid=FUBAO + "002001", reporter=Reporter(phone="13800001112"))
    assert looked_up(world) == looked_up(world, "＋８６ 138 0000 1111") == [own["number"]]
    assert looked_up(world, by="charlie") == [other["number"]]


def test_each_look_up_is_in_the_ledger_by_its_hash(world: SimpleNamespace) -> None:
    assert looked_up(world) == []
    with acting(SYSTEM):
        body = rows.value("SELECT body::text FROM ledger_entry WHERE tag = 'search.by_phone'")
    assert orjson.loads(body) == {
        "hash": crypto.lookup_hash("phone", PHONE).hex(),
        "purpose": "来电人追问进度",
        "found": 0,
    }
    assert PHONE not in body


def test_only_who_may_reveal_may_look_up(world: SimpleNamespace) -> None:
    for login in ("alice", "hank", "sue", "leo", "sam"):
        with pytest.raises(Forbidden):
            looked_up(world, by=login)


def test_a_part_of_a_number_is_refused(world: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        looked_up(world, "138*")


def test_trying_numbers_is_slowed_down(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone, "AN_HOUR", 2)
    looked_up(world)
    looked_up(world)
    with pytest.raises(TooMany):
        looked_up(world)
    assert looked_up(world, by="charlie") == []
