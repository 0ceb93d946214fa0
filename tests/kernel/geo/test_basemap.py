"""What an installation may name as its base map, and what it is told when that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from wangge import config
from wangge.kernel.geo.basemap import basemap_of
from wangge.kernel.problems import Invalid

TIANDITU = (
    "https://t0.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default&TILEMATRIXSET=w"
    "&FORMAT=tiles&TILEMATRIX={TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}&tk=secret-key"
)


def named(*addresses: str, system: str = "wgs84", zooms: str = "0-18", https: bool = False):
    return basemap_of(addresses=addresses, system=system, attribution="某地图", zooms=zooms, https=https)


def archive(folder: Path, kind: int) -> str:
    path = folder / "base.pmtiles"
    path.write_bytes(b"PMTiles\x03" + bytes(91) + bytes([kind]) + bytes(200))
    return str(path)


def test_none_is_the_default_and_asks_no_other_host():
    assert config.load({}, Path("/nonexistent")).under is None


def test_xyz_and_both_kinds_of_wmts_become_one_form_and_the_policy_names_their_hosts_alone():
    found = named(
        TIANDITU,
        "http://maps.local:8080/rest/{TileMatrix}/{TileRow}/{TileCol}.png",
        "https://a.example/{z}/{x}/{y}@2x.png",
    )
    assert found.tiles[0].endswith("&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=secret-key")
    assert found.tiles[1] == "http://maps.local:8080/rest/{z}/{y}/{x}.png"
    assert found.origins == ("http://maps.local:8080", "https://a.example", "https://t0.tianditu.gov.cn")


def test_an_archive_is_a_file_of_ours_or_an_address(tmp_path):
    assert named(archive(tmp_path, 2)).origins == ()
    assert named("https://a.example/x/base.pmtiles").origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("addresses", "more", "code"),
    [
        (["https://a.example/{z}/{x}.png"], {}, "template"),
        (["https://{s}.a.example/{z}/{x}/{y}.png"], {}, "address"),
        (["https://a.example/{s}/{z}/{x}/{y}.png"], {}, "template"),
        (["https://a.example;script-src */{z}/{x}/{y}.png"], {}, "address"),
        (["https://me:pw@a.example/{z}/{x}/{y}.png"], {}, "address"),
        (["ftp://a.example/{z}/{x}/{y}.png"], {}, "address"),
        (["http://a.example/{z}/{x}/{y}.png"], {"https": True}, "mixed"),
        (["https://a.example/{z}/{x}/{y}.png"], {"system": "bd09"}, "unknown"),
        (["https://a.example/{z}/{x}/{y}.png"], {"zooms": "18-3"}, "range"),
        (["https://a.example/b.pmtiles", "https://a.example/{z}/{x}/{y}.png"], {}, "one_archive"),
        (["/nowhere/base.pmtiles"], {}, "missing"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(addresses, more, code):
    with pytest.raises(Invalid) as found:
        named(*addresses, **more)
    (fault,) = found.value.errors
    assert fault.code == code and fault.path.startswith("basemap")


def test_an_archive_of_vectors_or_of_something_else_is_refused(tmp_path):
    with pytest.raises(Invalid, match="vector"):
        named(archive(tmp_path, 1))
    (tmp_path / "other.pmtiles").write_bytes(b"PK\x03\x04")
    with pytest.raises(Invalid, match="no PMTiles"):
        named(str(tmp_path / "other.pmtiles"))


def test_no_refusal_repeats_a_key_and_the_settings_in_force_hide_it():
    with pytest.raises(Invalid) as found:
        named(TIANDITU.replace("{TileRow}", "1"))
    assert "secret-key" not in str(found.value.errors)
    spec = next(f for f in config.fields(config.Config) if f.name == "basemap")
    assert spec.metadata["secret"]


def test_a_base_map_that_cannot_be_stops_the_program_when_it_starts(tmp_path):
    file = tmp_path / "wangge.toml"
    file.write_text('basemap = ["https://a.example/tiles"]\n', "utf-8")
    with pytest.raises(Invalid):
        config.load({}, file)
    file.write_text(
        'basemap = ["https://a.example/{z}/{x}/{y}"]\nbasemap_system = "GCJ-02"\nbasemap_zooms = "3-17"\n', "utf-8"
    )
    assert config.load({}, file).under.system == "gcj02"
