"""A plot of cost against the number of cases, as an SVG written by hand: log-log, a line for each kind of call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from bench.measure import Run, spaced

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1000, 560, 70, 360, 40, 50
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7b83", "#57606a", "#e16f24", "#4d2d00")
SHOWN = (
    "report", "dispatch", "resolve", "case with its timeline", "queue page of 20, newest", "queue page of 20, any filter, order, person",
    "search, common", "map of the cases, any view, filter, person", "figures with medians, any scope and period", "rows exported as csv",
)  # fmt: skip
"""What is drawn: one of each workload; all of them would be a hedge."""


def cost(run: Run) -> dict[str, float]:
    """Milliseconds of a processor that one call takes of the server, by what it is."""
    return {
        m.what: sum(v for k, v in m.cpu.items() if k != "client") for m in run.measurements if m.cpu and not m.floor
    }


def svg(runs: Sequence[Run]) -> str:
    """One point for each run; a single run is a column of points."""
    ordered = sorted(runs, key=lambda r: r.cases)
    lines = {what: [(r.cases, cost(r)[what]) for r in ordered if cost(r).get(what, 0) > 0] for what in SHOWN}
    lines = {what: points for what, points in lines.items() if points}
    xs = [r.cases for r in ordered]
    ys = [y for points in lines.values() for _, y in points] or [1.0]
    x_from, x_to = (
        math.floor(math.log10(min(xs))),
        max(math.ceil(math.log10(max(xs))), math.floor(math.log10(min(xs))) + 1),
    )
    y_from, y_to = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)) + 1e-9)

    def at(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_from) / (x_to - x_from)
        up = (math.log10(y) - y_from) / max(y_to - y_from, 1)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15">Milliseconds of a processor for one call, by the number of cases</text>',
    ]
    for power in range(x_from, x_to + 1):
        x, bottom = at(10**power, 10**y_from)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20:.1f}" text-anchor="middle">{spaced(10**power)}</text>')
    for power in range(y_from, y_to + 1):
        _, y = at(10**x_from, 10**power)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    legend = sorted(lines, key=lambda what: -lines[what][-1][1])
    for row, what in enumerate(legend):
        colour = COLOURS[row % len(COLOURS)]
        dots = [at(*point) for point in lines[what]]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in dots]
        y = TOP + 14 + 22 * row
        parts.append(f'<circle cx="{WIDTH - RIGHT + 24}" cy="{y - 4}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 36}" y="{y}">{escape(what)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def draw(runs: Sequence[Run], path: Path) -> None:
    path.write_text(svg(runs), encoding="utf-8")
