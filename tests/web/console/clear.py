"""What every screen owes to all who read it, asked of one page in both languages without opening it twice."""

from __future__ import annotations

from pathlib import Path

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


def chinese(at: Desk, where: str = OURS) -> list[str]:
    """Words of ours that are Chinese, on a page that should speak English."""
    return [t for t in at.page.locator(where).all_inner_texts() if any("\u4e00" <= c <= "\u9fff" for c in t)]


def clear_to_all(at: Desk, name: str, words: str = OURS) -> None:
    """In Chinese at the usual size, then in English in the largest print: nothing serious, nothing wider than the window, no foreign word."""
    expect(at.page.locator(".el-skeleton, [aria-busy=true]")).to_have_count(0)
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert serious(at) == [], name
    assert at.page.evaluate(wide) <= 0, name
    speak(at, "en")
    at.page.evaluate("document.documentElement.dataset.size = '1.5'")  # as the setting does
    assert serious(at, SIZED) == [], f"{name}, large"
    assert at.page.evaluate(wide) <= 0, f"{name}, large"
    assert chinese(at, words) == [], name
    at.page.evaluate("document.documentElement.dataset.size = '1'")
    speak(at, "zh")
