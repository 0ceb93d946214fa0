"""Every screen in both languages and in large print: axe finds nothing serious, nothing is wider than the screen, nothing complains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]
SCREENS = {
    "workbench": ("/", ".pile"),
    "queue": ("/queue", ROW),
    "search": ("/queue?q=示例", ROW),
    "register": ("/register", "#phone"),
    "own": ("/own", ".plain-list"),
}


def _serious(at: Desk, axe: str) -> list[str]:
    at.page.evaluate(axe)
    found = at.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {node['html'][:200]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


def _speak(at: Desk, language: str, size: str) -> None:
    at.page.evaluate(f"localStorage.setItem('wangge.size', '{size}')")
    if language == "en":
        at.page.get_by_role("button", name="English").click()
        expect(at.page.get_by_role("navigation", name="Main menu")).to_be_visible()


@pytest.mark.parametrize(("language", "size"), [("zh", "1"), ("en", "1"), ("zh", "1.5")])
def test_every_screen_is_clear_to_all(desk: Sit, axe: str, language: str, size: str) -> None:
    at = desk("yantian")
    _speak(at, language, size)
    for name, (path, ready) in SCREENS.items():
        at.open(path)
        at.page.locator(ready).first.wait_for()
        at.page.wait_for_load_state("networkidle")
        assert _serious(at, axe) == [], name
        assert at.page.evaluate("document.documentElement.scrollWidth") <= 1440, name
    at.queue()
    at.press("j", "Enter")
    at.page.locator(".acts").wait_for()
    at.page.wait_for_load_state("networkidle")
    assert _serious(at, axe) == []
    at.page.locator(".acts button").first.click()
    at.page.locator("form.act").wait_for()
    assert _serious(at, axe) == []
    if language == "en":
        at.page.get_by_role("button", name="中文").click()


def test_the_english_console_holds_no_chinese_of_its_own(desk: Sit) -> None:
    """Names and texts of people stay in their language; labels, buttons and headings do not."""
    at = desk("handler")
    _speak(at, "en", "1")
    for path, ready in (SCREENS[name] for name in SCREENS if name != "search"):
        at.open(path)
        at.page.locator(ready).first.wait_for()
        for text in at.page.locator("label:not(.el-radio-button), th, h1, h2, nav a").all_inner_texts():
            assert not any("\u4e00" <= c <= "\u9fff" for c in text.replace("汪示清", "")), (path, text)
    at.page.get_by_role("button", name="中文").click()


def test_what_is_loaded_first_is_small(desk: Sit) -> None:
    """Script of the first screens, as it comes over the wire: at most 250 kB."""
    at = desk()
    sizes: dict[str, int] = {}
    at.page.on(
        "response",
        lambda r: (
            sizes.__setitem__(r.url, int(r.headers["content-length"])) if r.url.endswith(".js") and r.ok else None
        ),
    )
    at.log_in("fubao")
    at.queue()
    assert 50_000 < sum(sizes.values()) < 250_000, sizes
