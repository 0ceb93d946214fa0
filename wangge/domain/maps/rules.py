"""The mesh that a map's cases are counted in: squares or hexagons of the web's Mercator plane.

Places on the plane are counted in steps: x from 180° W eastward, y from 85.05° N southward, 2³¹ around the earth, 1.9 cm at the equator.
A cell of a zoom lies where it lies, whatever view is asked for. No Django, no database.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wangge.kernel.geo import mercator

Shape = Literal["square", "hex"]
Box = tuple[float, float, float, float]
AROUND = 1 << 31
STEP_M = mercator.AROUND_M / AROUND
FINEST = 22
MOST_CELLS = 2_000
PER_ZOOM = 3
"""A cell is an eighth of the world at zoom 0 and half as wide at each next: 64 px where the world is 512 px at zoom 0, as in MapLibre."""


def steps_of(lon: float, lat: float) -> tuple[float, float]:
    x, y = mercator.of_degrees(lon, lat)
    return float(x * AROUND), float(y * AROUND)


def degrees_of(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of places on the plane."""
    return mercator.to_degrees(x / AROUND, y / AROUND)


@dataclass(frozen=True)
class Mesh:
    """The cells over a view: ``columns`` × ``rows`` of them from the cell (``column``, ``row``) of the plane on.

    ``size``: of a square its edge, of a hexagon (flat side up, as large as the square of its zoom) from its centre to a corner; in steps.
    """

    shape: Shape
    size: float
    column: int
    row: int
    columns: int
    rows: int

    @classmethod
    def over(cls, box: Box, zoom: float, shape: Shape) -> Mesh:
        """The mesh of this zoom; a coarser one where the view would have more than ``MOST_CELLS``."""
        west, south, east, north = box
        left, top = steps_of(west, north)
        right, bottom = steps_of(east, south)
        level = max(0, min(FINEST, int(zoom))) + PER_ZOOM
        while True:
            edge = AROUND / 2**level
            size = edge if shape == "square" else edge * math.sqrt(2 / math.sqrt(27))
            across, down = _pitch(shape, size)
            rim = int(shape == "hex")  # one that begins outside the view may reach into it
            column, row = math.floor(left / across) - rim, math.floor(top / down) - rim
            columns = math.floor(right / across) + rim - column + 1
            rows = math.floor(bottom / down) + rim - row + 1
            if columns * rows <= MOST_CELLS or level == 0:
                return cls(shape, size, column, row, columns, rows)
            level -= 1

    @property
    def size_m(self) -> float:
        """In metres of the Mercator plane (EPSG:3857)."""
        return self.size * STEP_M

    def cells(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Which of the mesh's cells, 0 to ``columns`` × ``rows`` - 1, each place of the view is in."""
        column, row = self._square(x, y) if self.shape == "square" else self._hexagon(x, y)
        # rounded to a whole step, a place on the view's edge may lie beyond it
        column = np.clip(column - self.column, 0, self.columns - 1)
        return np.clip(row - self.row, 0, self.rows - 1) * self.columns + column

    def centres(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The places in the middle of these cells."""
        across, down = _pitch(self.shape, self.size)
        row, column = np.divmod(cells, self.columns)
        column, row = column + self.column, row + self.row
        if self.shape == "square":
            return (column + 0.5) * across, (row + 0.5) * down
        return column * across, (row + (column & 1) / 2) * down

    def _square(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (x / self.size).astype(np.int64), (y / self.size).astype(np.int64)

    def _hexagon(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rounded in cube coordinates, whose sum is 0: the one that was rounded most gives way. Odd columns stand half a cell lower."""
        q = x / self.size * (2 / 3)
        r = y / self.size / math.sqrt(3) - q / 2
        near_q, near_r, near_s = np.rint(q), np.rint(r), np.rint(-q - r)
        off_q, off_r, off_s = np.abs(near_q - q), np.abs(near_r - r), np.abs(near_s + q + r)
        give_q = (off_q > off_r) & (off_q > off_s)
        give_r = ~give_q & (off_r > off_s)
        column = np.where(give_q, -near_r - near_s, near_q).astype(np.int64)
        row = np.where(give_r, -near_q - near_s, near_r).astype(np.int64)
        return column, row + (column - (column & 1)) // 2


def _pitch(shape: Shape, size: float) -> tuple[float, float]:
    """From one column, and one row, to the next."""
    return (size, size) if shape == "square" else (size * 1.5, size * math.sqrt(3))
