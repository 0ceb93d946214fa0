"""How long a map tile takes: `python bench/tiles.py [grids]`. Floor: only projecting and clipping the shapes."""

from __future__ import annotations

import sys
import time

import numpy as np
import shapely

from wangge.kernel.geo.subdivide import subdivide
from wangge.kernel.geo.tiles import encode_tile, tile_bounds


def main(count: int) -> None:
    """All grids in one tile, and the usual view of a street."""
    area = shapely.Point(114.05, 22.55).buffer(0.12, quad_segs=64)
    grids = np.array(subdivide(area, count), dtype=object)
    boxes = shapely.bounds(grids)
    properties = [{"code": f"{i:015d}", "name": f"网格{i}"} for i in range(count)]
    for z in (9, 11, 13, 15):
        x = int((114.05 + 180) / 360 * (1 << z))
        y = int((0.5 - np.arcsinh(np.tan(np.radians(22.55))) / (2 * np.pi)) * (1 << z))
        west, south, east, north = tile_bounds(z, x, y)
        started = time.perf_counter()
        near = np.flatnonzero(
            (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        )
        raw = encode_tile("base", z, x, y, grids[near], [properties[i] for i in near])
        whole = time.perf_counter() - started
        started = time.perf_counter()
        shapely.clip_by_rect(shapely.transform(grids[near], lambda c: c * 2), west, south, east, north)
        floor = time.perf_counter() - started
        print(
            f"z {z:2d}: {len(near):6d} grids {len(raw) / 1024:8.1f} KB {whole * 1000:8.1f} ms (floor {floor * 1000:.1f})"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
