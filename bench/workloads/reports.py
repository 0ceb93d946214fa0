"""上报: one by one, and as a phone sends what it has captured. From every street, because a street's reports of a day wait for each other's number."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Any

from bench.generator.chinese import Texts
from bench.server import Call, Server
from wangge.kernel.ids import uuid7

WORKER = "worker"
AT_ONCE = 20


def workers(server: Server) -> list[str]:
    """The log-ins of one grid worker of each street; all of them are logged in."""
    found = server.sql(
        """SELECT DISTINCT ON (left(p.grid, 9)) u.login FROM people_post p JOIN people_user u ON u.id = p.user_id
           WHERE p.role = 'grid_worker' ORDER BY left(p.grid, 9), u.login"""
    )
    logins = [row["login"] for row in found]
    for login in logins:
        server.token(login)
    return logins


def bodies(server: Server, logins: Sequence[str] = (WORKER,), each: int = 1) -> Iterator[tuple[str, dict[str, Any]]]:
    """Reports that these workers of the demo make in turn, so many ``each`` time, in the own grid, with texts as in real use."""
    own = {
        login: server.sql(
            """SELECT v.centre_lon AS lon, v.centre_lat AS lat FROM people_post p JOIN people_user u ON u.id = p.user_id
               JOIN places_grid g ON g.code = p.grid JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL
               WHERE u.login = %(login)s AND p.role = 'grid_worker' ORDER BY g.code LIMIT 1""",
            login=login,
        )[0]
        for login in logins
    }
    [kind] = server.sql("SELECT id FROM catalog_category WHERE code = '0101'")
    texts = Texts(random.Random(1))
    for n in count():
        told, login = texts.draw(), logins[n // each % len(logins)]
        yield (
            login,
            {
                "id": str(uuid7()),
                "text": told.text.decode(),
                "title": told.title.decode(),
                "address": told.address.decode(),
                "category": str(kind["id"]),
                "point": {"lon": own[login]["lon"] + n % 97 * 1e-7, "lat": own[login]["lat"]},
                "accuracy_m": 8,
                "channel": "worker",
            },
        )


def alone(login: str, body: dict[str, Any]) -> Call:
    return Call(login, "POST", "/api/v1/cases", body)


def together(login: str, given: Sequence[dict[str, Any]]) -> Call:
    listed = [{"id": str(uuid7()), "kind": "report", "given": body} for body in given]
    return Call(login, "POST", "/api/v1/batch", {"operations": listed})


def calls(server: Server, logins: Sequence[str] = (WORKER,)) -> Iterator[Call]:
    return (alone(login, body) for login, body in bodies(server, logins))


def run(server: Server) -> None:
    server.ask("report", "report", calls(server, workers(server)))
    server.ask("report", "report, all in one street", calls(server))


def batch(server: Server) -> None:
    """The rate is that of requests."""
    reports = bodies(server, workers(server), AT_ONCE)

    def requests() -> Iterator[Call]:
        while True:
            login, first = next(reports)
            yield together(login, [first, *(body for _, body in islice(reports, AT_ONCE - 1))])

    answered = server.ask("batch", f"batch of {AT_ONCE} reports", requests())
    assert all(a.body.count(b'"applied"') == AT_ONCE for a in answered), answered[0].body
