"""地图: cases of any view, the grid of a point, tiles of grids."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from itertools import count

import numpy as np

from bench.measure import measured
from bench.server import Call, Server
from wangge.domain.places import queries as places

WEST, SOUTH, EAST, NORTH = 113.98, 22.50, 114.33, 22.62
FILTERS = (
    "",
    "status=reported&status=accepted&status=handling&status=verifying&status=following_up&status=suspended",
    "overdue=true",
    "channel=hotline",
    "returned=true",
    "street=440304010",
)
PEOPLE = ("leader", "yantianqu", "fubao", "handler")


def views() -> Iterator[Call]:
    """Views of a screen at the zooms that people look at."""
    dice = random.Random(5)
    while True:
        zoom = dice.choice((10, 11, 12, 13, 14, 15, 17))
        wide, high = (n * 360 / 512 / 2**zoom for n in (1440, 800))
        west, south = dice.uniform(WEST, EAST) - wide / 2, dice.uniform(SOUTH, NORTH) - high / 2
        box = f"{west:.5f},{south:.5f},{west + wide:.5f},{south + high:.5f}"
        query = f"box={box}&zoom={zoom}&shape={dice.choice(('square', 'hex'))}&{dice.choice(FILTERS)}"
        yield Call(dice.choice(PEOPLE), "GET", f"/api/v1/cases/map?{query}")


def run(server: Server) -> None:
    for login in PEOPLE:
        server.token(login)
    server.ask("map", "map of the cases, any view, filter, person", views())


def locate(server: Server) -> None:
    """Over HTTP, and in the process, where every report does it. Floor: looking one key up in a dict, which no index can beat."""
    dice = np.random.default_rng(7)
    drawn = (np.array([WEST, SOUTH]) + dice.random((100_000, 2)) * np.array([EAST - WEST, NORTH - SOUTH])).tolist()
    points: list[list[list[float]]] = [[], []]
    for point, hits in zip(drawn, places.locate(drawn, ["base"]), strict=True):
        points[hits["base"].inside].append(point)
    outside, inside = points
    ten = (inside[10 * n % (len(inside) - 10) :][:10] for n in count())
    server.ask(
        "locate", "ten points located", (Call("fubao", "POST", "/api/v1/locate", {"points": some}) for some in ten)
    )
    known = {0: 0}
    for what, floor, call, asked in (
        ("a look-up in a dict", True, lambda some: [known[0] for _ in some], inside),
        ("a point of a grid located, in process", False, lambda some: places.locate(some, ["base"]), inside),
        ("… in each layer", False, lambda some: [places.held(*point) for point in some], inside),
        ("a point of no grid, and the nearest, in process", False, lambda some: places.locate(some, ["base"]), outside),
    ):
        took = []
        for at in range(0, 20_000, 100):
            started = time.perf_counter()
            call(asked[at : at + 100])
            took += [(time.perf_counter() - started) / 100] * 100
        found = measured(
            "locate", what, took, sum(took), floor=floor, note=f"{sum(took) / len(took) * 1e6:.2f} µs each"
        )
        server.add(found)


def tiles(server: Server) -> None:
    """Grids of the base layer: what a map asks when it is opened."""
    dice = random.Random(6)

    def asked() -> Iterator[Call]:
        while True:
            z = dice.choice((11, 12, 13, 14, 15))
            lon, lat = dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH)
            x = int((lon + 180) / 360 * (1 << z))
            y = int((0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * (1 << z))
            yield Call("fubao", "GET", f"/api/v1/tiles/base/{z}/{x}/{y}.mvt")

    server.ask("tiles", "tile of grids", asked())
