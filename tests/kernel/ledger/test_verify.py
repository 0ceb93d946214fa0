"""Whatever the database's owner does to the ledger afterwards is found, and the first place of it is named."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernel.ledger.support import note
from wangge.kernel import crypto
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, guards, seal
from wangge.kernel.ledger.findings import Fault, Report
from wangge.kernel.ledger.proof import holds, proof
from wangge.kernel.ledger.verify import verify

COUNT = 30


def sealed_ledger() -> list[Any]:
    """Thirty entries in three batches; their ids in order."""
    with transaction.atomic():
        ids = [note(n=n) for n in range(COUNT)]
    seal.seal_all(size=10)
    return ids


def as_owner(*statements: str, **params: Any) -> None:
    """What somebody with the owner's log-in does, the triggers told to stand aside."""
    with guards.lifted():
        for statement in statements:
            rows.run(statement, params, using="owner")


def named(report: Report) -> tuple[Fault, str | None]:
    assert not report.ok
    assert report.first is not None
    assert report.first.words.zh and report.first.words.en
    return report.first.fault, report.first.id


def test_an_untouched_ledger_is_intact(own_database: str) -> None:
    sealed_ledger()
    report = verify()
    assert report.ok
    assert (report.entries, report.unsealed) == (COUNT, 0)


def test_an_altered_entry_is_named(own_database: str) -> None:
    ids = sealed_ledger()
    as_owner("UPDATE ledger_entry SET body = jsonb_set(body, '{n}', '99') WHERE id = %(id)s", id=ids[12])
    assert named(verify()) == (Fault.ALTERED, str(ids[12]))


@pytest.mark.parametrize(
    "column", ["tag = 'test.other'", "actor = gen_random_uuid()", "at = at - interval '1 day'", "district = NULL"]
)
def test_every_column_of_an_entry_counts(own_database: str, column: str) -> None:
    ids = sealed_ledger()
    as_owner(f"UPDATE ledger_entry SET {column} WHERE id = %(id)s", id=ids[3])
    assert named(verify()) == (Fault.ALTERED, str(ids[3]))


def test_a_deleted_entry_is_named(own_database: str) -> None:
    ids = sealed_ledger()
    as_owner("DELETE FROM ledger_entry WHERE id = %(id)s", id=ids[7])
    assert named(verify()) == (Fault.DELETED, str(ids[7]))


def test_two_entries_that_were_swapped_are_named(own_database: str) -> None:
    ids = sealed_ledger()
    positions = {r["id"]: r["pos"] for r in rows.all("SELECT id, pos FROM ledger_entry")}
    a, b = positions[ids[4]], positions[ids[21]]
    as_owner(
        "ALTER TABLE ledger_entry ALTER pos DROP IDENTITY",
        "UPDATE ledger_entry SET pos = -1 WHERE pos = %(a)s",
        "UPDATE ledger_entry SET pos = %(a)s WHERE pos = %(b)s",
        "UPDATE ledger_entry SET pos = %(b)s WHERE pos = -1",
        a=a,
        b=b,
    )
    fault, entry = named(verify())
    assert fault in (Fault.REORDERED, Fault.ALTERED)
    assert entry in (str(ids[4]), str(ids[21]))


def test_an_entry_put_in_afterwards_is_named(own_database: str) -> None:
    sealed_ledger()
    false = uuid4()
    as_owner(
        """INSERT INTO ledger_entry (id, xid, at, tag, actor_kind, kind, body, mark)
           SELECT %(id)s, xid, at, tag, actor_kind, kind, '{"n": 5}', mark FROM ledger_entry ORDER BY pos LIMIT 1""",
        id=false,
    )
    assert named(verify()) == (Fault.INSERTED, str(false))


def test_a_whole_history_cut_off_at_the_end_is_found_by_the_head_and_by_roots_kept_elsewhere(own_database: str) -> None:
    sealed_ledger()
    kept = list(batches.stream())
    as_owner(
        "DELETE FROM ledger_batch WHERE number = 3",
        "DELETE FROM ledger_link WHERE seq > 20",
        "DELETE FROM ledger_entry WHERE (body->>'n')::int >= 20",
    )
    assert Fault.CUT_OFF in verify(with_head=True).counts
    assert Fault.CUT_OFF in verify(with_head=False, known=kept).counts


def test_a_batch_that_was_sealed_anew_without_the_key_is_named(own_database: str) -> None:
    sealed_ledger()
    as_owner("UPDATE ledger_batch SET root = decode(repeat('00', 32), 'hex') WHERE number = 2")
    report = verify()
    assert min(f.batch for f in report.findings if f.batch is not None) == 2
    assert report.counts.keys() & {Fault.RESEALED, Fault.BATCH_ALTERED}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    victim=st.integers(0, COUNT - 1),
    how=st.sampled_from(
        [
            "UPDATE ledger_entry SET body = body || '{\"n\": -1}' WHERE id = %(id)s",
            "UPDATE ledger_entry SET actor_kind = 'system' WHERE id = %(id)s",
            "UPDATE ledger_entry SET subject = gen_random_uuid() WHERE id = %(id)s",
            "DELETE FROM ledger_entry WHERE id = %(id)s",
            "UPDATE ledger_link SET leaf = sha256(leaf) WHERE id = %(id)s",
            "UPDATE ledger_link SET chain = sha256(chain) WHERE id = %(id)s",
            "DELETE FROM ledger_link WHERE id = %(id)s",
        ]
    ),
)
def test_any_one_change_anywhere_is_found(tampered: list[Any], victim: int, how: str) -> None:
    """Each change is tried in a transaction of the owner that is taken back, so that one ledger serves all."""
    victim_id = tampered[victim]
    try:
        with guards.lifted():
            rows.run(how, {"id": victim_id}, using="owner")
            report = verify(with_head=False, using="owner")
            raise TakenBack
    except TakenBack:
        pass
    assert not report.ok
    assert report.first is not None
    assert report.first.id == str(victim_id) or report.first.seq == victim + 1


class TakenBack(Exception):
    """Undoes a change."""


@pytest.fixture
def tampered(own_database: str) -> list[Any]:
    return sealed_ledger()


def test_erased_personal_data_leaves_the_chain_valid_and_unregistered_erasure_is_found(own_database: str) -> None:
    with transaction.atomic():
        kept = note(n=1, personal={"name": "张小明"})
        note(n=2, personal={"name": "李小红"})
    seal.seal_all()
    assert verify().ok
    as_owner("DELETE FROM ledger_personal WHERE entry = %(id)s", id=kept)
    assert named(verify()) == (Fault.PERSONAL_DELETED, str(kept))


def test_the_application_can_add_and_read_and_nothing_else(own_database: str) -> None:
    sealed_ledger()
    for statement in (
        "UPDATE ledger_entry SET tag = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
        "UPDATE ledger_link SET chain = leaf",
        "DELETE FROM ledger_batch",
    ):
        with pytest.raises(Exception, match=r"permission denied|ledger"):
            rows.run(statement)
    assert verify().ok


def test_even_the_owner_is_stopped_until_the_guard_is_lifted_on_purpose(own_database: str) -> None:
    sealed_ledger()
    with psycopg.connect(own_database, autocommit=True) as owner:
        for statement in ("UPDATE ledger_entry SET tag = 'x'", "DELETE FROM ledger_link", "TRUNCATE ledger_batch"):
            with pytest.raises(psycopg.Error):
                owner.execute(statement)
    assert verify().ok


def test_a_proof_is_checked_with_the_public_key_alone(own_database: str) -> None:
    ids = sealed_ledger()
    publics = crypto.keyring().keys().publics()
    for entry in ids:
        found = json.loads(json.dumps(proof(entry)))
        public = publics[found["batch"]["statement"]["key"]]
        assert holds(found, public)
        found["entry"]["body"]["n"] = 1000
        assert not holds(found, public)
