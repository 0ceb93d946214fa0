"""Which grid holds a point: an in-memory index of one layer.

The answer is exact. A point is rounded to the lattice of 1e-7 degree (1.1 cm) that all stored vertices lie on, and the
side of every border is decided in whole numbers. A polygon holds its border; where several polygons hold a point (a
shared border or corner, or an overlap in a faulty layer) the one that comes first in the order of the ids given to
the index wins. Ids are given in the order of grid codes, so a border point belongs to the grid of the lowest code.

How it is fast: the layer is laid out in raster cells, about nine to a grid. A cell that no border enters knows its
grid; any other keeps only the few edges that can decide. Cells are worked out at the first point that falls in them,
so that a new version of a layer costs next to nothing until it is used.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.lattice import UNITS, distance_m, metres_per_degree, to_units

_CELLS_PER_GRID = 9

_Edges = tuple[tuple[int, int, int, int], ...]
_Candidate = tuple[int, bool, _Edges]  # polygon, inside by what lies right of the cell, edges that can decide


class Nearest(NamedTuple):
    """The nearest polygon to a point outside all, and its distance in metres."""

    id: Any
    distance_m: float


class LayerIndex:
    """Index over the polygons of one layer version. Threads may share it: cells are only ever added."""

    def __init__(self, version: int, polygons: Sequence[BaseGeometry], ids: Sequence[Any]) -> None:
        """`polygons` in degrees, `ids` in the order that decides ties. Raises ValueError when lengths differ."""
        if len(polygons) != len(ids):
            raise ValueError("each polygon needs one id")
        self.version = version
        self.ids = list(ids)
        self.polygons = np.array(list(polygons), dtype=object)
        self._cells: dict[int, int | tuple[_Candidate, ...] | None] = {}
        self._plane: tuple[shapely.STRtree, float, float] | None = None
        self.bounds = shapely.bounds(self.polygons) if len(self.ids) else np.zeros((0, 4))  # degrees, (k, 4)
        boxes = to_units(self.bounds)
        self._x0, self._y0 = (int(v) for v in boxes[:, :2].min(axis=0)) if len(self.ids) else (0, 0)
        self._x1, self._y1 = (int(v) for v in boxes[:, 2:].max(axis=0)) if len(self.ids) else (-1, -1)
        mean = float(shapely.area(self.polygons).mean()) * UNITS**2 if len(self.ids) else 1.0
        self._side = max(1, int(math.sqrt(mean / _CELLS_PER_GRID)))
        self._rows = (self._y1 - self._y0) // self._side + 1
        self._tree = shapely.STRtree(shapely.box(*boxes.T)) if len(self.ids) else None
        self._edges: dict[int, list[tuple[int, int, int, int]]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def locate(self, lon: float, lat: float) -> Any | None:
        """The id of the polygon that holds a point (degrees), None outside all or for a coordinate that is no number."""
        try:
            x, y = round(lon * 10_000_000), round(lat * 10_000_000)
        except (ValueError, OverflowError):
            return None
        if not (self._x0 <= x <= self._x1 and self._y0 <= y <= self._y1):
            return None
        key = (x - self._x0) // self._side * self._rows + (y - self._y0) // self._side
        try:
            cell = self._cells[key]
        except KeyError:
            cell = self._cells[key] = self._resolve(key)
        if cell is None:
            return None
        if cell.__class__ is int:
            return self.ids[cell]
        for polygon, inside, edges in cell:  # type: ignore[union-attr]
            if _holds(inside, edges, x, y):
                return self.ids[polygon]
        return None

    def locate_many(self, points: Iterable[tuple[float, float]] | np.ndarray) -> list[Any | None]:
        """`locate` for each (lon, lat), in order."""
        if isinstance(points, np.ndarray):
            points = points.tolist()
        locate = self.locate
        return [locate(lon, lat) for lon, lat in points]

    def all_at(self, lon: float, lat: float) -> list[Any]:
        """Every id that holds a point, in tie-break order: one inside a grid, several on a border or in an overlap."""
        if self._tree is None:
            return []
        x, y = (int(v) for v in to_units(np.array([lon, lat])))
        found = sorted(int(i) for i in self._tree.query(shapely.Point(x, y)))
        return [self.ids[i] for i in found if _holds(False, tuple(self._edges_of(i)), x, y)]

    def nearest(self, lon: float, lat: float, within: float | None = None) -> Nearest | None:
        """The nearest polygon and its distance in metres (0 inside); the first id among equals; None when there is none, or none ``within``
        so many metres."""
        if not len(self.ids):
            return None
        if self._plane is None:
            scale = metres_per_degree((self._y0 + self._y1) / 2 / UNITS)
            plane = shapely.transform(self.polygons, lambda c: c * np.array(scale))
            self._plane = (shapely.STRtree(plane), *scale)
        tree, east, north = self._plane
        here = shapely.Point(lon * east, lat * north)
        found = tree.query_nearest(here, max_distance=within, all_matches=True)
        if not len(found):
            return None
        at = int(found.min())
        line = shapely.get_coordinates(shapely.shortest_line(tree.geometries[at], here))
        far = line[0] / np.array([east, north])
        return Nearest(self.ids[at], distance_m(lon, lat, float(far[0]), float(far[1])))

    def _edges_of(self, polygon: int) -> list[tuple[int, int, int, int]]:
        """Edges of all rings of a polygon in lattice units, each from its lower to its higher end."""
        edges = self._edges.get(polygon)
        if edges is None:
            edges = []
            for part in shapely.get_parts(self.polygons[polygon]):
                for ring in shapely.get_rings(part):
                    corners = to_units(shapely.get_coordinates(ring)).tolist()
                    for (xa, ya), (xb, yb) in itertools.pairwise(corners):
                        if ya < yb:
                            edges.append((xa, ya, xb, yb))
                        elif ya > yb or xa != xb:
                            edges.append((xb, yb, xa, ya))
            self._edges[polygon] = edges
        return edges

    def _resolve(self, key: int) -> int | tuple[_Candidate, ...] | None:
        """Work out a cell: its one polygon, the polygons and edges that decide inside it, or None when all is outside."""
        left = self._x0 + key // self._rows * self._side
        low = self._y0 + key % self._rows * self._side
        right, high = left + self._side - 1, low + self._side - 1  # a cell's points: left..right, low..high
        assert self._tree is not None
        found: list[_Candidate] = []
        for polygon in sorted(int(i) for i in self._tree.query(shapely.box(left, low, right, high))):
            inside, near = False, []
            for edge in self._edges_of(polygon):
                xa, ya, xb, yb = edge
                if ya > high or yb < low or (xa < left and xb < left):
                    continue
                if xa > right and xb > right:
                    if ya <= low and yb > high:  # crossed by every ray of the cell: count it once for all
                        inside = not inside
                        continue
                    if ya == yb:  # level and to the right: never crossed, never touched
                        continue
                near.append(edge)
            if near or inside:
                found.append((polygon, inside, tuple(near)))
        if not found:
            return None
        if not found[0][2]:  # the first polygon covers the whole cell, so it wins everywhere in it
            return found[0][0]
        return tuple(found)


def _holds(inside: bool, edges: _Edges, x: int, y: int) -> bool:
    """Whether a polygon holds a lattice point, by crossings of the ray to the east; on an edge counts as inside."""
    for xa, ya, xb, yb in edges:
        if ya <= y <= yb:
            if ya == yb:
                if xa <= x <= xb or xb <= x <= xa:
                    return True
                continue
            turn = (xb - xa) * (y - ya) - (x - xa) * (yb - ya)
            if turn == 0:
                return True
            if turn > 0 and y < yb:
                inside = not inside
    return inside
