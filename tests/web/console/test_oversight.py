"""Those who look over the loop: figures that lead to their cases, and demands that are made, answered and lifted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.support.wait import until
from tests.web.console.clear import clear_to_all, english, misnamed
from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]


def _figures(desk: Sit, login: str) -> Desk:
    """Their figures of the last 30 days, when the demo's cases have been counted."""
    at = desk(login)
    since = datetime.now(UTC).date() - timedelta(days=29)
    counted = f"fetch('/api/v1/stats/summary?from={since}').then(r => r.json()).then(s => s.figures.reported > 20)"
    until(lambda: at.page.evaluate(counted), every=0.2)
    at.open("/figures")
    at.page.locator("canvas").wait_for()
    return at


def test_a_figure_has_its_definition_and_leads_to_the_very_cases(desk: Sit) -> None:
    at = _figures(desk, "leader")
    at.page.get_by_role("button", name="“结案率（按上报）”的口径").click()
    expect(at.page.get_by_text("已结案 ÷（上报 − 不予受理、并案、撤回、作废）").first).to_be_visible()
    at.press("Escape")

    open_cases = at.page.locator(".tile").filter(has_text="未结").get_by_role("link")
    of_all = open_cases.inner_text()
    at.page.get_by_role("button", name="福保街道", exact=True).click()
    expect(at.page).to_have_url(re.compile(r"area=440304\d{3}&by=community"))
    expect(open_cases).not_to_have_text(of_all)  # the street's figures are there
    told = int(open_cases.inner_text())
    open_cases.click()
    at.page.locator(ROW).first.wait_for()
    expect(at.page.get_by_text(f"共 {told} 件，已全部显示")).to_be_visible()


def test_figures_are_ordered_cut_and_exported_as_the_address_says(desk: Sit) -> None:
    at = _figures(desk, "leader")
    at.page.get_by_role("button", name="来源", exact=True).click()
    at.page.get_by_role("columnheader", name="未结").get_by_role("button").click()
    expect(at.page).to_have_url(re.compile(r"by=channel&sort=-open"))
    at.page.reload()
    expect(at.page.get_by_role("columnheader", name="未结")).to_have_attribute("aria-sort", "descending")
    at.page.get_by_role("button", name="导出").click()
    with at.page.expect_download() as file:
        at.page.get_by_role("menuitem", name="CSV").click()
    assert "热线" in file.value.path().read_text("utf-8-sig")
    assert file.value.suggested_filename.endswith(".csv")


def test_both_screens_are_clear_to_all(desk: Sit) -> None:
    at = _figures(desk, "supervisor")
    clear_to_all(at, "figures")
    for cut, first in (("承办单位", "福保街道"), ("网格", "（示例）")):
        at.page.get_by_role("button", name=cut, exact=True).click()
        expect(at.page.get_by_role("rowheader", name=first).first).to_be_visible()
        with english(at):
            assert misnamed(at) == [], f"figures by {cut}"
    at.open("/supervision")
    at.page.locator("tr button").first.click()
    at.page.locator(".aside .acts").wait_for()
    clear_to_all(at, "supervision")


def test_who_sees_aggregates_alone_is_led_to_no_case(desk: Sit) -> None:
    at = _figures(desk, "analyst")
    expect(at.page.locator(".tile").first).to_contain_text("上报")
    assert at.page.locator(".figures a").count() == 0
    expect(at.menu.get_by_role("link", name="督办")).to_have_count(0)


def test_an_instruction_is_answered_in_place_and_stands_until_it_is_lifted(desk: Sit) -> None:
    centre, leader = desk("fubao"), desk("leader")
    centre.open("/supervision")
    centre.page.locator("tbody tr").filter(has_text="福保街道网格化服务管理中心").first.get_by_role("button").click()
    expect(centre.page).to_have_url(re.compile(r"case="))
    title = centre.page.locator(".panel header h2").inner_text()

    leader.open(centre.page.url.split("/console")[1])
    leader.act("批示")
    leader.page.locator("form.act textarea").first.fill("请今日办结并报告。")
    leader.press("Control+Enter")
    leader.page.get_by_role("button", name="批示 1").click()
    row = leader.page.locator("tbody tr").filter(has_text=title)
    expect(row).to_contain_text("请今日办结并报告。")
    expect(row).to_contain_text("未回复")

    centre.page.get_by_role("button", name="批示 1").click()
    expect(centre.page.locator("tbody tr")).to_have_count(1)
    expect(centre.page.locator("tbody tr")).to_contain_text("请今日办结并报告。")
    centre.press("j")
    expect(centre.page.locator(".demands")).to_be_visible()
    centre.press("r")
    centre.page.locator("form.act textarea").first.fill("已安排今晚完成。")
    centre.press("Control+Enter")
    expect(row).to_contain_text("已回复")  # the leader's list follows

    row.get_by_role("button").click()
    expect(leader.page.locator(".demands")).to_contain_text("已安排今晚完成。")
    leader.press("l")
    leader.page.locator("form.act").wait_for()
    leader.press("Control+Enter")
    expect(row).to_have_count(0)
