"""Files as offices send them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from tests.kernel.geo.shapes import square
from wangge.kernel.geo import vector_files
from wangge.kernel.geo.vector_files import UnreadableFile, read

CODES = np.array(["440304010001001", "440304010001002"], dtype=object)
NAMES = np.array(["福保一网格", "福保二网格"], dtype=object)


def write(path: Path, driver: str, encoding: str | None = None) -> Path:
    wkb = shapely.to_wkb(np.array([square(0, 0), square(1, 0)], dtype=object))
    pyogrio.raw.write(
        str(path), wkb, [CODES, NAMES], ["code", "名称"], driver=driver, geometry_type="Polygon", crs="EPSG:4490",
        encoding=encoding,
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("name", "driver", "encoding"),
    [
        ("g.geojson", "GeoJSON", None),
        ("g.gpkg", "GPKG", None),
        ("g.shp", "ESRI Shapefile", "UTF-8"),
        ("g.shp", "ESRI Shapefile", "GB18030"),
    ],
)
def test_every_kind_of_file_gives_rows_with_chinese_names_and_geometry(tmp_path, name, driver, encoding):
    file = read(write(tmp_path / name, driver, encoding))
    assert [f.row for f in file.features] == [1, 2]
    assert [f.properties["code"] for f in file.features] == list(CODES)
    assert [f.properties["名称"] for f in file.features] == list(NAMES)
    assert file.features[1].geometry.equals(square(1, 0))


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_zipped_shapefile_is_read_with_and_without_its_declared_encoding(tmp_path, encoding, declared):
    write(tmp_path / "g.shp", "ESRI Shapefile", encoding)
    archive = tmp_path / "grids.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for part in tmp_path.glob("g.*"):
            if declared or part.suffix != ".cpg":
                out.write(part, f"网格/{part.name}")
    assert [f.properties["名称"] for f in read(archive).features] == list(NAMES)


def test_a_row_without_a_geometry_keeps_its_number_and_says_so(tmp_path):
    path = tmp_path / "g.geojson"
    rows = [
        {"type": "Feature", "properties": {"code": "a"}, "geometry": None},
        {"type": "Feature", "properties": {"code": " b "}, "geometry": shapely.geometry.mapping(square(0, 0))},
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    first, second = read(path).features
    assert (first.row, first.geometry, first.error) == (1, None, "no geometry")
    assert (second.row, second.properties["code"], second.error) == (2, "b", "")


def test_files_that_are_something_else_or_too_large_are_refused_with_the_reason(tmp_path, monkeypatch):
    other = tmp_path / "grids.dwg"
    other.write_text("x")
    broken = tmp_path / "broken.geojson"
    broken.write_text("{")
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"no zip")
    for path, why in (
        (other, "is needed"),
        (broken, "cannot be read"),
        (archive, "no zip"),
        (tmp_path / "no.shp", "no such"),
    ):
        with pytest.raises(UnreadableFile, match=why):
            read(path)
    good = write(tmp_path / "g.geojson", "GeoJSON")
    monkeypatch.setattr(vector_files, "MOST_FEATURES", 1)
    with pytest.raises(UnreadableFile, match="2 features"):
        read(good)
    monkeypatch.setattr(vector_files, "MOST_BYTES", 10)
    with pytest.raises(UnreadableFile, match="larger"):
        read(good)


VIRTUAL = """<OGRVRTDataSource><OGRVRTLayer name="{name}"><SrcDataSource>{path}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""


@pytest.mark.parametrize("name", ["grids.geojson", "grids.json", "grids.gpkg", "grids.shp", "grids.zip", "twice.zip"])
def test_a_file_that_only_names_another_one_does_not_get_it_read(tmp_path, name):
    """GDAL goes by the content: a virtual dataset opens whatever files and addresses it names."""
    (tmp_path / "kept.csv").write_text("word\nsecret\n", "utf-8")
    virtual = VIRTUAL.format(name="kept", path=tmp_path / "kept.csv").encode()
    path = tmp_path / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("g.shp", virtual)
            if name == "twice.zip":  # the first one is opened, the last one is what is found by its name
                write(tmp_path / "g.shp", "ESRI Shapefile")
                with pytest.warns(UserWarning, match="Duplicate name"):
                    out.write(tmp_path / "g.shp", "g.shp")
    else:
        path.write_bytes(virtual)
    with pytest.raises(UnreadableFile, match=r"not that of a|two files of one name"):
        read(path)


def test_a_relative_of_the_kind_that_the_name_says_is_refused_too(tmp_path):
    """TopoJSON begins as GeoJSON does, and another driver opens it."""
    (tmp_path / "grids.geojson").write_text(
        '{"type": "Topology", "objects": {"g": {"type": "GeometryCollection", "geometries": []}}, "arcs": []}'
    )
    with pytest.raises(UnreadableFile, match="not that of a GeoJSON"):
        read(tmp_path / "grids.geojson")
