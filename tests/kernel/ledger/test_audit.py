"""What the auditor sees, and what erasing leaves."""

from __future__ import annotations

from django.db import transaction

from tests.kernel.ledger.support import BY, note
from wangge.kernel.access import EVERYTHING, Grant, Principal, Role
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger import queries, seal
from wangge.kernel.ledger.checks import ledger as health_of_the_ledger
from wangge.kernel.ledger.erase import erase
from wangge.kernel.ledger.findings import Fault
from wangge.kernel.ledger.verify import verify

AUDREY = Principal(kind="user", id=uuid7(), name="Audrey", grants=(Grant(Role.AUDITOR, EVERYTHING),))


def test_the_auditor_pages_through_every_entry_and_reads_what_happened(own_database: str) -> None:
    with transaction.atomic():
        for n in range(7):
            note(n=n)
    seal.seal_all()
    seen, after = [], None
    while True:
        page = queries.entries(by=AUDREY, after=after, limit=3)
        seen += page["items"]
        after = page["next"]
        if after is None:
            break
    assert [e["words"]["zh"] for e in seen] == [f"记录了 {n}" for n in reversed(range(7))]
    state = queries.state(by=AUDREY)
    assert (state["entries"], state["waiting"], state["locks"]) == (7, 0, [])
    assert health_of_the_ledger() == []


def test_erased_personal_data_is_gone_registered_and_the_ledger_stays_intact(own_database: str) -> None:
    with transaction.atomic():
        gone = note(n=1, personal={"name": "张小明"})
        kept = note(n=2, personal={"name": "李小红"})
    seal.seal_all()
    assert erase(by=BY, entries=[gone], policy="保存期限届满", kind="case") == 1
    assert erase(by=BY, entries=[gone], policy="保存期限届满", kind="case") == 0
    seal.seal_all()
    report = verify()
    assert report.ok
    assert report.erased == 1
    left = {r["entry"]: r["data"] for r in rows.all("SELECT entry, data FROM ledger_personal")}
    assert left[gone] is None
    assert left[kept] is not None
    register = rows.all("SELECT policy, count FROM ledger_erasure")
    assert register == [{"policy": "保存期限届满", "count": 1}]


def test_an_erasure_that_nobody_registered_is_a_fault(own_database: str) -> None:
    from tests.kernel.ledger.test_verify import as_owner

    with transaction.atomic():
        gone = note(n=1, personal={"name": "张小明"})
    seal.seal_all()
    as_owner("DELETE FROM ledger_personal WHERE entry = %(id)s", id=gone)
    assert set(verify().counts) == {Fault.PERSONAL_DELETED}
