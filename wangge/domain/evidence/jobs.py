"""Copies of what was uploaded; what nobody wants any more."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.evidence import actions
from wangge.kernel.jobs import every, job


@job("evidence.process", tries=4)
def process(upload: str) -> None:
    actions.process(UUID(upload))


@every(hours=1)
@job("evidence.sweep")
def sweep() -> None:
    actions.sweep()
