"""Jobs for the tests: each leaves marks in ``sample_mark``."""

from __future__ import annotations

import os
import signal

from wangge.kernel.db import rows
from wangge.kernel.jobs import job, loop


def _mark(name: str) -> int:
    rows.run("INSERT INTO sample_mark (name) VALUES (%(name)s)", {"name": name})
    return rows.value("SELECT count(*) FROM sample_mark WHERE name = %(name)s", {"name": name})


@job("sample.mark")
def mark(name: str) -> None:
    _mark(name)


@job("sample.fails_once")
def fails_once(name: str) -> None:
    if _mark(f"{name} begun") == 1:
        raise RuntimeError("not yet, call 13812345678")
    _mark(f"{name} done")


@job("sample.hopeless", tries=1)
def hopeless() -> None:
    raise RuntimeError("never")


@job("sample.dies_once")
def dies_once(name: str) -> None:
    if _mark(f"{name} begun") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    _mark(f"{name} done")


@job("sample.waits")
def waits(name: str) -> None:
    """Until nobody holds the lock."""
    _mark(f"{name} begun")
    rows.run("SELECT pg_advisory_lock(1)")


if os.environ.get("WANGGE_SAMPLE_LOOP") == "fail":

    @loop("sample loop", seconds=0.1)
    def failing() -> None:
        raise RuntimeError("on purpose")
