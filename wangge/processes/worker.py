"""The worker: every registered loop in a thread of its own, and the jobs. One process; more of them on more hosts do no harm."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from django.db import connections
from procrastinate import PsycopgConnector
from procrastinate.contrib.django.utils import connector_params

from wangge.kernel import logs
from wangge.kernel.access import SYSTEM, bind
from wangge.kernel.jobs import Loop, state
from wangge.kernel.jobs.registry import LOOPS
from wangge.kernel.jobs.starting import build
from wangge.kernel.jobs.sweep import GONE_AFTER, HEARTBEAT
from wangge.processes.tie import tie_to_supervisor

log = logging.getLogger("wangge.worker")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
GRACE = 8.0
"""Seconds a running job or loop may take to end when the worker is told to stop."""


class Worker:
    """``jobs_at_once``: how many jobs run side by side."""

    def __init__(self, *, jobs_at_once: int = 2, heartbeat: float = HEARTBEAT, gone_after: float = GONE_AFTER) -> None:
        self.stopping = threading.Event()
        self._jobs_at_once = jobs_at_once
        self._heartbeat, self._gone_after = heartbeat, gone_after

    def request_stop(self, signum: int | None = None, frame: FrameType | None = None) -> None:
        self.stopping.set()

    def run(self) -> None:
        """Until asked to stop."""
        threads = [
            threading.Thread(target=self._turn, args=(loop,), name=loop.name, daemon=True) for loop in LOOPS.values()
        ]
        threads.append(threading.Thread(target=self._keep, args=("jobs", self._run_jobs), name="jobs", daemon=True))
        for thread in threads:
            thread.start()
        log.info("worker runs", extra={"loops": sorted(LOOPS), "jobs_at_once": self._jobs_at_once})
        self.stopping.wait()
        for thread in threads:
            thread.join(GRACE)
            if thread.is_alive():
                log.warning("did not end in time; what it did will be done again", extra={"loop": thread.name})

    def _turn(self, loop: Loop) -> None:
        """One loop for ever: again at once while there is work, else after its pause."""

        def rounds() -> None:
            while not self.stopping.is_set():
                bind(SYSTEM)
                did = loop.fn()
                state.note("loop", loop.name)
                if not did and self.stopping.wait(loop.seconds):
                    return

        self._keep(loop.name, rounds)

    def _keep(self, name: str, run: Callable[[], None]) -> None:
        """Run it again after an error, after a growing pause; say on the health page how it is."""
        failures = 0
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                run()
            except Exception as error:
                failures = 1 if time.monotonic() - started > STEADY_AFTER else failures + 1
                pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
                log.exception(
                    "loop failed, tried again soon", extra={"loop": name, "failures": failures, "pause": pause}
                )
                connections.close_all()
                with contextlib.suppress(Exception):
                    state.note("loop", name, error)
                self.stopping.wait(pause)
        connections.close_all()

    def _run_jobs(self) -> None:
        asyncio.run(self._jobs())

    async def _jobs(self) -> None:
        """procrastinate's worker on connections of its own, until asked to stop."""
        app = build(PsycopgConnector(kwargs=connector_params("default"), min_size=1, max_size=self._jobs_at_once + 1))
        async with app.open_async():
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=self._jobs_at_once,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=2.0,
                    shutdown_graceful_timeout=GRACE - 1,
                    delete_jobs="successful",
                    update_heartbeat_interval=self._heartbeat,
                    stalled_worker_timeout=self._gone_after,
                )
            )
            while not self.stopping.is_set() and not working.done():
                await asyncio.to_thread(state.note, "loop", "jobs")
                await asyncio.wait([working], timeout=1.0)
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working


def main() -> None:
    tie_to_supervisor()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
    logs.configure(process="work")
    import django

    django.setup()
    worker = Worker()
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, worker.request_stop)
    worker.run()
