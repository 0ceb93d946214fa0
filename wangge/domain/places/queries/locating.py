"""`locate(points)`: which grid of each layer holds a point, from an index in this process.

The index of a layer is rebuilt when the layer's stamp differs from the one it was built of. Stamps are read at most once
in `POLL_SECONDS` a process, so a change is seen by every process within that time, and at once by the one that made it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from wangge.domain.places.queries.grids import current_grids
from wangge.kernel.db import rows
from wangge.kernel.db.replica import at_home
from wangge.kernel.geo.coverage import SLIVER_WIDTH_M
from wangge.kernel.geo.locate import LayerIndex
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

POLL_SECONDS = 1.0


class GridHit(NamedTuple):
    """The grid that holds a point, and the version of its border."""

    grid_id: UUID
    version_id: UUID
    code: str
    name: str
    district: str
    street: str
    community: str
    name_en: str = ""

    @property
    def inside(self) -> bool:
        """True: the point is in this grid."""
        return True


class Outside(NamedTuple):
    """No grid of the layer holds the point. `nearest` is None for an empty layer; `distance_m` in metres."""

    nearest: GridHit | None
    distance_m: float

    @property
    def inside(self) -> bool:
        """False: the point is in no grid of the layer."""
        return False


@dataclass(frozen=True)
class _Layer:
    key: str
    id: UUID
    stamp: UUID
    index: LayerIndex


_lock = threading.Lock()
_built: dict[str, _Layer] = {}
_checked_at = -math.inf


def forget() -> None:
    """Look at the stamps again at the next question (after a change made by this process, and between tests)."""
    global _checked_at
    _checked_at = -math.inf


def locate(
    points: Iterable[tuple[float, float]], layers: Sequence[str] | None = None
) -> list[dict[str, GridHit | Outside]]:
    """For each (longitude, latitude) in degrees, for every layer (or those named) the grid that holds it, or `Outside`.

    A point on a border is in the grid of the lowest code. A point outside by no more than the width of a sliver (5 cm:
    what the coverage check lets pass as a leftover of drawing) is counted to the nearest grid. Raises Invalid for
    coordinates outside -180..180 / -90..90 and for a layer that does not exist.
    """
    chosen = _current()
    if layers is not None:
        unknown = [key for key in layers if key not in chosen]
        if unknown:
            raise Invalid.field(
                "body.layers", "unknown", f"没有图层 {'、'.join(unknown)}。", f"There is no layer {', '.join(unknown)}."
            )
        chosen = {key: chosen[key] for key in layers}
    return [
        {key: _one(layer.index, lon, lat, number) for key, layer in chosen.items()}
        for number, (lon, lat) in enumerate(points)
    ]


def held(lon: float, lat: float) -> dict[str, GridHit]:
    """The grid of each layer that holds the point as `locate` says; a layer none of whose grids does is left out, and nothing nearest looked for."""
    found = {}
    for key, layer in _current().items():
        hit = layer.index.locate(lon, lat)
        # twice: the index measures with the scale of the layer's middle
        if hit is None and (near := layer.index.nearest(lon, lat, 2 * SLIVER_WIDTH_M)):
            hit = near.id if near.distance_m <= SLIVER_WIDTH_M else None
        if hit is not None:
            found[key] = hit
    return found


def index_of(key: str) -> LayerIndex | None:
    """The current index of a layer (its ids are `GridHit`), None when there is no such layer."""
    layer = _current().get(key)
    return layer.index if layer else None


def _one(index: LayerIndex, lon: float, lat: float, number: int) -> GridHit | Outside:
    hit = index.locate(lon, lat)
    if hit is not None:
        return hit
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid.field(
            f"body.points[{number}]",
            "degrees",
            "坐标应为 WGS 84 经度、纬度（度）。",
            "Coordinates are WGS 84 longitude and latitude in degrees.",
        )
    nearest = index.nearest(lon, lat)
    if nearest is None:
        return Outside(None, math.inf)
    return nearest.id if nearest.distance_m <= SLIVER_WIDTH_M else Outside(nearest.id, nearest.distance_m)


def _current() -> dict[str, _Layer]:
    global _built, _checked_at
    if time.monotonic() - _checked_at < POLL_SECONDS:
        return _built
    with _lock:
        if time.monotonic() - _checked_at < POLL_SECONDS:
            return _built
        started = time.monotonic()
        fresh: dict[str, _Layer] = {}
        with at_home():  # what is remembered here is where cases are filed
            for row in rows.all("SELECT id, key, version, stamp FROM places_gridlayer ORDER BY key"):
                known = _built.get(row["key"])
                same = known is not None and known.stamp == row["stamp"]
                fresh[row["key"]] = (
                    known if same else _Layer(row["key"], row["id"], row["stamp"], _build(row["id"], row["version"]))
                )
        _built = fresh  # swapped as a whole: other threads may be walking through the old one
        _checked_at = started
        return _built


def _build(layer_id: UUID, version: int) -> LayerIndex:
    grids = current_grids(layer_id)
    hits = [
        GridHit(
            g["id"], g["version_id"], g["code"], g["name"], g["district"], g["street"], g["community"], g["name_en"]
        )
        for g in grids
    ]
    return LayerIndex(version, [g["shape"] for g in grids], hits)


def outside_error(path: str, outside: Outside) -> FieldError:
    """The error for a point that lies in no grid, with the nearest grid and its distance; `path` is the field's."""
    near = outside.nearest
    if near is None:
        words = Words("该图层尚无网格，无法定位。", "The layer has no grids yet; the point cannot be located.")
    else:
        metres = f"{outside.distance_m:.0f}"
        words = Words(
            f"该位置不在任何网格内；最近的是{near.name}（{near.code}），相距约 {metres} 米。",
            f"The point is in no grid; the nearest is {near.name_en or near.name} ({near.code}), about {metres} m away.",
        )
    return FieldError(path, "outside", words)
