"""Sealing: every committed entry once, in one order, whatever commits late and whoever is killed."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connections, transaction

from tests.kernel.ledger.support import note
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, head, seal
from wangge.kernel.ledger.hashing import HASHES, merkle_root
from wangge.kernel.ledger.seal import LOCK


def write(count: int) -> None:
    with transaction.atomic():
        for n in range(count):
            note(n=n)


def sealed() -> list[int]:
    """The ``n`` of the sealed entries in their order."""
    return [
        int(r["n"])
        for r in rows.all("SELECT e.body->'n' AS n FROM ledger_link l JOIN ledger_entry e USING (pos) ORDER BY l.seq")
    ]


def test_what_was_committed_is_sealed_once_and_in_order(own_database: str) -> None:
    write(25)
    assert seal.seal_all(size=10) == 25
    assert seal.seal_all() == 0
    assert sealed() == list(range(25))
    assert [(b.number, b.first, b.last) for b in batches.stream()] == [(0, 1, 0), (1, 1, 10), (2, 11, 20), (3, 21, 25)]
    assert head.read() == batches.last()


def test_a_root_is_the_merkle_root_of_its_leaves(own_database: str) -> None:
    write(13)
    seal.seal_all()
    leaves = [bytes(r["leaf"]) for r in rows.all("SELECT leaf FROM ledger_link ORDER BY seq")]
    batch = batches.last()
    assert batch is not None and batch.root == merkle_root(HASHES["sha256"], leaves).hex()


def test_an_entry_that_commits_late_is_not_missed_and_holds_back_only_what_came_after_it(own_database: str) -> None:
    write(2)
    slow = threading.Event()
    written = threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                note(n=100)
                written.set()
                slow.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    try:
        assert written.wait(20)
        with transaction.atomic():
            note(n=3)  # committed at once, but with a higher transaction id than the slow one
        assert seal.seal_all() == 2
        assert seal.waiting()["entries"] == 1
    finally:
        slow.set()
        thread.join()
    assert seal.seal_all() == 2
    assert sealed() == [0, 1, 100, 3]


def test_an_entry_that_is_rolled_back_leaves_no_hole(own_database: str) -> None:
    write(1)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note(n=100)
        _ = 1 // 0
    write(1)
    assert seal.seal_all() == 2
    assert sealed() == [0, 0]


def test_a_second_sealer_goes_away_empty_handed(own_database: str) -> None:
    write(3)
    with psycopg.connect(own_database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        assert seal.seal().busy
        assert seal.seal_all() == 0
    assert seal.seal_all() == 3


def test_a_sealer_that_dies_in_the_middle_leaves_nothing_half_done(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(8)
    seal.seal_all(size=4)
    write(4)

    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(batches, "insert", dies)  # its links are written, its batch is not
        with pytest.raises(Killed):
            seal.seal()
    assert rows.value("SELECT max(seq) FROM ledger_link") == 8
    assert seal.seal_all() == 4
    assert sealed() == [*range(8), *range(4)]


def test_four_writers_and_two_sealers_at_once_seal_each_entry_once(own_database: str) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    def writing() -> None:
        for n in range(60):
            with transaction.atomic():
                note(n=n)

    def sealing() -> None:
        while not stop.is_set():
            seal.seal(size=17)
            stop.wait(0.002)

    writers = [threading.Thread(target=guarded, args=(writing,)) for _ in range(4)]
    sealers = [threading.Thread(target=guarded, args=(sealing,)) for _ in range(2)]
    for t in (*writers, *sealers):
        t.start()
    for t in writers:
        t.join()
    stop.set()
    for t in sealers:
        t.join()
    seal.seal_all()
    assert failures == []
    assert sorted(sealed()) == sorted(list(range(60)) * 4)
    assert rows.value("SELECT count(*) FROM ledger_link") == rows.value("SELECT max(seq) FROM ledger_link") == 240


def test_an_entry_put_in_by_hand_is_not_sealed_and_holds_up_nothing(own_database: str) -> None:
    write(2)
    with psycopg.connect(own_database) as owner:
        owner.execute(
            "INSERT INTO ledger_entry (id, at, tag, actor_kind, kind, body, mark) "
            "SELECT gen_random_uuid(), now(), tag, 'user', 'case', '{\"n\": 666}', mark FROM ledger_entry, generate_series(1, 3)"
        )
    write(1)
    assert seal.seal(size=2).entries == 2
    done = seal.seal(size=2)
    assert (done.entries, done.refused) == (1, 6)
    assert sealed() == [0, 1, 0]


def test_after_a_move_to_a_cluster_with_lower_transaction_ids_nothing_is_left_out(own_database: str) -> None:
    """What a dump and restore into a new cluster leaves: entries and batches with transaction ids from the future."""
    write(5)
    with psycopg.connect(own_database) as owner:
        owner.execute("SET LOCAL wangge.ledger_guard = 'off'")
        owner.execute("UPDATE ledger_entry SET xid = ((xid::text::bigint + 1000000000)::text)::xid8")
    rows.run("SELECT 1")
    before = seal._genesis
    with transaction.atomic():
        genesis = before("default")
    moved = {**genesis.__dict__, "number": 1, "previous": genesis.name(genesis.h), "xid": "1000000001"}
    with transaction.atomic():
        seal._sign_and_store(batches.Batch(**moved), "default")
    write(3)
    assert seal.seal_all(size=4) == 8
    write(2)
    assert seal.seal_all(size=4) == 2
    assert sealed() == [0, 1, 2, 3, 4, 0, 1, 2, 0, 1]


def test_an_open_transaction_keeps_its_entries_from_the_sealer_even_its_own(own_database: str) -> None:
    with transaction.atomic():
        note(n=1)
        assert seal.seal_all() == 0
    assert seal.seal_all() == 1
