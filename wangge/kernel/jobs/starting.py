"""Puts jobs into the queue, in the transaction that is open: a job starts if and only if that transaction commits."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import procrastinate
from django.db import connections
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector

from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.jobs import state
from wangge.kernel.jobs.endings import Insisting
from wangge.kernel.jobs.registry import JOBS, Job

log = logging.getLogger("wangge.jobs")

LONGEST_PAUSE = 3600


class Pauses(procrastinate.BaseRetryStrategy):
    """2, 4, 8 … seconds, at most an hour, until ``tries`` is used up."""

    def __init__(self, tries: int) -> None:
        self.tries = tries

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> procrastinate.RetryDecision | None:
        # job.attempts counts the tries before this one
        if job.attempts + 1 >= self.tries:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_PAUSE)})


def start(name: str, /, *, at: datetime | None = None, **args: Any) -> int:
    """Queue the job ``name`` with JSON ``args``, not before ``at`` (aware). Returns its number.

    Raises KeyError for a name that no package has registered.
    """
    options: dict[str, Any] = {"schedule_at": at} if at else {}
    return _starter(len(JOBS)).tasks[JOBS[name].name].configure(**options).defer(**args)


@functools.cache
def _starter(count: int) -> procrastinate.App:
    """The app that queues over Django's connection; made anew when more jobs have been registered."""
    return build(DjangoConnector(alias="default"))


def build(connector: BaseConnector) -> procrastinate.App:
    """procrastinate's app with every job registered so far."""
    made = procrastinate.App(connector=connector)
    made.job_manager = Insisting(connector)
    for registered in JOBS.values():
        task = made.task(
            _wrapped(registered),
            name=registered.name,
            retry=Pauses(registered.tries),
            lock=registered.name if registered.one_at_a_time else None,
        )
        for expression in registered.crons:
            made.periodic(cron=expression, periodic_id=expression)(task)
    return made


def _wrapped(registered: Job) -> Callable[..., Any]:
    periodic = bool(registered.crons)

    def run(**args: Any) -> None:
        timestamp = args.pop("timestamp", None) if periodic else None
        try:
            if timestamp is not None and _superseded(registered.name, timestamp):
                return
            try:
                with acting(SYSTEM):
                    registered.fn(**args)
            except Exception as error:
                log.exception("job failed", extra={"job": registered.name})
                state.note("job", registered.name, error)
                raise
            state.note("job", registered.name)
        finally:
            # the thread goes back to a pool; its connection must not be left bound to us
            connections.close_all()

    run.__name__ = registered.fn.__name__
    return run


def _superseded(name: str, timestamp: int) -> bool:
    """Whether a later run of a periodic job waits already: then this one has nothing to add."""
    return rows.value(
        """SELECT EXISTS (SELECT 1 FROM procrastinate_jobs
                          WHERE task_name = %(name)s AND status = 'todo' AND (args->>'timestamp')::bigint > %(at)s)""",
        {"name": name, "at": timestamp},
    )
