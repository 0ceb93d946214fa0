"""Three locks of the kernel (flock), because a process id in a file proves nothing.

``Supervising`` is held by the one program that supervises a folder, and names it to whoever comes second.
``server.lock`` is handed to PostgreSQL as an open file: every process of the server inherits it, so the kernel holds it exactly
as long as one of them lives, whatever ``postmaster.pid`` says and whatever process ids have been given out again.
``Users`` is shared by the short commands that use a folder's database, so that the last one out stops it and no earlier one.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from wangge.kernel.problems import Conflict
from wangge.kernel.words import Words


def try_lock(path: Path) -> IO[str] | None:
    """An open file that holds the lock at ``path``, or None when somebody else holds it. Closing it lets go."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


class Supervising:
    """The lock of one folder's supervisor."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises Conflict that says which process runs this folder, since when, and by which command."""
        file = try_lock(self._path)
        if file is None:
            who = self.holder()
            raise Conflict(
                Words(
                    f"{self._folder} 的数据库已由另一个 wangge 运行（进程 {who['pid']}，{who['since']} 起：{who['command']}）；"
                    "请先停止它，或用 WANGGE_HOME 指定别的目录。",
                    f"The database of {self._folder} is run by another wangge already (process {who['pid']}, since {who['since']}: "
                    f"{who['command']}); stop that one first, or name another folder by WANGGE_HOME.",
                ),
                extra={"current": who},
            )
        file.truncate()
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "since": since, "command": " ".join(sys.argv)[:200]}, file)
        file.flush()
        self._file = file

    def holder(self) -> dict[str, Any]:
        """What the holder wrote about itself; question marks when it is just about to."""
        try:
            return dict(json.loads(self._path.read_text("utf-8")))
        except (OSError, ValueError):
            return {"pid": "?", "since": "?", "command": "?"}

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


class Users:
    """The lock that everybody shares who uses a folder's database without supervising it. It ends with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def join(self) -> None:
        """Be one of the users; waits while the last one is stopping the database."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.fdopen(
            os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8"
        )
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether nobody else uses it; then nobody can join until ``leave``."""
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
