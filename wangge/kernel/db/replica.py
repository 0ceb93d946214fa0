"""Reads on a streaming replica (docs/scaling.md): only when it has replayed all that the asker has written, and never instead of an answer.

A position is a place in the WAL (``pg_lsn``) as a number. Who has written something carries the position behind it; the replica answers
them once it has replayed that far, and the primary until then. A replica that is away, far behind or no standby any more answers nobody.

While it answers, it stands in the place of the default connection: every query of the block goes there, whatever way it goes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, InternalError, OperationalError, connections

from wangge.kernel import metrics
from wangge.kernel.access.bind import bind
from wangge.kernel.access.principal import Principal

log = logging.getLogger("wangge.replica")

ALIAS = "replica"
AGAIN_AFTER = 5.0
"""Seconds until a replica that failed is asked again, by one thread: the others are answered by the primary meanwhile."""
KNOWN_FOR = 0.5
"""Seconds for which a replica that was seen to follow counts as following."""
MOST_BEHIND = 10.0
"""Seconds that a replica may be behind the primary and still answer those who have written nothing lately."""

_STATE = """
SELECT pg_is_in_recovery(), EXISTS (SELECT 1 FROM pg_stat_wal_receiver),
       coalesce(pg_last_wal_receive_lsn(), '0/0')::text, coalesce(pg_last_wal_replay_lsn(), '0/0')::text
"""

T = TypeVar("T")


@dataclass(frozen=True)
class State:
    """What a replica says of itself. ``fed``: it is connected to the primary. ``goal``: a position that it had received, and not replayed,
    at ``since``. Times are monotonic seconds of this process, so that no two clocks have to agree."""

    standby: bool
    fed: bool
    replayed: int
    goal: int
    since: float
    at: float

    @property
    def behind(self) -> float:
        """Seconds for which it has not come to what it had received."""
        return self.at - self.since

    @property
    def follows(self) -> bool:
        return self.standby and self.fed and self.behind <= MOST_BEHIND


class _Turn:
    """Whether this process may try the replica, after a failure one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed = False
        self._next = 0.0

    def mine(self) -> bool:
        if not self._failed:
            return True
        with self._lock:
            if time.monotonic() < self._next:
                return False
            self._next = time.monotonic() + AGAIN_AFTER
            return True

    def failed(self) -> None:
        self._next, self._failed = time.monotonic() + AGAIN_AFTER, True

    def succeeded(self) -> None:
        self._failed = False


_turn = _Turn()
_thread = threading.local()


def configured() -> bool:
    return ALIAS in connections.databases


def number(lsn: str) -> int:
    """``16/B374D848`` as a number. Raises ValueError."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) | int(low, 16)


def written() -> str:
    """The primary's position behind everything that this process has committed."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        # What is flushed, not what is inserted: that may point behind a page's head, where a replica that has everything is not yet.
        cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
        return str(cursor.fetchone()[0])


def answer(needed: int | None, by: Principal, read: Callable[[], T]) -> T:
    """``read()``, on the replica if it has replayed ``needed``, else on the primary. ``needed`` None: nobody knows what they have written.

    A read that the replica breaks off (it ends, or must remove rows that are being read) begins anew on the primary.
    """
    if not configured():
        return read()
    if needed is None:
        return _at_home("unknown", read)
    if not _turn.mine():
        return _at_home("away", read)
    found = state()
    if found is None or not found.follows:
        _turn.failed()
        return _at_home("away", read)
    if found.replayed < needed:
        found = look()
        if found is None or found.replayed < needed:
            return _at_home("behind", read)
    try:
        with instead():
            bind(by)
            result = read()
        metrics.READS.labels("replica").inc()
        return result
    except (OperationalError, InterfaceError, InternalError) as error:
        log.warning("a read was broken off by the replica and begins anew on the primary", exc_info=error)
        if not _stands():
            _turn.failed()
        return _at_home("broken", read)


@contextmanager
def preferred() -> Iterator[None]:
    """On the replica while it follows, else on the primary: for a reader that goes on after an error by itself."""
    if configured() and _turn.mine():
        found = state()
        if found is not None and found.follows:
            try:
                with instead():
                    yield
            except Error:
                if not _stands():
                    _turn.failed()
                raise
            return
        _turn.failed()
    yield


@contextmanager
def instead() -> Iterator[None]:
    """The replica's connection in the place of the default one, for this thread."""
    _thread.home = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[ALIAS]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = _thread.home


@contextmanager
def at_home() -> Iterator[None]:
    """The primary, also inside a read on the replica: for what is written, and for what a process remembers of the rules."""
    there = connections[DEFAULT_DB_ALIAS]
    if there.alias == DEFAULT_DB_ALIAS:
        yield
        return
    connections[DEFAULT_DB_ALIAS] = _thread.home
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = there


def state() -> State | None:
    """What the replica of this thread's connection says of itself, at most ``KNOWN_FOR`` old; None when it does not answer."""
    connection = connections[ALIAS]
    known: State | None = getattr(connection.connection, "wangge_state", None)
    if known is not None and known.follows and time.monotonic() - known.at < KNOWN_FOR:
        return known
    return look()


def look() -> State | None:
    """The same, asked now."""
    connection = connections[ALIAS]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_STATE)
            standby, fed, *positions = cursor.fetchone()
    except Error as error:
        log.warning("the replica does not answer", extra={"reason": str(error).split("\n")[0]})
        with suppress(Exception):
            connection.close()
        return None
    received, replayed = map(number, positions)
    now = time.monotonic()
    known: State | None = getattr(connection.connection, "wangge_state", None)
    late = known is not None and replayed < known.goal
    found = State(
        standby, fed, replayed, known.goal if late else max(received, replayed), known.since if late else now, now
    )
    connection.connection.wangge_state = found
    if found.follows:
        _turn.succeeded()
    return found


def _stands() -> bool:
    """Whether the replica's connection can be used on; one that cannot is closed."""
    connection = connections[ALIAS]
    if connection.connection is not None and connection.is_usable():
        return True
    with suppress(Exception):
        connection.close()
    return False


def _at_home(why: str, read: Callable[[], T]) -> T:
    metrics.READS.labels(why).inc()
    return read()
