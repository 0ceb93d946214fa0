"""Starts processes in order, starts one again that ended, stops them in the opposite order. Knows nothing of what they do."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Protocol

log = logging.getLogger("wangge.processes")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
"""Seconds a member must have lived for its next end to count as a first one."""


class Stopping(Exception):
    """Raised in a member's ``start`` when the end was asked for meanwhile."""


class Member(Protocol):
    """Something that runs and can end by itself."""

    name: str

    def start(self) -> None: ...

    def alive(self) -> bool: ...

    def stop(self) -> None: ...

    def why(self) -> str:
        """How it ended, for the log."""
        ...


def how_ended(code: int | None) -> str:
    """``code``: as Python says it, a signal's number with a minus."""
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


@dataclass
class Process:
    """A child process running a module of ours. It gets a session of its own: Ctrl-C reaches the parent alone, which stops in order.

    ``grace``: seconds between SIGTERM and SIGKILL.
    """

    name: str
    module: str
    args: tuple[str, ...] = ()
    grace: float = 10.0
    environ: Mapping[str, str] = field(default_factory=dict)
    log: IO[bytes] | None = None
    """Where its standard output and error go; None: where ours go."""
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {**os.environ, **self.environ, "WANGGE_PARENT": str(os.getpid())}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", self.module, *self.args],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def why(self) -> str:
        return how_ended(self.popen.returncode if self.popen else None)

    def stop(self) -> None:
        if self.popen is None or not self.alive():
            return
        self.popen.terminate()
        try:
            self.popen.wait(self.grace)
        except subprocess.TimeoutExpired:
            log.warning("process did not stop in time and is killed", extra={"member": self.name, "grace": self.grace})
            self.popen.kill()
            self.popen.wait()


@dataclass
class _Watched:
    member: Member
    started: float = 0.0
    failures: int = 0
    again_at: float | None = None


class Supervisor:
    """Runs members until told to stop. ``after_restart`` is called with the name of each member that was started again."""

    def __init__(self, members: list[Member], *, after_restart: Callable[[str], None] | None = None) -> None:
        self._watched = [_Watched(m) for m in members]
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._stopped = False
        self._starting = False
        self._after_restart = after_restart

    def request_stop(self, *_: object) -> None:
        """Ask for an orderly end; also a signal handler. A start that takes long (a database's recovery) is broken off."""
        self._stop.set()
        self._wake.set()
        if self._starting:
            raise Stopping

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def wake(self, *_: object) -> None:
        """Look now; also a handler for SIGCHLD."""
        self._wake.set()

    def start(self) -> None:
        """Start all in order. Whatever has started is stopped again when one cannot."""
        for item in self._watched:
            if self.stopping:
                return
            if not item.member.alive():
                try:
                    self._begin(item)
                except Stopping:
                    return
            item.started = time.monotonic()

    def add(self, member: Member) -> None:
        """Start one more, that need not be there for the others, and watch it with them."""
        if not self.stopping:
            item = _Watched(member)
            self._watched.append(item)
            with suppress(Stopping):
                self._begin(item)

    def run(self) -> None:
        """Watch until asked to stop, then stop all."""
        try:
            while not self.stopping:
                self._wake.wait(self._until_next())
                self._wake.clear()
                self.look()
        finally:
            self.stop()

    def look(self) -> None:
        """Once: start again what has ended and whose pause is over."""
        for item in self._watched:
            if not self.stopping:
                self._look(item)

    def stop(self) -> None:
        """The opposite order; one that will not stop cannot keep the others from stopping. Twice does no harm."""
        self._stop.set()
        if self._stopped:
            return
        self._stopped = True
        for item in reversed(self._watched):
            try:
                item.member.stop()
                log.info("process stopped", extra={"member": item.member.name})
            except Exception:
                log.exception("process could not be stopped", extra={"member": item.member.name})

    def _until_next(self) -> float:
        """Seconds to the next look, if nothing calls for one: no longer than the pause of one that has ended."""
        pauses = [item.again_at - time.monotonic() for item in self._watched if item.again_at is not None]
        return max(0.0, min([1.0, *pauses]))

    def _begin(self, item: _Watched) -> None:
        self._starting = True
        try:
            item.member.start()
        finally:
            self._starting = False
        item.started, item.again_at = time.monotonic(), None
        log.info("process started", extra={"member": item.member.name})

    def _look(self, item: _Watched) -> None:
        now = time.monotonic()
        if item.again_at is None:
            if item.member.alive():
                return
            if now - item.started > STEADY_AFTER:
                item.failures = 0
            pause = min(FIRST_PAUSE * 2**item.failures, LONGEST_PAUSE)
            item.failures += 1
            item.again_at = now + pause
            log.error(
                "process ended and will be started again",
                extra={
                    "member": item.member.name,
                    "reason": item.member.why(),
                    "pause": pause,
                    "failures": item.failures,
                },
            )
        if now < item.again_at:
            return
        try:
            self._begin(item)
            if self._after_restart:
                self._after_restart(item.member.name)
        except Stopping:
            return
        except Exception:
            item.failures += 1
            item.again_at = time.monotonic() + min(FIRST_PAUSE * 2**item.failures, LONGEST_PAUSE)
            log.exception("process could not be started", extra={"member": item.member.name})
