"""What is one's own: password, second factor, log-ins, saved views, and the list that one sees as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

from tests.web.console.conftest import PASSWORD, ROW, Desk

Sit = Callable[..., Desk]
FRESH = "a-password-of-my-own-2026"


def _enter(at: Desk, login: str, password: str) -> None:
    at.page.get_by_label("账号").fill(login)
    at.page.get_by_label("口令").fill(password)
    at.page.keyboard.press("Enter")


def test_a_new_password_ends_other_log_ins_and_those_that_remain_are_ended_by_hand(desk: Sit) -> None:
    login = "440308002-worker-03"
    here, there = desk(login, own=True), desk(login, own=True)
    here.open("/own")
    for label, text in (("现在的口令", "not this one"), ("新口令", FRESH), ("再输一次新口令", FRESH)):
        here.page.get_by_label(label, exact=True).fill(text)
    here.press("Enter")
    expect(here.page.get_by_role("alert")).to_be_visible()  # and what was typed is still there
    here.page.get_by_label("现在的口令").fill(PASSWORD)
    here.press("Enter")
    expect(here.page.get_by_text("口令已修改，其他登录已结束。")).to_be_visible()

    there.open("/own")
    _enter(there, login, FRESH)
    expect(there.page.get_by_role("heading", name="我的设置")).to_be_visible()
    here.page.reload()
    here.page.get_by_role("button", name="结束其他全部登录").click()
    expect(here.page.locator(".plain-list").last.get_by_role("listitem")).to_have_count(1)
    there.page.reload()
    expect(there.page.get_by_label("账号")).to_be_visible()
    for at in (here, there):
        at.complaints.clear()  # the browser notes answers of 401 and 422


def test_an_authenticator_is_set_up_asked_for_at_the_next_log_in_and_replaced_by_a_recovery_code(desk: Sit) -> None:
    login = "440308002-worker-02"
    at = desk(login, own=True)
    at.open("/own")
    at.page.get_by_role("button", name="绑定或更换").click()
    at.page.locator("#factor-password").fill(PASSWORD)
    at.press("Enter")
    expect(at.page.get_by_alt_text("绑定用二维码")).to_be_visible()
    authenticator = pyotp.TOTP(at.page.locator(".setup code").inner_text())
    at.page.locator("#factor-code").fill(authenticator.now())
    at.press("Enter")
    recovery = at.page.locator(".setup li").first
    recovery.wait_for()
    code = recovery.inner_text()
    at.page.get_by_role("button", name="已保存，继续").click()

    # a code works once, so the next one is shown; without the phone, a recovery code
    for shown in (authenticator.at(int(at.page.evaluate("Date.now()")) // 1000 + 30), code):
        at.page.context.clear_cookies()
        at.page.evaluate("localStorage.clear()")
        at.open("/log-in")
        _enter(at, login, PASSWORD)
        field = at.page.get_by_label("验证码或恢复码")
        expect(field).to_be_focused()
        field.fill(shown)
        at.press("Enter")
        expect(at.menu).to_be_visible()
    at.complaints.clear()  # the browser notes what was asked between two log-ins: 401


def test_the_rows_that_one_sees_are_the_rows_of_the_file_and_a_view_of_them_is_found_from_another_desk(
    desk: Sit, tmp_path: Path
) -> None:
    here = desk("fubao")
    here.queue("?status=handling&sort=due_at")
    expect(here.page.locator(".end")).to_contain_text("已全部显示")
    shown = [cell.inner_text() for cell in here.page.locator(f"{ROW} td.number").all()]
    here.page.get_by_role("button", name="导出").focus()
    here.press("Enter")
    with here.page.expect_download() as made:
        here.page.get_by_role("menuitem", name="XLSX").click()
    made.value.save_as(tmp_path / "cases.xlsx")
    head, *rows = CalamineWorkbook.from_path(str(tmp_path / "cases.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[head.index("案件编号")] for row in rows] == shown
    assert head[:3] == ["案件编号", "状态", "标题"], "the columns as they are shown"

    here.page.get_by_role("button", name="视图").click()
    here.page.get_by_role("menuitem", name="保存当前筛选为视图").click()
    here.page.get_by_label("名称").fill("处置中，先到期的在前")
    here.press("Enter")
    expect(here.page.get_by_text("视图已保存。")).to_be_visible()

    there = desk("fubao")
    there.queue()
    there.page.get_by_role("button", name="视图").click()
    there.page.get_by_role("menuitem", name="处置中，先到期的在前").click()
    expect(there.page).to_have_url(re.compile(r"status=handling&sort=due_at"))
    expect(there.page.locator(f"{ROW} td.number")).to_have_text(shown)
