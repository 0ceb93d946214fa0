"""Every screen of the phone in both languages, two sizes and large print: axe finds nothing serious, nothing is cut off, a thumb hits everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.console.clear import AXE
from tests.web.field.conftest import GO, SMALL, TALL, Phone

Take = Callable[..., Phone]
STATIC = Path(__file__).parents[3] / "wangge/pages/static/field/assets"
SHELL = 200_000
SCREENS = {
    "/": ".net",
    "/todo": ".cards a",
    "/outbox": ".empty",
    "/notices": ".empty, .notice",
    "/search": "input",
    "/settings": "dl",
    "/report": ".place strong",
}
OFF = """() => {
  const wide = [...document.querySelectorAll('body *')].filter((e) => {
    const box = e.getBoundingClientRect()
    return box.width && box.right > document.documentElement.clientWidth + 1 && !e.closest('.layers, .shots, .thumbs, .maplibregl-map, .hidden')
  })
  const small = [...document.querySelectorAll('a, button, input, select, textarea')].filter((e) => {
    const box = (e.closest('label') ?? e).getBoundingClientRect()
    return box.width && box.height && (box.width < 43.5 || box.height < 43.5) && !e.closest('.hidden, .maplibregl-map, dd') && !e.matches('.hidden')
  })
  return [...wide, ...small].map((e) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 20)}`)
}"""


def _judge(at: Phone, name: str) -> None:
    at.page.wait_for_load_state("networkidle")
    found = at.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        f"{v['id']}: {node['html'][:200]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]
    assert serious == [], name
    assert at.page.evaluate(OFF) == [], name


@pytest.mark.parametrize(("language", "size", "screen"), [("zh", "1", TALL), ("en", "1.5", SMALL)])
def test_every_screen_is_clear_to_all(phone: Take, language: str, size: str, screen: tuple[int, int]) -> None:
    at = phone(size=screen)
    at.page.evaluate(AXE)
    at.page.evaluate(f"document.documentElement.dataset.size = '{size}'")
    if language == "en":
        at.page.evaluate(GO, "/settings")
        with at.page.expect_response("**/api/v1/me"):
            at.page.get_by_role("button", name="English").click()
    for path, ready in SCREENS.items():
        at.page.evaluate(GO, path)
        at.page.locator(ready).first.wait_for()
        _judge(at, path)
    at.page.locator(".chip").first.click()
    at.page.locator(".list button").first.wait_for()
    _judge(at, "the categories")
    at.page.evaluate(GO, "/todo")
    at.page.locator(".cards a").first.click()
    at.page.locator("footer button").first.wait_for()
    _judge(at, "a case")
    at.page.locator("footer button").first.click()
    at.page.locator(".act-sheet .chip").first.click()
    at.page.locator(".act-sheet textarea").wait_for()
    _judge(at, "an act")
    loaded = at.page.evaluate("performance.getEntriesByType('resource').map((r) => r.name)")
    names = {url.rsplit("/", 1)[1] for url in loaded if "/static/field/assets/" in url}
    assert any(name.endswith(".js") for name in names)
    shell = sum((STATIC / f"{name}.gz").stat().st_size for name in names)
    assert shell < SHELL, f"{shell} bytes before the map"
