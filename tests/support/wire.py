"""A wire between two servers that can be cut: at once, or in the middle of what is being said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def serve(listener: socket.socket, join: Callable[[socket.socket], None]) -> None:
    """Give each connection to ``join``, in a thread of its own, until the listener is closed."""

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=join, args=(near,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def hang_up(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Wire:
    """``port`` leads to ``to``. While it is cut, a connection breaks after ``left`` more bytes of either side, or of the answers alone."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.left: int | None = None
        self.answers = False
        self.breaks = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        serve(self._listener, self._join)

    def cut(self, *, after: int = 0, answers: bool = False) -> None:
        with self._lock:
            self.left, self.answers = after, answers

    def heal(self) -> None:
        with self._lock:
            self.left = None

    def close(self) -> None:
        self._listener.close()

    def _join(self, near: socket.socket) -> None:
        with suppress(OSError), near, socket.create_connection(("127.0.0.1", self.to)) as far:
            back = threading.Thread(target=self._carry, args=(far, near, True), daemon=True)
            back.start()
            self._carry(near, far, False)
            back.join()

    def _carry(self, one: socket.socket, other: socket.socket, answer: bool) -> None:
        with suppress(OSError):
            while data := one.recv(4096):
                allowed = self._allowed(len(data), answer)
                other.sendall(data[:allowed])
                if allowed < len(data):
                    break
        hang_up(one, other)

    def _allowed(self, wanted: int, answer: bool) -> int:
        with self._lock:
            if self.left is None or (self.answers and not answer):
                return wanted
            given = min(wanted, self.left)
            self.left -= given
            self.breaks += given < wanted
            return given


@contextmanager
def wire(to: int) -> Iterator[Wire]:
    made = Wire(to)
    try:
        yield made
    finally:
        made.close()
