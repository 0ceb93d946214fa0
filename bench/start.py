"""How long a start takes and what it holds while nobody asks: `python bench/start.py` (a minute; with `demo` also the demo's, some minutes more).

From the command to the first answered page, on a home that is empty and on the same home again. Memory is the proportional set size: what several
processes share is counted once. Targets: 10 s from nothing, 5 s afterwards, 600 MB in all (DESIGN §7).
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from tests.support.program import Running
from tests.support.wait import until

IDLE = 10.0
"""Seconds in which all processes together use less than a tenth of a processor: then memory is looked at."""


def started(running: Running) -> float:
    begun = time.perf_counter()
    running.start()
    assert running.get("/start")
    return time.perf_counter() - begun


def held(running: Running) -> dict[str, float]:
    """Megabytes by kind of process."""
    assert running.popen is not None
    found: dict[str, float] = {}
    for process in [psutil.Process(running.popen.pid), *running.family()]:
        with suppress(psutil.NoSuchProcess):
            name = process.name()
            kind = name if name.startswith(("postgres", "wangge-")) else _module(process) or "parent"
            found[kind] = found.get(kind, 0) + process.memory_full_info().pss / 2**20
    return found


def rests(running: Running) -> bool:
    """Whether nothing goes on, which takes ``IDLE`` to find out; a demo tells its year for some minutes."""
    before = used(running)
    threading.Event().wait(IDLE)
    return abs(used(running) - before) < IDLE / 10  # what a process had used goes when it ends


def used(running: Running) -> float:
    """Seconds of a processor of all that run now."""
    total = 0.0
    for process in running.family():
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total


def _module(process: psutil.Process) -> str:
    """The last part of the name of what Python runs there."""
    return next((w for w in process.cmdline() if w.startswith("wangge.")), "").rpartition(".")[2]


def main() -> None:
    for command in ("serve", "demo") if "demo" in sys.argv else ("serve",):
        with TemporaryDirectory() as folder:
            running = Running(Path(folder) / "here", command=command, env={"WANGGE_WORKERS": "0"}, from_nothing=True)
            try:
                first = started(running)
                running.stop()
                again = started(running)
                until(lambda running=running: rests(running), 900)
                memory = held(running)
            finally:
                running.stop()
        print(
            f"wangge {command}: {first:.1f} s from nothing, {again:.1f} s again; idle {sum(memory.values()):.0f} MB: ",
            end="",
        )
        print(", ".join(f"{kind} {mb:.0f}" for kind, mb in sorted(memory.items(), key=lambda i: -i[1])))


if __name__ == "__main__":
    main()
