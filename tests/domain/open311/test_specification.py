"""The specification itself: its documents fit the schema that ours are held to, and its sample calls are answered as it says.

https://wiki.open311.org/GeoReport_v2 has no schema; ``georeport_v2.rng`` says in RELAX NG what its tables say in words.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from tests.domain.open311.test_open311 import LAT, LON, _home, act, ask, key_of, send  # noqa: F401
from tests.domain.portal.conftest import case_of
from wangge.domain.cases import actions

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("georeport_v2.rng")))
MOMENT = "2010-04-14T06:37:38-08:00"
SAMPLES = {  # as the page shows them
    "services": "<services><service><service_code>002</service_code><metadata>true</metadata><type>realtime</type><keywords>lorem, ipsum, dolor</keywords><group>street</group><service_name>Construction plate shifted</service_name><description>Metal construction plate covering the street or sidewalk has been moved.</description></service></services>",
    "definition": "<service_definition><service_code>DMV66</service_code><attributes><attribute><variable>true</variable><code>WHISHETN</code><datatype>singlevaluelist</datatype><required>true</required><datatype_description></datatype_description><order>1</order><description>What is the ticket/tag/DL number?</description><values><value><key>123</key><name>Ford</name></value><value><key>124</key><name>Chrysler</name></value></values></attribute></attributes></service_definition>",
    "made": "<service_requests><request><service_request_id>293944</service_request_id><service_notice>\n The City will inspect \n</service_notice><account_id/></request></service_requests>",
    "token": "<service_requests><request><service_request_id>638344</service_request_id><token>12345</token></request></service_requests>",
    "requests": f"<service_requests><request><service_request_id>638344</service_request_id><status>closed</status><status_notes>Duplicate request.</status_notes><service_name>Sidewalk and Curb Issues</service_name><service_code>006</service_code><description></description><agency_responsible></agency_responsible><service_notice></service_notice><requested_datetime>{MOMENT}</requested_datetime><updated_datetime>{MOMENT}</updated_datetime><expected_datetime>{MOMENT}</expected_datetime><address>8TH AVE and JUDAH ST</address><address_id>545483</address_id><zipcode>94122</zipcode><lat>37.762221815</lat><long>-122.4651145</long><media_url>http://city.gov.s3.amazonaws.com/requests/media/638344.jpg </media_url></request></service_requests>",
    "errors": "<errors><error><code>403</code><description>Invalid api_key received -- can't proceed with create_request.</description></error></errors>",
}


def fits(document: bytes | str) -> Any:
    """The document, which the schema takes."""
    root = etree.fromstring(document if isinstance(document, bytes) else document.encode())
    SCHEMA.assertValid(root)
    return root


@pytest.mark.parametrize("name", SAMPLES)
def test_the_schema_takes_what_the_specification_shows(name: str) -> None:
    fits(SAMPLES[name])


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("services", "realtime", "at once"),
        ("services", "<metadata>true</metadata>", ""),
        ("definition", "singlevaluelist", "list"),
        ("definition", "<order>1</order>", "<order>0</order>"),
        ("made", "<service_request_id>293944</service_request_id>", ""),
        ("requests", "<status>closed</status>", "<status>done</status>"),
        ("requests", MOMENT, "2010-04-14T06:37:38"),
        ("requests", "37.762221815", "137.7"),
        ("requests", "<zipcode>94122</zipcode>", "<zip>94122</zip>"),
        ("errors", "<code>403</code>", ""),
    ],
)
def test_the_schema_refuses_what_it_does_not_allow(name: str, right: str, wrong: str) -> None:
    document = SAMPLES[name]
    assert right in document
    assert not SCHEMA.validate(etree.fromstring(document.replace(right, wrong, 1)))


def test_every_document_of_ours_fits(world: SimpleNamespace) -> None:
    key = key_of(world)
    services = fits(ask("services.xml").content)
    for service in services:
        fits(ask(f"services/{service.findtext('service_code')}.xml").content)
    number = fits(send(key, "xml").content).findtext("request/service_request_id")
    for path, given in (
        ("discovery.xml", {}),
        (f"tokens/{number}.xml", {}),
        (f"requests/{number}.xml", {}),
        (f"requests/{number}.xml", {"api_key": key}),
        ("requests.xml", {}),
        ("requests.xml", {"end_date": "2026-01-01T00:00:00Z"}),
    ):
        fits(ask(path, **given).content)
    act(world, "bob", actions.reject, number, note="不属于受理范围")
    closed = fits(ask(f"requests/{number}.xml").content)
    assert (closed.findtext("request/status"), closed.findtext("request/expected_datetime")) == ("closed", "")


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("services.xml", {"jurisdiction_id": "city.gov"}, 404),
        ("services/nothing.xml", {}, 404),
        ("services/0101.xml", {"jurisdiction_id": "city.gov"}, 404),
        ("tokens/123456.xml", {}, 404),
        ("requests.xml", {"jurisdiction_id": "city.gov"}, 404),
        ("requests.xml", {"status": "late"}, 400),
        ("requests.xml", {"service_code": "nothing"}, 404),
        ("requests.xml", {"start_date": "2010-05-24"}, 400),
        ("requests.xml", {"start_date": "2010-05-24T00:00:00Z", "end_date": "2010-09-24T00:00:00Z"}, 400),
        ("requests/638344.xml", {}, 404),
    ],
)
def test_errors_have_the_status_and_the_document_of_the_specification(
    world: SimpleNamespace, path: str, given: dict[str, str], status: int
) -> None:
    answer = ask(path, **given)
    root = fits(answer.content)
    assert (answer.status_code, root.tag, root.findtext("error/code")) == (status, "errors", str(status))


def test_the_sample_calls_are_answered(world: SimpleNamespace) -> None:
    """With our codes in the place of theirs: every other argument is as the page has it."""
    body = (
        f"api_key={key_of(world)}&jurisdiction_id=440304&service_code=0101&lat={LAT}&long={LON}&address_string=1234+5th+street"
        "&email=smit333%40sfgov.edu&device_id=tt222111&account_id=123456&first_name=john&last_name=smith&phone=111111111"
        "&description=A+large+sinkhole+is+destroying+the+street"
        "&media_url=http%3A%2F%2Ffarm3.static.flickr.com%2F2002%2F2212426634_5ed477a060.jpg&attribute[WHISPAWN]=123456&attribute[WHISDORN]=COISL001"
    )
    made = Client().post(
        "/open311/v2/requests.xml", body, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
    number = fits(made.content).findtext("request/service_request_id")
    case = case_of(number)
    assert (case["text"], case["address"]) == ("A large sinkhole is destroying the street", "1234 5th street")
    listed = fits(ask("requests.xml", status="open", jurisdiction_id="440304").content)
    assert [r.findtext("service_request_id") for r in listed] == [number]
    missing = Client().post(
        "/open311/v2/requests.xml", body.replace("api_key=", "key="), content_type="application/x-www-form-urlencoded"
    )
    assert (missing.status_code, fits(missing.content).findtext("error/code")) == (403, "403")


def test_what_is_empty_is_as_if_it_was_not_given_and_numbers_override_everything_else(world: SimpleNamespace) -> None:
    number = send(key_of(world), jurisdiction_id="").json()[0]["service_request_id"]
    empty = dict.fromkeys(("jurisdiction_id", "service_code", "start_date", "end_date", "status", "service_request_id"), "")  # fmt: skip
    assert [r["service_request_id"] for r in ask("requests.json", **empty).json()] == [number]
    for other in ({"status": "closed"}, {"service_code": "0105"}, {"jurisdiction_id": "440308"}):
        assert len(ask("requests.json", service_request_id=number, **other).json()) == 1


def test_json_is_the_xml_by_the_spark_convention(world: SimpleNamespace) -> None:
    """Lists for lists, null for what is empty, numbers and truths as such."""
    key = key_of(world)
    number = send(key).json()[0]["service_request_id"]
    pairs = [("services", {}), ("services/0101", {}), (f"requests/{number}", {"api_key": key}), (f"tokens/{number}", {})]  # fmt: skip
    for path, given in pairs:
        assert _spark(fits(ask(f"{path}.xml", **given).content)) == _text(ask(f"{path}.json", **given).json()), path


LISTS = {"services", "service_requests", "attributes", "values"}


def _spark(element: Any) -> Any:
    if element.tag in LISTS:
        return [_spark(child) for child in element]
    return {child.tag: _spark(child) for child in element} if len(element) else element.text or ""


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_text(v) for v in value]
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
