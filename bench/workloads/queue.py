"""待办: pages of the queue with every filter and order that the console offers, and the case behind a row."""

from __future__ import annotations

import random
from itertools import product, repeat
from time import perf_counter
from urllib.parse import quote

from bench.server import Call, Client, Server
from wangge.domain.cases.queries import SORTS
from wangge.domain.cases.rules import Status

FUBAO = "440304010"
PEOPLE = ("fubao", "yantianqu", "handler", "worker", "leader")
"""The operator of a street, of a district; one unit's handler; a grid worker; who reads a whole district."""


def filters(server: Server) -> dict[str, str]:
    """Every filter of the console, common and rare, as its address says it; and what people put together."""
    [common] = server.sql("SELECT category AS id FROM cases_case GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    [rare] = server.sql("SELECT category AS id FROM cases_case GROUP BY 1 ORDER BY count(*) LIMIT 1")
    [some] = server.sql(
        """SELECT community, grid, lead, holder, reporter, number, lon, lat FROM cases_case
           WHERE street = %(street)s AND lead IS NOT NULL AND reporter IS NOT NULL AND grid IS NOT NULL ORDER BY id DESC LIMIT 1""",
        street=FUBAO,
    )
    [day] = server.sql(
        "SELECT (now() - interval '200 days')::date AS since, (now() - interval '170 days')::date AS until"
    )
    west, east, south, north = (f"{some[axis] + by:.5f}" for axis in ("lon", "lat") for by in (-0.01, 0.01))
    within = ";".join((f"{west},{south}", f"{east},{south}", f"{east},{north}", f"{west},{north}"))
    since, until = f"reported_from={day['since']}T00:00:00Z", f"reported_to={day['until']}T00:00:00Z"
    return {
        "none": "",
        **{f"status {status}": f"status={status}" for status in Status if status != "draft"},
        "all open": "status=reported&status=accepted&status=handling&status=verifying&status=following_up&status=suspended",
        "urgent": "urgency=urgent&urgency=emergency",
        "overdue": "overdue=true",
        "not overdue": "overdue=false",
        "the commonest category": f"category={common['id']}",
        "the rarest category": f"category={rare['id']}",
        "street": f"street={FUBAO}",
        "community": f"community={some['community']}",
        "grid": f"grid={some['grid']}",
        "lead unit": f"lead={some['lead']}",
        "lead or assisting": f"unit={some['lead']}",
        "held by": f"holder={some['holder']}",
        "asked for help": f"helper={some['lead']}",
        "reporter": f"reporter={some['reporter']}",
        "number": f"number={some['number']}",
        "channel hotline": "channel=hotline",
        "channel window": "channel=window",
        "channel camera (none is)": "channel=camera",
        "reported from": since,
        "reported before": until,
        "a month": f"{since}&{until}",
        "on the wall": "demanded=true",
        "demanded": "demand=urge",
        "supervision": "supervision=ordinary",
        "awaits a decision": "requested=true",
        "was returned": "returned=true",
        "returned twice": "returns=2",
        "failed a check": "reworked=true",
        "reopened": "reopened=true",
        "confidential": "confidential=true",
        "not located": "located=false",
        "tag": f"tag={quote('占道')}",
        "a drawn area": f"within={within}",
        "open, of a category, by the hotline": f"status=reported&status=accepted&category={common['id']}&channel=hotline",
        "void in a community": f"status=void&community={some['community']}",
    }


def run(server: Server) -> None:
    server.ask("queue", "queue page of 20, newest", repeat(Call("fubao", "GET", "/api/v1/cases?limit=20")))
    server.ask(
        "queue", "queue page of 20, due first", repeat(Call("fubao", "GET", "/api/v1/cases?limit=20&sort=due_at"))
    )
    every = {
        f"{login}: {name}, {sort}": Call(login, "GET", f"/api/v1/cases?limit=20&sort={sort}&{query}")
        for login, (name, query), sort in product(PEOPLE, filters(server).items(), SORTS)
    }
    dice, listed = random.Random(3), list(every.values())
    for login in PEOPLE:
        server.token(login)
    any_page = iter(lambda: dice.choice(listed), None)
    server.ask("queue", "queue page of 20, any filter, order, person", any_page, note=_slowest(server, every))


def _slowest(server: Server, every: dict[str, Call]) -> str:
    """Each by itself, the best of two: other users of the machine spoil that less."""
    client, slowest = Client(server.port), (0.0, "")
    for what, call in every.items():
        took = []
        for _ in range(2):
            began = perf_counter()
            status, answer = client.send(call, server.token(call.login))
            took.append(perf_counter() - began)
            assert status == 200, (call, answer)
        slowest = max(slowest, (min(took), what))
    return f"{len(every)} pages; the slowest alone {1000 * slowest[0]:.0f} ms ({slowest[1]})"


def detail(server: Server) -> None:
    """Cases of any age and status, each asked for once before: what is read in a day's work lies in memory."""
    found = server.sql(
        "SELECT id FROM cases_case WHERE street = %(street)s ORDER BY md5(id::text) LIMIT 2000", street=FUBAO
    )
    dice, all_ = random.Random(4), [Call("fubao", "GET", f"/api/v1/cases/{row['id']}") for row in found]
    server.token("fubao")
    server.warm(all_)
    server.ask("detail", "case with its timeline", iter(lambda: dice.choice(all_), None))
