"""Vector tiles, read back by another implementation."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from tests.kernel.geo.shapes import district
from wangge.kernel.geo.subdivide import subdivide
from wangge.kernel.geo.tiles import EXTENT, encode_tile, tile_bounds


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    y = (0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)) * (1 << z)
    return int((lon + 180) / 360 * (1 << z)), int(y)


def test_another_reader_finds_the_grids_with_their_names_where_they_are():
    grids = subdivide(district(), 40)
    x, y = tile_of(114.05, 22.55, 13)
    raw = encode_tile("base", 13, x, y, grids, [{"code": f"{i:015d}", "name": f"网格{i}", "n": -i} for i in range(40)])
    layer = mapbox_vector_tile.decode(raw)["base"]
    assert layer["extent"] == EXTENT and layer["version"] == 2
    west, south, east, north = tile_bounds(13, x, y, 0)
    assert west <= 114.05 < east and south <= 22.55 < north
    seen = {f["properties"]["code"]: f for f in layer["features"]}
    inside = shapely.clip_by_rect(np.array(grids, dtype=object), west, south, east, north)
    for i, part in enumerate(inside):
        if part.is_empty or part.area < 1e-7:
            continue
        feature = seen[f"{i:015d}"]
        assert feature["properties"]["name"] == f"网格{i}" and feature["properties"]["n"] == -i
        drawn = shapely.geometry.shape(feature["geometry"])
        drawn = shapely.transform(drawn, lambda c: [west, south] + c / EXTENT * [east - west, north - south])
        covered = drawn.intersection(part).area / part.area
        assert covered > 0.98


def test_a_tile_away_from_everything_is_empty_and_an_impossible_one_is_refused():
    assert encode_tile("base", 13, 0, 0, subdivide(district(), 3), [{}] * 3) == b""
    assert encode_tile("base", 3, 0, 0, [], []) == b""
    with pytest.raises(ValueError, match="no tile"):
        encode_tile("base", 2, 4, 0, [], [])


def test_points_are_encoded_too():
    x, y = tile_of(114.05, 22.55, 10)
    raw = encode_tile("cases", 10, x, y, [shapely.Point(114.05, 22.55)], [{"open": True, "share": 0.5}])
    (feature,) = mapbox_vector_tile.decode(raw)["cases"]["features"]
    assert feature["geometry"]["type"] == "Point" and feature["properties"] == {"open": True, "share": 0.5}
