"""Remembers that an embedded database has been migrated (and the demo loaded) by this very code, so that a restart does not ask again.

The note holds a digest of every migration and of the demo's data, and what tells one database from another: cluster, time line (a restore
makes a new one) and database. Whatever differs, the steps run again; each of them finds out by itself what is left to do.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import psycopg

import wangge


class Note:
    """``steps``: the commands that preparing means, in order."""

    def __init__(self, home: Path, url: str, steps: list[list[str]]) -> None:
        self._path = home / "run" / "prepared"
        self._url = url
        self._steps = steps

    def holds(self) -> bool:
        """Whether nothing has changed since ``write``, and the key file is there (its loss is told by ``migrate``)."""
        return (
            (self._path.parents[1] / "keys.json").exists()
            and self._path.exists()
            and self._path.read_text("utf-8") == self._digest()
        )

    def write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._digest(), "utf-8")

    def _digest(self) -> str:
        root = Path(wangge.__file__).parent
        code = hashlib.sha256(
            repr((self._steps, wangge.__version__, version("procrastinate"), version("django"))).encode()
        )
        for path in sorted([*root.glob("*/*/migrations/*.py"), *root.glob("demo/**/*")]):
            if path.is_file() and path.suffix != ".pyc":
                code.update(str(path.relative_to(root)).encode() + path.read_bytes())
        with psycopg.connect(self._url) as connection:
            row = connection.execute(
                """SELECT (SELECT system_identifier FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint()),
                          (SELECT oid FROM pg_database WHERE datname = current_database())"""
            ).fetchone()
        return f"{code.hexdigest()} {row}\n"
