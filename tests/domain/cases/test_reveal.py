"""Who may see a reporter in clear, and what stays of it."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests.domain.cases.test_loop import reported
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions import Reporter
from wangge.kernel.access import bind
from wangge.kernel.db import rows
from wangge.kernel.problems import Forbidden, Invalid, NotFound


def test_the_centre_sees_one_field_for_a_purpose_and_it_is_on_record_without_the_text(world: SimpleNamespace) -> None:
    case = reported(world, by="bob", reporter=Reporter("张小明", "13800001234"), confidential=True)
    bob = world.as_("bob")
    party = queries.detail(by=bob, case=case["id"])["parties"][0]["id"]
    given = {"by": bob, "case": case["id"], "party": party}
    assert actions.reveal(**given, field="phone", purpose="电话回访") == "13800001234"
    assert actions.reveal(**given, field="name", purpose="电话回访") == "张小明"
    found = rows.all(
        "SELECT tag, actor, body::text AS body FROM ledger_entry WHERE subject = %(id)s AND tag = 'ledger.field.revealed' ORDER BY pos",
        {"id": case["id"]},
    )
    assert [(e["actor"], "电话回访" in e["body"]) for e in found] == [(bob.id, True)] * 2
    everything = rows.value("SELECT string_agg(body::text, ' ') FROM ledger_entry")
    assert "13800001234" not in everything
    assert "张小明" not in everything


def test_without_a_purpose_nothing_is_shown_and_nothing_is_written(world: SimpleNamespace) -> None:
    case = reported(world, by="bob", reporter=Reporter("张小明", "13800001234"))
    bob = world.as_("bob")
    party = queries.detail(by=bob, case=case["id"])["parties"][0]["id"]
    with pytest.raises(Invalid) as refused:
        actions.reveal(by=bob, case=case["id"], party=party, field="phone", purpose=" ")
    assert refused.value.errors[0].path == "body.purpose"
    assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'ledger.field.revealed'") == 0


def test_who_does_not_run_the_case_does_not_see_it_in_clear(world: SimpleNamespace) -> None:
    case = reported(world, by="bob", reporter=Reporter("张小明", "13800001234"))
    party = queries.detail(by=world.as_("bob"), case=case["id"])["parties"][0]["id"]
    for login, refusal in (("alice", Forbidden), ("sue", Forbidden), ("charlie", NotFound), ("cora", NotFound)):
        person = world.as_(login)
        bind(person)
        with pytest.raises(refusal):
            actions.reveal(by=person, case=case["id"], party=party, field="phone", purpose="好奇")
    bind(world.as_("bob"))
    with pytest.raises(NotFound):
        actions.reveal(by=world.as_("bob"), case=case["id"], party=uuid4(), field="phone", purpose="电话回访")
