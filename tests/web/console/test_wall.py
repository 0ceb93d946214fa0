"""The wall: figures of this moment in two languages, each with its meaning, of the scope that the address names."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.web.console.clear import chinese, misnamed, serious, speak
from tests.web.console.conftest import Desk

Sit = Callable[..., Desk]


def _open(at: Desk, path: str = "/cockpit") -> None:
    at.open(path)
    at.page.locator(".wall .ranking").wait_for()


def test_the_wall_opens_from_the_figures_and_shows_the_scope_of_its_address(desk: Sit) -> None:
    at = desk("supervisor", (1920, 1080))
    at.open("/figures")
    at.page.get_by_role("link", name="大屏").click()
    at.page.locator(".wall .ranking").wait_for()
    clocks = at.page.get_by_role("region", name="在办案件", exact=True)
    expect(clocks.locator(".key").first).to_have_text(re.compile(r"\d+"))
    of_all = int(clocks.locator("small").inner_text())
    at.page.get_by_label("范围", exact=True).select_option("440304010")
    expect(at.page).to_have_url(re.compile("area=440304010"))
    expect(clocks.locator("small")).not_to_have_text(str(of_all))
    at.page.get_by_role("button", name="“在办案件”的口径").click()
    expect(at.page.get_by_text("此刻未结的案件").first).to_be_visible()


@pytest.mark.parametrize(("size", "language"), [((1920, 1080), "zh"), ((1366, 768), "en")])
def test_it_fills_the_screen_can_be_read_from_afar_and_is_clear_to_all(
    desk: Sit, size: tuple[int, int], language: str
) -> None:
    at = desk("leader", size)
    if language == "en":
        speak(at, "en")
    _open(at)
    assert serious(at) == []
    fits = "e => e.scrollWidth <= innerWidth && e.scrollHeight <= innerHeight"
    assert at.page.locator(".wall").evaluate(fits)
    small = f"""e => [...e.querySelectorAll('section :is(p, dt, dd, th, td, li, h2), header > *')]
        .filter(x => x.offsetParent && parseFloat(getComputedStyle(x).fontSize) < 19.9 * {size[0]} / 1920)
        .filter(x => !x.closest('.grid-map, .hidden')).map(x => x.outerHTML.slice(0, 80))"""
    assert at.page.locator(".wall").evaluate(small) == []
    if language == "en":
        assert chinese(at) + misnamed(at) == []
        at.open()
        speak(at, "zh")


def test_who_sees_aggregates_alone_has_no_wall(desk: Sit) -> None:
    at = desk("analyst")
    at.open("/cockpit")
    expect(at.page.get_by_text("您的岗位不包含此功能")).to_be_visible()
