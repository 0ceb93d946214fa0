"""What the auditor narrows the ledger by, and the verification that is asked for over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from tests.kernel.ledger.support import BY, TestTag, note
from tests.kernel.ledger.test_audit import AUDREY
from wangge.kernel import clock, jobs, ledger
from wangge.kernel.access import EVERYTHING, Grant, Principal, Role
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger import KernelTag, auditing, naming, queries, seal
from wangge.kernel.ledger.checks import ledger as health_of_the_ledger
from wangge.kernel.ledger.guards import lifted
from wangge.kernel.problems import Forbidden


def _seen(**asked: object) -> list[int]:
    page = queries.entries(by=AUDREY, asked=queries.Filter(**asked))
    return [entry["body"].get("n") for entry in page["items"]]


def test_entries_are_found_by_act_by_what_they_were_done_to_by_person_number_and_time(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, other = uuid7(), uuid7()
    named = naming.Names(lambda ids: {i: "4403-1" for i in ids if i == case}, lambda n: case if n == "44031" else None)
    monkeypatch.setitem(naming._kinds, "case", named)
    with transaction.atomic():
        note(n=1, subject=case)
        ledger.append(by=BY, tag=KernelTag.CHECKED, kind="ledger", body={"n": 2})
        note(n=3, subject=other)
    assert _seen(tags=[str(TestTag.NOTED)]) == [3, 1]
    assert _seen(tags=[str(TestTag.NOTED), str(KernelTag.CHECKED)], kinds=["ledger"]) == [2]
    assert _seen(actor=BY.id) == [3, 2, 1]
    assert _seen(actor=AUDREY.id) == []
    assert _seen(number="44031") == [1]
    assert _seen(number="7") == [], "a number that no case has is about nothing"
    now = clock.now()
    assert _seen(since=now - timedelta(hours=1), until=now + timedelta(hours=1)) == [3, 2, 1]
    assert _seen(until=now - timedelta(hours=1)) == []
    first = queries.entries(by=AUDREY, asked=queries.Filter(subject=case))["items"][0]
    assert (first["subject_name"], first["actor_name"]) == ("4403-1", None)


def test_a_verification_is_asked_for_once_goes_on_record_and_is_kept(own_database: str) -> None:
    with transaction.atomic():
        note(n=1)
    first = auditing.ask_for_check(by=AUDREY)
    again = auditing.ask_for_check(by=AUDREY)
    assert first["running"] and again["running"] and again["items"] == []
    assert rows.value("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'ledger.verify'") == 1
    assert _seen(tags=[str(KernelTag.CHECKED)]) == [None]
    seal.seal_all()
    assert auditing.check().ok
    [kept] = auditing.checks(by=AUDREY)["items"]
    assert (kept["ok"], kept["entries"], kept["findings"]) == (True, 2, [])


def test_what_a_verification_found_is_named_and_the_health_page_says_so(own_database: str) -> None:
    with transaction.atomic():
        changed = note(n=1)
    seal.seal_all()
    with lifted():
        rows.run("UPDATE ledger_entry SET body = '{\"n\": 9}' WHERE id = %(id)s", {"id": changed}, using="owner")
    auditing.check()
    [kept] = auditing.checks(by=AUDREY)["items"]
    assert (kept["ok"], kept["counts"]) == (False, {"altered": 1})
    assert kept["findings"][0]["entry"] == str(changed)
    assert [finding.level for finding in health_of_the_ledger()] == ["bad"]


def test_nobody_but_the_auditor_asks_for_it() -> None:
    operator = Principal(kind="user", id=uuid7(), name="Olga", grants=(Grant(Role.OPERATOR, EVERYTHING),))
    for ask in (auditing.ask_for_check, auditing.checks, queries.tags, queries.entries):
        with pytest.raises(Forbidden):
            ask(by=operator)
    assert not jobs.waiting(auditing.JOB)
