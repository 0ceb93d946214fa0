"""Check of a base backup against its ``backup_manifest``, as pg_verifybackup would do it if the wheel's did not crash.

The manifest (PostgreSQL manual, "Backup Manifest Format") lists every file but those in pg_wal, and ends with the SHA-256 of its
own bytes before the line of that sum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from wangge.kernel.db.backup.store import Say
from wangge.kernel.db.embedded.waiting import Patience
from wangge.kernel.words import Words

NAME = "backup_manifest"
_LEFT_OUT = frozenset({NAME, "postgresql.auto.conf", "recovery.signal", "standby.signal"})
_SUM_LINE = b'"Manifest-Checksum"'


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def faults(data: Path, say: Say, *, whole: str | None = None, wal: dict[str, str] | None = None) -> list[str]:
    """Every file that is missing, too many, of another size or other contents, as ``path: what``; empty when all is well.

    ``whole``: SHA-256 that the manifest had when it was made. ``wal``: SHA-256 of each file that must be in pg_wal.
    """
    try:
        text = (data / NAME).read_bytes()
        stated = json.loads(text)
        files = {
            _path(f): f for f in stated["Files"] if not _path(f).startswith("pg_wal/")
        }  # pg_combinebackup lists them, sumless
        own = stated["Manifest-Checksum"]
    except (OSError, ValueError, KeyError) as error:
        return [f"{NAME}: {error}"]
    body = text[: text.rindex(_SUM_LINE)]
    if hashlib.sha256(body).hexdigest() != own or (whole and hashlib.sha256(text).hexdigest() != whole):
        return [f"{NAME}: its checksum is wrong"]
    return [*_compare(data, files, say), *_compare_wal(data, wal or {}), *_too_many(data, files, wal)]


def _path(entry: dict[str, str]) -> str:
    if "Encoded-Path" in entry:
        return bytes.fromhex(entry["Encoded-Path"]).decode("utf-8", "surrogateescape")
    return entry["Path"]


def _compare(data: Path, files: dict[str, dict], say: Say) -> Iterator[str]:
    patience, done, total = Patience(), 0, sum(f["Size"] for f in files.values())
    for name, entry in files.items():
        path = data / name
        if not path.is_file():
            yield f"{name}: missing"
        elif path.stat().st_size != entry["Size"]:
            yield f"{name}: {path.stat().st_size} bytes, should be {entry['Size']}"
        elif entry.get("Checksum-Algorithm") != "SHA256":
            yield f"{name}: has no SHA-256"
        elif sha256(path) != entry["Checksum"]:
            yield f"{name}: contents changed"
        done += entry["Size"]
        if patience.due():
            share = 100 * done // max(total, 1)
            say(Words(f"核对备份 {share}%", f"Checking the backup, {share} %"))


def _compare_wal(data: Path, wal: dict[str, str]) -> Iterator[str]:
    for name, stated in wal.items():
        path = data / "pg_wal" / name
        if not path.is_file():
            yield f"pg_wal/{name}: missing"
        elif sha256(path) != stated:
            yield f"pg_wal/{name}: contents changed"


def _too_many(data: Path, files: dict[str, dict], wal: dict[str, str] | None) -> Iterator[str]:
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.is_dir() or name in files or name in _LEFT_OUT:
            continue
        if name.startswith("pg_wal/") and (wal is None or name.removeprefix("pg_wal/") in wal):
            continue
        yield f"{name}: does not belong to the backup"


def wal_sums(data: Path) -> dict[str, str]:
    """SHA-256 of each file in pg_wal, by its path in there."""
    folder = data / "pg_wal"
    return {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def first_lsn(data: Path) -> tuple[int, str]:
    """Timeline and LSN from which the backup's recovery starts."""
    found = json.loads((data / NAME).read_bytes())["WAL-Ranges"]
    last = max(found, key=lambda r: r["Timeline"])
    return last["Timeline"], last["Start-LSN"]
