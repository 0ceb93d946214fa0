"""Transverse Mercator on the WGS 84 ellipsoid, central meridian freely chosen, scale 1.

Krüger's series to the fourth order in the third flattening (below 0.1 mm within 5° of the meridian; Karney 2011,
"Transverse Mercator with an accuracy of a few nanometers", eqs. 35 and 36). It is the metric plane on which control
points are fitted: degrees alone would bend a local plane by metres over a county.
"""

from __future__ import annotations

import numpy as np

_A = 6378137.0
_F = 1 / 298.257223563
_N = _F / (2 - _F)
_E = np.sqrt(_F * (2 - _F))
_RADIUS = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49561 * _N**4 / 161280,
)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4397 * _N**4 / 161280,
)


def forward(lonlat: np.ndarray, meridian: float) -> np.ndarray:
    """East and north in metres (k, 2) of longitudes and latitudes in degrees (k, 2)."""
    lam, phi = np.radians(lonlat[:, 0] - meridian), np.radians(lonlat[:, 1])
    s = np.sin(phi)
    t = np.sinh(np.arctanh(s) - _E * np.arctanh(_E * s))
    xi, eta = np.arctan2(t, np.cos(lam)), np.arcsinh(np.sin(lam) / np.hypot(t, np.cos(lam)))
    east, north = eta.copy(), xi.copy()
    for j, a in enumerate(_ALPHA, 1):
        north += a * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
        east += a * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
    return np.c_[east, north] * _RADIUS


def inverse(metres: np.ndarray, meridian: float) -> np.ndarray:
    """Longitudes and latitudes in degrees (k, 2) of east and north in metres (k, 2)."""
    eta, xi = (metres / _RADIUS).T
    eta2, xi2 = eta.copy(), xi.copy()
    for j, b in enumerate(_BETA, 1):
        xi2 -= b * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
        eta2 -= b * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
    goal = np.sin(xi2) / np.hypot(np.sinh(eta2), np.cos(xi2))  # tangent of the conformal latitude
    t = goal.copy()
    for _ in range(5):  # Newton, Karney eqs. 19 to 21
        sigma = np.sinh(_E * np.arctanh(_E * t / np.hypot(1, t)))
        guess = t * np.hypot(1, sigma) - sigma * np.hypot(1, t)
        t += (goal - guess) / np.hypot(1, guess) * (1 + (1 - _E**2) * t**2) / ((1 - _E**2) * np.hypot(1, t))
    return np.c_[meridian + np.degrees(np.arctan2(np.sinh(eta2), np.cos(xi2))), np.degrees(np.arctan(t))]
