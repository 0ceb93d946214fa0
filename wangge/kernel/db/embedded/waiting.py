"""Asking a server whether it answers, and waiting for it without a limit but not in silence."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psycopg

_REDO = re.compile(r"LOG:  redo (?:starts at|in progress, .*current LSN:) ([0-9A-F]+/[0-9A-F]+)")
_NO_REDO = re.compile(r"LOG:  (?:redo done at|starting PostgreSQL|database system is ready)")
TAIL = 1 << 20
"""Bytes of the log's end in which the recovery's last word is looked for: hours of refused questions on a disk that stands still."""


class Answer(NamedTuple):
    """``instance``: the name the server gave itself; else ``deaf``: nobody listens; ``refused``: it does not accept our log-in."""

    instance: str | None = None
    deaf: bool = False
    refused: bool = False


def ask(url: str, *, within: int = 10) -> Answer:
    """Connect for real. Liveness is nothing less: a process id and a socket file can both be left over.

    ``within``: seconds to wait for an answer (at least 2).
    """
    try:
        with psycopg.connect(url, connect_timeout=within, autocommit=True) as connection:
            row = connection.execute("SELECT current_setting('wangge.instance', true)").fetchone()
            return Answer(instance=row[0] if row and row[0] else "")
    except psycopg.OperationalError as error:
        said = str(error)
        return Answer(
            deaf="No such file" in said or "Connection refused" in said,
            refused="password authentication failed" in said or "no password supplied" in said,
        )
    except psycopg.Error:
        return Answer()  # answered and went away in the middle


class Patience:
    """Short pauses at first, longer ones later; ``due`` is true every two seconds from the second on."""

    def __init__(self) -> None:
        self._start = self._told = time.monotonic()
        self._nothing = threading.Event()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def due(self) -> bool:
        if time.monotonic() - self._told < 2:
            return False
        self._told = time.monotonic()
        return True

    def pause(self) -> None:
        self._nothing.wait(0.02 if self.seconds < 2 else 0.25)


def _newest(folder: Path) -> Path | None:
    files = sorted(folder.glob("*.log"), key=lambda p: p.stat().st_mtime)
    return files[-1] if files else None


def last_lines(folder: Path, count: int = 12) -> str:
    """The end of the server's newest log."""
    file = _newest(folder)
    return "\n".join(file.read_text("utf-8", "replace").splitlines()[-count:]) if file else ""


def redo_position(folder: Path) -> str | None:
    """How far a recovery that is going on has come: the recovery's last word in the log, None when it has none or is done.

    Not the log's last line: each time we ask, the server writes there that it does not take connections yet.
    """
    file = _newest(folder)
    if file is None:
        return None
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - TAIL))
        lines = log.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        if found := _REDO.search(line):
            return found[1]
        if _NO_REDO.search(line):
            return None
    return None
