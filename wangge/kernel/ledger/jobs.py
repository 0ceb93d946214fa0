"""Sealing runs all the time, a second behind the acts; at night, and when the auditor asks, everything is computed again."""

from __future__ import annotations

import logging

from wangge.kernel.jobs import cron, job, loop
from wangge.kernel.ledger import auditing
from wangge.kernel.ledger.seal import seal_all

log = logging.getLogger("wangge.ledger")


@loop("ledger sealer", seconds=1.0)
def seal() -> None:
    """Everything committed so far."""
    seal_all()


@cron("10 20 * * *")
@job(auditing.JOB, tries=2)
def verify() -> None:
    """At night (04:10 in China) by itself."""
    report = auditing.check()
    if not report.ok:
        log.error("the ledger does not verify", extra={"faults": sum(report.counts.values())})
