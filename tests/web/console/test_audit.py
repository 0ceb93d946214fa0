"""The auditor's room: what others did is found there, checked in the browser, and nobody else comes in."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.web.console.clear import clear_to_all
from tests.web.console.conftest import Desk

Sit = Callable[..., Desk]
SCREENS = {
    "entries": ("/audit", "tbody tr"),
    "reveals": ("/audit/reveals", ".entries"),
    "log-ins": ("/audit/log-ins", "tbody tr"),
    "exports": ("/audit/exports", ".entries"),
    "seals": ("/audit/seals", ".tiles"),
}


def _reveal(at: Desk, title: str, purpose: str) -> str:
    """Sees a reporter's phone in clear; returns the number of the case."""
    at.queue()
    at.case(title)
    phone = at.page.locator(".masked").nth(1)
    phone.get_by_role("button", name="查看").click()
    form = at.page.locator(".el-popper:visible")
    form.get_by_role("textbox").fill(purpose)
    form.get_by_role("button", name="查看并留痕").click()
    expect(phone).to_contain_text(re.compile(r"0755-?00\d{6}"))
    return at.page.locator(".case .head .number").inner_text()


def test_what_an_operator_saw_in_clear_is_found_by_the_auditor_and_proved(desk: Sit) -> None:
    operator, auditor = desk("fubao"), desk("auditor")
    number = _reveal(operator, "顶楼渗水要求查维修资金", "核对回访号码")

    auditor.open("/audit/reveals")
    row = auditor.page.locator("tbody tr").filter(has_text="核对回访号码")
    expect(row).to_contain_text("fubao")
    expect(row).to_contain_text(number)
    auditor.press("j")
    entry = auditor.page.get_by_role("complementary", name="当前记录")
    expect(entry).to_contain_text("核对回访号码")
    auditor.page.reload()  # an entry that is sealed by then
    expect(entry).to_contain_text("由本浏览器重新计算得出")
    expect(entry).to_contain_text("✓ 未被改动")
    assert "0755" not in auditor.page.locator("body").inner_text(), "what was seen is not in the ledger"

    auditor.page.get_by_label("案件编号").fill("1")
    auditor.press("Enter")
    expect(auditor.page.get_by_text("没有符合的记录")).to_be_visible()
    auditor.page.get_by_label("案件编号").fill(number)
    auditor.press("Enter")
    expect(row).to_be_visible()


def test_a_failed_log_in_stands_among_the_failures_and_everything_is_verified(desk: Sit) -> None:
    stranger, auditor = desk(), desk("auditor")
    stranger.open("/log-in")
    stranger.page.get_by_label("账号").fill("station")
    stranger.page.get_by_label("口令").fill("not this one")
    stranger.press("Enter")
    expect(stranger.page.get_by_role("alert")).to_be_visible()
    stranger.complaints.clear()  # the browser notes that an answer was 401

    auditor.open("/audit/log-ins")
    auditor.page.get_by_role("button", name="失败").click()
    expect(auditor.page).to_have_url(re.compile("group=failed"))
    expect(auditor.page.locator("tbody tr").first).to_contain_text("station")
    auditor.page.get_by_role("link", name="封存与核验").click()
    auditor.page.get_by_role("button", name="立即核验").click()
    expect(auditor.page.locator("tbody tr").first).to_contain_text("✓ 完好", timeout=60_000)


def test_nobody_else_comes_in(desk: Sit) -> None:
    at = desk("supervisor")
    expect(at.menu.get_by_role("link", name="审计")).to_have_count(0)
    at.open("/audit/reveals")
    expect(at.page.get_by_text("您的岗位不包含此功能")).to_be_visible()


def test_every_screen_is_clear_to_all(desk: Sit) -> None:
    at = desk("auditor")
    for name, (path, ready) in SCREENS.items():
        at.open(path)
        at.page.locator(ready).first.wait_for()
        if name == "entries":
            at.press("j")
            at.page.locator(".proof details").wait_for()
        clear_to_all(at, name)
