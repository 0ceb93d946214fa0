"""Is the system well? Checks by name, each with a level and a sentence that says what to do.

A package that can judge its own state has a ``checks.py``:

    @check("outbox")
    def outbox() -> Finding: ...

A check returns one Finding or a list (no finding: well). It must be quick (its statements are cut off after ``SECONDS``), must not
change anything, and names no person.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from wangge.kernel import clock
from wangge.kernel.words import Words

log = logging.getLogger("wangge.health")

SECONDS = 3.0
FRESH = 2.0
"""Seconds a process keeps its last report: a public page must not be a way to load the database."""


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


_ORDER = [Level.OK, Level.WARN, Level.BAD]


@dataclass(frozen=True)
class Finding:
    level: Level
    words: Words


@dataclass(frozen=True)
class Result:
    """``findings`` is never empty."""

    name: str
    level: Level
    findings: tuple[Finding, ...]
    ms: float


@dataclass(frozen=True)
class Report:
    at: datetime
    level: Level
    results: tuple[Result, ...]

    def as_json(self, language: str, *, details: bool) -> dict[str, Any]:
        """``details``: with the sentences, for staff; else names and levels only."""
        checks = []
        for result in self.results:
            line: dict[str, Any] = {"name": result.name, "level": result.level}
            if details:
                line["ms"] = round(result.ms, 1)
                line["findings"] = [{"level": f.level, "text": f.words.say(language)} for f in result.findings]
            checks.append(line)
        return {"level": self.level, "at": self.at, "checks": checks}


Check = Callable[[], Finding | list[Finding] | None]
_checks: dict[str, Check] = {}
_alone: set[str] = set()
"""Checks that ask no database: made also when there is none, as they may say why."""
_kept: tuple[float, Report] | None = None
_lock = threading.Lock()

FINE = Finding(Level.OK, Words("正常。", "Fine."))


def ok(zh: str, en: str) -> Finding:
    return Finding(Level.OK, Words(zh, en))


def warn(zh: str, en: str) -> Finding:
    return Finding(Level.WARN, Words(zh, en))


def bad(zh: str, en: str) -> Finding:
    return Finding(Level.BAD, Words(zh, en))


def check(name: str, *, alone: bool = False) -> Callable[[Check], Check]:
    """Register a check under ``name``. ``alone``: it asks no database."""

    def register(fn: Check) -> Check:
        _checks[name] = fn
        if alone:
            _alone.add(name)
        return fn

    return register


def discover() -> None:
    """Import every package's ``checks.py``; Django must be set up."""
    from django.utils.module_loading import autodiscover_modules

    from wangge.kernel.health import checks  # noqa: F401

    autodiscover_modules("checks")


def report(*, fresh: bool = False) -> Report:
    """All checks, the database's first. ``fresh``: not the one kept from a moment ago."""
    global _kept
    with _lock:
        if not fresh and _kept is not None and time.monotonic() - _kept[0] < FRESH:
            return _kept[1]
        made = _report()
        _kept = (time.monotonic(), made)
        return made


def _report() -> Report:
    discover()
    names = sorted(_checks, key=lambda n: (n != "database", n))
    results: list[Result] = []
    away = False
    for name in names:
        # Without the database little can be said, and each check would wait for its own time-out.
        if name in _alone or not away:
            results.append(_run(name))
            away = away or (name == "database" and results[-1].level == Level.BAD)
    level = max((r.level for r in results), key=_ORDER.index, default=Level.OK)
    return Report(clock.now(), level, tuple(results))


def _run(name: str) -> Result:
    from django.db import connection, transaction

    from wangge.kernel.access import SYSTEM, acting

    started = time.perf_counter()
    try:
        if name in _alone:
            found = _checks[name]()
        else:
            with acting(SYSTEM), transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL statement_timeout = {int(SECONDS * 1000)}")
                found = _checks[name]()
        findings = tuple(found if isinstance(found, list) else [found] if found else []) or (FINE,)
    except Exception as error:
        log.warning("health check failed", extra={"check": name, "error": type(error).__name__}, exc_info=error)
        findings = (_broken(name, error),)
    level = max((f.level for f in findings), key=_ORDER.index)
    return Result(name, level, findings, (time.perf_counter() - started) * 1000)


def _broken(name: str, error: Exception) -> Finding:
    kind = type(error).__name__
    if name == "database":
        return bad(
            f"数据库无法使用（{kind}）。请检查数据库服务与 WANGGE_DATABASE_URL。",
            f"The database cannot be used ({kind}). Check the database server and WANGGE_DATABASE_URL.",
        )
    return bad(f"无法完成这项检查（{kind}），详见日志。", f"This check could not be made ({kind}); the log says more.")
