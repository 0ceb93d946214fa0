"""A folder of backups. A backup exists when its ``backup.json`` does, and that is written last."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from wangge.kernel.db.embedded.layout import write_private
from wangge.kernel.db.embedded.locks import try_lock
from wangge.kernel.db.embedded.waiting import Patience
from wangge.kernel.problems import Conflict, Invalid, Unavailable
from wangge.kernel.words import Words

Say = Callable[[Words], None]

RECORD = "backup.json"


@dataclass(frozen=True)
class Backup:
    """What ``backup.json`` says. Times are UTC; ``started``…``finished`` is the time of copying, consistent from ``finished`` on."""

    name: str
    kind: str  # full | incremental
    parent: str | None
    system: str  # system identifier of the database, as decimal digits
    version: str
    started: datetime
    finished: datetime
    first_segment: str  # the WAL segment from which its recovery starts
    manifest: str  # SHA-256 of data/backup_manifest
    wal: dict[str, str]  # SHA-256 of each file in data/pg_wal, which the manifest leaves out

    def write(self, folder: Path) -> None:
        said = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(self).items()}
        write_private(folder / RECORD, json.dumps(said, indent=1))

    @classmethod
    def read(cls, folder: Path) -> Backup:
        said = json.loads((folder / RECORD).read_text("utf-8"))
        times = {k: datetime.fromisoformat(said[k]) for k in ("started", "finished")}
        return cls(**{**said, **times})


@dataclass(frozen=True)
class Store:
    root: Path

    @property
    def wal(self) -> Path:
        return self.root / "wal"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def files_index(self) -> Path:
        return self.root / "files.jsonl"

    def make(self) -> None:
        for folder in (self.root, self.wal, self.files):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def alone(self, what: str, *, wait: bool) -> Iterator[None]:
        """Only one process at a time does ``what`` in this folder. Raises Conflict when another is at it (``wait``: waits instead)."""
        patience = Patience()
        while (lock := try_lock(self.root / f"{what}.lock")) is None:
            if not wait:
                raise Conflict(
                    Words(f"{self.root} 正有另一次备份在进行。", f"Another backup into {self.root} is going on.")
                )
            patience.pause()
        with lock:
            yield

    def data(self, backup: Backup) -> Path:
        return self.root / backup.name / "data"

    def backups(self) -> list[Backup]:
        """All complete backups, oldest first. Raises Invalid for a record that cannot be read."""
        found = []
        for record in sorted(self.root.glob(f"*/{RECORD}")):
            try:
                found.append(Backup.read(record.parent))
            except (ValueError, KeyError, TypeError) as error:
                raise damaged([f"{record.relative_to(self.root)}: {error}"]) from error
        return sorted(found, key=lambda b: b.finished)

    def chain(self, last: Backup) -> list[Backup]:
        """The full backup and the increments that lead to ``last``. Raises Invalid when one of them is missing."""
        by_name = {b.name: b for b in self.backups()}
        chain = [last]
        while chain[0].parent:
            parent = by_name.get(chain[0].parent)
            if parent is None:
                raise damaged([f"{chain[0].parent}: missing, {chain[0].name} builds on it"])
            chain.insert(0, parent)
        return chain

    def shipped(self) -> tuple[str, datetime] | None:
        """The last WAL segment that was shipped, and the moment up to which everything is in it."""
        try:
            said = json.loads((self.root / "wal.json").read_text("utf-8"))
            return said["segment"], datetime.fromisoformat(said["until"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError) as error:
            raise damaged([f"wal.json: {error}"]) from error

    def note_shipped(self, segment: str, until: datetime, system: str) -> None:
        write_private(
            self.root / "wal.json", json.dumps({"segment": segment, "until": until.isoformat(), "system": system})
        )

    def check_belongs_to(self, system: str) -> None:
        """Raises Conflict when the folder holds another database's backups."""
        known = {b.system for b in self.backups()} - {system}
        if known:
            raise Conflict(
                Words(
                    f"{self.root} 中是另一数据库的备份；请换一个目录。",
                    f"{self.root} holds the backups of another database; choose another folder.",
                )
            )


def damaged(faults: list[str]) -> Invalid:
    """The backup is not what was written. Every file is named (the first twenty in the sentence, all in ``extra``)."""
    shown = "\n  ".join(faults[:20]) + (f"\n  … {len(faults) - 20}" if len(faults) > 20 else "")
    return Invalid(
        Words(
            f"备份已损坏，拒绝使用；有问题的文件 {len(faults)} 个：\n  {shown}",
            f"The backup is damaged and will not be used; files at fault: {len(faults)}\n  {shown}",
        ),
        extra={"damaged": faults},
    )


def copy_whole(source: Path, to: Path) -> None:
    """Copy so that ``to`` is there whole and on the disk, or not at all."""
    making = to.with_name(f".{to.name}.{os.getpid()}")
    with (
        open(source, "rb") as read,
        os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as write,
    ):
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())
    making.rename(to)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def run(command: list[str | Path], what: Words, say: Say, *, env: dict[str, str] | None = None) -> None:
    """Run one of PostgreSQL's programs, telling every two seconds that it goes on. Raises Unavailable with what it said."""
    patience = Patience()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", **(env or {})},
            umask=0o077,
        )
        try:
            while process.poll() is None:
                patience.pause()
                if patience.due():
                    say(Words(f"{what.zh}，已 {patience.seconds:.0f} 秒", f"{what.en}, {patience.seconds:.0f} s"))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode:
            said.seek(0)
            text = said.read().strip()
            raise Unavailable(Words(f"{what.zh}失败：\n{text}", f"{what.en}: failed:\n{text}"))


def utc() -> datetime:
    """Now, of the machine and not of the product's clock: a backup is of real time."""
    return datetime.now(UTC)
