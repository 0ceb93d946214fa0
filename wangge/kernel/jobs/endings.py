"""How a job ended is written down even if the connection breaks just then.

procrastinate tries once. A worker that lives on would keep a job for ever that it has done: it gives signs of life, so the sweep leaves
the job alone, and nobody else may take it up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

log = logging.getLogger("wangge.jobs")

AGAIN_AFTER = 0.5
"""Seconds until it is tried again."""


class Insisting(JobManager):
    async def finish_job_by_id_async(self, *args: Any, **given: Any) -> None:
        await _insist(lambda: super(Insisting, self).finish_job_by_id_async(*args, **given))

    async def retry_job_by_id_async(self, *args: Any, **given: Any) -> None:
        await _insist(lambda: super(Insisting, self).retry_job_by_id_async(*args, **given))


async def _insist(write: Callable[[], Awaitable[None]]) -> None:
    lost = False
    while True:
        try:
            return await write()
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError):
                log.warning("the end of a job could not be written down, tried again soon", exc_info=error)
                lost = True
                await asyncio.sleep(AGAIN_AFTER)
            elif lost:
                return  # only the answer was lost, or the sweep has given the job to somebody else meanwhile
            else:
                raise
