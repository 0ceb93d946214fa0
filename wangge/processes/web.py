"""The web processes: granian accepts, its workers run Django under WSGI behind a door each (admission.py).

What granian calls backpressure counts connections, not requests: one that a browser or a proxy keeps open holds its place for as long, so
there is room for many (docs/decisions/0013). How many requests run and wait is the door's to say (docs/decisions/0016).
"""

from __future__ import annotations

import os
import resource
from importlib import import_module
from typing import Any

from wangge.processes.tie import have_workers, tie_to_supervisor, tie_worker

SEATS = 4
"""Requests that a worker serves at once."""
WAITING = 64
"""Requests that may wait in a worker: the burst of a street's phones that have found the network again."""
HEALTH_WAITING = 4
"""Those that may wait to be told how it is."""
SENDING = 64
"""Clients whose bodies are on their way: as many phones with a weak signal upload at once (bodies.py)."""
SPARE = 8
"""Threads for those who are sent away, and for what needs no seat."""
THREADS = SEATS + WAITING + 1 + HEALTH_WAITING + SENDING + SPARE
CONNECTIONS = 4096
"""A worker's open connections, idle ones too, as far as the system allows so many files; more wait to be accepted."""
FILES = 256
"""Open files that are no clients."""
KILL_AFTER = 8
"""Seconds a worker may take to finish its requests when it is told to stop."""


def load() -> Any:
    """Granian's factory, called once in each worker: tied to granian's own process, which may be killed as well, also before this."""
    tie_worker()
    from wangge.kernel import logs

    logs.configure(process="web")
    application = import_module("wangge.wsgi").application  # sets Django up, which the door stands on
    from wangge import config
    from wangge.processes.admission import Door

    return Door(application, config.load().home)


def workers(configured: int) -> int:
    """As many as there are cores we may use, unless the configuration says a number."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return configured or max(1, usable or 1)


def connections() -> int:
    """As many as wanted, or as the system lets a process open once it is asked for all it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return max(64, most - FILES)
    return CONNECTIONS


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
        blocking_threads=THREADS,
        backpressure=connections(),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=KILL_AFTER,
        log_dictconfig=logs.dict_config(process="web", level="WARNING"),
        process_name=None,
    ).serve()
