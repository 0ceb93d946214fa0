"""What an installation knows about its own backups, for the health page: the backups themselves lie on a disk that may be away."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from wangge.kernel.db.embedded.layout import write_private

NAME = "backups.json"
"""In the folder of the installation. A restored one has none: it is to be backed up anew, into another folder."""


class Noted(NamedTuple):
    """``base``: start of the last full or incremental backup; ``until``: everything written before was shipped; ``restored``: the last drill
    that passed; ``failed``: the last one that did not. None: never."""

    base: datetime | None = None
    until: datetime | None = None
    restored: datetime | None = None
    failed: datetime | None = None


def read(home: Path) -> Noted:
    """The note of ``home``; an empty one when there is none or it cannot be read, for then nothing is known."""
    try:
        kept = json.loads((home / NAME).read_text("utf-8"))
        return Noted(*(datetime.fromisoformat(kept[f]) if kept.get(f) else None for f in Noted._fields))
    except (OSError, ValueError, AttributeError, TypeError):
        return Noted()


def note(home: Path, until: datetime, base: datetime | None) -> None:
    """Note what was shipped, and a new base backup if there is one. One at a time (the store's lock ``ship``)."""
    known = read(home)
    _write(home, known._replace(base=base or known.base, until=until))


def note_drill(home: Path, at: datetime, *, passed: bool) -> None:
    """Note a restore that was tried. One at a time, as above."""
    _write(home, read(home)._replace(**{"restored" if passed else "failed": at}))


def _write(home: Path, now: Noted) -> None:
    body = {name: at.isoformat() if at else None for name, at in now._asdict().items()}
    write_private(home / NAME, json.dumps(body) + "\n")
    (home / NAME).chmod(0o644)  # no secret: root may have made the backup, the service reads it
