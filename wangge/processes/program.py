"""The program, read once. The processes that run it are forked from this one: they share its memory, and one that is started again is there
at once. Where processes are not forked, each reads it for itself.

It asks the database nothing and has no threads of its own: what it keeps is code.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path

from wangge.processes.supervisor import Supervisor, how_ended
from wangge.processes.tie import tie_to_supervisor

READ = {
    "work": ("wangge.processes.worker",),
    "web": ("wangge.wsgi", "wangge.processes.admission", "granian"),
    "live": ("wangge.domain.live.app", "granian"),
}
"""By part, the modules that bring all the others."""
RUN = {"work": "wangge.processes.worker", "web": "wangge.processes.web", "live": "wangge.processes.live"}
"""By part, the module whose ``main`` runs until it is told to stop."""
GRACE = 10.0
"""Seconds that a part may take to stop."""
HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
FORKED = sys.platform == "linux"


class Part:
    """One of the parts as a member of the supervisor."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: BaseProcess | None = None

    def start(self) -> None:
        """What is signalled before the child has put our handlers away waits until it has."""
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        try:
            self._process = multiprocessing.Process(target=_run, args=(self.name, os.getpid()), name=self.name)
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def why(self) -> str:
        return how_ended(self._process.exitcode if self._process else None)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        self._process.join(GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _run(part: str, parent: int) -> None:
    """In the child."""
    os.setsid()
    for sig in HEARD:
        signal.signal(sig, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    os.environ["WANGGE_PARENT"] = str(parent)
    with suppress(OSError):  # what `ps` and `top` call it; only Linux has it
        Path("/proc/self/comm").write_text(f"wangge-{part}")
    import_module(RUN[part]).main()


def read(parts: list[str]) -> None:
    """Import it, and take all that is there then out of the garbage collector's rounds: each of them would write into every object, and so
    copy its page, and would look in vain at some hundred thousand of them."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
    django.setup()
    for part in parts:
        for module in READ[part]:
            import_module(module)
    gc.collect()
    gc.freeze()


def main(parts: list[str]) -> None:
    # By SIGKILL: its children are told by its end, all at once, instead of one after the other.
    tie_to_supervisor(signal.SIGKILL)
    from wangge.kernel import logs

    logs.configure(process="program")
    multiprocessing.set_start_method("fork" if FORKED else "spawn")  # granian's workers likewise
    if FORKED:
        read(parts)
    supervisor = Supervisor([Part(name) for name in parts])
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, supervisor.request_stop)
    signal.signal(signal.SIGCHLD, supervisor.wake)
    try:
        supervisor.start()
        supervisor.run()
    finally:
        supervisor.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
