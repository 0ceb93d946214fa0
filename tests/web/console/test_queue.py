"""The list of cases keeps its place, whatever happens around it, and answers at once, however long the server takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Route, expect

from tests.support.wait import until
from tests.web.console.conftest import ROW, Desk
from tests.web.console.test_desk import _register

Sit = Callable[..., Desk]
LOW = (1440, 560)
"""A window that shows a few rows of the list."""


def _at_hand(at: Desk) -> dict[str, Any]:
    """The case that has the focus, and where it is seen."""
    return dict(at.page.locator(f"{ROW}:focus").evaluate("r => ({ id: r.dataset.id, y: r.getBoundingClientRect().y })"))


def _drawn(at: Desk) -> Locator:
    return at.page.locator(ROW)


def test_the_case_at_hand_stays_where_it_is_while_others_work_and_while_one_reads(desk: Sit) -> None:
    at, other = desk("fubao", size=LOW), desk("fubao")
    at.queue()
    at.press(*["j"] * 9)
    here = _at_hand(at)
    _register(other, "下水道返味影响三户")
    news = at.page.get_by_role("button", name="1 件新案件，显示")
    expect(news).to_be_visible()
    assert _at_hand(at) == here

    at.press("Enter")
    at.page.get_by_role("region", name="办理").wait_for()
    other.press("a")
    other.page.locator("form.act").wait_for()
    other.press("Control+Enter")
    expect(other.status).to_have_text("待派遣")
    at.press("Escape")
    expect(at.page.locator(f"{ROW}[data-id='{here['id']}']")).to_be_focused()
    assert _at_hand(at) == here

    at.press("n")
    expect(_drawn(at).first).to_contain_text("下水道返味影响三户")
    expect(_drawn(at).first).to_contain_text("待派遣")
    expect(at.page.locator(f"{ROW}:focus")).to_have_count(
        0
    )  # what Enter would open is never another case than is outlined


def test_few_rows_are_drawn_and_the_one_at_hand_is_found_again(desk: Sit) -> None:
    at = desk("supervisor", size=LOW)
    at.queue()
    at.press("j", "j", "j")
    here = _at_hand(at)["id"]
    before = _drawn(at).count()
    _drawn(at).first.hover()
    at.page.mouse.wheel(0, 100_000)
    end = at.page.get_by_text(re.compile(r"^共 \d+ 件，已全部显示$"))
    expect(end).to_be_attached()  # the pages that follow have come, and made the list longer
    at.page.mouse.wheel(0, 100_000)
    expect(end).to_be_in_viewport()
    expect(at.page.locator(f"{ROW}[data-id='{here}']")).to_have_count(0)
    assert _drawn(at).count() <= before
    expect(at.page.locator(f"{ROW}:focus")).to_have_count(0)
    at.press("j")
    expect(at.page.locator(f"{ROW}[data-id='{here}']")).to_be_focused()
    assert at.page.locator(ROW).evaluate_all("all => all.map(r => Number(r.dataset.index))") == list(
        range(_drawn(at).count())
    )


def test_what_is_asked_for_shows_before_the_server_has_answered(desk: Sit) -> None:
    at = desk("supervisor")
    at.queue()
    shown = _drawn(at).all_inner_texts()
    held: list[Route] = []
    at.page.route(re.compile(r"/api/v1/cases\?"), lambda route: held.append(route), times=1)
    at.page.get_by_role("button", name="处置中", exact=True).click()
    expect(at.page.get_by_role("button", name="处置中", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(at.page.locator(".queue .list")).to_have_attribute("aria-busy", "true")
    assert _drawn(at).all_inner_texts() == shown, "the rows stay until there are others"
    held[0].continue_()
    expect(at.page.locator(".queue .list")).to_have_attribute("aria-busy", "false")
    assert all("处置中" in row for row in _drawn(at).all_inner_texts())
    expect(at.page).to_have_url(re.compile("status=handling"))
    at.page.go_back()
    expect(at.page.get_by_role("button", name="全部", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(_drawn(at)).to_have_text([re.compile(re.escape(row.split("\t")[1])) for row in shown])


def test_a_case_opened_the_moment_it_is_listed_stays_open_and_the_way_back_leads_to_the_same_list(desk: Sit) -> None:
    at = desk("supervisor")
    at.queue()
    held: list[Route] = []
    at.page.route("**/console/assets/Case-*.js", lambda route: held.append(route))
    at.page.evaluate("""() => {
        const paint = window.requestAnimationFrame
        window.requestAnimationFrame = (f) => paint(() => setTimeout(f, 5000))
    }""")  # a slow machine: the rows are there before the address is written, and the screen of a case takes its time
    at.page.get_by_role("button", name="处置中", exact=True).click()
    expect(at.page.locator(".queue .list")).to_have_attribute("aria-busy", "false")
    _drawn(at).first.dispatch_event("click")
    expect(at.page).to_have_url(re.compile("status=handling"))
    until(lambda: held)
    for route in held:
        route.continue_()
    at.page.get_by_role("heading", name="留痕").wait_for()
    at.press("Escape")
    expect(at.page).to_have_url(re.compile("status=handling"))
    expect(_drawn(at).first).to_contain_text("处置中")
