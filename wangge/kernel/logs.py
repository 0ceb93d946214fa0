"""Logs: one JSON object a line on standard error, without personal data.

What is logged is a fixed sentence and named values; still, an exception's text may carry what a person typed, so numbers that look
like a phone or a citizen's number are masked and the database's DETAIL and CONTEXT lines (they quote rows) are left out.
"""

from __future__ import annotations

import json
import logging
import logging.config
import os
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

# a citizen's number (17 digits and a check character) or a mobile number, not part of a longer run of digits or of an identifier
_PERSONAL = re.compile(r"(?<![0-9A-Za-z-])(?:(\d{3})\d{11,14}([\dXx]{4})|(1[3-9]\d)\d{4}(\d{4}))(?![0-9A-Za-z-])")
_QUOTING = re.compile(r"^\s*(DETAIL|CONTEXT|LINE \d+|HINT|QUERY|STATEMENT|Failing row)\b.*$", re.MULTILINE)

# what JSON leaves as it is, and some reader takes for the end of a line or for a command to the terminal
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def clean(text: str) -> str:
    """``text`` without numbers of persons and without the lines in which PostgreSQL quotes rows."""
    text = _QUOTING.sub(lambda m: f"{m[1]}: (left out)", text)
    return _PERSONAL.sub(lambda m: f"{m[1] or m[3]}****{m[2] or m[4]}", text)


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


class JsonFormatter(logging.Formatter):
    def __init__(self, process: str = "") -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": self.process,
            "pid": os.getpid(),
            "message": clean(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and not name.startswith("_"):
                line[name if name not in line else f"{name}_"] = clean(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = clean("".join(traceback.format_exception(record.exc_info[1])))
        return _one_line(json.dumps(line, ensure_ascii=False, default=lambda v: clean(str(v))))


def dict_config(*, process: str, level: str = "INFO") -> dict[str, Any]:
    """The configuration for ``logging.config.dictConfig``; libraries speak from WARNING on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"asked_for": {"()": "wangge.kernel.logs.AskedFor"}},
        "formatters": {"json": {"()": "wangge.kernel.logs.JsonFormatter", "process": process}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "wangge": {"level": level},
            "_granian": {"level": "WARNING", "filters": ["asked_for"]},
            "procrastinate": {"level": "WARNING"},
        },
    }


class AskedFor(logging.Filter):
    """Leaves out granian's warning about many threads: most of them only send somebody away (docs/decisions/0016)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "Python threads" not in record.getMessage()


def configure(*, process: str, level: str | None = None) -> None:
    """Once a process, before anything is logged. ``level``: else WANGGE_LOG_LEVEL, else INFO."""
    chosen = (level or os.environ.get("WANGGE_LOG_LEVEL") or "INFO").upper()
    if chosen not in logging.getLevelNamesMapping():
        print(f"WANGGE_LOG_LEVEL={chosen}: INFO is used", file=sys.stderr)
        chosen = "INFO"
    logging.config.dictConfig(dict_config(process=process, level=chosen))


def configure_terminal() -> None:
    """For the parent of a demo: warnings as plain lines for the person who watches; the children write JSON into the log file."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        named = {k: v for k, v in vars(record).items() if k not in _STANDARD and not k.startswith("_")}
        text = " ".join([record.getMessage(), *(f"{k}={v}" for k, v in named.items())])
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        return f"  ! {_one_line(clean(text))}"
