"""The web's Mercator plane (EPSG:3857). Places on it are shares of its width: x from 180° W eastward, y from 85.05° N southward, 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np

AROUND_M = 2 * np.pi * 6_378_137
"""The plane's width and height, in its metres."""
NORTH = float(np.degrees(np.arctan(np.sinh(np.pi))))
"""Latitude of its northern end; the southern is as far."""


def of_degrees(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Longitudes and latitudes, numbers or arrays, as places on the plane; what lies beyond its ends lies on them."""
    south = np.arcsinh(np.tan(np.radians(np.clip(lat, -NORTH, NORTH)))) / (2 * np.pi)
    return (lon + 180) / 360, 0.5 - south


def to_degrees(x: Any, y: Any) -> tuple[Any, Any]:
    """Longitudes and latitudes of places on the plane."""
    return x * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y))))
