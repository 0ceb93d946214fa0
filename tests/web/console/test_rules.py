"""Administration of rules and the import of orders, as people do it: a rule is tried before it is saved, a sheet is mapped before it is in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import xlsxwriter
from playwright.sync_api import expect

from tests.web.console.clear import clear_to_all, serious
from tests.web.console.conftest import Desk

Sit = Callable[..., Desk]
SCREENS = {
    "categories": ("/admin/categories", ".admin-table tbody tr"),
    "limits": ("/admin/limits", ".limits .due"),
    "calendar": ("/admin/calendar", ".year [data-day]"),
    "routes": ("/admin/routes", ".admin-table tbody tr"),
    "templates": ("/admin/templates", ".admin-table tbody tr"),
}


def orders(path: Path, *rows: list[str]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for n, row in enumerate([["工单编号", "受理时间", "标题", "诉求内容", "承办单位"], *rows]):
            sheet.write_row(n, 0, row)
    return path


def test_every_screen_of_rules_is_clear_to_all(desk: Sit) -> None:
    at = desk("sysadmin")
    for name, (path, ready) in SCREENS.items():
        at.open(path)
        at.page.locator(ready).first.wait_for()
        if at.page.locator(".admin-table").count():
            at.press("j", "Enter")
            at.page.locator(".aside").wait_for()
        clear_to_all(at, name)


def test_a_category_is_found_by_its_initials_and_changed(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/categories")
    at.page.get_by_label("名称、拼音首字母、编码或关键词").fill("bllj")
    at.page.get_by_role("button", name="0101 暴露垃圾").click()
    aside = at.page.get_by_role("complementary", name="当前类别")
    aside.get_by_role("button", name="修改").click()
    form = at.page.get_by_role("dialog", name="修改类别")
    form.get_by_label("关键词（每行一个）").fill("垃圾\n垃圾山")
    form.get_by_label("关键词（每行一个）").press("Control+Enter")
    expect(form).to_be_hidden()
    expect(aside).to_contain_text("垃圾、垃圾山")


def test_a_limit_is_set_for_one_category_and_inherited_again(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/categories?q=0102")
    at.page.get_by_role("button", name="0102").click()
    at.page.get_by_role("link", name="查看时限").click()
    cell = at.page.get_by_role("button", name="承自通用").first
    cell.click()
    form = at.page.get_by_role("dialog")
    form.get_by_label("数量").fill("7")
    form.get_by_label("数量").press("Control+Enter")
    expect(form).to_be_hidden()
    own = at.page.get_by_role("button", name=re.compile("7 .*自有"))
    own.click()
    at.page.get_by_role("button", name="取消自有时限，恢复承继").click()
    expect(own).to_be_hidden()


def test_a_day_of_the_calendar_is_made_one_of_rest_by_the_keyboard(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/calendar?year=2031")
    day = at.page.locator("[data-day='2031-01-01']")
    day.focus()
    at.press("ArrowDown", "ArrowRight", "Enter")
    form = at.page.get_by_role("dialog", name="设置例外")
    expect(form.get_by_label("自", exact=True)).to_have_value("2031-01-09")
    form.get_by_label("名称", exact=True).fill("校庆")
    form.get_by_label("名称", exact=True).press("Control+Enter")
    expect(form).to_be_hidden()
    expect(at.page.get_by_role("button", name="2031-01-09 节假日 校庆")).to_be_visible()


def test_a_rule_is_tried_on_past_cases_and_its_choice_explained(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/routes")
    at.page.get_by_role("button", name="福保占道经营自动派综合执法队").click()
    at.page.get_by_role("button", name="停用").click()
    confirm = at.page.get_by_role("dialog", name="停用")
    confirm.get_by_role("button", name="试运行").click()
    expect(confirm.get_by_role("status")).to_contain_text(re.compile("件案件"))
    confirm.get_by_role("button", name="取消").click()
    at.page.get_by_role("button", name="试算归属").click()
    asked = at.page.get_by_role("dialog", name="试算归属")
    asked.get_by_label("类别").fill("zdjy")
    at.page.get_by_role("option", name="占道经营").first.click()
    asked.get_by_label("街道或社区").fill("福保街道")
    at.page.get_by_role("option", name="福保街道").first.click()
    asked.get_by_role("button", name="试算").click()
    expect(asked.get_by_role("status")).to_contain_text("福保占道经营自动派综合执法队")


def test_a_template_shows_how_it_will_read_while_it_is_written(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/templates")
    at.page.get_by_role("button", name="新增模板").click()
    form = at.page.get_by_role("dialog", name="新增模板")
    form.get_by_label("标题").fill("清运完毕")
    form.get_by_label("文字").fill("已清运：")
    form.get_by_role("button", name="案件编号").click()
    expect(form.locator("mark")).to_have_text("案件编号")
    form.get_by_label("文字").press("Control+Enter")
    expect(form).to_be_hidden()
    expect(at.page.get_by_role("complementary", name="当前模板")).to_contain_text("清运完毕")


def test_orders_of_a_workbook_become_cases_after_their_words_were_given_a_meaning(desk: Sit, tmp_path: Path) -> None:
    path = orders(
        tmp_path / "七月工单.xlsx",
        ["R1", "2026-05-06 09:00", "路灯不亮", "益田路路灯不亮", ""],
        ["R2", "2026-05-06 10:00", "井盖松动", "石厦北街井盖松动", "市政所"],
        ["R3", "上个月", "垃圾", "垃圾没人清", ""],
    )
    at = desk("fubao")
    at.open("/admin/imports")
    at.page.get_by_role("button", name="上传工单").click()
    at.page.locator("#orders-file").set_input_files(path)
    assert serious(at) == []
    at.page.get_by_role("button", name="上传并检查").click()
    words = at.page.locator(".words li", has_text="市政所")
    words.get_by_role("combobox").fill("综合行政执法队")
    at.page.get_by_role("option", name="福保街道综合行政执法队").click()
    assert serious(at) == []
    at.page.get_by_role("button", name="按以上对应重新检查").click()
    expect(at.page.locator(".tiles li", has_text="可导入")).to_contain_text("2")
    expect(at.page.get_by_role("region", name="有误的行")).to_contain_text("上个月")
    at.page.get_by_label("跳过有误的 1 行").check()
    at.page.get_by_role("button", name="导入 2 行").click()
    expect(at.page.locator(".tiles li", has_text="新建案件")).to_contain_text("2", timeout=30_000)
    at.page.get_by_role("link", name="全部导入").click()
    expect(at.page.get_by_role("row", name="七月工单.xlsx")).to_contain_text("已完成")


def test_who_may_not_edit_rules_has_no_entry_for_them(desk: Sit) -> None:
    at = desk("fubao")
    at.open("/admin/categories")
    expect(at.page.get_by_text("您的岗位不包含此功能")).to_be_visible()
    expect(at.page.get_by_role("link", name="事项类别")).to_be_hidden()
