"""Administration of people and of the system, by the administrators themselves: each does what is theirs and is shown nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Locator, expect

from tests.web.console.clear import OURS, clear_to_all
from tests.web.console.conftest import Desk
from wangge.domain.people import sheet

Sit = Callable[..., Desk]
LIST = ".admin-table :is(tbody, .empty)"
SECURITY = {
    "users": ("/admin/users", "tbody .name button"),
    "posts": ("/admin/posts", "tbody .name button"),
    "hand-over": ("/admin/hand-over", "#hand-from"),
    "absences": ("/admin/absences", LIST),
    "import": ("/admin/staff-import", ".drop"),
    "roles": ("/admin/roles", "tbody th"),
    "tokens": ("/admin/tokens", LIST),
    "bans": ("/admin/bans", LIST),
    "deliveries": ("/admin/deliveries", LIST),
    "webhooks": ("/admin/webhooks", LIST),
    "partners": ("/admin/partners", LIST),
}
SYSTEM = {
    "units": ("/admin/units", "[role=treeitem]"),
    "health": ("/admin/health", ".checks li"),
    "jobs": ("/admin/jobs", "tbody tr"),
    "matrix": ("/admin/notices", ".tick"),
}


def form(at: Desk) -> Locator:
    return at.page.get_by_role("dialog")


def pick(within: Locator, label: str, text: str) -> None:
    """Choose in a field that looks up what is typed."""
    field = within.get_by_role("combobox", name=re.compile(rf"^{label}( \*)?$"))
    field.click(force=True)  # what is chosen already, or the hint, lies over it
    field.fill(text)
    within.page.locator(".el-select-dropdown__item:visible", has_text=text).first.click()


def entries(at: Desk) -> list[str]:
    nav = at.page.get_by_role("navigation", name="管理菜单")
    expect(nav.get_by_role("link").first).to_be_visible()
    return nav.get_by_role("link").all_inner_texts()


@pytest.mark.parametrize(("who", "screens"), [("secadmin", SECURITY), ("sysadmin", SYSTEM)])
def test_every_screen_of_theirs_is_clear_to_all(desk: Sit, who: str, screens: dict[str, tuple[str, str]]) -> None:
    at = desk(who)
    for name, (path, ready) in screens.items():
        at.open(path)
        at.page.locator(ready).first.wait_for()
        clear_to_all(at, name, OURS + ", h1, h2, h3")


def test_each_is_shown_what_they_may_do(desk: Sit) -> None:
    expected = {
        "secadmin": ["账号", "岗位", "岗位移交", "离岗与代理", "单位", "人员导入", "角色与权限", "访问令牌", "对接单位", "送达记录", "推送订阅"],
        "sysadmin": ["单位", "角色与权限", "运行状况", "后台任务", "通知规则", "送达记录"],
        "auditor": ["账号", "岗位", "单位", "角色与权限"],
        "fubao": ["离岗与代理", "待对方答复"],
    }  # fmt: skip
    for who, names in expected.items():
        at = desk(who)
        at.open("/admin")
        assert [n for n in entries(at) if n in {x for all_ in expected.values() for x in all_}] == names, who
    at = desk("auditor")
    at.open("/admin/users")
    at.page.locator("tbody .name button").first.click()
    expect(at.page.get_by_role("heading", name="岗位", level=3)).to_be_visible()
    for name in ("新建账号", "重置口令", "停用", "任命"):
        expect(at.page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_a_person_is_taken_on_appointed_and_hands_over(desk: Sit) -> None:
    at = desk("secadmin")
    at.open("/admin/users")
    at.page.get_by_role("button", name="新建账号").click()
    form(at).get_by_label("登录名").fill("fubao")
    form(at).get_by_label("姓名").fill("林示新")
    pick(form(at), "所属单位", "福保街道网格化服务管理中心")
    at.press("Control+Enter")
    expect(form(at).locator("[data-field=login] .wrong")).to_contain_text("已被使用")  # told at its field
    at.complaints.clear()
    form(at).get_by_label("登录名").fill("lin.new")
    at.press("Control+Enter")
    secret = at.page.get_by_role("textbox", name="初始口令")
    assert len(secret.input_value()) >= 10
    at.page.get_by_role("button", name="已记下，关闭").click()
    panel = at.page.get_by_role("complementary", name="当前账号")
    expect(panel.get_by_role("heading", name="林示新")).to_be_visible()
    expect(panel).to_contain_text("待改初始口令")

    panel.get_by_role("link", name="任命").click()
    dialog = form(at)
    expect(dialog.get_by_role("button", name="任命")).to_be_visible()
    pick(form(at), "角色", "网格员")
    dialog.get_by_label("网格", exact=True).check()
    pick(form(at), "网格", "440304010")
    at.press("Control+Enter")
    row = at.page.locator("tbody tr", has_text="林示新")
    expect(row).to_contain_text("网格员")

    row.get_by_role("button").click()
    at.page.get_by_role("link", name="岗位移交").last.click()
    expect(at.page.locator("tbody tr")).to_have_count(1)
    pick(at.page.locator(".hand-over"), "接任人", "cleaner")
    at.page.get_by_role("button", name="办理移交").click()
    done = at.page.get_by_role("status").filter(has_text="移交已办理")
    expect(done).to_contain_text("1 个岗位")
    done.get_by_role("link", name="查看移交人账号").click()
    expect(panel).to_contain_text("现在没有岗位")
    panel.get_by_role("button", name="停用").click()
    form(at).get_by_role("button", name="停用").click()
    expect(panel.get_by_role("button", name="重新启用")).to_be_visible()


def test_staff_come_from_a_workbook_after_every_bad_row_was_told(desk: Sit, tmp_path: Path) -> None:
    at = desk("secadmin")
    at.open("/admin/staff-import")
    with at.page.expect_download() as saved:
        at.page.get_by_role("button", name="下载模板").click()
    assert saved.value.suggested_filename == "人员模板.xlsx"
    file = tmp_path / "staff.xlsx"
    book = xlsxwriter.Workbook(file)
    page = book.add_worksheet()
    page.write_row(0, 0, [c.words.zh for c in sheet.COLUMNS])
    good = {
        "login": "wb.one",
        "name": "王示一",
        "role": "网格员",
        "scope": "440304010001001",
        "unit": "福保街道网格化服务管理中心",
    }
    for n, line in enumerate((good, good | {"login": "wb.two", "role": "魔法师"}), start=1):
        page.write_row(n, 0, [line.get(c.key, "") for c in sheet.COLUMNS])
    book.close()
    at.page.locator("input[type=file]").set_input_files(file)
    expect(at.page.get_by_role("status")).to_contain_text("2 行，其中 1 行可以导入")
    expect(at.page.locator("tbody tr")).to_contain_text(["3"])
    go = at.page.get_by_role("button", name="导入 1 行")
    expect(go).to_be_disabled()
    at.page.locator("label", has_text="只导入没有问题的行，其余跳过").click()
    go.click()
    expect(at.page.get_by_role("heading", name="已导入：新建账号 1 个、岗位 1 个。")).to_be_visible()
    expect(at.page.get_by_role("cell", name="wb.one")).to_be_visible()


def test_a_token_is_shown_once_subscribed_with_and_revoked(desk: Sit) -> None:
    at = desk("secadmin")
    at.open("/admin/tokens")
    at.page.get_by_role("button", name="创建令牌").click()
    form(at).get_by_label("用途（系统名称）").fill("城市大脑")
    pick(form(at), "权限", "查看案件")
    at.page.get_by_label("用途（系统名称）").click()
    form(at).get_by_label("全部", exact=True).check()
    at.press("Control+Enter")
    assert at.page.get_by_role("textbox", name="令牌", exact=True).input_value().startswith("wgt_")
    at.page.get_by_role("button", name="已记下，关闭").click()
    expect(at.page.locator("tbody tr", has_text="城市大脑")).to_contain_text("有效")

    at.open("/admin/webhooks")
    at.page.get_by_role("button", name="新增订阅").click()
    form(at).get_by_label("名称").fill("城市大脑")
    form(at).get_by_label("接收地址").fill("http://127.0.0.1/hook")
    pick(form(at), "访问令牌", "城市大脑")
    at.press("Control+Enter")
    expect(form(at).locator("[data-field=url] .wrong")).to_be_visible()  # within the network, and nobody allowed it
    at.complaints.clear()
    form(at).get_by_label("接收地址").fill("https://8.8.8.8/wangge")
    at.press("Control+Enter")
    assert at.page.get_by_role("textbox", name="签名密钥").input_value().startswith("whsec_")
    at.page.get_by_role("button", name="已记下，关闭").click()
    expect(at.page.get_by_role("complementary", name="当前订阅")).to_contain_text("城市大脑")
    at.page.get_by_role("button", name="删除").click()
    form(at).get_by_role("button", name="删除").click()
    expect(at.page.locator("tbody tr", has_text="城市大脑")).to_have_count(0)

    at.open("/admin/tokens")
    at.page.locator("tbody tr", has_text="城市大脑").get_by_role("button", name="吊销").click()
    form(at).get_by_role("button", name="吊销").click()
    expect(at.page.locator("tbody tr", has_text="城市大脑")).to_contain_text("已吊销")


def test_a_network_is_kept_from_the_portal_with_a_reason_and_let_in_again(desk: Sit) -> None:
    at = desk("secadmin")
    at.open("/admin/bans")
    at.page.get_by_role("button", name="添加限制").click()
    form(at).get_by_label("网络", exact=True).last.fill("203.0.113.9/8")
    form(at).get_by_label("原因").fill("一小时内提交 400 条广告")
    at.press("Control+Enter")
    expect(form(at).locator("[data-field=network] .wrong")).to_contain_text("网段过大")
    at.complaints.clear()
    form(at).get_by_label("网络", exact=True).last.fill("203.0.113.0/24")
    at.press("Control+Enter")
    row = at.page.locator("tbody tr", has_text="203.0.113.0/24")
    expect(row).to_contain_text("400 条广告")
    expect(row).to_contain_text("限制中")
    row.get_by_role("button", name="解除").click()
    form(at).get_by_role("button", name="解除").click()
    expect(row).to_contain_text("已解除")


def test_the_system_administrator_adds_a_unit_and_changes_who_is_told(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/units")
    at.page.get_by_role("treeitem").first.focus()
    at.press("ArrowDown", "ArrowRight", "ArrowDown", "Enter")  # by keyboard alone
    expect(at.page.get_by_role("complementary", name="当前单位").get_by_role("heading")).to_be_visible()
    at.page.get_by_role("button", name="新增单位").click()
    form(at).get_by_label("名称", exact=True).fill("福保街道河道管护队")
    pick(form(at), "类型", "企业")
    pick(form(at), "职责", "水务")
    pick(form(at), "区划", "福保街道")
    at.press("Control+Enter")
    expect(at.page.get_by_role("heading", name="福保街道河道管护队")).to_be_visible()
    at.page.get_by_role("button", name="停用", exact=True).click()
    form(at).get_by_role("button", name="停用").click()
    expect(at.page.get_by_role("complementary", name="当前单位")).to_contain_text("已停用")

    at.open("/admin/notices?channel=sms")
    cell = at.page.get_by_role("button", name=re.compile("案件已超期 · 所在区域督查员"))
    cell.click()
    cell.click()
    expect(cell).to_have_attribute("title", "必达（不能退订）")
    at.page.get_by_role("button", name="保存并立即生效").click()
    expect(form(at)).to_contain_text("案件已超期：所在区域督查员")
    form(at).get_by_role("button", name="保存并立即生效").click()
    expect(at.page.get_by_text("第 2 版")).to_be_visible()
    at.page.reload()
    expect(cell).to_have_attribute("title", "必达（不能退订）")
