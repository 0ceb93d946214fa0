"""A file system of a few hundred megabytes, seen by one process and its children only: a disk that a test can fill.

Root mounts it in a mount namespace; anybody else in a user namespace as well, and is who they were again before anything of ours runs.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.support.program import ROOT, environment


def run_in_small_room(statement: str, folder: Path, *, megabytes: int) -> str:
    """Run a Python statement where ``folder`` is so small; what it printed. Its failure is ours."""
    folder.mkdir(exist_ok=True)
    root = os.geteuid() == 0
    back = "" if root else f"unshare --user --map-user={os.geteuid()} --map-group={os.getegid()} "
    command = shlex.join([sys.executable, "-c", f"import django; django.setup(); {statement}"])
    done = subprocess.run(
        [
            *("unshare", "--mount", *([] if root else ["--user", "--map-root-user"]), "sh", "-c"),
            f"mount -t tmpfs -o size={megabytes}m,mode=0755 tmpfs {shlex.quote(str(folder))} && exec {back}{command}",
        ],
        cwd=ROOT,
        env=environment(DJANGO_SETTINGS_MODULE="wangge.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return done.stdout


class Filler:
    """A file that takes all room but so much; it only grows."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "filler"

    def leave(self, megabytes: float) -> None:
        at = os.statvfs(self._file.parent)
        size = self._file.stat().st_size if self._file.exists() else 0
        wanted = int(size + at.f_bavail * at.f_frsize - megabytes * (1 << 20))
        with (
            self._file.open("ab", buffering=0) as file,
            suppress(OSError),
        ):  # others write, too: what there is, is taken
            while size < wanted:
                size += file.write(bytes(min(1 << 20, wanted - size)))

    def go(self) -> None:
        self._file.unlink(missing_ok=True)
