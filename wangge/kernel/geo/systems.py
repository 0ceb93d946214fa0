"""Coordinate systems at the edge: everything inside is WGS 84, every import and export names its own.

* `wgs84` and `cgcs2000`: the same here (they differ by centimetres).
* `gcj02`: the offset of Chinese web maps, published nowhere; the formula is the one all open converters share. Outside
  the box 72.004–137.8347 E, 0.8293–55.8271 N there is no offset.
* `bd09`: Baidu's second offset on top of GCJ-02.
* `LocalPlane`: a town's own plane in metres, fitted from control points known in both.

The two inverses are iterated until the forward formula gives the input back within 1e-10 degree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import shapely

from wangge.kernel.geo import transverse

_A, _EE = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, as in the GCJ-02 formula
_X_PI = np.pi * 3000.0 / 180.0


class System(Protocol):
    """A declared coordinate system: arrays (k, 2) of x, y to and from WGS 84 longitude, latitude in degrees."""

    key: str

    def to_wgs84(self, xy: np.ndarray) -> np.ndarray: ...

    def from_wgs84(self, lonlat: np.ndarray) -> np.ndarray: ...


class UnknownSystem(ValueError):
    """A name that is no coordinate system."""


class BadFit(ValueError):
    """Control points from which no trustworthy plane follows; the text says why, with metres."""


@dataclass(frozen=True)
class Named:
    """A system given by formulas alone."""

    key: str
    to_wgs84: Callable[[np.ndarray], np.ndarray]
    from_wgs84: Callable[[np.ndarray], np.ndarray]


def _gcj_offset(lonlat: np.ndarray) -> np.ndarray:
    lon, lat = lonlat.T
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    phi = np.radians(lat)
    magic = 1 - _EE * np.sin(phi) ** 2
    north = np.degrees(north / (_A * (1 - _EE) / magic**1.5))
    east = np.degrees(east / (_A / np.sqrt(magic) * np.cos(phi)))
    china = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    return np.where(china[:, None], np.c_[east, north], 0.0)


def wgs84_to_gcj02(lonlat: np.ndarray) -> np.ndarray:
    """GCJ-02 degrees (k, 2) of WGS 84 degrees (k, 2)."""
    return lonlat + _gcj_offset(lonlat)


def gcj02_to_wgs84(lonlat: np.ndarray) -> np.ndarray:
    """WGS 84 degrees (k, 2) of GCJ-02 degrees (k, 2)."""
    return _inverted(wgs84_to_gcj02, lonlat)


def gcj02_to_bd09(lonlat: np.ndarray) -> np.ndarray:
    """BD-09 degrees (k, 2) of GCJ-02 degrees (k, 2)."""
    lon, lat = lonlat.T
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _X_PI)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _X_PI)
    return np.c_[z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006]


def bd09_to_gcj02(lonlat: np.ndarray) -> np.ndarray:
    """GCJ-02 degrees (k, 2) of BD-09 degrees (k, 2)."""
    return _inverted(gcj02_to_bd09, lonlat, lonlat - np.array([0.0065, 0.006]))


def _inverted(forward: Callable, goal: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """The points that `forward` moves to `goal`: a fixed point, since the offset hardly changes over its own length."""
    goal = np.asarray(goal, dtype=float)
    guess = goal.copy() if start is None else start.copy()
    for _ in range(60):
        error = forward(guess) - goal
        # points at the edge of the box jump over it and never settle; they stay within one offset of the truth
        if not np.any(np.abs(error) > 1e-11):
            break
        guess = guess - error
    return guess


def _same(xy: np.ndarray) -> np.ndarray:
    return np.asarray(xy, dtype=float)


WGS84 = Named("wgs84", _same, _same)
CGCS2000 = Named("cgcs2000", _same, _same)
GCJ02 = Named("gcj02", gcj02_to_wgs84, wgs84_to_gcj02)
BD09 = Named("bd09", lambda xy: gcj02_to_wgs84(bd09_to_gcj02(xy)), lambda ll: gcj02_to_bd09(wgs84_to_gcj02(ll)))
SYSTEMS: dict[str, Named] = {system.key: system for system in (WGS84, CGCS2000, GCJ02, BD09)}


def system(name: str) -> Named:
    """The system of a name, however it is written (`GCJ-02`, `wgs 84`). Raises `UnknownSystem`."""
    key = "".join(c for c in name.lower() if c.isalnum())
    key = {"epsg4326": "wgs84", "epsg4490": "cgcs2000", "crs84": "wgs84", "gcj2": "gcj02", "bd9": "bd09"}.get(key, key)
    try:
        return SYSTEMS[key]
    except KeyError:
        raise UnknownSystem(f"{name!r} is none of {', '.join(SYSTEMS)}, and no control points are given") from None


@dataclass(frozen=True)
class ControlPoint:
    """One point known in both systems: x, y in the plane's metres; longitude and latitude in WGS 84 degrees."""

    x: float
    y: float
    lon: float
    lat: float


@dataclass(frozen=True)
class LocalPlane:
    """A local plane fitted from control points. `residuals_m`: distance left at each point, in metres."""

    meridian: float
    matrix: np.ndarray  # (2, 3): east, north = matrix @ (x, y, 1)
    kind: str  # "affine" or "helmert"
    residuals_m: tuple[float, ...]
    scale: float  # metres of the ellipsoid for a unit of the plane
    key: str = "local"

    @property
    def rms_m(self) -> float:
        """Root mean square of the residuals in metres."""
        return float(np.sqrt(np.mean(np.square(self.residuals_m))))

    def to_wgs84(self, xy: np.ndarray) -> np.ndarray:
        """Degrees (k, 2) of plane coordinates (k, 2)."""
        xy = np.asarray(xy, dtype=float)
        return transverse.inverse(xy @ self.matrix[:, :2].T + self.matrix[:, 2], self.meridian)

    def from_wgs84(self, lonlat: np.ndarray) -> np.ndarray:
        """Plane coordinates (k, 2) of degrees (k, 2)."""
        metres = transverse.forward(np.asarray(lonlat, dtype=float), self.meridian)
        return (metres - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T


def fit_plane(points: Sequence[ControlPoint], kind: str = "affine", limit_m: float = 1.0) -> LocalPlane:
    """Fit a local plane by least squares on a transverse Mercator plane through the points' mean meridian.

    `kind`: "helmert" (shift, turn, one scale; axes may be swapped, as in surveys with x to the north) or "affine" (six
    parameters). Three points at least; three determine an affine plane without any check, so a fourth is asked for there
    unless the three also agree with a Helmert fit. Raises `BadFit` for too few or collinear points, a residual above
    `limit_m` metres (the worst point is named), or a plane that is no plane in metres (scale off by more than 1 %).
    """
    if len(points) < 3:
        raise BadFit(f"{len(points)} control points: three at least are needed")
    xy = np.array([[p.x, p.y] for p in points], dtype=float)
    lonlat = np.array([[p.lon, p.lat] for p in points], dtype=float)
    if not np.isfinite(xy).all() or not np.isfinite(lonlat).all() or np.abs(lonlat).max() > 180:
        raise BadFit("control points need finite plane coordinates and longitudes and latitudes in degrees")
    meridian = float(lonlat[:, 0].mean())
    goal = transverse.forward(lonlat, meridian)
    for name, cloud in (("plane", xy), ("WGS 84", goal)):
        spread = np.linalg.svd(cloud - cloud.mean(axis=0), compute_uv=False)
        if spread[1] < 0.02 * spread[0] or spread[0] == 0:
            raise BadFit(f"the control points lie (nearly) on one line in the {name} system; spread them over the area")
    matrix, residuals = _least_squares(xy, goal, kind)
    worst = int(np.argmax(residuals))
    if residuals[worst] > limit_m:
        raise BadFit(
            f"control point {worst + 1} is {residuals[worst]:.2f} m off the fitted plane (limit {limit_m:g} m): "
            "a mistyped coordinate, a point of another system, or axes that do not fit"
        )
    stretch = np.linalg.svd(matrix[:, :2], compute_uv=False)
    if abs(stretch[0] - 1) > 0.01 or abs(stretch[1] - 1) > 0.01:
        raise BadFit(f"the plane would be stretched by {stretch[0]:.4f} and {stretch[1]:.4f}: its unit is not a metre")
    if kind == "affine" and len(points) == 3:
        check = _least_squares(xy, goal, "helmert")[1]
        if check.max() > limit_m:
            raise BadFit(
                f"three points fit any affine plane, and without stretching they are {check.max():.2f} m apart: "
                "give a fourth control point"
            )
    return LocalPlane(meridian, matrix, kind, tuple(float(r) for r in residuals), float(stretch.mean()))


def _least_squares(xy: np.ndarray, goal: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The (2, 3) matrix and the residuals in metres; both clouds are centred first, so that metres in the millions
    (Gauss-Krüger coordinates with zone numbers) lose no digits."""
    middle, target = xy.mean(axis=0), goal.mean(axis=0)
    a, b = xy - middle, goal - target
    if kind == "affine":
        linear = np.linalg.lstsq(a, b, rcond=None)[0].T
    elif kind == "helmert":
        fits = []
        for mirrored in (False, True):  # mirrored: the plane's x runs north and y east
            z = (a[:, 1] + 1j * a[:, 0]) if mirrored else (a[:, 0] + 1j * a[:, 1])
            turn = np.vdot(z, b[:, 0] + 1j * b[:, 1]) / np.vdot(z, z)
            m = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
            m = m[:, ::-1] if mirrored else m
            fits.append((float(np.square(a @ m.T - b).sum()), m))
        linear = min(fits, key=lambda fit: fit[0])[1]
    else:
        raise ValueError(f"a fit is affine or helmert, not {kind!r}")
    residuals = np.hypot(*(a @ linear.T - b).T)
    return np.c_[linear, target - linear @ middle], residuals


def to_wgs84(geometry: Any, source: System) -> Any:
    """A shapely geometry (or an array of them) of a declared system, in WGS 84 degrees. Heights are dropped."""
    return shapely.transform(shapely.force_2d(geometry), source.to_wgs84)


def from_wgs84(geometry: Any, target: System) -> Any:
    """A shapely geometry (or an array of them) in WGS 84 degrees, in a declared system."""
    return shapely.transform(shapely.force_2d(geometry), target.from_wgs84)
