"""Who runs the server. PostgreSQL refuses to run as root, so root lends it a service user; anybody else runs it as themselves."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wangge.kernel.problems import Unavailable
from wangge.kernel.words import Words

SERVICE_USER = "wangge"


@dataclass(frozen=True)
class Account:
    """``other``: it is not the one we are ourselves (then we are root)."""

    name: str
    uid: int
    gid: int
    other: bool

    def run_as(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that make a child run as this account, and with nothing of root's left."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def own(self, path: Path) -> None:
        """Give ``path`` itself (no link's target) to this account."""
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        if self.other:
            for where, folders, files in os.walk(folder):
                for name in [*folders, *files]:
                    self.own(Path(where, name))
            self.own(folder)

    def can_run(self, program: Path) -> bool:
        """Whether this account can execute ``program``, tried and not guessed from mode bits."""
        if not self.other:
            return os.access(program, os.X_OK)
        try:
            done = subprocess.run([program, "--version"], capture_output=True, cwd="/", check=False, **self.run_as())
        except OSError:
            return False
        return done.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can reach ``folder`` by its path, through all its parents."""
        if not self.other:
            return True
        said = subprocess.run(
            ["/bin/sh", "-c", 'cd -- "$1" && : ', "sh", str(folder)],
            capture_output=True,
            cwd="/",
            check=False,
            **self.run_as(),
        )
        return said.returncode == 0


def for_folder(folder: Path) -> Account:
    """The account that is to run the server of ``folder``: its owner if it exists, else we ourselves, else the service user.

    Raises Unavailable when the folder belongs to somebody we cannot act for, or no service user can be had.
    """
    me = os.geteuid()
    owner = folder.stat().st_uid if folder.exists() else None
    if me != 0:
        if owner not in (None, me):
            raise Unavailable(
                Words(
                    f"{folder} 属于另一账号（{_name(owner)}）；请以该账号或 root 运行，或用 WANGGE_HOME 指定别的目录。",
                    f"{folder} belongs to another account ({_name(owner)}); run as that one or as root, or name another folder by "
                    "WANGGE_HOME.",
                )
            )
        return Account(_name(me), me, os.getegid(), other=False)
    if owner:
        entry = _entry(owner)
        return Account(_name(owner), owner, entry.pw_gid if entry else folder.stat().st_gid, other=True)
    return _service_user()


def _service_user() -> Account:
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        _make_service_user()
        try:
            entry = pwd.getpwnam(SERVICE_USER)
        except KeyError as error:
            raise Unavailable(
                Words(
                    f"PostgreSQL 不能以 root 运行，而系统账号 {SERVICE_USER} 不存在也无法自动建立；请先建立它"
                    f"（例如 useradd --system {SERVICE_USER}），或以普通账号运行。",
                    f"PostgreSQL cannot run as root, and the system account {SERVICE_USER} neither exists nor could be made; make it "
                    f"(for instance: useradd --system {SERVICE_USER}), or run as an ordinary user.",
                )
            ) from error
    return Account(SERVICE_USER, entry.pw_uid, entry.pw_gid, other=True)


def _make_service_user() -> None:
    """With what the system has: useradd, or BusyBox's adduser."""
    nologin = shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin:/bin") or "/bin/false"
    tries = (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", nologin, SERVICE_USER],
        ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", nologin, SERVICE_USER],
    )
    for command in tries:
        program = shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program and not subprocess.run([program, *command[1:]], capture_output=True, check=False).returncode:
            return


def _entry(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _name(uid: int) -> str:
    entry = _entry(uid)
    return entry.pw_name if entry else str(uid)
