"""The plain pages in a real browser, on a desk's screen and on a phone's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

SIZES = [(1440, 900), (390, 844)]


def _open(browser: Browser, url: str, size: tuple[int, int]) -> tuple[Page, list[str]]:
    """The page, and everything it complained about: blocked by the content policy, failed or asked of another host."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    complaints: list[str] = []
    host = url.split("/")[2]
    page.on("console", lambda m: complaints.append(m.text))
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("requestfailed", lambda r: complaints.append(f"failed {r.url}"))
    page.on(
        "request",
        lambda r: (
            None if r.url.split("/")[2] == host or r.url.startswith("data:") else complaints.append(f"outside {r.url}")
        ),
    )
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return page, complaints


def test_who_only_knows_the_address_comes_to_the_portal_and_staff_from_there_to_theirs(
    browser: Browser, server: str
) -> None:
    page, complaints = _open(browser, server + "/", SIZES[1])
    assert page.url == server + "/portal/"
    page.get_by_role("link", name="工作人员入口").or_(page.get_by_role("link", name="For members of staff")).click()
    page.get_by_text("工作台").wait_for()
    assert (page.url, complaints) == (server + "/start", [])
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_start_page_says_in_both_languages_what_runs_where(
    browser: Browser, server: str, size: tuple[int, int]
) -> None:
    page, complaints = _open(browser, server + "/start", size)
    text = page.inner_text("body")
    for words in ("接口文档", "API documentation", "运行状况", "Health", "工作台", "Console"):
        assert words in text
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.close()


def test_every_link_of_the_start_page_answers(browser: Browser, server: str) -> None:
    page, _ = _open(browser, server + "/start", SIZES[0])
    links = page.eval_on_selector_all("main a", "all => all.map(a => a.href)")
    assert len(links) >= 4
    for link in links:
        # 401: layers that are not public; 503: a system without a worker says that it is not well
        assert page.request.get(link).status in (200, 401, 503), link
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_health_page_speaks_the_chosen_language(browser: Browser, server: str, size: tuple[int, int]) -> None:
    page, _ = _open(browser, server + "/health?lang=en", size)
    assert "Database" in page.inner_text("main")
    page.click("text=中文")
    assert "数据库" in page.inner_text("main")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.close()


def test_a_phone_can_hit_every_link(browser: Browser, server: str) -> None:
    page, _ = _open(browser, server + "/start", SIZES[1])
    heights = page.eval_on_selector_all("a", "all => all.map(a => a.getBoundingClientRect().height)")
    assert min(heights) >= 44
    page.close()


def test_the_api_documentation_works_without_the_internet(browser: Browser, server: str) -> None:
    page, complaints = _open(browser, server + "/api/v1/docs", SIZES[0])
    page.get_by_text("/api/v1/health", exact=True).wait_for()
    assert [c for c in complaints if c.startswith("outside")] == []
    page.close()
