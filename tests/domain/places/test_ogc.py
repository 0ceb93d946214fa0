"""OGC API - Features, read by OWSLib's own client."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests
import shapely
from django.conf import settings
from owslib.ogcapi.features import Features

from tests.domain.places.conftest import FIRST, SECOND, made_world, reading_token
from wangge.domain.places import actions, queries
from wangge.kernel.access import SYSTEM, bind

CODE = FIRST + "001"


@pytest.fixture
def ogc(server):
    """The application on a socket with 15 grids; the address of its OGC root and a token that may read places."""
    bind(SYSTEM)
    world = made_world()
    actions.load_areas(by=SYSTEM, areas=[{"code": c, "name": c} for c in (FIRST, SECOND)])
    actions.add_layer(by=SYSTEM, key="base", name="基础网格", name_en="Base grids", kind="base")
    actions.load_grids(
        by=SYSTEM, layer="base", grids=[{"code": c, "name": c, "geometry": s} for c, s in world.grids.items()]
    )
    return f"{server}/ogc/", {"Authorization": f"Bearer {reading_token()}"}


def test_owslib_reads_the_layers_their_items_pages_boxes_and_single_grids(ogc):
    root, headers = ogc
    client = Features(root, headers=headers)
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    assert client.feature_collections() == ["base"]
    assert client.collection("base")["extent"]["spatial"]["bbox"][0][0] > 113
    assert client.api()["openapi"] == "3.0.3"

    everything = client.collection_items("base", limit=1000)
    assert (everything["numberMatched"], everything["numberReturned"]) == (15, 15)
    first = client.collection_items("base", limit=4)
    assert (first["numberMatched"], len(first["features"])) == (15, 4)
    seen = [f["id"] for f in first["features"]]
    page = first
    while following := [link["href"] for link in page["links"] if link["rel"] == "next"]:
        page = requests.get(following[0], headers=headers, timeout=10).json()
        seen += [f["id"] for f in page["features"]]
    assert seen == [f["id"] for f in everything["features"]] and len(set(seen)) == 15

    grid = client.collection_item("base", CODE)
    shape = shapely.geometry.shape(grid["geometry"])
    assert grid["id"] == CODE and shape.equals(made_world().grids[CODE])
    point = shape.representative_point()
    box = [point.x - 1e-5, point.y - 1e-5, point.x + 1e-5, point.y + 1e-5]
    assert CODE in [f["id"] for f in client.collection_items("base", bbox=box)["features"]]
    assert client.collection_items("base", bbox=[0, 0, 1, 1])["numberMatched"] == 0


def test_times_choose_the_version_that_was_valid(ogc):
    root, headers = ogc

    def count(moment: str) -> int:
        answer = requests.get(f"{root}collections/base/items", params={"datetime": moment}, headers=headers, timeout=10)
        assert answer.headers["Content-Type"] == "application/geo+json"
        return answer.json()["numberMatched"]

    bind(SYSTEM)
    token = actions.preview_change(by=SYSTEM, kind="split", grids=[CODE], count=2).token
    actions.apply_change(by=SYSTEM, token=token, kind="split", grids=[CODE], count=2)
    assert len(queries.current_grids(queries.layer("base")["id"])) == 16
    assert count("2020-01-01T00:00:00Z") == 0
    assert count("2020-01-01T00:00:00Z/..") == 17
    assert count("../2020-01-01T00:00:00Z") == 0
    assert count("2999-01-01T00:00:00Z") == 16


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "bbox=1,2,3", "datetime=yesterday", "colour=red", "f=html"])
def test_wrong_parameters_are_answered_with_400(ogc, query):
    root, headers = ogc
    answer = requests.get(f"{root}collections/base/items?{query}", headers=headers, timeout=10)
    assert answer.status_code == 400 and answer.headers["Content-Type"] == "application/problem+json"


def test_nobody_reads_without_a_token_unless_the_layers_are_public(ogc, monkeypatch):
    root, headers = ogc
    assert requests.get(f"{root}collections", timeout=10).status_code == 401
    assert requests.get(f"{root}collections/nowhere", headers=headers, timeout=10).status_code == 404
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, public_layers=True))
    assert requests.get(f"{root}collections", timeout=10).json()["collections"][0]["id"] == "base"
