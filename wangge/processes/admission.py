"""The door of a web process: how many requests are served at once, how many may wait, and what the others are told, at once.

Granian hands every request to a thread. Few of them have a seat, which is the right to run Django, and with it a connection to the
database: Python is not fought over and the connections are counted, however many threads there are. A bounded number waits for a seat, for
a bounded time. Everybody else gets 503 with ``Retry-After`` before anything was read or asked, in some 50 µs: so what is answered is answered
soon, also when four times as much is asked for as can be done (docs/decisions/0016).
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from wangge.kernel import metrics
from wangge.kernel.db import replica
from wangge.kernel.problems import NoRoom, Problem, Unavailable, no_room
from wangge.kernel.web.middleware import HEADERS
from wangge.kernel.words import Words, choose_language
from wangge.processes.bodies import Bodies
from wangge.processes.web import HEALTH_WAITING, SEATS, SENDING, WAITING

log = logging.getLogger("wangge.web")

PATIENCE = 3.0
"""Seconds after which nobody waits any longer: a disk that stalls for a second sends nobody away. What bounds the waiting under load is the line."""
RETRY_FROM, RETRY_TO = 2, 8
"""Seconds after which who was sent away may come again, each another: else all would come at once."""
TOLD_EVERY = 10.0

WITHOUT_SEAT = ("/healthz", "/static/")
"""Nothing here asks the database."""
HEALTH = frozenset({"/health", "/api/v1/health", "/metrics"})
"""With a seat of their own: whoever asks how it is gets an answer, above all when it is not well."""

ROOM = 128 << 20
"""Bytes of the data's disk below which nothing more is taken in: the database stops at none, and needs some to begin again."""
LOOKED_EVERY = 1.0
READING = frozenset({"GET", "HEAD", "OPTIONS"})
LOG_IN = "/api/v1/session"
"""Taken in all the same: whoever is to make room wants to see how it is."""
FULL_FOR = 30

BUSY = Words(
    "当前访问量过大，请稍后重试；同一 id 的提交不会重复生效。",
    "Too much is asked for at the moment. Try again soon: what is sent again with the same id is done once.",
)
FULL = Words(
    "数据盘已满，暂时不能保存；已保存的内容不受影响，请联系管理员清理磁盘后重试。",
    "The data disk is full and nothing can be saved for now. What was saved is safe; tell your administrator to make room, then try again.",
)


Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Seat = dict[str, BaseDatabaseWrapper]
"""The connections that go with it, by alias: to the database, and to its replica where there is one."""


class _Waiting:
    """One who stands in line: ``called`` is released when there is a seat."""

    __slots__ = ("called", "seat")

    def __init__(self) -> None:
        self.seat: Seat | None = None
        self.called = threading.Lock()
        self.called.acquire()


class Seats:
    """``count`` rights to run, each with its own connections to the database; at most ``waiting`` stand in line, first come, first served."""

    def __init__(self, count: int, waiting: int) -> None:
        aliases = ("default", replica.ALIAS) if replica.configured() else ("default",)
        self._free: list[Seat] = [
            {alias: connections.create_connection(alias) for alias in aliases} for _ in range(count)
        ]
        for seat in self._free:
            for connection in seat.values():
                connection.inc_thread_sharing()  # one thread after the other, never two at once
        self._line: deque[_Waiting] = deque()
        self._most = waiting
        self._lock = threading.Lock()

    def take(self) -> Seat | None:
        """A seat, once there is one; None: too many stand in line already, or this one has stood there for too long."""
        with self._lock:
            if self._free:  # then nobody waits: a seat is given to the first in line
                return self._free.pop()
            if len(self._line) >= self._most:
                return None
            mine = _Waiting()
            self._line.append(mine)
        if not mine.called.acquire(timeout=PATIENCE):
            with self._lock:
                if mine.seat is None:
                    self._line.remove(mine)
        return mine.seat

    def full(self) -> bool:
        """Whether nobody else may even wait."""
        return not self._free and len(self._line) >= self._most

    def give(self, seat: Seat) -> None:
        with self._lock:
            if self._line:
                first = self._line.popleft()
                first.seat = seat
                first.called.release()
            else:
                self._free.append(seat)


class Disk:
    """Whether there is room for more where the embedded database lies; a server's disk is its own business."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "pg"
        self._looked = 0.0
        self._full = False

    def full(self) -> bool:
        now = time.monotonic()
        if now - self._looked > LOOKED_EVERY:
            self._looked = now
            try:
                at = os.statvfs(self._folder)
                self._full = at.f_bavail * at.f_frsize < ROOM
            except OSError:
                self._full = False
        return self._full


class Door:
    """The application with a door in front of it."""

    def __init__(self, application: Application, home: Path) -> None:
        self._application = application
        self._disk = Disk(home)
        self._seats = Seats(SEATS, WAITING)
        self._health = Seats(1, HEALTH_WAITING)
        self._bodies = Bodies(SENDING)
        self._turned_away = 0
        self._told = 0.0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(WITHOUT_SEAT):
            return self._application(environ, start_response)
        if environ["REQUEST_METHOD"] not in READING and path != LOG_IN and self._disk.full():
            return answer(NoRoom(FULL, extra={"retry_after": FULL_FOR}), environ, start_response)
        seats = self._health if path in HEALTH else self._seats
        try:
            seat = None if seats.full() or not self._bodies.take_in(environ) else seats.take()
        except OSError as error:
            if (problem := no_room(error)) is None:
                raise
            log.error("a body found no room in the folder for temporary files", exc_info=error)
            return answer(problem, environ, start_response)
        if seat is None:
            return self._turn_away(environ, start_response)
        for alias, connection in seat.items():
            connections[alias] = connection
        try:
            return _whole(self._application(environ, start_response))
        finally:
            for alias in seat:
                del connections[alias]
            seats.give(seat)

    def _turn_away(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        metrics.turned_away()
        self._turned_away += 1
        now = time.monotonic()
        if now - self._told > TOLD_EVERY:
            self._told = now
            log.warning("too many requests, some were sent away", extra={"so_far": self._turned_away})
        again = random.randint(RETRY_FROM, RETRY_TO)
        return answer(Unavailable(BUSY, extra={"retry_after": again}), environ, start_response)


def _whole(made: Iterable[bytes]) -> Iterable[bytes]:
    """The body of an answer that is there already, ended in this thread, while it has its seat; a stream goes on by itself, without."""
    if getattr(made, "streaming", True):
        return made
    body = [made.content]  # type: ignore[attr-defined]
    made.close()  # type: ignore[attr-defined]
    return body


def answer(problem: Problem, environ: Environ, start_response: StartResponse) -> list[bytes]:
    """A problem with ``retry_after``, told before Django has seen the request."""
    body = orjson.dumps(problem.as_json(choose_language(environ.get("HTTP_ACCEPT_LANGUAGE"))))
    start_response(
        f"{problem.status} {problem.title.en}",
        [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(problem.extra["retry_after"])),
            ("Cache-Control", "no-store"),
            *HEADERS.items(),
        ],
    )
    return [body]
