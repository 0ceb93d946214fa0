"""Sealing runs all the time, a second behind the acts."""

from __future__ import annotations

from wangge.kernel.jobs import loop
from wangge.kernel.ledger.seal import seal_all


@loop("ledger sealer", seconds=1.0)
def seal() -> None:
    """Everything committed so far."""
    seal_all()
