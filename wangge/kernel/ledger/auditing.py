"""Verification of the whole ledger by a job: asked for by the auditor, and every night; what it found is kept and cannot be changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from wangge.kernel import clock, jobs
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger.append import append
from wangge.kernel.ledger.findings import Report
from wangge.kernel.ledger.tags import KernelTag, LedgerPermission
from wangge.kernel.ledger.verify import verify

JOB = "ledger.verify"
TOLD = 100
"""So many findings are kept with a check; their number by kind is kept whole."""
KEPT = 20
"""So many checks are shown."""


def ask_for_check(*, by: Principal) -> dict[str, Any]:
    """Have the whole ledger verified now. Who asks while that is being done is told so, and nothing more is begun."""
    by.require(LedgerPermission.VERIFY)
    with transaction.atomic():
        rows.run("SELECT pg_advisory_xact_lock(hashtext(%(job)s))", {"job": JOB})
        if not jobs.waiting(JOB):
            append(by=by, tag=KernelTag.CHECKED, kind="ledger")
            jobs.start(JOB)
    return checks(by=by)


def check() -> Report:
    """Verify everything and keep what was found."""
    report = verify()
    told = report.as_json() | {"findings": [_told(f) for f in sorted(report.findings)[:TOLD]]}
    told["locks"] = [words._asdict() for words in report.locks]
    rows.run(
        "INSERT INTO ledger_check (id, at, ok, report) VALUES (%(id)s, %(at)s, %(ok)s, %(report)s::jsonb)",
        {"id": uuid7(), "at": clock.now(), "ok": report.ok, "report": orjson.dumps(told).decode()},
    )
    return report


def _told(finding: Any) -> dict[str, Any]:
    entry: UUID | str | None = finding.id
    return {"fault": str(finding.fault), "words": finding.words._asdict(), "entry": entry, "batch": finding.batch}


def checks(*, by: Principal) -> dict[str, Any]:
    """What verifications found, newest first, and whether one is under way."""
    by.require(LedgerPermission.VERIFY)
    found = rows.all(
        "SELECT id, at, ok, report::text AS report FROM ledger_check ORDER BY at DESC, id DESC LIMIT %(kept)s",
        {"kept": KEPT},
    )
    items = [{"id": r["id"], "at": r["at"], "ok": r["ok"], **orjson.loads(r["report"])} for r in found]
    return {"running": jobs.waiting(JOB), "items": items}
