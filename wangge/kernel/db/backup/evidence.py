"""Evidence files: named by their contents and never changed once written, so each is copied once and checked for ever."""

from __future__ import annotations

import json
import os
from pathlib import Path

from wangge.kernel.db.backup.manifest import sha256
from wangge.kernel.db.backup.store import Say, Store, copy_whole
from wangge.kernel.db.embedded.waiting import Patience
from wangge.kernel.words import Words

FOLDER = "files"


def ship(home: Path, store: Store, say: Say) -> tuple[int, int]:
    """Copy what is new. Called after the database's part: what a row refers to was written before the row. (files, bytes) copied."""
    source, known = home / FOLDER, index(store)
    count = size = 0
    patience = Patience()
    if not source.is_dir():
        return 0, 0
    with os.fdopen(
        os.open(store.files_index, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8"
    ) as notes:
        for path in _files(source):
            name = path.relative_to(source).as_posix()
            if name in known:
                continue
            to = store.files / name
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy_whole(path, to)
            entry = {"path": name, "size": to.stat().st_size, "sha256": sha256(to)}
            notes.write(json.dumps(entry, ensure_ascii=False) + "\n")
            count, size = count + 1, size + to.stat().st_size
            if patience.due():
                say(Words(f"复制附件 {count} 个", f"Copying evidence files: {count}"))
        notes.flush()
        os.fsync(notes.fileno())
    return count, size


def _files(folder: Path) -> list[Path]:
    """Whole files only: what is being written is hidden until it is whole."""
    return sorted(
        p for p in folder.rglob("*") if p.is_file() and not any(s.startswith(".") for s in p.relative_to(folder).parts)
    )


def index(store: Store) -> dict[str, dict]:
    """Path → size and SHA-256. A line cut off by a crash is passed over; its file is then copied again."""
    found: dict[str, dict] = {}
    if store.files_index.exists():
        for line in store.files_index.read_text("utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            found[entry["path"]] = entry
    return found


def faults(store: Store, say: Say) -> list[str]:
    """Every evidence file of the backups that is missing or changed."""
    found, patience = [], Patience()
    for done, (name, entry) in enumerate(index(store).items()):
        path = store.files / name
        if not path.is_file():
            found.append(f"files/{name}: missing")
        elif path.stat().st_size != entry["size"] or sha256(path) != entry["sha256"]:
            found.append(f"files/{name}: contents changed")
        if patience.due():
            say(Words(f"核对附件 {done} 个", f"Checking evidence files: {done}"))
    return found


def restore(store: Store, home: Path, say: Say) -> int:
    """Copy all evidence files into ``home``; how many."""
    patience, names = Patience(), list(index(store))
    for done, name in enumerate(names):
        to = home / FOLDER / name
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_whole(store.files / name, to)
        if patience.due():
            say(Words(f"恢复附件 {done}/{len(names)}", f"Restoring evidence files: {done}/{len(names)}"))
    return len(names)
