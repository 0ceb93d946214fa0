"""The web's plane and back."""

from __future__ import annotations

import numpy as np
import pytest

from wangge.kernel.geo import mercator


def test_places_come_back_from_the_plane() -> None:
    lon, lat = np.array([-180.0, 0.0, 114.05, 179.9]), np.array([-mercator.NORTH, 0.0, 22.52, 80.0])
    back = mercator.to_degrees(*mercator.of_degrees(lon, lat))
    assert np.allclose(back, (lon, lat), atol=1e-9)


def test_known_places_lie_where_they_should_and_the_poles_on_the_edges() -> None:
    assert mercator.of_degrees(0, 0) == (0.5, 0.5)
    assert mercator.of_degrees(-180, 90) == pytest.approx((0, 0))
    assert mercator.of_degrees(180, -90) == pytest.approx((1, 1))
    x, y = mercator.of_degrees(114.05, 22.52)  # Futian, as EPSG:3857 has it
    east, north = (x - 0.5) * mercator.AROUND_M, (0.5 - y) * mercator.AROUND_M
    assert (east, north) == pytest.approx((12_695_987.925, 2_574_073.048), abs=0.01)
