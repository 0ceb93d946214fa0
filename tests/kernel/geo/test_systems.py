"""Coordinate systems."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from tests.kernel.geo.shapes import district
from wangge.kernel.geo import transverse
from wangge.kernel.geo.systems import (
    BD09,
    GCJ02,
    BadFit,
    ControlPoint,
    UnknownSystem,
    bd09_to_gcj02,
    fit_plane,
    from_wgs84,
    system,
    to_wgs84,
)


def test_the_published_baidu_point_comes_out_in_gcj02():
    got = bd09_to_gcj02(np.array([[117.04918347610868, 36.66600223072647]]))[0]
    assert got == pytest.approx([117.04261569143314, 36.6602], abs=5e-5)


def test_the_gcj02_offset_agrees_with_a_published_pair():
    # the pair used by the tests of the open converters (eviltransform): Shanghai
    got = GCJ02.from_wgs84(np.array([[121.5272106, 31.1774276]]))[0]
    assert got == pytest.approx([121.531541859215, 31.17530398364597], abs=1e-6)


def test_the_browser_is_tested_against_what_is_computed_here():
    pairs = json.loads((Path(__file__).parents[3] / "web/shared/test/gcj02.json").read_text("utf-8"))
    got = GCJ02.from_wgs84(np.array([pair["wgs84"] for pair in pairs]))
    assert got == pytest.approx(np.array([pair["gcj02"] for pair in pairs]), abs=1e-9)


@given(st.floats(73.5, 135), st.floats(3.5, 53.5), st.sampled_from([GCJ02, BD09]))
def test_every_inverse_gives_the_point_back_within_a_billionth_of_a_degree(lon, lat, kind):
    point = np.array([[lon, lat]])
    assert np.abs(kind.to_wgs84(kind.from_wgs84(point)) - point).max() < 1e-9
    assert np.abs(kind.from_wgs84(kind.to_wgs84(point)) - point).max() < 1e-9


def test_outside_china_there_is_no_offset():
    tokyo = np.array([[139.7, 35.7]])
    assert (GCJ02.from_wgs84(tokyo) == tokyo).all() and (GCJ02.to_wgs84(tokyo) == tokyo).all()


def test_geometries_with_holes_go_there_and_back_and_lose_their_heights():
    area = district()
    back = to_wgs84(from_wgs84(area, BD09), BD09)
    assert shapely.hausdorff_distance(back, area) < 1e-9 and len(back.interiors) == 1
    assert not shapely.has_z(to_wgs84(shapely.force_3d(area, 5.0), GCJ02))


def test_names_are_read_however_they_are_written_and_an_unknown_one_is_refused():
    assert system("GCJ-02").key == system("gcj02").key == "gcj02"
    assert system("EPSG:4490").key == "cgcs2000" and system("WGS 84").key == "wgs84"
    with pytest.raises(UnknownSystem, match="xian80"):
        system("xian80")


def test_the_transverse_plane_agrees_with_proj():
    proj = Transformer.from_crs("EPSG:4326", "+proj=tmerc +lon_0=114 +ellps=WGS84 +k=1", always_xy=True)
    rng = np.random.default_rng(3)
    points = np.c_[112 + 4 * rng.random(500), 3 + 50 * rng.random(500)]
    mine = transverse.forward(points, 114.0)
    assert np.abs(mine - np.c_[proj.transform(*points.T)]).max() < 1e-3
    assert np.abs(transverse.inverse(mine, 114.0) - points).max() < 1e-9


def control(turn_degrees: float, swap: bool = False, noise: float = 0.0, count: int = 6) -> list[ControlPoint]:
    """Points of a town plane turned against north, with an origin of its own."""
    rng = np.random.default_rng(11)
    lonlat = np.c_[113.9 + 0.4 * rng.random(count), 22.45 + 0.3 * rng.random(count)]
    metres = transverse.forward(lonlat, 114.1) - np.array([0, 2_490_000])
    c, s = np.cos(np.radians(turn_degrees)), np.sin(np.radians(turn_degrees))
    plane = metres @ np.array([[c, -s], [s, c]]) + np.array([120_000, 20_000]) + noise * rng.standard_normal((count, 2))
    plane = plane[:, ::-1] if swap else plane
    return [ControlPoint(x, y, lon, lat) for (x, y), (lon, lat) in zip(plane, lonlat, strict=True)]


@pytest.mark.parametrize("kind", ["affine", "helmert"])
@pytest.mark.parametrize("swap", [False, True])
def test_a_town_plane_fitted_from_control_points_finds_new_points_within_centimetres(kind, swap):
    points = control(1.2, swap)
    plane = fit_plane(points[:4], kind)
    assert plane.rms_m < 0.2
    for p in points[4:]:
        lon, lat = plane.to_wgs84(np.array([[p.x, p.y]]))[0]
        assert np.hypot((lon - p.lon) * 102_900, (lat - p.lat) * 110_750) < 0.6
        assert plane.from_wgs84(np.array([[p.lon, p.lat]]))[0] == pytest.approx([p.x, p.y], abs=0.6)


def test_residuals_are_told_in_metres():
    plane = fit_plane(control(0.5, noise=0.1), "helmert")
    assert len(plane.residuals_m) == 6 and 0.02 < plane.rms_m < 0.3


def test_a_mistyped_control_point_is_named():
    points = control(1.2)
    points[2] = ControlPoint(points[2].x + 1000, points[2].y, points[2].lon, points[2].lat)
    with pytest.raises(BadFit, match=r"control point 3 is \d+\.\d\d m off"):
        fit_plane(points, "helmert")


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (control(0)[:2], "three at least"),
        ([ControlPoint(i * 1000.0, 0, 114 + i * 0.01, 22.5) for i in range(4)], "one line"),
        ([ControlPoint(p.x * 3.28, p.y * 3.28, p.lon, p.lat) for p in control(0)], "not a metre"),
        ([ControlPoint(float("nan"), p.y, p.lon, p.lat) for p in control(0)], "finite"),
    ],
)
def test_control_points_that_give_no_plane_are_refused_with_the_reason(points, why):
    with pytest.raises(BadFit, match=why):
        fit_plane(points)


def test_three_points_that_only_an_affine_plane_would_swallow_are_refused():
    points = control(0)[:3]
    points[0] = ControlPoint(points[0].x + 40, points[0].y, points[0].lon, points[0].lat)
    with pytest.raises(BadFit, match="fourth control point"):
        fit_plane(points, "affine")
