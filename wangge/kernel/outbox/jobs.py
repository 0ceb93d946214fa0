"""The relay runs all the time; what every consumer has passed is deleted."""

from __future__ import annotations

from wangge.kernel.jobs import every, job, loop
from wangge.kernel.outbox import relay


@loop("outbox relay", seconds=0.15)
def hand_on() -> bool:
    """A report has to reach the operator's screen within a second: the pause is a small part of that. It is made also while events come, unless they wait
    in full batches: a round costs the same for one event as for many."""
    return relay.relay_once() == relay.BATCH


@every(hours=1)
@job("outbox.forget_old")
def forget_old() -> None:
    relay.forget_old()
