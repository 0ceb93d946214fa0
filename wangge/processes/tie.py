"""A child that does not outlive its parent, even when the parent is killed with -9."""

from __future__ import annotations

import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tie_to_parent(parent: int | None = None, sig: int = signal.SIGTERM) -> None:
    """Send ``sig`` to this process as soon as its parent is gone; at once if ``parent`` (a process id) is gone already.

    On Linux the kernel does it; elsewhere a thread looks once a second. To be called from the main thread, early.
    """
    expected = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(expected, sig), name="tie", daemon=True).start()
    if os.getppid() != expected:
        os.kill(os.getpid(), sig)


def tie_to_supervisor(sig: int = signal.SIGTERM) -> None:
    """Tie this process to the supervisor that started it, if one did; a worker started by hand stays free."""
    parent = os.environ.get("WANGGE_PARENT")
    if parent:
        tie_to_parent(int(parent), sig)


_SERVER = "WANGGE_SERVER"


def have_workers() -> None:
    """Say to the workers that this process is going to start whose they are."""
    os.environ[_SERVER] = str(os.getpid())


def tie_worker() -> None:
    """Tie a worker to the process that started it, which may have been killed before the worker came to this.

    By SIGKILL: until the worker has set its own handlers it has those of the process it was forked from, which only note a signal, and
    nobody reads the note. The process that orders a worker to stop outlives it; one that is gone was killed itself.
    """
    tie_to_parent(int(os.environ[_SERVER]), signal.SIGKILL)


def _watch(expected: int, sig: int) -> None:
    pause = threading.Event()
    while os.getppid() == expected:
        pause.wait(1.0)
    os.kill(os.getpid(), sig)
