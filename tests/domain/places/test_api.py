"""Routes of places, and the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.domain.places.conftest import FIRST, SECOND, STREET, reading_token
from wangge.domain.places import actions, commands, queries
from wangge.kernel import crypto
from wangge.kernel.access import SYSTEM, Role, bind
from wangge.kernel.commands import FOUND, OK, set_language
from wangge.kernel.geo.basemap import basemap_of
from wangge.kernel.ids import uuid7

CODE = FIRST + "001"


@pytest.fixture
def reader(world) -> Client:
    return Client(headers={"Authorization": f"Bearer {reading_token()}"})


def test_the_tree_is_walked_and_searched_page_by_page(reader):
    top = reader.get("/api/v1/areas", {"parent": ""}).json()["items"]
    assert [a["code"] for a in top] == ["44"] and top[0]["has_children"]
    first = reader.get("/api/v1/areas", {"within": "440304", "limit": 2}).json()
    rest = reader.get("/api/v1/areas", {"within": "440304", "limit": 2, "after": first["next"]}).json()
    assert [a["code"] for a in first["items"] + rest["items"]] == [STREET, FIRST, SECOND] and rest["next"] is None
    assert reader.get(f"/api/v1/areas/{FIRST}").json()["path"][-1]["name"] == "福保街道"
    assert reader.get(f"/api/v1/areas/{FIRST}/border").json()["geometry"]["type"] == "Polygon"
    assert reader.get("/api/v1/areas/99").status_code == 404


def test_grids_are_listed_shown_with_their_versions_and_exported(reader, world):
    assert reader.get("/api/v1/layers").json()[0] | {"id": 0, "version": 0} == {
        "id": 0, "key": "base", "name": "基础网格", "name_en": "Base grids", "kind": "base", "over": None, "stacking": "",
        "version": 0, "grids": 15,
    }  # fmt: skip
    page = reader.get("/api/v1/grids", {"layer": "base", "within": SECOND, "limit": 4}).json()
    assert len(page["items"]) == 4 and page["next"]
    detail = reader.get(f"/api/v1/grids/{CODE}").json()
    assert detail["versions"][0]["number"] == 1 and detail["geometry"]["type"] == "Polygon"
    exported = reader.get("/api/v1/grids.geojson", {"layer": "base"})
    assert exported["Content-Type"] == "application/geo+json" and len(exported.json()["features"]) == 15
    west, south, east, north = world.grids[CODE].bounds
    near = reader.get("/api/v1/grids", {"layer": "base", "bbox": f"{west},{south},{east},{north}"}).json()["items"]
    assert CODE in [g["code"] for g in near] and len(near) < 15


def test_points_are_located_and_impossible_ones_named(reader, world):
    point = world.grids[CODE].representative_point()
    body = {"points": [[point.x, point.y], [110.0, 20.0]]}
    inside, outside = reader.post("/api/v1/locate", body, content_type="application/json").json()["points"]
    assert inside["base"]["inside"] and inside["base"]["code"] == CODE
    assert not outside["base"]["inside"] and outside["base"]["distance_m"] > 400_000
    wrong = reader.post("/api/v1/locate", {"points": [[22.5, 114.0]]}, content_type="application/json")
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["path"] == "body.points[0]"
    assert reader.post("/api/v1/locate", {"points": []}, content_type="application/json").status_code == 422


def test_a_tile_is_sent_once_a_version(reader):
    z = 12
    x, y = _tile_of(z, 114.05, 22.55)
    path = f"/api/v1/tiles/base/{z}/{x}/{y}.mvt"
    first = reader.get(path)
    layer = mapbox_vector_tile.decode(first.content)["base"]
    assert {f["properties"]["code"] for f in layer["features"]} & {CODE, SECOND + "001"}
    assert reader.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    bind(SYSTEM)
    asked = {"kind": "split", "grids": [CODE], "count": 2}
    actions.apply_change(by=SYSTEM, token=actions.preview_change(by=SYSTEM, **asked).token, **asked)
    assert reader.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert reader.get("/api/v1/tiles/base/2/9/9.mvt").status_code == 404


def test_areas_are_tiles_too_each_named_once(reader):
    """At depth 14 the communities of the world lie across many tiles; a name is written in one of them."""
    box = reader.get(f"/api/v1/areas/{FIRST}").json()["box"]
    west, north = _tile_of(14, box[0], box[3])
    east, south = _tile_of(14, box[2], box[1])
    borders, names = [], []
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            answer = reader.get(f"/api/v1/areas/tiles/14/{x}/{y}.mvt")
            layers = mapbox_vector_tile.decode(answer.content)
            borders += [f["properties"]["code"] for f in layers.get("community", {"features": []})["features"]]
            names += [f["properties"]["code"] for f in layers.get("community_names", {"features": []})["features"]]
    assert borders.count(FIRST) > 1 and names.count(FIRST) == 1
    assert reader.get(answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert reader.get("/api/v1/areas/tiles/2/9/9.mvt").status_code == 404


def _tile_of(z: int, lon: float, lat: float) -> tuple[int, int]:
    down = 0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)
    return int((lon + 180) / 360 * (1 << z)), int(down * (1 << z))


def test_readers_change_nothing_and_strangers_read_nothing(reader, world):
    body = {"kind": "split", "grids": [CODE], "count": 2}
    assert reader.post("/api/v1/grids/changes/preview", body, content_type="application/json").status_code == 403
    for path in (
        "areas",
        "grids",
        "layers",
        "grids.geojson?layer=base",
        "tiles/base/0/0/0.mvt",
        "areas/tiles/0/0/0.mvt",
        "layers/base/coverage",
    ):
        assert Client().get(f"/api/v1/{path}").status_code == 401


def test_the_coverage_of_a_layer_is_answered_as_geojson(reader, world):
    assert reader.get("/api/v1/layers/base/coverage").json() == {
        "type": "FeatureCollection", "sound": True, "faults": 0, "slivers": 0, "features": [],
    }  # fmt: skip


@pytest.fixture
def run(capsys):
    """Run a command by its name and words; its exit code and what it said in English."""
    import argparse

    set_language("en")

    def go(*words: str) -> tuple[int, str]:
        command = next(c for c in commands.COMMANDS if c.name == words[:2])
        parser = argparse.ArgumentParser()
        command.arguments(parser)
        code = command.run(parser.parse_args(words[2:]))
        return code, capsys.readouterr().out

    yield go
    set_language("zh")


def test_commands_import_check_and_export(plain_world, run, tmp_path):
    features = [
        {"type": "Feature", "properties": {"网格编码": c, "网格名称": c}, "geometry": shapely.geometry.mapping(s)}
        for c, s in plain_world.grids.items()
    ]
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    code, said = run("import", "grids", str(path), "--system", "wgs84")
    assert code == OK and "15 rows: 15 new" in said and "nothing was written" in said
    assert run("import", "grids", str(path), "--system", "wgs84", "--apply")[0] == OK
    assert run("check", "coverage")[0] == OK
    out = tmp_path / "out.geojson"
    assert run("export", "grids", str(out), "--system", "gcj02")[0] == OK
    assert json.loads(out.read_text())["system"] == "gcj02"
    code, said = run("import", "grids", str(out), "--system", "wgs84")
    assert code == FOUND and "gcj02" in said
    assert len(queries.current_grids(queries.layer("base")["id"])) == 15


@pytest.fixture
def manager(plain_world, tmp_path, settings) -> Iterator[Client]:
    """A system administrator, logged in for real (a demo installation asks for no second factor)."""
    from tests.support.world import PASSWORD, log_in
    from wangge.domain.people import passwords
    from wangge.domain.people.actions import NewPost, NewStaff, load_staff

    settings.CONFIG = replace(settings.CONFIG, demo=True)
    ring = crypto.Keyring(tmp_path / "keys.json")
    ring.create()
    with crypto.using(ring):
        post = NewPost(Role.SYSTEM_ADMIN, everywhere=True)
        load_staff(by=SYSTEM, staff=[NewStaff("sam", "Sam", (post,))], password_hash=passwords.hashed_random(PASSWORD))
        yield Client(headers={"Authorization": f"Bearer {log_in('sam')}"})
        bind(SYSTEM)


def geojson(world) -> SimpleUploadedFile:
    features = [
        {"type": "Feature", "properties": {"code": c, "name": c}, "geometry": shapely.geometry.mapping(s)}
        for c, s in world.grids.items()
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return SimpleUploadedFile("福田网格.geojson", body)


def test_an_administrator_imports_splits_and_adds_layers_over_http(manager, plain_world):
    form = {"file": geojson(plain_world), "layer": "base", "system": "wgs84"}
    dry = manager.post("/api/v1/grids/import", form).json()
    assert (dry["sound"], dry["applied"], dry["file"], len(dry["created"])) == (True, False, "福田网格.geojson", 15)
    form = {"file": geojson(plain_world), "layer": "base", "system": "wgs84", "apply": "true"}
    assert manager.post("/api/v1/grids/import", form).json()["applied"]

    body = {"kind": "split", "grids": [CODE], "count": 2}
    plan = manager.post("/api/v1/grids/changes/preview", body, content_type="application/json").json()
    assert plan["retired"] == [CODE] and not plan["applied"] and len(plan["grids"]["features"]) >= 2
    done = manager.post("/api/v1/grids/changes", body | {"token": plan["token"]}, content_type="application/json")
    assert done.json()["applied"]
    again = manager.post("/api/v1/grids/changes", body | {"token": plan["token"]}, content_type="application/json")
    assert again.status_code == 422

    police = {
        "id": str(uuid7()),
        "key": "police",
        "name": "警格",
        "kind": "specialised",
        "over": "base",
        "stacking": "1:N",
    }
    assert manager.post("/api/v1/layers", police, content_type="application/json").status_code == 201
    assert manager.post("/api/v1/layers", police, content_type="application/json").status_code == 201
    other = police | {"id": str(uuid7())}
    assert manager.post("/api/v1/layers", other, content_type="application/json").status_code == 409
    wrong = {"kind": "redraw", "shapes": {CODE[:-1] + "2": {"type": "Polygon", "coordinates": "x"}}}
    assert manager.post("/api/v1/grids/changes/preview", wrong, content_type="application/json").status_code == 422


def test_an_integration_client_imports_nothing(plain_world, tmp_path):
    from tests.domain.places.conftest import token_for
    from wangge.kernel.problems import Invalid

    with pytest.raises(Invalid):  # no integration client may manage grids: a person does
        token_for("places.grids.manage")
    reader = Client(headers={"Authorization": f"Bearer {reading_token()}"})
    upload = SimpleUploadedFile("g.geojson", b"{}")
    answer = reader.post("/api/v1/grids/import", {"file": upload, "layer": "base", "system": "wgs84"})
    assert answer.status_code == 403


def test_areas_count_the_grids_of_a_layer_and_a_grid_names_its_stack(reader):
    found = reader.get("/api/v1/areas", {"within": "440304", "layer": "base"}).json()["items"]
    assert {a["code"]: a["grids"] for a in found} == {STREET: 15, FIRST: 6, SECOND: 9}
    assert reader.get("/api/v1/areas", {"parent": "", "layer": "none"}).json()["items"][0]["grids"] == 0
    assert reader.get("/api/v1/areas", {"parent": ""}).json()["items"][0]["grids"] is None
    assert reader.get(f"/api/v1/grids/{CODE}").json()["stack"] == []
    bind(SYSTEM)
    actions.add_layer(by=SYSTEM, key="work", name="工作网格", kind="working", over="base", stacking="1:N")
    whole = [{"code": f"{FIRST}900", "name": "一", "geometry": queries.area_borders([FIRST])[FIRST]}]
    actions.load_grids(by=SYSTEM, layer="work", grids=whole)
    assert reader.get(f"/api/v1/grids/{CODE}").json()["stack"] == [
        {"layer": "work", "code": f"{FIRST}900", "name": "一", "name_en": ""}
    ]
    assert [s["layer"] for s in reader.get(f"/api/v1/grids/{FIRST}900").json()["stack"]] == ["base"] * 6


def test_a_preview_over_http_says_what_land_changes_hands(manager, world):
    mine = world.grids[CODE]
    borders = (mine.intersection(shape) for code, shape in world.grids.items() if code != CODE)
    on_the_border = max(borders, key=lambda border: border.length).centroid
    area = json.loads(shapely.to_geojson(on_the_border.buffer(0.0002)))
    body = {"kind": "redraw", "area": area, "to": CODE}
    found = manager.post("/api/v1/grids/changes/preview", body, content_type="application/json").json()
    hands = [f["properties"] for f in found["hands"]["features"]]
    assert hands and {h["new"] for h in hands} == {CODE} and all(h["area_m2"] > 1 for h in hands)
    assert found["affected"] == [] and not found["applied"]


def test_the_base_map_is_told_and_a_file_of_ours_is_read_in_parts(reader, tmp_path, settings):
    assert reader.get("/api/v1/basemap").json()["tiles"] == []
    assert reader.get("/api/v1/basemap.pmtiles").status_code == 404
    path = tmp_path / "town.pmtiles"
    path.write_bytes(b"PMTiles\x03" + bytes(91) + b"\x02" + bytes(range(200)))
    settings.BASEMAP = basemap_of(addresses=[str(path)], system="gcj02", attribution="某地图", zooms="3-18")
    told = reader.get("/api/v1/basemap").json()
    assert told == {
        "tiles": [], "archive": "/api/v1/basemap.pmtiles", "system": "gcj02", "attribution": "某地图", "min_zoom": 3, "max_zoom": 18,
    }  # fmt: skip
    part = reader.get(told["archive"], headers={"Range": "bytes=100-109"})
    assert part.status_code == 206 and part.content == bytes(range(10)) and part["Content-Range"] == "bytes 100-109/300"
    assert reader.get(told["archive"], headers={"Range": "bytes=300-"}).status_code == 416
    assert Client().get(told["archive"]).status_code == 401
