"""What is measured, in one form for all: a run has measurements, each of one kind of call."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

KINDS = ("web", "worker", "live", "postgres", "client")
"""Whose processor time is told apart; ``client`` is the measuring process itself."""


@dataclass(frozen=True)
class Measurement:
    """``count`` calls in ``seconds``; ``p50``, ``p95``, ``p99`` in milliseconds. ``cpu``: milliseconds of a processor for one call, by kind of
    process. ``alone``: p95 of the same calls one after the other, with nobody else about. ``statements``: SQL statements of one call. ``memory``: MB of all the server's processes afterwards (shared pages counted once).
    ``grows``: whether the answer grows with the number of cases. ``note``: what else was seen."""

    workload: str
    what: str
    count: int
    seconds: float
    p50: float
    p95: float
    p99: float
    cpu: Mapping[str, float] = field(default_factory=dict)
    alone: float | None = None
    statements: int | None = None
    memory: float | None = None
    grows: bool = False
    floor: bool = False
    note: str = ""

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def measured(workload: str, what: str, took: Sequence[float], seconds: float, **more: Any) -> Measurement:
    """``took``: seconds of each call."""
    ordered = sorted(took)
    p50, p95, p99 = (1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95, 0.99))
    return Measurement(workload, what, len(ordered), seconds, p50, p95, p99, **more)


@dataclass
class Run:
    """One installation of ``cases`` cases. ``filled``: how the generator did, if it made them in this run."""

    cases: int
    machine: dict[str, Any]
    began: str
    filled: dict[str, Any] | None = None
    measurements: list[Measurement] = field(default_factory=list)

    def write(self, path: Path) -> None:
        said = asdict(self)
        for one, measurement in zip(said["measurements"], self.measurements, strict=True):
            one["rate"] = measurement.rate
        path.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Run:
        said = orjson.loads(path.read_bytes())
        for one in said["measurements"]:
            del one["rate"]
        said["measurements"] = [Measurement(**one) for one in said["measurements"]]
        return cls(**said)


def machine(postgres: str) -> dict[str, Any]:
    """What it ran on, as far as figures depend on it."""
    models = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [int(line.split()[1]) // 1024 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    return {
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "model": models[0] if models else platform.machine(),
        "memory_mb": memory[0] if memory else None,
        "python": platform.python_version(),
        "postgres": postgres,
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def table(run: Run) -> str:
    """The run as Markdown, floors among what they are the floors of."""
    lines = [
        f"| {spaced(run.cases)} cases | a second | p50 | p95 | p99 | alone p95 | web | worker | PostgreSQL | SQL | |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for m in run.measurements:
        name = f"*floor: {m.what}*" if m.floor else m.what
        cpu = [f"{m.cpu[k]:.1f}" if k in m.cpu else "–" for k in ("web", "worker", "postgres")]
        if m.cpu.get("live", 0) >= 0.05:
            cpu[1] += f" + live {m.cpu['live']:.1f}"
        sql = "–" if m.statements is None else str(m.statements)
        alone = "–" if m.alone is None else f"{m.alone:.1f}"
        lines.append(
            f"| {name} | {spaced(m.rate)} | {m.p50:.1f} | {m.p95:.1f} | {m.p99:.1f} | {alone} | {' | '.join(cpu)} | {sql} | {m.note} |"
        )
    return "\n".join(lines)


def compared(runs: Sequence[Run]) -> str:
    """The same calls at several sizes, as Markdown: rate, p95 of one client alone, milliseconds of a processor of all the server. The last column is
    the largest's rate as a share of the smallest's, which is 1 where nothing depends on the number of cases."""
    ordered = sorted(runs, key=lambda run: run.cases)
    found = [{m.what: m for m in run.measurements} for run in ordered]
    sizes = " | ".join(f"{spaced(run.cases)} cases: a second, p95 alone, processor" for run in ordered)
    lines = [f"| | {sizes} | |", f"|---|{'---:|' * len(ordered)}---:|"]
    for what, first in found[0].items():
        same = [some.get(what) for some in found]
        cells = [
            "–"
            if m is None
            else f"{spaced(m.rate)}, {'–' if m.alone is None else f'{m.alone:.0f}'}, {sum(v for k, v in m.cpu.items() if k != 'client'):.1f}"
            for m in same
        ]
        name = f"*floor: {what}*" if first.floor else what
        share = "grows" if first.grows else "–" if same[-1] is None else f"{same[-1].rate / first.rate:.2f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {share} |")
    return "\n".join(lines)


def spaced(number: float) -> str:
    """A whole number with its thousands apart; a small one with two places."""
    return f"{number:,.0f}".replace(",", " ") if number >= 10 else f"{number:.2f}"
