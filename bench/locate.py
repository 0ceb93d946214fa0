"""How long one look-up takes in process: `python bench/locate.py [grids]`.

Prints the mean of a single look-up on a warm and on a cold index, and the floor: reading one point out of a list and
looking one key up in a dict, which no index in this language can beat. Target: a warm mean below 10 µs.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import shapely

from wangge.kernel.geo.locate import LayerIndex
from wangge.kernel.geo.subdivide import subdivide


def main(count: int) -> None:
    """Measure on a round area of about 100 km² cut into `count` grids."""
    area = shapely.Point(114.05, 22.55).buffer(0.05, quad_segs=64)
    grids = subdivide(area, count)
    started = time.perf_counter()
    index = LayerIndex(1, grids, list(range(len(grids))))
    build = time.perf_counter() - started
    points = (np.array([114.05, 22.55]) + (np.random.default_rng(7).random((100_000, 2)) - 0.5) * 0.08).tolist()
    table = {i: i for i in range(1000)}
    print(f"grids {count}  built in {build * 1000:.1f} ms")
    for name, call in (
        ("cold", lambda lon, lat: index.locate(lon, lat)),
        ("warm", lambda lon, lat: index.locate(lon, lat)),
        ("floor", lambda lon, lat: table[7]),
    ):
        started = time.perf_counter()
        for lon, lat in points:
            call(lon, lat)
        print(
            f"{name:6s} {(time.perf_counter() - started) / len(points) * 1e6:6.2f} µs a point (mean of {len(points)})"
        )
    print(f"cells  {len(index._cells)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
