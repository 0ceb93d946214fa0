"""Copies of a sealed file for its readers, made in the sandbox; a virus scan before anything reads it."""

from __future__ import annotations

import json
import os
import shlex
import socket
import struct
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wangge.domain.evidence import sandbox
from wangge.domain.evidence.actions.tus import refuse
from wangge.domain.evidence.rules import State
from wangge.domain.evidence.tags import EvidenceEvent
from wangge.kernel import files, outbox
from wangge.kernel.access import SYSTEM
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.words import Words

INFECTED = Words("查毒发现问题，已隔离。", "The virus scan found something; it is in quarantine.")
DAMAGED = Words("文件无法处理（可能已损坏）。", "The file cannot be read; it may be damaged.")


def process(upload: UUID) -> None:
    """Make the copies of a stored upload. May run twice: what is ready stays as it is."""
    row = rows.one("SELECT * FROM evidence_upload WHERE id = %(id)s", {"id": upload})
    if row is None or row["state"] != State.STORED:
        return
    with tempfile.TemporaryDirectory(prefix="wangge-evidence-") as name:
        folder = Path(name)
        source = folder / "source"
        files.store().fetch(row["original"], source)
        if _infected(source):
            refuse(by=SYSTEM, upload=upload, problem=INFECTED, state=State.QUARANTINED)
            return
        found = run_sandbox(source, row["kind"], row["media_type"], folder)
        if "refused" in found:
            zh, _, en = str(found["refused"]).partition("\n")
            refuse(by=SYSTEM, upload=upload, problem=Words(zh, en or zh))
            return
        _ready(row, found, folder)


def run_sandbox(source: Path, kind: str, media: str, folder: Path) -> dict[str, Any]:
    """What the parsers say of a file; a process that dies says that the file is damaged."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [sys.executable, "-m", "wangge.domain.evidence.sandbox", str(source), kind, media, str(folder)],
        env=environment,
        cwd=folder,
        capture_output=True,
        timeout=sandbox.SECONDS * 2,
        check=False,
    )
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return {"refused": f"{DAMAGED.zh}\n{DAMAGED.en}"}


def _ready(row: Row, found: dict[str, Any], folder: Path) -> None:
    def kept(name: str | None) -> str | None:
        if name not in ("public", "thumb"):
            return None
        path = folder / name
        with path.open("rb") as file:
            key = files.digest_of(file)
        files.store().keep(path, key)
        return key

    captured = datetime.fromisoformat(found["captured"]) if found.get("captured") else None
    if captured is not None and captured.tzinfo is None:
        captured = captured.replace(tzinfo=ZoneInfo(settings.CONFIG.zone))
    with transaction.atomic():
        changed = rows.run(
            """UPDATE evidence_upload SET state = 'ready', public = %(public)s, public_type = %(type)s, thumb = %(thumb)s,
                      width = %(width)s, height = %(height)s, seconds = %(seconds)s, lon = %(lon)s, lat = %(lat)s,
                      captured_at = %(captured)s WHERE id = %(id)s AND state = 'stored'""",
            {
                "id": row["id"],
                "public": kept(found.get("public")),
                "type": found.get("public_type") or "",
                "thumb": kept(found.get("thumb")),
                "captured": captured,
                **{k: found.get(k) for k in ("width", "height", "seconds", "lon", "lat")},
            },
        )
        if changed:
            outbox.emit(EvidenceEvent.READY, kind="evidence", subject=row["id"], body={})


def _infected(path: Path) -> bool:
    """Ask the scanner of ``WANGGE_ANTIVIRUS``. A scanner that cannot be asked is an error, not a clean file: the job is tried again."""
    given = settings.CONFIG.antivirus
    if not given:
        return False
    if given.startswith("clamd://"):
        return _clamd(path, given)
    done = subprocess.run([*shlex.split(given), str(path)], capture_output=True, timeout=300, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the virus scanner failed with {done.returncode}")
    return done.returncode == 1


def _clamd(path: Path, url: str) -> bool:
    """clamd's INSTREAM: chunks with their length, an empty one at the end (clamd(8))."""
    parts = urlsplit(url)
    with (
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 3310), timeout=60) as connection,
        path.open("rb") as file,
    ):
        connection.sendall(b"zINSTREAM\0")
        while part := file.read(files.CHUNK):
            connection.sendall(struct.pack("!L", len(part)) + part)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while part := connection.recv(4096):
            answer += part
    said = answer.rstrip(b"\0\n ").decode("utf-8", "replace")
    if said.endswith("FOUND"):
        return True
    if not said.endswith("OK"):
        raise RuntimeError(f"the virus scanner said {said!r}")
    return False
