"""What can be run: jobs by name, their times, and loops. Filled by the ``jobs.py`` of each package at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

DAY = 86_400


@dataclass
class Job:
    """``tries``: how often it is tried in all, with growing pauses (2, 4, 8 … s, at most an hour). ``crons``: when it starts by itself.

    ``one_at_a_time``: two of this job never run at once (periodic ones never do).
    """

    name: str
    fn: Callable[..., Any]
    tries: int = 8
    one_at_a_time: bool = False
    crons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Loop:
    """``fn()`` is called again and again by one thread, ``seconds`` apart; at once when it returns more than 0."""

    name: str
    fn: Callable[[], int | None]
    seconds: float


JOBS: dict[str, Job] = {}
LOOPS: dict[str, Loop] = {}


def job(name: str, *, tries: int = 8, one_at_a_time: bool = False) -> Callable[[F], F]:
    """Register a function as the job ``name`` (``domain.verb``). Names are kept in the database: never rename one that may wait."""

    def register(fn: F) -> F:
        known = JOBS.get(name)
        if known is not None and known.fn is not fn and _place(known.fn) != _place(fn):
            raise ValueError(f"two jobs are named {name}")
        JOBS[name] = Job(name, fn, tries=tries, one_at_a_time=one_at_a_time, crons=getattr(fn, "wangge_crons", []))
        fn.wangge_job = name  # type: ignore[attr-defined]
        return fn

    return register


def cron(expression: str) -> Callable[[F], F]:
    """Start the job at these times: five fields, or six with the seconds last; in UTC. Stands above ``@job``."""

    def register(fn: F) -> F:
        name = getattr(fn, "wangge_job", None)
        if name is None:
            raise ValueError("@cron and @every stand above @job")
        if expression not in JOBS[name].crons:
            JOBS[name].crons.append(expression)
        JOBS[name].one_at_a_time = True
        return fn

    return register


def every(*, seconds: int = 0, minutes: int = 0, hours: int = 0) -> Callable[[F], F]:
    """Start the job this often, on round times: the period has to divide a minute, an hour or a day."""
    return cron(_expression(seconds + 60 * minutes + 3600 * hours))


def loop(name: str, *, seconds: float) -> Callable[[F], F]:
    """Register a loop of the worker."""

    def register(fn: F) -> F:
        known = LOOPS.get(name)
        if known is not None and known.fn is not fn and _place(known.fn) != _place(fn):
            raise ValueError(f"two loops are named {name}")
        LOOPS[name] = Loop(name, fn, seconds)
        return fn

    return register


def _expression(period: int) -> str:
    if 0 < period < 60 and 60 % period == 0:
        return f"* * * * * */{period}"
    if period % 60 == 0 and 0 < period < 3600 and 3600 % period == 0:
        return f"*/{period // 60} * * * *"
    if period % 3600 == 0 and 0 < period <= DAY and DAY % period == 0:
        return f"0 */{period // 3600} * * *" if period < DAY else "0 0 * * *"
    raise ValueError(f"a period of {period} s does not divide a minute, an hour or a day")


def _place(fn: Callable[..., Any]) -> tuple[str, str]:
    return fn.__module__, fn.__qualname__
