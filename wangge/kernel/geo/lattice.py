"""The lattice every stored vertex lies on, and metres on it.

Longitudes and latitudes are kept as whole multiples of 1e-7 degree (1.1 cm). On whole numbers the question "on which
side of this border" has an exact answer, so a point is in exactly one grid; two neighbours that were drawn with the
same vertices still have the same vertices after rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

UNITS = 10_000_000  # lattice units in a degree
STEP = 1e-7  # degrees

_A = 6378137.0  # WGS 84 semi-major axis, metres (EPSG:7030)
_E2 = 0.00669437999014133  # first eccentricity squared


def snap(geometry: Any) -> Any:
    """Round every vertex of a geometry (or an array of geometries) to the lattice.

    Rounding alone: no vertex is added or taken away, so equal vertices stay equal. A ring thinner than a lattice
    unit can become invalid; callers check validity afterwards.
    """
    return shapely.transform(geometry, lambda c: np.rint(c * UNITS) / UNITS)


def to_units(degrees: np.ndarray | float) -> np.ndarray:
    """Whole lattice units (int64) of coordinates in degrees."""
    return np.rint(np.asarray(degrees, dtype=float) * UNITS).astype(np.int64)


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Metres in a degree of longitude and of latitude at a latitude, on the WGS 84 ellipsoid."""
    phi = np.radians(latitude)
    w = 1.0 - _E2 * np.sin(phi) ** 2
    east = np.radians(1.0) * _A / np.sqrt(w) * np.cos(phi)
    north = np.radians(1.0) * _A * (1.0 - _E2) / w**1.5
    return float(east), float(north)


def to_metres(geometry: Any, latitude: float | None = None) -> Any:
    """A geometry in metres from (0°, 0°) on the plane that is true at `latitude` (default: its middle).

    Good to 0.1 % over a county, which is what areas, lengths and distances between grids need; not for surveying.
    """
    if latitude is None:
        bounds = shapely.total_bounds(geometry)
        latitude = float(bounds[1] + bounds[3]) / 2
    scale = np.array(metres_per_degree(latitude))
    return shapely.transform(geometry, lambda c: c * scale)


def area_m2(geometry: BaseGeometry) -> float:
    """Area in square metres, measured at the geometry's own latitude."""
    if geometry.is_empty:
        return 0.0
    return float(shapely.area(to_metres(geometry)))


def length_m(geometry: BaseGeometry) -> float:
    """Length (of a polygon: of its border) in metres, measured at the geometry's own latitude."""
    if geometry.is_empty:
        return 0.0
    return float(shapely.length(to_metres(geometry)))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two near points (an error of 0.1 % at 100 km)."""
    east, north = metres_per_degree((lat1 + lat2) / 2)
    return float(np.hypot((lon2 - lon1) * east, (lat2 - lat1) * north))


def polygons_of(geometry: BaseGeometry) -> list[shapely.Polygon]:
    """The polygons inside any geometry, lines and points dropped, in a stable order."""
    parts = shapely.get_parts(geometry)
    out: list[shapely.Polygon] = []
    for part in parts:
        if part.geom_type == "Polygon":
            if not part.is_empty:
                out.append(part)
        elif part.geom_type in ("MultiPolygon", "GeometryCollection"):
            out.extend(polygons_of(part))
    return out


def areal(geometry: BaseGeometry) -> BaseGeometry:
    """The areal part of a geometry: a Polygon when there is one, else a MultiPolygon (maybe empty)."""
    parts = polygons_of(geometry)
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
