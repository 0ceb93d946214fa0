"""Vector tiles (Mapbox Vector Tile 2.1) of polygons and points, encoded here because a map of 20 000 grids must be quick.

Shapes are projected, simplified and clipped all at once by shapely; only the writing of bytes walks feature by feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from wangge.kernel.geo import mercator

EXTENT = 4096
BUFFER = 64  # tile units drawn beyond the edge, so that outlines have no seams
DEEPEST = 22

_VARINTS = [bytes([i]) if i < 128 else bytes([i & 127 | 128, i >> 7]) for i in range(1 << 14)]


def tile_bounds(z: int, x: int, y: int, buffer: int = BUFFER) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of a tile of the web's Mercator scheme, with its buffer."""
    rim, size = buffer / EXTENT, 1 << z
    west, north = mercator.to_degrees((x - rim) / size, (y - rim) / size)
    east, south = mercator.to_degrees((x + 1 + rim) / size, (y + 1 + rim) / size)
    return (float(west), float(south), float(east), float(north))


def encode_tile(
    name: str, z: int, x: int, y: int, shapes: Sequence[Any] | np.ndarray, properties: Sequence[Mapping[str, Any]]
) -> bytes:
    """One layer of polygons or points (WGS 84 degrees) as a tile; features outside it or below a pixel are left out.

    Property values are strings, whole numbers, floats or booleans. Raises ValueError for a tile that does not exist.
    """
    if not (0 <= z <= DEEPEST and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ValueError(f"there is no tile {z}/{x}/{y}")
    array = np.asarray(shapes, dtype=object)
    if not len(array):
        return b""
    array = shapely.transform(array, lambda c: _project(c, z, x, y))
    array = shapely.simplify(array, 1.0, preserve_topology=False)
    edge = EXTENT + BUFFER
    array = shapely.clip_by_rect(array, -BUFFER, -BUFFER, edge, edge)
    array = shapely.transform(array, np.rint)
    array = shapely.orient_polygons(array)
    layer = _Layer(name)
    for number, commands in _polygons(array):
        layer.add(3, commands, properties[number])
    points = np.flatnonzero((shapely.get_type_id(array) == 0) & ~shapely.is_empty(array))
    for number, (east, south) in zip(points.tolist(), shapely.get_coordinates(array[points]).tolist(), strict=True):
        if 0 <= east < EXTENT and 0 <= south < EXTENT:
            layer.add(1, [9, *_zigzag([int(east), int(south)])], properties[number])
    return layer.bytes()


def _project(c: np.ndarray, z: int, x: int, y: int) -> np.ndarray:
    scale = float(1 << z) * EXTENT
    east, south = mercator.of_degrees(c[:, 0], c[:, 1])
    return np.c_[east * scale - x * EXTENT, south * scale - y * EXTENT]


def _varint(value: int) -> bytes:
    if value < 1 << 14:
        return _VARINTS[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _packed(values: Sequence[int]) -> bytes:
    small = _VARINTS
    try:
        return b"".join([small[v] for v in values])
    except IndexError:
        return b"".join([_varint(v) for v in values])


class _Layer:
    """A layer being written: shared keys and values, finished features."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.keys: dict[str, int] = {}
        self.values: dict[tuple[type, Any], int] = {}
        self.features: list[bytes] = []

    def add(self, kind: int, geometry: list[int], properties: Mapping[str, Any]) -> None:
        """A feature: 1 point or 3 polygon, its drawing commands."""
        tags: list[int] = []
        for key, value in properties.items():
            if value is not None:
                tags.append(self.keys.setdefault(key, len(self.keys)))
                tags.append(self.values.setdefault((type(value), value), len(self.values)))
        feature = _field(2, _packed(tags)) + b"\x18" + bytes([kind]) + _field(4, _packed(geometry))
        self.features.append(_field(2, feature))

    def bytes(self) -> bytes:
        if not self.features:
            return b""
        keys = b"".join(_field(3, key.encode()) for key in self.keys)
        values = b"".join(_field(4, _value(value)) for _, value in self.values)
        body = _field(1, self.name.encode()) + b"".join(self.features) + keys + values
        body += b"\x28" + _varint(EXTENT) + b"\x78\x02"
        return _field(3, body)


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\x38" + bytes([value])
    if isinstance(value, int):
        return b"\x30" + _varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if isinstance(value, float):
        return b"\x19" + np.float64(value).tobytes()
    return _field(1, str(value).encode())


def _zigzag(values: Sequence[int]) -> list[int]:
    return [v << 1 if v >= 0 else (-v << 1) - 1 for v in values]


def _polygons(array: np.ndarray) -> Iterator[tuple[int, list[int]]]:
    """Index and commands of each polygonal feature that is not too small to be drawn.

    A ring that shrank to a line is dropped, with its polygon when it is the outer one.
    """
    parts, part_owner = shapely.get_parts(array, return_index=True)
    plain = shapely.get_type_id(parts) == 3
    parts, part_owner = parts[plain], part_owner[plain]
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    coords, coord_ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.searchsorted(coord_ring, np.arange(len(rings) + 1)).tolist()
    corners = coords.astype(np.int64).tolist()
    owners = part_owner[ring_part].tolist()
    part_of = ring_part.tolist()
    commands: list[int] = []
    owner, last_part, dropped = -1, -1, -1
    at_x = at_y = 0
    for ring in range(len(owners)):
        if owners[ring] != owner:
            if commands:
                yield owner, commands
            owner, commands, at_x, at_y = owners[ring], [], 0, 0
        outer, last_part = part_of[ring] != last_part, part_of[ring]
        if last_part == dropped:
            continue
        path: list[list[int]] = []
        for corner in corners[ends[ring] : ends[ring + 1]]:
            if not path or path[-1] != corner:
                path.append(corner)
        if len(path) > 1 and path[0] == path[-1]:
            path.pop()
        if len(path) < 3:
            dropped = last_part if outer else dropped
            continue
        moves: list[int] = []
        for x, y in path:
            dx, dy = x - at_x, y - at_y
            moves += (dx << 1 if dx >= 0 else (-dx << 1) - 1, dy << 1 if dy >= 0 else (-dy << 1) - 1)
            at_x, at_y = x, y
        commands += (9, moves[0], moves[1], (len(path) - 1) << 3 | 2, *moves[2:], 15)
    if commands:
        yield owner, commands
