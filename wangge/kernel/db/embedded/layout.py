"""The files of one embedded server, all below ``home/pg`` but for the lock, the password and (where paths are long) the socket."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from wangge.kernel.db.embedded.account import Account

LONGEST_SOCKET_FOLDER = 80
"""Bytes. A Unix socket's path may have 107 (Linux) or 103 (macOS), and ``/.s.PGSQL.5432`` takes 14 of them."""

HERE = "/proc/self/cwd"


@dataclass(frozen=True)
class Layout:
    home: Path

    @property
    def pg(self) -> Path:
        """Belongs to the account that runs the server, closed to everybody else."""
        return self.home / "pg"

    @property
    def data(self) -> Path:
        return self.pg / "data"

    @property
    def archive(self) -> Path:
        """Finished WAL segments, compressed."""
        return self.pg / "archive"

    @property
    def log(self) -> Path:
        return self.pg / "log"

    @property
    def start_log(self) -> Path:
        """What the server says before its own log is open."""
        return self.log / "start.log"

    @property
    def server_lock(self) -> Path:
        return self.pg / "server.lock"

    @property
    def instance(self) -> Path:
        """A random name given to the running server; the one that answers to it is ours."""
        return self.pg / "instance"

    @property
    def socket_note(self) -> Path:
        return self.pg / "socket"

    @property
    def supervisor_lock(self) -> Path:
        return self.home / "database.lock"

    @property
    def wishes(self) -> Path:
        """Settings of PostgreSQL that the installation's administrator wants otherwise than we; may be missing."""
        return self.home / "database.conf"

    @property
    def password_file(self) -> Path:
        return self.home / "database.password"

    def make(self, account: Account) -> None:
        """Make what is missing. ``home`` is ours and closed to others when we make it; ``pg`` is the account's, 0700 always."""
        if not self.home.exists():
            self.home.mkdir(mode=0o700, parents=True)
        for folder in (self.pg, self.archive, self.log):
            folder.mkdir(mode=0o700, exist_ok=True)
            account.own(folder)
            folder.chmod(0o700)

    def from_inside(self, account: Account, folder: Path) -> str:
        """The name by which a process of ``account`` whose working folder is ``folder`` may call it.

        Below a folder that is closed to the account (a checkout in /root) a path cannot be walked; but a working folder given at
        birth needs no walking, and Linux names it /proc/self/cwd. So nothing above ``home/pg`` has to be opened or moved.
        """
        if account.can_enter(folder) or not os.path.isdir(HERE):
            return str(folder)
        return HERE

    def password(self) -> str:
        """The owner's password, from a file that only the supervising account can read."""
        return self.password_file.read_text("utf-8").strip()

    def socket_folder(self, account: Account) -> Path:
        """A folder for the socket that is short enough and reachable: ``home/pg/run``, else one in the system's place for such."""
        own = self.pg / "run"
        if _fits(own) and account.can_enter(self.pg):
            own.mkdir(mode=0o700, exist_ok=True)
            account.own(own)
            return own
        name = hashlib.sha256(os.fsencode(self.pg)).hexdigest()[:12]
        for place in _runtime_places(account):
            found = _private(place / f"wangge-{account.uid}-{name}", account)
            if found:
                return found
        made = Path(tempfile.mkdtemp(prefix="wangge-", dir="/tmp"))
        account.own(made)
        return made


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, readable by its owner alone from its first moment, whole or not at all."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    making.rename(path)


def _fits(folder: Path) -> bool:
    """Short, and without a character that PostgreSQL's list of folders would need quoted."""
    text = str(folder)
    return len(os.fsencode(text)) <= LONGEST_SOCKET_FOLDER and re.fullmatch(r"[\w./ -]+", text, re.ASCII) is not None


def _runtime_places(account: Account) -> list[Path]:
    user = os.environ.get("XDG_RUNTIME_DIR")
    places = [Path("/run")] if os.geteuid() == 0 else [Path(user)] if user else []
    return [p for p in [*places, Path("/tmp")] if p.is_dir() and _fits(p / ("x" * 30)) and os.access(p, os.W_OK)]


def _private(folder: Path, account: Account) -> Path | None:
    """``folder`` as a folder of the account's alone; None if somebody else has put something of that name there."""
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) != 0o700:
            return None
    except OSError:
        return None
    return folder if account.can_enter(folder) else None
