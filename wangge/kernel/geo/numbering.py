"""Numbers of grids inside a community: three digits, west to east, north to south, never given twice.

The order is that of a reading eye. The centroids' extent (in metres) is cut from the north into bands of equal
height; their count is round(sqrt(n · height / width)), at least one, so that a band is about as high as a grid. Bands
are read from the north, and inside a band grids are read from west to east; equal longitudes are read from the north.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.lattice import metres_per_degree

LAST = 999


class NoNumberLeft(ValueError):
    """All 999 numbers of a community have been given."""


def reading_order(geometries: Sequence[BaseGeometry]) -> list[int]:
    """Indices of the geometries in the order they are numbered (see the module's rule)."""
    count = len(geometries)
    if count == 0:
        return []
    centres = shapely.get_coordinates(shapely.centroid(np.asarray(geometries, dtype=object)))
    lon, lat = np.rint(centres * 1e7).T
    east, north = metres_per_degree(float(centres[:, 1].mean()))
    width, height = (lon.max() - lon.min()) * east, (lat.max() - lat.min()) * north
    bands = 1 if height <= 0 else min(count, max(1, round(math.sqrt(count * height / width)) if width > 0 else count))
    step = (lat.max() - lat.min()) / bands or 1.0
    band = np.minimum(((lat.max() - lat) / step).astype(int), bands - 1)
    return [int(i) for i in np.lexsort((-lat, lon, band))]


def next_numbers(given: Iterable[int], count: int) -> list[int]:
    """The next `count` numbers after the highest ever given, retired ones included in `given`.

    Only when 999 is reached are numbers used that were passed over and never given. Raises `NoNumberLeft`.
    """
    used = set(given)
    highest = max(used, default=0)
    fresh = list(range(highest + 1, LAST + 1))[:count]
    if len(fresh) < count:
        fresh += [n for n in range(1, highest) if n not in used][: count - len(fresh)]
    if len(fresh) < count:
        raise NoNumberLeft(f"{count} numbers are needed, {len(fresh)} of {LAST} are left")
    return fresh


def next_codes(community: str, given: Iterable[str], count: int) -> list[str]:
    """The next `count` 15-digit grid codes of a 12-digit community; `given` are all codes it ever had."""
    numbers = (int(code[12:]) for code in given if code[:12] == community)
    return [f"{community}{number:03d}" for number in next_numbers(numbers, count)]
