"""What a body may hold: the fields that its schema names, once, as JSON; markup and entities are text like any other."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.world import FUBAO, category
from wangge.api import api
from wangge.kernel.ids import uuid7
from wangge.kernel.logs import JsonFormatter

MAPS = {
    "CategoryIn.entry_levels": "channel → level",
    "CategoryChange.entry_levels": "channel → level",
    "ChangeApply.answers": "question → answer",
    "ChangeApply.area": "GeoJSON",
    "ChangeApply.cut": "GeoJSON",
    "ChangeApply.pieces": "GeoJSON",
    "ChangeApply.shapes": "grid → GeoJSON",
    "ChangeIn.area": "GeoJSON",
    "ChangeIn.cut": "GeoJSON",
    "ChangeIn.pieces": "GeoJSON",
    "ChangeIn.shapes": "grid → GeoJSON",
    "ChangePlanned.answers": "question → answer",
    "ChangePlanned.area": "GeoJSON",
    "ChangePlanned.cut": "GeoJSON",
    "ChangePlanned.pieces": "GeoJSON",
    "ChangePlanned.shapes": "grid → GeoJSON",
    "ExchangeOrderIn.fields": "the partner's own fields, read by its mapping",
    "ManyIn.given": "an act's inputs, checked against that act's schema",
    "MappingIn.columns": "column → field",
    "MappingIn.translation": "field → their word → ours",
    "OperationIn.given": "an act's inputs, checked against that act's schema",
    "PartnerIn.states": "status → their word",
    "PartnerChange.states": "status → their word",
    "PlaceIn.grids": "layer → grid",
    "SsoTryIn.claims": "claims to try a mapping on; nothing is kept",
}
"""Members whose keys the schema does not name, and what they are: none is a row's."""


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON body of the API with its route, references resolved lazily."""
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield f"{method.upper()} {path}", content["application/json"]["schema"]


def open_members() -> set[str]:
    """``Schema.member`` of whatever takes keys that are not named, in any body however deep."""
    schemas = api.get_openapi_schema()["components"]["schemas"]
    seen: set[str] = set()
    found: set[str] = set()

    def walk(schema: dict[str, Any], where: str) -> None:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            if name in seen:
                return
            seen.add(name)
            schema, where = schemas[name], name
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            found.add(where)
        for part in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(part, ()):
                walk(one, where)
        if isinstance(schema.get("items"), dict):
            walk(schema["items"], where)
        for name, one in schema.get("properties", {}).items():
            walk(one, f"{where}.{name}")

    for route, schema in bodies():
        walk(schema, route)
    return found


def test_no_body_takes_a_field_that_is_not_named() -> None:
    """What is not in the schema (``id`` of another, ``version``, ``state``, ``owner`` …) cannot be written: 422, at any depth."""
    assert open_members() == set(MAPS)


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "field"),
    [
        ("bob", "PATCH", "/me", {"language": "en"}, "login"),
        ("bob", "PATCH", "/me", {"language": "en"}, "roles"),
        ("bob", "POST", "/views", {"name": "我的"}, "owner"),
        ("alice", "POST", "/cases", {"text": "垃圾"}, "status"),
        ("alice", "POST", "/cases", {"text": "垃圾"}, "number"),
        ("alice", "POST", "/cases", {"text": "垃圾"}, "holder"),
        ("secu", "POST", "/users", {"login": "gina", "name": "吉娜"}, "active"),
        ("secu", "POST", "/users", {"login": "gina", "name": "吉娜"}, "password"),
    ],
)
def test_what_is_only_ours_to_set_is_refused_by_name(
    ask: Any, who: str, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    given = body | {field: "x"} | ({"id": str(uuid7())} if method == "POST" else {})
    answer = ask(who, method, f"/api/v1{path}", given)
    assert answer.status_code == 422
    assert {"path": f"body.{field}", "code": "extra_forbidden", "message": "There is no such field; remove it."} in (
        answer.json()["errors"]
    )


XML = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:/etc/passwd"><!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><r>&f;&c;</r>"""


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "application/x-www-form-urlencoded"])
def test_nobody_reads_xml_from_outside(ask: Any, kind: str) -> None:
    """Open311 answers in XML and takes forms; no parser of XML is at work in any request (XXE, entity bombs)."""
    for path in ("/open311/v2/requests.xml", "/open311/v2/requests.json", "/ogc/collections/base/items"):
        answer = ask("alice", "POST", path, XML, Content_Type=kind)
        assert answer.status_code in (400, 403, 405)
        assert b"root:" not in answer.content and b"aaaaaaaaaaaa" not in answer.content


def test_markup_in_a_report_stays_text_wherever_it_is_shown(ask: Any, world: Any) -> None:
    text = "<script>alert(1)</script><img src=x onerror=alert(2)> {{7*7}} ${7*7} %s"
    body = {"id": str(uuid7()), "text": text, "category": str(category("0101").id), "street": FUBAO}
    made = ask("bob", "POST", "/api/v1/cases", body | {"channel": "hotline"})
    assert made.status_code in (200, 201), made.content
    shown = ask("bob", "GET", f"/api/v1/cases/{body['id']}")
    assert (shown["Content-Type"], shown.json()["text"]) == ("application/json; charset=utf-8", text)
    page = ask(None, "GET", "/portal/track?number=%3Cscript%3Ealert(1)%3C/script%3E&code=%22%3E%3Cimg%20src=x%3E")
    assert b"<script>alert" not in page.content and b"<img src=x>" not in page.content
    assert b"&lt;script&gt;" in page.content


@pytest.mark.parametrize("text", ["a\r\nINJECTED level=error", "\x1b[31mred", "\u2028{}", "\x9b31m\x85", "\x00"])
def test_what_a_client_types_cannot_begin_a_line_of_the_log(text: str) -> None:
    record = logging.LogRecord("wangge.x", logging.ERROR, "", 0, "at %s", (text,), None)
    record.path = text
    line = JsonFormatter().format(record)
    assert line.splitlines() == [line]
    assert not any(c < " " or "\x7f" <= c <= "\x9f" for c in line)
    assert json.loads(line)["path"] == text
