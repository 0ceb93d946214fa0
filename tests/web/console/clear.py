"""What every screen owes to all who read it, asked of one page in both languages without opening it twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.web.console.conftest import Desk

AXE = (Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js").read_text("utf-8")
ALL = "{resultTypes: ['violations']}"
SIZED = "{resultTypes: ['violations'], runOnly: ['scrollable-region-focusable', 'target-size']}"
"""The rules whose answer depends on how large the print is."""
OURS = "label:not(.el-radio-button):not(.el-checkbox), thead th, nav a"
"""Words of the console itself; what people wrote stays in their language."""


def serious(at: Desk, rules: str = ALL) -> list[str]:
    """What axe finds serious or critical on the page as it is now."""
    if not at.page.evaluate("'axe' in window"):
        at.page.evaluate(AXE)
    found = at.page.evaluate(f"axe.run(document, {rules})")
    return [
        f"{v['id']}: {node['html'][:200]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


def speak(at: Desk, language: str) -> None:
    """Presses the button of the language that is not spoken now."""
    button, menu = {"en": ("English", "Main menu"), "zh": ("中文", "主菜单")}[language]
    with at.page.expect_response(lambda r: r.request.method == "PATCH" and r.url.endswith("/api/v1/me")):
        at.page.get_by_role("button", name=button).click()  # kept with the account: the next page is to know it
    expect(at.page.get_by_role("navigation", name=menu)).to_be_visible()


@contextmanager
def english(at: Desk) -> Iterator[None]:
    """The page speaks English meanwhile; the next test finds the account as it was."""
    speak(at, "en")
    try:
        yield
    finally:
        speak(at, "zh")


def chinese(at: Desk, where: str = OURS) -> list[str]:
    """Words of ours that are Chinese, on a page that should speak English."""
    return [t for t in at.page.locator(where).all_inner_texts() if any("\u4e00" <= c <= "\u9fff" for c in t)]


# — names ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————

DISTRICTS = ("440304", "440308")
SYNTHETIC = "（示例）"
"""Ends the Chinese name of every community, grid and layer of the demo; the English one ends otherwise."""
TITLES = {"网格长", "副网格长", "网格长助理", "网格员", "总网格长", "社区民警"}
"""Of posts, which have no list of their own."""
BETWEEN = re.compile(r"\s[·›→]\s|、|，|,\s|:\s|：|\n|\t")
"""What stands between two names on a screen."""
_known: dict[str, frozenset[str]] = {}


def known_names(at: Desk) -> frozenset[str]:
    """The Chinese names of units, areas and categories that have another English one: asked for once."""
    if at.address not in _known:
        units = (unit for area in DISTRICTS for unit in _pages(at, "units", area=area))
        streets = (street for area in DISTRICTS for street in _pages(at, "areas", within=area, level="street"))
        categories = at.page.request.get(f"{at.address}/api/v1/categories").json()["items"]
        rows = [*units, *streets, *_pages(at, "areas", level="district"), *categories]
        _known[at.address] = frozenset(TITLES | {r["name"] for r in rows if r["name_en"] not in ("", r["name"])})
        assert len(_known[at.address]) > 300
    return _known[at.address]


def _pages(at: Desk, path: str, **query: str) -> Iterator[dict[str, Any]]:
    after: str | None = ""
    while after is not None:
        asked = {"limit": "100"} | query | ({"after": after} if after else {})
        page = at.page.request.get(f"{at.address}/api/v1/{path}", params=asked).json()
        yield from page["items"]
        after = page.get("next")


def misnamed(at: Desk) -> list[str]:
    """Chinese names on a page in English, of what has an English name. A long one is found within a sentence too."""
    names = known_names(at)
    shown = at.page.locator("body").inner_text()
    parts = {part.strip() for part in BETWEEN.split(shown)}
    found = (parts & names) | {n for n in names if len(n) > 7 and n in shown} | {p for p in parts if SYNTHETIC in p}
    return sorted(found)


# — the whole ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def clear_to_all(at: Desk, name: str, words: str = OURS) -> None:
    """In Chinese at the usual size, then in English in the largest print: nothing serious, nothing wider than the window, no foreign word or
    name."""
    expect(at.page.locator(".el-skeleton, [aria-busy=true]")).to_have_count(0)
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert serious(at) == [], name
    assert at.page.evaluate(wide) <= 0, name
    with english(at):
        at.page.evaluate("document.documentElement.dataset.size = '1.5'")  # as the setting does
        assert serious(at, SIZED) == [], f"{name}, large"
        assert at.page.evaluate(wide) <= 0, f"{name}, large"
        assert (found := chinese(at, words)) == [], f"{name}: {found}"
        assert (found := misnamed(at)) == [], f"{name}: {found}"
        at.page.evaluate("document.documentElement.dataset.size = '1'")
