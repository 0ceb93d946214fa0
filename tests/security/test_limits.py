"""Requests that want too much: each is refused in words, none is a defect, and none takes long."""

from __future__ import annotations

from typing import Any

import pytest

ME = "/api/v1/session"
FORM = "application/x-www-form-urlencoded"
MANY = "&".join(f"a{n}=1" for n in range(1100))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 1000 + b'"\\u0000"' + b"]" * 1000,
        b'{"login":' * 1010 + b'"\\u0000"' + b"}" * 1010,
        b'{"login": ' + b"9" * 100_000 + b', "password": "x"}',
        b'{"login": 1e999999, "password": "x"}',
        b'{"login": "a", "password": "\xff"}',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:/etc/passwd">]><a>&b;</a>',
        b"",
    ],
    ids=["open", "deep list", "deep object", "digits", "exponent", "no utf-8", "xml", "empty"],
)
def test_a_body_that_is_no_reasonable_json_is_refused_by_name(ask: Any, body: bytes) -> None:
    answer = ask(None, "POST", ME, body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"]
    assert b"root:" not in answer.content


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(ask: Any) -> None:
    answer = ask(None, "POST", ME, b'{"login": "' + b"x" * (20 * 1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert "20 MB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("GET", f"/api/v1/cases?{MANY}", b"", "application/json"),
        ("POST", "/api/v1/session/sso/back-channel", MANY.encode(), FORM),
        ("POST", "/api/v1/session/sso/back-channel", b"x", "multipart/form-data; boundary="),
        ("POST", "/api/v1/staff/import", b"x", "multipart/form-data; boundary="),
        ("GET", f"/portal/track?{MANY}", b"", "text/html"),
        ("POST", "/portal/track", b"x", "multipart/form-data; boundary="),
        ("GET", f"/open311/v2/requests.json?{MANY}", b"", "text/html"),
        ("POST", "/open311/v2/requests.xml", b"x", "multipart/form-data; boundary="),
        ("GET", f"/ogc/?{MANY}", b"", "text/html"),
    ],
)
def test_a_thousand_parameters_or_a_broken_form_is_a_bad_request_and_no_defect(
    ask: Any, method: str, path: str, body: bytes, kind: str
) -> None:
    who = "secu" if "staff" in path else "bob" if path.startswith(("/api/v1/cases", "/ogc")) else None
    assert ask(who, method, path, body, Content_Type=kind).status_code == 400


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "0", "1e9", "١٢"])
def test_a_number_of_a_query_is_a_small_one_or_refused(ask: Any, value: str) -> None:
    answer = ask("bob", "GET", f"/api/v1/cases?limit={value}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "query.limit"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/v1/search?q={}", "a" * 199 + "!"),
        ("/api/v1/search?q={}", '"' * 200),
        ("/api/v1/grids?bbox={}", "1," * 5000),
        ("/api/v1/cases?after={}", "A" * 20_000),
        ("/open311/v2/requests.json?start_date={}", "0" * 20_000),
    ],
)
def test_a_text_that_is_made_to_be_slow_is_answered_at_once(ask: Any, path: str, text: str) -> None:
    """Every pattern is linear or meets a bounded text: the answer is there, and it is no defect."""
    assert ask("bob", "GET", path.format(text)).status_code in (200, 400, 422)
