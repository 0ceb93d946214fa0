"""What is asked of the program: each module here is one kind of work, each function in ``WORKLOADS`` one name on the command line."""

from __future__ import annotations

from collections.abc import Callable

from bench.server import Server
from bench.workloads import acts, evidence, exports, figures, floors, live, maps, orders, queue, reports, search

WORKLOADS: dict[str, Callable[[Server], None]] = {
    "floors": floors.run,
    "queue": queue.run,
    "detail": queue.detail,
    "search": search.run,
    "map": maps.run,
    "dashboard": figures.run,
    "locate": maps.locate,
    "tiles": maps.tiles,
    "export": exports.run,
    "report": reports.run,
    "batch": reports.batch,
    "acts": acts.run,
    "live": live.run,
    "orders": orders.run,
    "evidence": evidence.run,
}
"""In the order in which they are run: what only reads comes first, and what leaves the worker busy comes last."""
