"""统计: a dashboard's parts, for any scope and period."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

from bench.server import Call, Server
from wangge.kernel import clock

PEOPLE = ("leader", "yantianqu", "fubao", "analyst", "unitleader", "station")


def run(server: Server) -> None:
    dice = random.Random(8)
    today = clock.now().date()

    def period() -> str:
        """What people ask: a day, a week, a month, a quarter, a year, nearly two; ending on any day."""
        length = dice.choice((1, 7, 30, 31, 90, 91, 365, 366, 690))
        last = today - timedelta(days=dice.randrange(700 - length))
        return f"from={last - timedelta(days=length - 1)}&to={last}"

    def asked(path: str) -> Iterator[Call]:
        while True:
            yield Call(dice.choice(PEOPLE), "GET", f"/api/v1/stats/{path}{period()}")

    for login in PEOPLE:
        server.token(login)
    server.ask("dashboard", "figures with medians, any scope and period", asked("summary?"))
    for dimension in ("category", "level", "street", "unit"):
        server.ask("dashboard", f"table by {dimension}", asked(f"table?by={dimension}&"), seconds=server.seconds / 2)
    server.ask("dashboard", "series by month", asked("series?by=month&"), seconds=server.seconds / 2)
    server.ask(
        "dashboard",
        "today",
        iter(lambda: Call(dice.choice(("leader", "yantianqu", "fubao")), "GET", "/api/v1/stats/today"), None),
    )
