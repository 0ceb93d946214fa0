"""A connection to the database that ends in the middle of an act: before a statement gets there, or before its answer comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connections

from tests.support.wire import hang_up, serve

_MOST = 1 << 22


class Tap:
    """A socket like PostgreSQL's in ``folder`` that leads to the one in ``to``. Once armed it ends the connection at the ``n``-th message (from 0)."""

    def __init__(self, folder: Path, to: str, port: int) -> None:
        self._to = f"{to}/.s.PGSQL.{port}"
        self._lock = threading.Lock()
        self._at: int | None = None
        self._heard = False
        self.seen = 0
        """Messages since it was armed."""
        self.ended = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{port}"))
        self._listener.listen()
        serve(self._listener, self._join)

    def arm(self, at: int, *, heard: bool) -> None:
        """``heard``: the server does what it is told, and nobody learns of it."""
        with self._lock:
            self._at, self._heard, self.seen, self.ended = at, heard, 0, False

    def disarm(self) -> None:
        with self._lock:
            self._at = None

    def close(self) -> None:
        self._listener.close()

    def _join(self, near: socket.socket) -> None:
        with suppress(OSError), near, socket.socket(socket.AF_UNIX) as far:
            far.connect(self._to)
            deaf = threading.Event()
            back = threading.Thread(target=self._answers, args=(far, near, deaf), daemon=True)
            back.start()
            while data := near.recv(_MOST):
                if self._is_last():
                    if self._heard:
                        deaf.set()
                        far.sendall(data)
                        back.join(10)
                    break
                far.sendall(data)
            hang_up(near, far)
            back.join()

    def _answers(self, far: socket.socket, near: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(_MOST):
                if deaf.is_set():  # the server answers when it has done it, and committed what is one statement
                    return
                near.sendall(data)
        hang_up(near, far)

    def _is_last(self) -> bool:
        with self._lock:
            if self._at is None:
                return False
            number, self.seen = self.seen, self.seen + 1
            self.ended = self.ended or number == self._at
            return number == self._at


@contextmanager
def tapped() -> Iterator[Tap]:
    """Django's connection goes through a tap for the block."""
    described = connections.databases["default"]
    host = described["HOST"]
    with TemporaryDirectory() as folder:
        tap = Tap(Path(folder), host, int(described["PORT"] or 5432))
        connections["default"].close()
        connections["default"].settings_dict["HOST"] = folder
        try:
            yield tap
        finally:
            connections["default"].close()
            connections["default"].settings_dict["HOST"] = host
            tap.close()
