"""A GIS desktop reads cases with a token: those of the token's scope, never who reported them, and no confidential one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.test import Client
from owslib.ogcapi.features import Features

from tests.support.http import serving
from tests.support.world import FUBAO, HAISHAN, category, point_in
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.rules import Channel
from wangge.domain.people.actions.tokens import make_token
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, bind

ITEMS = "/ogc/collections/Cases/items"
LON, LAT = point_in(FUBAO + "001001")


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, home=tmp_path)


def token(world: SimpleNamespace, *areas: str, permissions: tuple[str, ...] = ("cases.read",)) -> dict[str, str]:
    secu = world.as_("secu")
    bind(secu)
    _, text = make_token(
        by=secu,
        name="GIS",
        permissions=list(permissions),
        areas=list(areas),
        expires_at=clock.now() + timedelta(days=1),
    )
    return {"Authorization": f"Bearer {text}", "Accept-Language": "en"}


def case(grid: str = FUBAO + "001001", *, confidential: bool = False, text: str = "路边有垃圾", **given: Any) -> str:
    bind(SYSTEM)
    lon, lat = point_in(grid)
    said = Report(
        text=text,
        category=category("0101").id,
        channel=Channel.WINDOW,
        point=(lon, lat),
        reporter=Reporter("张小明", "13800001234"),
        confidential=confidential,
        **given,
    )
    row, _ = actions.report(by=SYSTEM, report=said)
    return row["number"]


def get(path: str, headers: dict[str, str], **given: Any) -> Any:
    return Client(headers=headers).get(path, given)


def ids(headers: dict[str, str], **given: Any) -> list[str]:
    answer = get(ITEMS, headers, **given)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/geo+json"
    return [f["id"] for f in answer.json()["features"]]


def test_a_token_reads_the_cases_of_its_scope_without_who_reported_them(world: SimpleNamespace) -> None:
    here, there = case(), case(HAISHAN + "001001")
    futian, yantian = token(world, "440304"), token(world, "440308")
    assert ids(futian) == [here] and ids(yantian) == [there]
    assert get(f"{ITEMS}/{there}", futian).status_code == 404
    one = get(f"{ITEMS}/{here}", futian).json()
    assert one["geometry"] == {"type": "Point", "coordinates": [LON, LAT]}
    assert (one["properties"]["status"], one["properties"]["category_name"]) == ("reported", "暴露垃圾")
    assert "张" not in str(one)
    assert not re.search(r"(?<![.\d])138", str(one["properties"])), "no phone, nor its beginning; times have any digits"


def test_a_confidential_case_is_not_in_it_not_even_for_its_centre(world: SimpleNamespace) -> None:
    hidden, headers = case(confidential=True), token(world, "440304")
    assert ids(headers) == []
    assert get(f"{ITEMS}/{hidden}", headers).status_code == 404
    shown = case()
    bind(world.as_("bob"))
    actions.set_confidential(by=world.as_("bob"), case=_id(shown), version=1, confidential=True)
    assert ids(headers) == []


def _id(number: str) -> Any:
    from tests.domain.portal.conftest import case_of

    return case_of(number)["id"]


def test_boxes_times_and_pages_choose_and_a_page_leads_to_the_next(world: SimpleNamespace) -> None:
    now = clock.now().replace(microsecond=0)
    numbers = [case(reported_at=now - timedelta(days=n)) for n in range(5)]
    case(FUBAO + "002001", reported_at=now - timedelta(days=2))
    headers = token(world, "440304")
    box = f"{LON - 0.001},{LAT - 0.001},{LON + 0.001},{LAT + 0.001}"
    assert ids(headers, bbox=box) == numbers
    assert ids(headers, bbox="0,0,1,1") == []
    stamp = lambda n: (now - timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids(headers, bbox=box, datetime=stamp(3)) == [numbers[3]]
    assert ids(headers, bbox=box, datetime=f"{stamp(3)}/{stamp(1)}") == numbers[1:4]
    assert ids(headers, bbox=box, datetime=f"../{stamp(3)}") == numbers[3:]
    assert ids(headers, bbox=box, datetime=f"{stamp(1)}/..") == numbers[:2]
    seen, page = [], get(ITEMS, headers, bbox=box, limit=2).json()
    while True:
        assert page["numberReturned"] == len(page["features"]) <= 2
        seen += [f["id"] for f in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        page = Client(headers=headers).get(following[0].removeprefix("http://testserver")).json()
    assert seen == numbers


@pytest.mark.parametrize("query", ["limit=0", "bbox=1,2,3", "datetime=yesterday", "colour=red", "after=zzz"])
def test_wrong_parameters_are_answered_with_400(world: SimpleNamespace, query: str) -> None:
    answer = Client(headers=token(world, "440304")).get(f"{ITEMS}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_each_reader_is_told_of_the_collections_that_are_theirs(world: SimpleNamespace, settings: Any) -> None:
    def told(headers: dict[str, str]) -> Any:
        answer = get("/ogc/collections", headers)
        return [c["id"] for c in answer.json()["collections"]] if answer.status_code == 200 else answer.status_code

    cases = token(world, "440304")
    places = token(world, "440304", permissions=("places.read",))
    assert (told({}), told(cases), told(places)) == (401, ["Cases"], ["base"])
    assert get("/ogc/collections/base/items", cases).status_code == 404
    assert get(ITEMS, places).status_code == 404
    settings.CONFIG = replace(settings.CONFIG, public_layers=True)
    assert (told({}), told(cases)) == (["base"], ["base", "Cases"])
    assert get(ITEMS, {}).status_code == 404
    described = get("/ogc/collections/Cases", cases).json()
    assert (
        described["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] and described["links"][1]["rel"] == "items"
    )


class TestIndependentClient:
    """OWSLib, over HTTP."""

    @pytest.fixture
    def root(self, in_own_world: SimpleNamespace) -> Iterator[tuple[SimpleNamespace, str]]:
        with serving() as address:
            yield in_own_world, f"{address}/ogc/"

    def test_it_finds_the_collection_and_reads_it(self, root: tuple[SimpleNamespace, str]) -> None:
        world, address = root
        number, headers = case(), token(world, "440304")
        client = Features(address, headers=headers)
        assert client.feature_collections() == ["Cases"]
        found = client.collection_items("Cases", bbox=[LON - 1, LAT - 1, LON + 1, LAT + 1])
        assert [f["id"] for f in found["features"]] == [number]
        assert client.collection_item("Cases", number)["properties"]["number"] == number
        assert requests.get(f"{address}collections/Cases/items", timeout=10).status_code == 401
