"""What a client sends with its request is taken in before the request has a seat (admission.py): a phone with a weak signal sends four megabytes
in minutes, and one that lost it never ends. Neither keeps anybody from being served.

So many clients may send at once, each in a thread of its own; the others are told to come again. Of whom nothing has come for a while the
connection is cut: what had arrived by then counts, as it does whenever a connection breaks.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import Any, Protocol

log = logging.getLogger("wangge.web")

TAKEN_IN = 8 << 20
"""Bytes of a body that are taken in before there is a seat: a part of a photo or film has four megabytes. More comes while it is read."""
IN_MEMORY = 1 << 20
AT_ONCE = 1 << 16
STALLED = 30.0
"""Seconds without a byte after which nobody waits any longer."""
LOOKED_EVERY = 5.0


class Source(Protocol):
    def read(self, size: int = -1) -> bytes: ...
    def readline(self, size: int = -1) -> bytes: ...


class Bodies:
    """``places``: how many may send at once."""

    def __init__(self, places: int, *, stalled: float = STALLED) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._stalled = stalled
        self._sending: dict[int, tuple[float, str]] = {}
        self._watch: threading.Thread | None = None
        self._starting = threading.Lock()

    def take_in(self, environ: dict[str, Any]) -> bool:
        """Have the body here, so that reading it takes no time. False: too many are sending, and nothing was read."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length <= 0:
            return True
        if not self._places.acquire(blocking=False):
            return False
        try:
            source, wanted = environ["wsgi.input"], min(length, TAKEN_IN)
            arrived = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (ends with the request)
            with self.sending(environ["REMOTE_ADDR"]):
                while wanted > 0 and (data := source.read(min(wanted, AT_ONCE))):
                    arrived.write(data)
                    wanted -= len(data)
            arrived.seek(0)
            environ["wsgi.input"] = arrived if length <= TAKEN_IN else _Rest(arrived, source, self, environ)
            return True
        finally:
            self._places.release()

    @contextmanager
    def sending(self, address: str) -> Iterator[None]:
        """Somebody is waited for in the block."""
        me = threading.get_ident()
        self._sending[me] = (time.monotonic(), _plain(address))
        with self._starting:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, name="bodies", daemon=True)
                self._watch.start()
        try:
            yield
        finally:
            del self._sending[me]

    def _look(self) -> None:
        pause = threading.Event()
        while not pause.wait(min(LOOKED_EVERY, self._stalled)):
            with suppress(Exception):
                before = time.monotonic() - self._stalled
                late = {address for since, address in list(self._sending.values()) if since < before}
                if late and (cut := cut_silent(late, self._stalled)):
                    log.info("connections were cut of clients that had begun to send", extra={"count": cut})


class _Rest:
    """A long body: what has arrived, then the rest as it comes."""

    def __init__(self, arrived: Source, source: Source, bodies: Bodies, environ: dict[str, Any]) -> None:
        self._arrived, self._source = arrived, source
        self._bodies, self._address = bodies, environ["REMOTE_ADDR"]

    def read(self, size: int = -1) -> bytes:
        data = self._arrived.read(size)
        if size >= 0 and len(data) == size:
            return data
        with self._bodies.sending(self._address):
            return data + self._source.read(size - len(data) if size >= 0 else -1)

    def readline(self, size: int = -1) -> bytes:
        line = self._arrived.readline(size)
        if line.endswith(b"\n") or (size >= 0 and len(line) == size):
            return line
        with self._bodies.sending(self._address):
            return line + self._source.readline(size - len(line) if size >= 0 else -1)


def cut_silent(addresses: set[str], seconds: float) -> int:
    """End this process's connections to these addresses over which nothing has gone for so long, either way; how many. The server does
    not tell which of an address's connections a request came by: an idle one that is kept open is ended as well, and opened anew when
    it is wanted. Where the system does not say when something came last (only Linux does) none is."""
    if not hasattr(socket, "TCP_INFO"):
        return 0
    count = 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as found:
            peer = _plain(found.getpeername()[0]) if found.family != socket.AF_UNIX else ""
            if peer in addresses and silent_for(found) > seconds:
                found.shutdown(socket.SHUT_RDWR)
                count += 1
    return count


def _plain(address: str) -> str:
    """An address of IPv4 is the same whichever kind of socket it came to."""
    return address.removeprefix("::ffff:")


def silent_for(connection: socket.socket) -> float:
    """Seconds since something was sent or came (``tcpi_last_data_sent`` and ``tcpi_last_data_recv`` of Linux's ``struct tcp_info``)."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    sent, came = struct.unpack_from("I", told, 44)[0], struct.unpack_from("I", told, 52)[0]
    return min(sent, came) / 1000
