"""Copies of what was uploaded; what nobody wants any more."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.evidence import actions
from wangge.kernel.jobs import cron, every, job


@job("evidence.process")
def process(upload: str) -> None:
    actions.process(UUID(upload))


@every(hours=1)
@job("evidence.sweep")
def sweep() -> None:
    actions.sweep()


@cron("17 20 * * *")
@job("evidence.tidy_store")
def tidy_store() -> None:
    actions.tidy_store()
