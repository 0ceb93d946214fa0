"""A city's app that knows GeoReport v2 and nothing of ours: by the standard's own shapes, and by a client that others wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from georeport import GeoReport

from tests.domain.portal.conftest import case_of
from tests.support.http import serving
from tests.support.world import FUBAO, HAISHAN, category, point_in
from wangge.domain.cases import actions
from wangge.domain.open311 import rules
from wangge.domain.people.actions.tokens import make_token
from wangge.kernel import clock
from wangge.kernel.access import bind

LON, LAT = point_in(FUBAO + "001001")
REQUEST = ["service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url"]  # fmt: skip
W3C = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, demo=True, home=tmp_path)


def key_of(world: SimpleNamespace, *permissions: str, area: str = "440304") -> str:
    secu = world.as_("secu")
    bind(secu)
    given = list(permissions or ("cases.report", "cases.read"))
    _, text = make_token(
        by=secu, name="城市应用", permissions=given, areas=[area], expires_at=clock.now() + timedelta(days=1)
    )
    return text


def ask(path: str, **given: Any) -> Any:
    return Client(headers={"Accept-Language": "en"}).get(f"/open311/v2/{path}", given)


def send(key: str, form: str = "json", **given: Any) -> Any:
    body = {
        "api_key": key,
        "service_code": "0101",
        "description": "益田路有一堆垃圾 <b>&",
        "lat": LAT,
        "long": LON,
    } | given
    return Client().post(f"/open311/v2/requests.{form}", {k: v for k, v in body.items() if v is not None})


def act(world: SimpleNamespace, login: str, function: Any, number: str, **given: Any) -> None:
    person, row = world.as_(login), case_of(number)
    bind(person)
    function(by=person, case=row["id"], version=row["version"], **given)


def shape(element: ET.Element) -> list[str]:
    return [child.tag for child in element]


def test_xml_has_the_standards_elements_in_their_order(world: SimpleNamespace) -> None:
    services = ask("services.xml")
    assert services["Content-Type"] == "text/xml; charset=utf-8" and services.content.startswith(
        b"<?xml version='1.0' encoding='UTF-8'?>"
    )
    root = ET.fromstring(services.content)
    assert root.tag == "services"
    assert shape(root[0]) == ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
    assert {s.findtext("metadata") for s in root} <= {"true", "false"} and root[0].findtext("type") == "realtime"
    definition = ET.fromstring(ask("services/0101.xml").content)
    assert (definition.tag, shape(definition)) == ("service_definition", ["service_code", "attributes"])
    for attribute in definition.iter("attribute"):
        assert shape(attribute) == ["variable", "code", "datatype", "required", "datatype_description", "order", "description", "values"]  # fmt: skip
    key = key_of(world)
    made = ET.fromstring(send(key, "xml").content)
    assert (made.tag, shape(made), shape(made[0])) == ("service_requests", ["request"], ["service_request_id", "service_notice", "account_id"])  # fmt: skip
    number = made[0].findtext("service_request_id")
    told = ET.fromstring(ask(f"requests/{number}.xml", api_key=key).content)
    assert (told.tag, shape(told[0])) == ("service_requests", REQUEST)
    assert told[0].findtext("description") == "益田路有一堆垃圾 <b>&"
    assert all(W3C.fullmatch(told[0].findtext(f"{name}_datetime")) for name in ("requested", "updated", "expected"))
    token = ET.fromstring(ask(f"tokens/{number}.xml").content)
    assert (shape(token[0]), token[0].findtext("token")) == (["service_request_id", "token"], number)
    discovery = ET.fromstring(ask("discovery.xml").content)
    assert shape(discovery) == ["changeset", "contact", "key_service", "endpoints"]
    assert shape(discovery[3][0]) == ["specification", "url", "changeset", "type", "formats"]
    assert discovery[3][0].findtext("specification") == "http://wiki.open311.org/GeoReport_v2"


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"api_key": None}, 403, "api_key"),
        ({"api_key": "wgt_invented"}, 403, "api_key"),
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": "nothing"}, 404, "service_code"),
        ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
        ({"description": " "}, 400, "description"),
        ({"lat": None, "long": None}, 400, "position"),
        ({"lat": "north"}, 400, "lat and long"),
        ({"lat": "22.5", "long": "114.3"}, 400, "nearest"),
    ],
)
def test_what_is_wrong_is_answered_by_the_standards_codes(
    world: SimpleNamespace, given: dict, status: int, said: str
) -> None:
    answer = send(key_of(world), "xml", **given)
    root = ET.fromstring(answer.content)
    assert (answer.status_code, root.tag, shape(root[0]), root[0].findtext("code")) == (status, "errors", ["code", "description"], str(status))  # fmt: skip
    assert said in root[0].findtext("description")
    assert "error" in root[0].tag


def test_a_key_reports_only_what_its_token_may(world: SimpleNamespace) -> None:
    assert send(key_of(world, "cases.read")).status_code == 403
    assert send(key_of(world, area=HAISHAN)).status_code == 403
    made = send(key_of(world, "cases.report"), first_name="小明", last_name="张", phone="13800001234")
    case = case_of(made.json()[0]["service_request_id"])
    assert (case["channel"], case["holder"], case["category"]) == ("open311", world.units.fubao, category("0101").id)
    street = send(key_of(world), lat=None, long=None, address_id=FUBAO, address_string="益田路 1 号")
    assert case_of(street.json()[0]["service_request_id"])["address"] == "益田路 1 号"


def test_lists_by_number_service_status_and_period_and_in_pages(world: SimpleNamespace) -> None:
    key = key_of(world)
    numbers = [send(key).json()[0]["service_request_id"] for _ in range(3)]
    act(world, "bob", actions.reject, numbers[0], note="不属于受理范围")
    found = lambda **given: [r["service_request_id"] for r in ask("requests.json", **given).json()]
    assert found() == numbers[::-1]
    assert (
        found(status="open") == numbers[:0:-1]
        and found(status="closed") == numbers[:1]
        and len(found(status="open,closed")) == 3
    )
    assert sorted(found(service_request_id=",".join(numbers[:2]))) == numbers[:2]
    assert found(service_code="0101", page_size=2, page=2) == numbers[:1] and found(service_code="0105") == []
    assert found(jurisdiction_id="440308") == [] and len(found(jurisdiction_id="440304")) == 3
    assert found(start_date="2026-01-01T00:00:00Z", end_date="2026-03-01T00:00:00+08:00") == []
    for wrong in ({"status": "late"}, {"start_date": "yesterday"}, {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}, {"page": "0"}):  # fmt: skip
        assert ask("requests.json", **wrong).status_code == 400
    assert ask("requests/4403040102026010100001.json").status_code == 404


def test_a_stranger_is_told_no_words_no_address_and_the_middle_of_the_grid(world: SimpleNamespace) -> None:
    number = send(key_of(world), lat=LAT + 0.003, address_string="3 栋 502 室").json()[0]["service_request_id"]
    [told] = ask(f"requests/{number}.json").json()
    assert (told["description"], told["address"], told["address_id"]) == (None, None, FUBAO)
    assert abs(told["lat"] - LAT) < 0.001 and abs(told["long"] - LON) < 0.001
    act(world, "bob", actions.publish, number, public_text="已安排清运")
    assert "已安排清运" in ask(f"requests/{number}.json").json()[0]["status_notes"]
    [whole] = ask(f"requests/{number}.json", api_key=key_of(world)).json()
    assert whole["address"] == "3 栋 502 室" and whole["lat"] == LAT + 0.003
    [other] = ask(f"requests/{number}.json", api_key=key_of(world, area="440308")).json()
    assert other["address"] is None


def test_what_becomes_confidential_is_not_there_any_more(world: SimpleNamespace) -> None:
    key = key_of(world)
    number = send(key, first_name="小红", last_name="李", phone="13900005678").json()[0]["service_request_id"]
    assert (
        "李" not in ask("requests.json", api_key=key).content.decode()
        and "1390000" not in ask("requests.json").content.decode()
    )
    act(world, "bob", actions.set_confidential, number, confidential=True)
    assert ask(f"requests/{number}.json").status_code == 404 and ask("requests.json", api_key=key).json() == []
    assert ask(f"tokens/{number}.json").status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(
    world: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    key = key_of(world)
    for _ in range(2):
        for _ in range(3):
            send(key)
        with django_assert_max_num_queries(12):
            ask("requests.json", api_key=key)


def test_text_that_xml_cannot_hold_does_not_break_it() -> None:
    root = ET.fromstring(rules.xml("errors", [{"code": 400, "description": "a\x0bb\x00 <&> 字"}]))
    assert root[0].findtext("description") == "ab <&> 字"


class TestIndependentClient:
    """``georeport`` from PyPI, over HTTP. It reads; what it cannot do, to send, is an ordinary form."""

    @pytest.fixture
    def city(self, in_own_world: SimpleNamespace) -> Iterator[tuple[SimpleNamespace, str]]:
        with serving() as address:
            yield in_own_world, f"{address}/open311/v2"

    @pytest.mark.parametrize("form", ["json", "xml"])
    def test_it_lists_services_and_follows_a_request_until_it_is_closed(
        self, city: tuple[SimpleNamespace, str], form: str
    ) -> None:
        world, address = city
        client = GeoReport(address, jurisdiction="440304", output_format=form)
        codes = [service["service_code"] for service in client.get_service_list()]
        assert "0101" in codes and client.get_service_definition("0101")["service_code"] == "0101"
        number = send(key_of(world)).json()[0]["service_request_id"]
        assert client.get_service_request(number)["status"] == "open"
        for login, function, given in (
            ("bob", actions.accept, {}),
            ("bob", actions.dispatch, {}),
            ("hank", actions.resolve, {"result": "已清运"}),
            ("bob", actions.verify, {"outcome": "pass"}),
        ):
            act(world, login, function, number, **given)
        if case_of(number)["follow_up"] is None:
            act(world, "bob", actions.follow_up, number, outcome="satisfied")
        act(world, "bob", actions.close, number)
        told = client.get_service_request(number)
        assert (told["status"], told["service_code"]) == ("closed", "0101")
        found = client.get_service_requests(service_request_id=number, status="closed")
        assert number in str(found)
