"""The web apps' sources: what a machine without Node can hold."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client, RequestFactory

from wangge.kernel import health
from wangge.kernel.access import permissions
from wangge.kernel.geo.basemap import basemap_of
from wangge.kernel.jobs import registry

WEB = Path(__file__).resolve().parents[1] / "web"


def test_the_client_is_made_from_the_committed_description() -> None:
    description = (WEB.parent / "docs" / "openapi.json").read_bytes()
    made_from = (WEB / "shared" / "api" / "made-from").read_text("utf-8").strip()
    assert made_from == hashlib.sha256(description).hexdigest(), "run make openapi and commit web/shared/api"


def test_every_call_has_one_name_in_the_description() -> None:
    paths = json.loads((WEB.parent / "docs" / "openapi.json").read_text("utf-8"))["paths"]
    names = [call["operationId"] for calls in paths.values() for call in calls.values()]
    assert len(names) == len(set(names))


def test_versions_are_pinned_and_no_registry_is_named() -> None:
    for path in (
        WEB / "package.json",
        *(WEB / app / "package.json" for app in ("shared", "console", "field", "portal")),
    ):
        package = json.loads(path.read_text("utf-8"))
        for name, version in (package.get("dependencies", {}) | package.get("devDependencies", {})).items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version) or name.startswith("@wangge/"), (path.name, name, version)
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    places = {package["resolved"] for package in lock["packages"].values() if "resolved" in package}
    assert places == {"shared", "console", "field", "portal"}


def test_the_sources_hold_no_markup_of_people_and_no_style_or_script_in_line() -> None:
    for path in (path for app in ("shared", "field", "portal") for path in (WEB / app / "src").rglob("*.vue")):
        text = path.read_text("utf-8")
        assert "v-html" not in text and 'style="' not in text.replace(':style="', ""), path


def test_a_console_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    from wangge.pages import rooms

    rooms.index_of.cache_clear()
    static, rooms.STATIC = rooms.STATIC, tmp_path
    try:
        answer = Client().get("/console/queue")
        assert answer.status_code == 404
        assert "make web" in answer.content.decode()
        (tmp_path / "console").mkdir()
        (tmp_path / "console" / "index.html").write_text('<!doctype html>\n<html lang="zh-CN">', "utf-8")
        rooms.index_of.cache_clear()
        for path in ("/console", "/console/", "/console/cases/1?x=2"):
            answer = Client().get(path)
            assert answer.status_code == 200
            assert f'data-zone="{settings.CONFIG.zone}"' in answer.content.decode()
            assert answer["Cache-Control"] == "no-cache"
            policy = answer["Content-Security-Policy"]
            assert "script-src 'self';" in policy and "style-src 'self';" in policy and "unsafe" not in policy
            assert "connect-src 'self' http://testserver:" in policy
    finally:
        rooms.STATIC = static
        rooms.index_of.cache_clear()


def test_the_front_door_is_the_portal_or_what_there_is_without_it(tmp_path: Path) -> None:
    from wangge.pages import rooms

    rooms.index_of.cache_clear()
    static, rooms.STATIC = rooms.STATIC, tmp_path
    try:
        assert "/api/v1/docs" in Client().get("/").content.decode()
        (tmp_path / "portal").mkdir()
        (tmp_path / "portal" / "index.html").write_text('<!doctype html>\n<html lang="zh-CN">', "utf-8")
        rooms.index_of.cache_clear()
        answer = Client().get("/")
        assert (answer.status_code, answer["Location"], answer["Cache-Control"]) == (302, "/portal/", "no-cache")
        assert "/api/v1/docs" in Client().get("/start").content.decode()
    finally:
        rooms.STATIC = static
        rooms.index_of.cache_clear()


def test_the_page_may_ask_the_host_of_the_base_map_and_no_other(settings: Any) -> None:
    from wangge.pages import rooms

    ask = RequestFactory().get("/console/")
    before = rooms.policy(ask)
    settings.BASEMAP = basemap_of(
        addresses=["https://tiles.example:8443/{z}/{x}/{y}.png?key=k"], system="gcj02", attribution="", zooms="3-18"
    )
    assert rooms.policy(ask) == f"{before} https://tiles.example:8443"


def test_whatever_the_console_lists_by_name_has_a_name_of_its_language() -> None:
    """Jobs and loops, checks of health, groups of permissions, and what an entry of the ledger is about."""
    src = WEB / "console" / "src"

    def said(path: str) -> set[str]:
        return {a or b for a, b in re.findall(r"(?:'([^'\n]+)'|\b(\w+)): \['", (src / path).read_text("utf-8"))}

    work = {**registry.JOBS, **registry.LOOPS}  # other tests register some of their own
    lists = {
        "admin/system/Jobs.vue": {name for name, w in work.items() if w.fn.__module__.startswith("wangge.")},
        "admin/system/Health.vue": set(health._checks),
        "admin/people/Roles.vue": {str(p).split(".")[0] for p in permissions()},
        "audit/words.ts": set(_kinds()),
    }
    missing = {path: sorted(names - said(path)) for path, names in lists.items()}
    assert not any(missing.values()), missing


def _kinds() -> Iterator[str]:
    """What the calls that write to the ledger name as their ``kind``."""
    for path in (WEB.parent / "wangge").rglob("*.py"):
        for call in (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)):
            given = {k.arg: k.value for k in call.keywords}
            if "tag" in given and "kind" in given:
                yield from (n.value for n in ast.walk(given["kind"]) if isinstance(n, ast.Constant))
