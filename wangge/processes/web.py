"""The web processes: granian accepts, its workers run Django under WSGI with four blocking threads each.

Four threads a worker keep the interpreter from being fought over. What granian calls backpressure counts connections, not requests: one
that a browser or a proxy keeps open holds its place for as long, so there is room for many (docs/decisions/0013).
"""

from __future__ import annotations

import os
from typing import Any

from wangge.processes.tie import have_workers, tie_to_supervisor, tie_worker

BLOCKING_THREADS = 4
CONNECTIONS = 512
"""A worker's open connections, idle ones too; more wait to be accepted."""
KILL_AFTER = 8
"""Seconds a worker may take to finish its requests when it is told to stop."""


def load() -> Any:
    """Granian's factory, called once in each worker: tied to granian's own process, which may be killed as well, also before this."""
    tie_worker()
    from wangge.kernel import logs

    logs.configure(process="web")
    from wangge.wsgi import application as django

    return django


def workers(configured: int) -> int:
    """As many as there are cores we may use, unless the configuration says a number."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return configured or max(1, usable or 1)


def main() -> None:
    tie_to_supervisor()
    from granian import Granian
    from granian.constants import Interfaces

    from wangge import config
    from wangge.kernel import logs

    logs.configure(process="web")
    settings = config.load()
    have_workers()
    Granian(
        "wangge.processes.web:load",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=workers(settings.workers),
        blocking_threads=BLOCKING_THREADS,
        backpressure=CONNECTIONS,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=KILL_AFTER,
        log_dictconfig=logs.dict_config(process="web", level="WARNING"),
        process_name=None,
    ).serve()


if __name__ == "__main__":
    main()
