"""What every answer carries, and what none may say: headers, caches, errors, names of hosts and methods."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from wangge.domain.people.models import User
from wangge.kernel import health

EVERYWHERE = (
    "/",
    "/start",
    "/health",
    "/healthz",
    "/console/",
    "/portal/track",
    "/nowhere",
    "/static/nothing.js",
    "/api/v1/session",
    "/api/v1/nowhere",
    "/api/v1/docs",
    "/ogc/",
    "/open311/v2/discovery.json",
)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_answer_can_be_framed_sniffed_or_scripted_by_others(ask: Any, path: str) -> None:
    answer = ask(None, "GET", path)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "Server" not in answer and "X-Powered-By" not in answer


def test_over_https_browsers_are_told_to_stay_there_and_else_not(ask: Any, settings: Any) -> None:
    assert "Strict-Transport-Security" not in ask(None, "GET", "/start")
    settings.CONFIG = dataclasses.replace(settings.CONFIG, https=True)
    for path in ("/start", "/api/v1/session", "/nowhere"):
        assert ask(None, "GET", path)["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("path", ["/api/v1/cases", "/api/v1/session", "/ogc/collections", "/health"])
def test_what_is_said_to_a_person_is_kept_by_no_cache(ask: Any, path: str) -> None:
    answer = ask("bob", "GET", path)
    assert answer.status_code in (200, 503)  # of the health page, without a worker
    assert answer["Cache-Control"] == "no-store"


def test_an_unknown_host_is_served_nothing_and_known_ones_are(ask: Any, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["grid.example", "127.0.0.1"]
    for host in ("grid.example", "GRID.example:8000", "127.0.0.1"):
        assert ask(None, "GET", "/start", Host=host).status_code == 200
    for path in ("/start", "/api/v1/session/ways", "/ogc/", "/open311/v2/discovery.json", "/portal/track"):
        refused = ask(None, "GET", path, Host="elsewhere.example")
        assert refused.status_code == 400
        assert "WANGGE_HOSTS" in refused.json()["detail"] and "elsewhere" not in refused.content.decode()
    assert ask(None, "GET", "/healthz", Host="10.0.0.7").status_code == 200  # a balancer asks by address


def test_the_health_page_asks_for_the_names_of_an_installation_behind_https(world: Any, settings: Any) -> None:
    def level(**more: Any) -> Any:
        settings.CONFIG = dataclasses.replace(settings.CONFIG, **more)
        return next(r for r in health.report(fresh=True).results if r.name == "hosts").level

    assert level() == health.Level.OK
    assert level(https=True) == health.Level.WARN
    assert level(hosts=("grid.example",)) == health.Level.OK


def test_a_host_that_is_no_name_is_a_bad_request_and_no_defect(ask: Any) -> None:
    for host in ("a/b", "a@b", "a b", "[::1"):
        assert ask(None, "POST", "/api/v1/session", {"login": "a", "password": "b"}, Host=host).status_code == 400


def test_nothing_but_the_method_itself_says_what_is_done(ask: Any) -> None:
    for trick in ({"X_HTTP_Method_Override": "DELETE"}, {"X_HTTP_Method": "DELETE"}, {"X_Method_Override": "DELETE"}):
        assert ask("bob", "POST", "/api/v1/session", {}, **trick).status_code == 422
    assert ask("bob", "POST", "/api/v1/session?_method=DELETE", {"_method": "DELETE"}).status_code == 422
    assert ask("bob", "GET", "/api/v1/session").status_code == 200, "still logged in"
    for method in ("TRACE", "CONNECT", "PROPFIND"):
        assert ask("bob", method, "/api/v1/session").status_code == 405


def test_the_log_says_who_was_refused_and_of_who_was_answered_nothing(
    ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ask("bob", "GET", "/api/v1/session")  # logs in
    caplog.set_level("INFO", "wangge.request")
    assert ask("bob", "POST", "/api/v1/units", {"code": "new", "name": "新单位"}).status_code == 403
    assert ask("bob", "GET", "/api/v1/cases/019a9000-0000-7000-8000-000000000000").status_code == 404
    assert ask("bob", "GET", "/api/v1/session").status_code == 200
    assert ask(None, "GET", "/api/v1/cases/019a9000-0000-7000-8000-000000000000").status_code == 401
    bob = str(User.objects.get(login="bob").id)
    told = [(r.status, getattr(r, "by", None)) for r in caplog.records if r.name == "wangge.request"]
    assert told == [(403, bob), (404, bob), (200, None), (401, None)]


def test_methods_that_a_client_makes_up_leave_one_row_in_the_metrics(ask: Any) -> None:
    for n in range(20):
        ask(None, f"MADEUP{n}", "/start")
    methods = {s.labels["method"] for m in REGISTRY.collect() for s in m.samples if s.name == "wangge_requests_total"}
    assert {m for m in methods if m.startswith("MADEUP")} == set()
    assert "other" in methods


def test_a_defect_says_a_number_and_nothing_of_itself(
    ask: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from wangge.domain.people import queries

    def broken(**_: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(queries, "me", broken)
    answer = ask("bob", "GET", "/api/v1/session")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert answer["X-Request-Id"] in answer.json()["detail"]
    assert not any(word in answer.content.decode() for word in ("secret", "RuntimeError", "Traceback", "wangge/"))
    assert "secret of the inside" in caplog.text


def test_a_defect_outside_the_api_says_nothing_either(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wangge.pages import views

    monkeypatch.setattr(views, "_exists", lambda path: 1 / 0)
    answer = Client(raise_request_exception=False).get("/start")
    assert answer.status_code == 500
    assert b"Traceback" not in answer.content and b"ZeroDivision" not in answer.content


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static/..%5c..%5csettings.py",
        "/static//etc/passwd",
        "/console/../../settings.py",
        "/field/..%2f..%2fsettings.py",
        "/portal/%2e%2e/%2e%2e/%2e%2e/settings.py",
        "/api/v1/evidence/..%2f..%2f..%2fkeys.json/public",
        "/api/v1/portal/photos/..%2fkeys.json/thumb",
    ],
)
def test_no_address_leads_out_of_what_is_served(ask: Any, path: str) -> None:
    answer = ask("bob", "GET", path)
    shown = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 404 or shown.lstrip().lower().startswith(b"<!doctype html>")  # an app's own page
    assert b"ALLOWED_HOSTS" not in shown and b"root:" not in shown and b'"secret"' not in shown
