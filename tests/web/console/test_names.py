"""The English console calls units, places, categories and posts by their English names wherever they have one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.console import test_people_admin as people
from tests.web.console import test_places_admin as places
from tests.web.console import test_rules as rules
from tests.web.console.conftest import ROW, Desk
from tests.web.console.test_screens import SCREENS, _speak

Sit = Callable[..., Desk]
FUTIAN, FUBAO = "440304", "440304010"
FIRST = ".admin-table .name button, [role=treeitem]"
WALKS: dict[str, dict[str, tuple[str, str]]] = {
    "handler": {k: SCREENS[k] for k in ("workbench", "queue", "own")}
    | {"supervision": ("/supervision", "main :is(tbody, .empty)")},
    "fubao": {k: SCREENS[k] for k in ("workbench", "queue", "register")}
    | {
        "units": ("/figures?by=unit", "main .plain-table tbody th"),
        "grids": ("/figures?by=grid", "main .plain-table thead:has-text('Grid') + tbody th"),
    },
    "secadmin": people.SECURITY,
    "sysadmin": {k: v for k, v in (people.SYSTEM | places.SCREENS | rules.SCREENS).items() if k != "editor"},
}
SEPARATORS = re.compile(r"\s·\s|\s›\s|、|,\s|\s→\s|:\s|\n|\t")


def _pages(at: Desk, path: str, **query: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, str] = {"limit": "100"} | query
    while True:
        page = at.page.request.get(f"{at.address}/api/v1/{path}", params=asked).json()
        yield from page["items"]
        if not page.get("next"):
            return
        asked["after"] = page["next"]


@pytest.fixture(scope="module")
def names() -> set[str]:
    """Filled by the first who asks: Chinese names whose row has another English one."""
    return set()


def _learn(at: Desk, names: set[str]) -> None:
    for path, query in (
        ("units", {"area": FUTIAN}),
        ("areas", {"within": FUTIAN, "level": "street"}),
        ("areas", {"within": FUBAO, "level": "community"}),
        ("grids", {"within": FUBAO}),
    ):
        names |= {x["name"] for x in _pages(at, path, **query) if x["name_en"] not in ("", x["name"])}
    for path in ("categories", "layers"):
        found = at.page.request.get(f"{at.address}/api/v1/{path}").json()
        names |= {x["name"] for x in found["items"] if x["name_en"] not in ("", x["name"])}
    names |= {"网格长", "副网格长", "网格长助理", "网格员", "总网格长", "社区民警"}  # titles of posts


GO = """to => {
  window.left?.removeAttribute('data-left')
  window.left = document.querySelector('main h1')
  if (location.pathname !== to.split('?')[0]) window.left?.setAttribute('data-left', '')
  history.pushState({}, '', to)
  dispatchEvent(new PopStateEvent('popstate'))
}"""


def _go(at: Desk, path: str, ready: str) -> None:
    """To another screen without loading the page anew: it is there when its heading is another one."""
    at.page.evaluate(GO, f"/console{path}")
    at.page.locator("main h1:not([data-left])").first.wait_for()
    at.page.locator(ready).first.wait_for()
    expect(at.page.locator(".el-skeleton")).to_have_count(0)


def _chinese(at: Desk, names: set[str]) -> set[str]:
    shown = at.page.locator("body").inner_text()
    long = {n for n in names if len(n) > 7 and n in shown}
    return long | {part for part in (p.strip() for p in SEPARATORS.split(shown)) if part in names}


def _walk(at: Desk, names: set[str], screens: dict[str, tuple[str, str]]) -> None:
    for name, (path, ready) in screens.items():
        _go(at, path, ready)
        assert not _chinese(at, names), name
        if path.startswith("/admin") and at.page.locator(FIRST).count():
            at.page.locator(FIRST).first.click()
            at.page.locator("aside.aside").wait_for()
            expect(at.page.locator(".el-skeleton")).to_have_count(0)
            assert not _chinese(at, names), f"{name}, its first row"


def _dispatch(at: Desk, names: set[str]) -> None:
    """A case, and the help that its form gives."""
    _go(at, "/queue?status=accepted", ROW)
    at.press("j", "d")
    at.page.get_by_text("By the rules it goes to").wait_for()
    assert not _chinese(at, names)
    at.press("Escape")
    expect(at.page.get_by_role("dialog")).to_be_hidden()
    at.press("Enter")
    at.page.locator(".timeline li").first.wait_for()
    assert not _chinese(at, names)


@pytest.mark.parametrize("login", WALKS)
def test_no_name_that_has_an_english_one_is_shown_in_chinese(desk: Sit, names: set[str], login: str) -> None:
    at = desk(login)
    if not names:
        _learn(at, names)
    assert len(names) > 400
    _speak(at, "en", "1")
    try:
        _walk(at, names, WALKS[login])
        if login == "fubao":
            _dispatch(at, names)
    finally:
        at.page.get_by_role("button", name="中文").click()
        expect(at.page.get_by_role("navigation", name="主菜单")).to_be_visible()
