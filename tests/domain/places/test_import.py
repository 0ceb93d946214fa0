"""Import of grid files: whatever is wrong is named, and nothing is written unless nothing is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from tests.domain.places.conftest import FIRST, SECOND, World
from wangge.domain.places import actions, queries
from wangge.kernel.access import SYSTEM
from wangge.kernel.db import rows
from wangge.kernel.geo import systems
from wangge.kernel.geo.subdivide import union_of
from wangge.kernel.geo.systems import ControlPoint
from wangge.kernel.geo.transverse import forward
from wangge.kernel.problems import Invalid

SHIFT = np.array([50_000, -2_400_000])  # a town's own origin


def write(path: Path, grids: list[tuple[dict, object]]) -> Path:
    features = [{"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(s)} for p, s in grids]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def sound(world: World) -> list[tuple[dict, object]]:
    return [({"code": c, "name": f"网格{c[-3:]}"}, s) for c, s in world.grids.items()]


def state() -> tuple:
    counts = [rows.value(f"SELECT count(*) FROM {t}") for t in ("places_grid", "places_gridversion", "ledger_entry")]
    return (*counts, rows.value("SELECT stamp FROM places_gridlayer WHERE key = 'base'"))


def run(path: Path, **more):
    return actions.import_grids(**{"by": SYSTEM, "path": path, "layer": "base", "system": "wgs84"} | more)


def test_a_dry_run_writes_nothing_and_applying_writes_all(plain_world, tmp_path):
    path = write(tmp_path / "g.geojson", sound(plain_world))
    before = state()
    report = run(path)
    assert (report.sound, report.applied, len(report.created)) == (True, False, 15)
    assert state() == before
    report = run(path, apply=True)
    assert report.applied and len(queries.current_grids(queries.layer("base")["id"])) == 15
    again = run(path, apply=True)
    assert (again.created, again.changed, len(again.unchanged)) == ([], [], 15)


def test_a_damaged_copy_is_refused_with_every_fault_named_and_nothing_changed(world, tmp_path):
    """A gap, an overlap, a crossing, a self-intersection, a wrong system, a duplicate code: all in one file."""
    grids = dict(sound(world)[i] for i in ()) or {p["code"]: [p, s] for p, s in sound(world)}
    first = sorted(c for c in grids if c.startswith(FIRST))
    second = sorted(c for c in grids if c.startswith(SECOND))
    whole = union_of([s for _, s in grids.values()])

    def touching(code):
        return [c for c in first if c != code and grids[c][1].intersection(grids[code][1]).length > 0.0005]

    # a gap: one grid is shrunk; an overlap: another grows into a neighbour; a crossing: a third leaves the community
    shrunk = first[0]
    grids[shrunk][1] = grids[shrunk][1].buffer(-0.0006)
    grown = next(c for c in first[1:] if touching(c))
    other = touching(grown)[0]
    grids[grown][1] = grids[grown][1].union(grids[other][1].representative_point().buffer(0.0008))
    outer = next(c for c in second if grids[c][1].boundary.intersection(whole.boundary).length > 0.001)
    at = grids[outer][1].boundary.intersection(whole.boundary).interpolate(0.5, normalized=True)
    grids[outer][1] = grids[outer][1].union(at.buffer(0.0012))
    bow = shapely.Polygon([(114.0, 22.5), (114.001, 22.501), (114.001, 22.5), (114.0, 22.501)])
    twisted = next(c for c in second if c != outer)
    rest = [c for c in second if c not in (outer, twisted)]
    grids[rest[0]][0]["code"] = grids[rest[1]][0]["code"]
    grids[twisted][1] = bow
    path = write(tmp_path / "damaged.geojson", [tuple(g) for g in grids.values()])
    document = json.loads(path.read_text())
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    path.write_text(json.dumps(document))

    before = state()
    report = run(path, apply=True)
    assert state() == before and not report.applied and not report.sound
    found = {f.code for f in report.findings if f.blocks}
    assert {"gap", "overlap", "crossing", "invalid_ring", "wrong_system", "duplicate_code"} <= found
    said = {f.code: f for f in report.findings}
    assert said["invalid_ring"].row and "Self-intersection at 114.0005" in said["invalid_ring"].words.en
    assert all(f.geometry is not None for f in report.findings if f.code in ("gap", "overlap", "crossing"))
    assert any(f.code == "overlap" and grown in f.words.zh and other in f.words.zh for f in report.findings)


@pytest.mark.parametrize("system", ["gcj02", "bd09", "cgcs2000"])
def test_a_file_in_its_declared_system_lands_where_it_belongs(plain_world, tmp_path, system):
    kind = systems.system(system)
    path = write(tmp_path / "g.geojson", [(p, systems.from_wgs84(s, kind)) for p, s in sound(plain_world)])
    report = run(path, system=system, apply=True)
    assert report.applied
    stored = {g["code"]: g["shape"] for g in queries.current_grids(queries.layer("base")["id"])}
    assert all(shapely.hausdorff_distance(stored[c], s) < 2e-7 for c, s in plain_world.grids.items())


def test_a_file_declared_in_the_wrong_system_is_recognised_and_the_right_one_named(plain_world, tmp_path):
    shifted = [(p, systems.from_wgs84(s, systems.GCJ02)) for p, s in sound(plain_world)]
    report = run(write(tmp_path / "g.geojson", shifted), system="wgs84", apply=True)
    assert not report.applied
    assert any(f.code == "wrong_system" and "gcj02" in f.words.en for f in report.findings)


def test_a_town_plane_is_read_through_its_control_points(plain_world, tmp_path):
    corners = np.array([[113.97, 22.5], [114.12, 22.5], [114.12, 22.6], [113.97, 22.6], [114.05, 22.55]])
    plane = forward(corners, 114.0) + SHIFT
    control = [ControlPoint(x, y, lon, lat) for (x, y), (lon, lat) in zip(plane, corners, strict=True)]
    local = [(p, shapely.transform(s, lambda c: forward(c, 114.0) + SHIFT)) for p, s in sound(plain_world)]
    path = write(tmp_path / "g.geojson", local)
    assert any(f.code == "wrong_system" for f in run(path).findings)
    report = run(path, system="local", control=control, apply=True)
    assert report.applied, report.findings


def test_an_unknown_system_is_refused_with_those_that_exist(plain_world, tmp_path):
    with pytest.raises(Invalid) as found:
        run(write(tmp_path / "g.geojson", sound(plain_world)), system="xian80")
    assert "gcj02" in found.value.detail.en


def test_codes_are_checked_for_shape_parent_and_past_use(world, tmp_path):
    rows.run("UPDATE places_grid SET retired_at = now() WHERE code = %(c)s", {"c": FIRST + "001"})
    shape = next(iter(world.grids.values()))
    bad = [
        ({"code": "12345", "community": FIRST}, shape),
        ({"code": FIRST + "050", "community": SECOND}, shape),
        ({"code": "440304099001001"}, shape),
        ({"code": FIRST + "001"}, shape),
    ]
    report = run(write(tmp_path / "g.geojson", bad))
    assert [(f.row, f.code) for f in report.findings] == [
        (1, "malformed_code"), (2, "wrong_parent"), (3, "wrong_parent"), (4, "duplicate_code"),
    ]  # fmt: skip


def test_rows_without_a_code_are_numbered_in_reading_order(plain_world, tmp_path):
    nameless = [({"社区编码": c[:12], "网格名称": c}, s) for c, s in reversed(plain_world.grids.items())]
    report = run(write(tmp_path / "g.geojson", nameless), apply=True)
    assert report.applied
    assert all(g["code"] == g["name"] for g in queries.current_grids(queries.layer("base")["id"]))


def test_grids_that_lie_in_another_community_are_named(plain_world, tmp_path):
    moved = [({"code": (SECOND if c.startswith(FIRST) else FIRST) + c[12:]}, s) for c, s in plain_world.grids.items()]
    report = run(write(tmp_path / "g.geojson", moved))
    assert {f.code for f in report.findings if f.blocks} >= {"outside_parent"}


def test_a_stacked_layer_must_coincide_with_base_grids(world, tmp_path):
    actions.add_layer(by=SYSTEM, key="police", name="警格", kind="specialised", over="base", stacking="1:N")
    codes = sorted(c for c in world.grids if c.startswith(FIRST))
    whole = union_of([world.grids[c] for c in codes])
    path = write(tmp_path / "p.geojson", [({"code": FIRST + "501", "name": "警格一"}, whole)])
    assert run(path, layer="police", apply=True).applied
    assert queries.check_layer("police") == []
    off = write(tmp_path / "q.geojson", [({"code": FIRST + "502", "name": "警格二"}, whole.buffer(-0.001))])
    assert "mismatch" in {f.code for f in run(off, layer="police").findings if f.blocks}
