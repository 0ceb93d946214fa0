"""Appending: in the act's transaction or not at all, only plain values, and never to be changed again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from tests.kernel.ledger.support import BY, TestTag, entries, note
from wangge.kernel import ledger
from wangge.kernel.clock import at
from wangge.kernel.crypto import Keyring
from wangge.kernel.crypto.keyring import Use
from wangge.kernel.db import rows
from wangge.kernel.db.statement import Statement
from wangge.kernel.ledger import guards


def test_an_entry_says_who_did_what_to_what_where_and_when() -> None:
    subject, moment = uuid4(), datetime(2026, 1, 2, 8, 0, 0, 123456, tzinfo=UTC)
    with at(moment):
        entry = ledger.append(
            by=BY, tag=TestTag.NOTED, kind="case", subject=subject, district="440304", body={"text": "路面破损", "n": 3}
        )
    row = rows.one("SELECT * FROM ledger_entry WHERE id = %(id)s", {"id": entry})
    assert row is not None
    assert (row["tag"], row["kind"], row["subject"], row["district"]) == ("test.noted", "case", subject, "440304")
    assert (row["actor_kind"], row["actor"], row["at"]) == ("user", BY.id, moment)
    assert row["commitment"] is None and row["recorded_at"] > moment


def test_an_entry_outside_a_transaction_is_refused(own_database: str) -> None:
    with pytest.raises(RuntimeError, match="transaction of its act"):
        note()


def test_an_act_that_fails_leaves_no_entry(own_database: str) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note()
        _ = 1 // 0
    assert rows.value("SELECT count(*) FROM ledger_entry") == 0


def test_the_entry_of_a_one_statement_act_is_written_only_when_the_act_happened() -> None:
    rows.run("CREATE TEMPORARY TABLE thing (id uuid PRIMARY KEY, district text, status text, version int)")
    thing = uuid4()
    rows.run("INSERT INTO thing VALUES (%(id)s, '440304', 'open', 1)", {"id": thing})

    def close(version: int) -> dict | None:
        s = Statement()
        s.cte(
            "moved",
            "UPDATE thing SET status = 'closed', version = version + 1 WHERE id = %(id)s AND version = %(version)s RETURNING *",
            id=thing,
            version=version,
        )
        ledger.cte(
            s,
            source="moved",
            by=BY,
            tag=TestTag.NOTED,
            kind="thing",
            body={"text": "100 % 完成"},
            body_sql="jsonb_build_object('version', version)",
            personal={"phone": "13812341234"},
        )
        return s.fetch("SELECT id FROM moved")

    assert close(7) is None
    assert entries(thing) == []
    assert rows.value("SELECT count(*) FROM ledger_personal") == 0
    assert close(1) == {"id": thing}
    assert [(json.loads(e["body"]), e["district"]) for e in entries(thing)] == [
        ({"text": "100 % 完成", "version": 2}, "440304")
    ]
    assert rows.value("SELECT count(*) FROM ledger_personal") == 1


def test_many_entries_go_in_at_once_in_their_order() -> None:
    given = [ledger.Item(uuid4(), "440304", {"n": n}) for n in range(2500)]
    assert ledger.append_many(by=BY, tag=TestTag.NOTED, kind="case", items=iter(given)) == 2500
    found = rows.all("SELECT subject, body->'n' AS n FROM ledger_entry ORDER BY pos")
    assert [(r["subject"], int(r["n"])) for r in found] == [(s, b["n"]) for s, _, b, _ in given]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.5, r"body\.x: float"),
        (Decimal("1.5"), r"body\.x: Decimal"),
        ({"y": [1, 2.0]}, r"body\.x\.y\[1\]: float"),
        (2**53, r"larger than 2\^53"),
        (datetime(2026, 1, 1), "no zone"),  # noqa: DTZ001
        ("a\0b", "NUL"),
        ("\ud800", "surrogate"),
        ({1: 2}, "not text"),
        ({"😀": 1}, "first plane"),
        ({1, 2}, "set has no order"),
        (b"bytes", "bytes is not for the ledger"),
    ],
)
def test_a_body_without_one_canonical_form_is_refused_and_its_place_named(value: object, said: str) -> None:
    with pytest.raises(ledger.NotPlain, match=said):
        note(x=value)


def test_identifiers_and_times_in_a_body_become_text() -> None:
    key, moment = UUID(int=7), datetime(2026, 11, 21, 8, tzinfo=UTC)
    entry = note(key=key, moment=moment, day=moment.date(), tag=TestTag.NOTED, list=(1, None, True))
    assert json.loads(rows.value("SELECT body FROM ledger_entry WHERE id = %(id)s", {"id": entry})) == {
        "key": str(key),
        "moment": "2026-11-21T08:00:00.000000Z",
        "day": "2026-11-21",
        "tag": "test.noted",
        "list": [1, None, True],
    }


def test_a_tag_must_be_declared() -> None:
    with pytest.raises(TypeError, match="no LedgerTag"):
        ledger.append(by=BY, tag="free.text", kind="case")  # type: ignore[arg-type]


def test_personal_data_is_not_in_the_entry_and_not_in_clear() -> None:
    entry = ledger.append(by=BY, tag=TestTag.NOTED, kind="case", body={"n": 1}, personal={"phone": "13812341234"})
    row = rows.one(
        "SELECT e::text AS entry, p.data, e.commitment FROM ledger_entry e JOIN ledger_personal p ON p.entry = e.id WHERE e.id = %(id)s",
        {"id": entry},
    )
    assert row is not None
    assert "13812341234" not in row["entry"]
    assert b"13812341234" not in bytes(row["data"])
    assert len(row["commitment"]) == 33


# — the database's own locks ————————————————————————————————————————————————————————————————————————————————————————————————


@pytest.mark.parametrize("table", guards.TABLES)
@pytest.mark.parametrize("attack", ["UPDATE {0} SET {1} = {2}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
@pytest.mark.parametrize("who", ["default", "owner"])
def test_neither_the_application_nor_the_owner_can_change_the_ledger(
    own_database: str, table: str, attack: str, who: str
) -> None:
    with transaction.atomic():
        ledger.append(by=BY, tag=TestTag.NOTED, kind="case", personal={"name": "张三"})
    column = {"ledger_personal": "salt", "ledger_link": "seq", "ledger_batch": "number"}.get(table, "id")
    other = "'\\x00'" if column == "salt" else column
    with (
        pytest.raises(DatabaseError, match=r"insert-only|permission denied|only be erased"),
        transaction.atomic(using=who),
    ):
        rows.run(attack.format(table, column, other), using=who)
    assert rows.value("SELECT count(*) FROM ledger_entry") == 1


def test_replication_roles_do_not_get_around_the_guard(own_database: str) -> None:
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic(using="owner"):
        rows.run("SET LOCAL session_replication_role = replica", using="owner")
        rows.run("DELETE FROM ledger_entry", using="owner")


@pytest.mark.parametrize("column", ["xid", "pos", "recorded_at"])
def test_the_application_cannot_date_an_entry_back(column: str) -> None:
    names = f"id, at, tag, actor_kind, kind, body, mark, {column}"
    values = {"xid": "'3'::xid8", "pos": "1", "recorded_at": "'2020-01-01'"}[column]
    with pytest.raises(DatabaseError, match=r"permission denied|GENERATED ALWAYS"), transaction.atomic():
        rows.run(
            f"INSERT INTO ledger_entry ({names}) VALUES (gen_random_uuid(), now(), 't', 'user', 'k', '{{}}', '', {values})"
        )


def test_an_open_lock_is_reported_and_closed_again(own_database: str) -> None:
    assert guards.problems() == []
    app = connections["default"].settings_dict["USER"]
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute(f'GRANT UPDATE, INSERT ON ledger_entry TO "{app}"')
        owner.execute("ALTER TABLE ledger_batch DISABLE TRIGGER guard")
        assert [p.en for p in guards.problems()] == [
            f"table ledger_entry: {app} has INSERT, UPDATE, which nobody should have; run `wangge ledger guard` as the owner",
            "the guard trigger of ledger_batch is missing or switched off",
        ]
        guards.apply()
        owner.execute("ALTER TABLE ledger_batch ENABLE ALWAYS TRIGGER guard")
    assert guards.problems() == []


def test_an_entry_after_a_rotation_is_marked_with_the_new_key(key_file: Keyring) -> None:
    before = note()
    key = key_file.rotate(Use.MARK)
    after = note()
    marks = {r["id"]: bytes(r["mark"])[1:9].hex() for r in rows.all("SELECT id, mark FROM ledger_entry")}
    assert marks[after] == key.id != marks[before]
