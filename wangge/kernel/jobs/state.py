"""Notes how a loop or a job went, so that the health page, in another process on another host, can say it."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

from wangge.kernel.db import rows
from wangge.kernel.logs import clean

NOTE_EVERY = 10.0
"""Seconds: a run that went as well as the last one is noted no more often than this."""

_noted: dict[str, tuple[float, bool]] = {}
_lock = threading.Lock()
HOST = socket.gethostname()


def note(kind: str, name: str, error: BaseException | None = None) -> None:
    """Write down that ``name`` ran well, or how it failed. Cheap when nothing has changed."""
    key = f"loop/{HOST}/{name}" if kind == "loop" else f"job/{name}"
    now = time.monotonic()
    with _lock:
        at, was_well = _noted.get(key, (-NOTE_EVERY, False))
        if error is None and was_well and now - at < NOTE_EVERY:
            return
        _noted[key] = (now, error is None)
    rows.run(
        """INSERT INTO jobs_state (key, kind, name, host, beat_at, ok_at, failures, error)
           VALUES (%(key)s, %(kind)s, %(name)s, %(host)s, now(), CASE WHEN %(well)s THEN now() END,
                   CASE WHEN %(well)s THEN 0 ELSE 1 END, %(error)s)
           ON CONFLICT (key) DO UPDATE SET host = excluded.host, beat_at = now(), ok_at = coalesce(excluded.ok_at, jobs_state.ok_at),
               failures = CASE WHEN %(well)s THEN 0 ELSE jobs_state.failures + 1 END, error = excluded.error""",
        {
            "key": key,
            "kind": kind,
            "name": name,
            "host": HOST,
            "well": error is None,
            "error": "" if error is None else clean(f"{type(error).__name__}: {error}")[:500],
        },
    )


def loops() -> list[dict[str, Any]]:
    """Each loop as its newest worker has it: seconds since its last sign of life, failures in a row, the last error. One that lies in the
    future is as far off as one of the past: the clock was set back since."""
    return rows.all(
        """SELECT DISTINCT ON (name) name, host, failures, error, abs(extract(epoch FROM now() - beat_at))::float AS seconds
           FROM jobs_state WHERE kind = 'loop' ORDER BY name, beat_at DESC"""
    )


def waiting(name: str, **args: Any) -> bool:
    """Whether the job ``name``, with these of its arguments, is queued or being done."""
    return rows.value(
        """SELECT EXISTS (SELECT FROM procrastinate_jobs
                          WHERE task_name = %(name)s AND args @> %(args)s::jsonb AND status IN ('todo', 'doing'))""",
        {"name": name, "args": json.dumps(args)},
    )


def jobs_in_trouble() -> list[dict[str, Any]]:
    """Each job whose last run failed."""
    return rows.all(
        """SELECT name, failures, error, extract(epoch FROM now() - beat_at)::float AS seconds
           FROM jobs_state WHERE kind = 'job' AND failures > 0 ORDER BY name"""
    )
