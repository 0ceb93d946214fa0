"""The loops and periodic jobs of the kernel itself."""

from __future__ import annotations

from wangge.kernel.jobs import every, job, loop, sweep


@loop("sweep", seconds=5)
def rescue_jobs() -> None:
    """Give back what crashed workers left."""
    sweep.rescue()


@every(hours=6)
@job("jobs.forget_old")
def forget_old() -> None:
    """Keep the queue's tables small."""
    sweep.forget_old()
