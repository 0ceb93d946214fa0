"""An operator's work by keyboard, two people on one case, and what a log-in shows to whom."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.web.console.clear import serious
from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]


def _register(at: Desk, title: str, photo: bytes = b"") -> None:
    """By keyboard alone: Tab goes through the form in the order in which a caller tells it. ``photo``: a JPEG that goes with it."""
    at.open("/register")
    expect(at.page.locator("#phone")).to_be_focused()
    at.page.keyboard.type("0755-00999999")
    at.press("Tab", "Tab")  # over the look-up of earlier calls
    at.page.keyboard.type("来电人示")
    at.press("Tab")
    at.page.keyboard.type("小区门口垃圾桶满溢，两天没人清运")
    at.press("Tab")
    at.page.keyboard.type("暴露垃圾")
    expect(at.page.get_by_role("option", name="暴露垃圾")).to_be_visible()
    at.press("Enter", "Tab")
    at.page.keyboard.type("示例园 1 栋")
    at.page.locator("#point").focus()
    at.page.keyboard.type("114.0295,22.5225")
    expect(at.page.get_by_role("status").filter(has_text="位于")).to_be_visible()
    if photo:
        at.page.locator("#files").set_input_files({"name": "before.jpg", "mimeType": "image/jpeg", "buffer": photo})
        expect(at.page.locator("button[type=submit]")).to_be_enabled()
    at.page.locator("#title").focus()
    at.page.keyboard.type(title)
    at.press("Control+Enter")
    expect(at.page.get_by_role("heading", name=title)).to_be_visible()


def test_a_case_is_registered_by_keyboard_seen_at_another_desk_at_once_accepted_and_dispatched(desk: Sit) -> None:
    first, second = desk("fubao"), desk("fubao")
    second.queue("?status=reported")
    top = second.page.locator(ROW).first.inner_text()
    _register(first, "垃圾桶满溢待清运")

    news = second.page.get_by_role("button", name="1 件新案件，显示")
    expect(news).to_be_visible()
    assert second.page.locator(ROW).first.inner_text() == top, "what one reads does not move by itself"
    second.press("n")
    row = second.page.locator(ROW).first
    expect(row).to_contain_text("垃圾桶满溢待清运")

    second.press("j", "a")
    expect(second.page.get_by_role("dialog", name="受理").locator("form :focus")).to_be_visible()
    second.press("Control+Enter")
    expect(row).to_contain_text("待派遣")
    expect(second.page.get_by_role("dialog")).to_be_hidden()
    second.press("d")
    expect(second.page.get_by_role("dialog", name="派遣").locator("form :focus")).to_be_visible()
    expect(second.page.get_by_text("按规则派给")).to_be_visible()
    second.press("Control+Enter")
    expect(row).to_contain_text("处置中")
    expect(first.status).to_have_text("处置中")  # the first desk has the case open, and follows


def test_of_two_people_who_act_on_one_case_the_second_is_told_what_happened_and_keeps_what_was_typed(desk: Sit) -> None:
    first, second = desk("fubao"), desk("fubao")
    for at in (first, second):
        at.queue()
        at.case("路口单车挡住盲道")
    second.act("不予受理")
    second.page.get_by_label("原因").fill("已由共享单车企业清理。")
    first.act("受理")
    first.press("Control+Enter")
    expect(first.status).to_have_text("待派遣")

    second.press("Control+Enter")
    told = second.page.get_by_role("alert").filter(has_text="刚才有人先办了一步")
    expect(told).to_contain_text("不能再“不予受理”")
    expect(second.page.get_by_label("原因")).to_have_value("已由共享单车企业清理。")
    second.complaints.clear()  # the browser notes that an answer was 409


def test_when_the_act_is_still_possible_one_goes_on_with_what_was_typed(desk: Sit) -> None:
    first, second = desk("fubao"), desk("fubao")
    _register(
        first, "步道路灯三盏不亮"
    )  # of today: an older one might be late as an urgent one, and go to the level above
    first.act("受理")
    first.press("Control+Enter")
    expect(first.status).to_have_text("待派遣")
    second.open(first.page.url.split("/console")[1])
    second.act("派遣")
    second.page.get_by_label("说明").fill("请今晚处理。")
    first.act("调整紧急程度")
    first.page.get_by_label("紧急", exact=True).check()
    first.page.get_by_label("原因").fill("夜间有人摔倒。")
    first.press("Control+Enter")
    expect(first.page.locator(".case > .head .urgency")).to_have_text("紧急")

    second.page.get_by_label("说明").focus()
    second.press("Control+Enter")
    expect(second.page.get_by_text("夜间有人摔倒。").first).to_be_visible()
    second.page.get_by_role("button", name="按最新状态继续").click()
    expect(second.status).to_have_text("处置中")
    expect(second.page.get_by_text("请今晚处理。")).to_be_visible()
    second.complaints.clear()


def test_many_cases_are_acted_on_at_once_and_each_is_answered_by_itself(desk: Sit) -> None:
    at = desk("fubao")
    at.queue("?status=reported&status=handling")
    rows = at.page.locator(ROW)
    mine = rows.filter(has_text="待受理").filter(has_text="垃圾投放点爆满外溢")
    mine.get_by_role("checkbox").check()
    rows.filter(has_text="处置中").first.get_by_role("checkbox").check()
    at.page.get_by_text("已选 2 件").wait_for()
    at.press("a")
    dialog = at.page.get_by_role("dialog", name="批量办理 2 件")
    dialog.get_by_role("button", name="对 2 件受理").click()
    expect(dialog).to_contain_text("已办 1 件")
    expect(dialog).to_contain_text("1 件未办")
    dialog.get_by_role("button", name="关闭", exact=True).click()
    expect(at.page.get_by_text("已选 1 件")).to_be_visible()


def test_a_link_reproduces_what_one_sees(desk: Sit) -> None:
    at = desk("fubao")
    at.queue()
    at.page.get_by_role("button", name="处置中", exact=True).click()
    at.page.get_by_role("button", name="筛选", exact=True).click()
    at.page.get_by_role("menuitem", name="超期").click()
    at.page.get_by_label("是", exact=True).check()
    expect(at.page).to_have_url(re.compile(r"overdue=true"))
    expect(at.page).to_have_url(re.compile(r"status=handling"))
    shown = at.page.locator(ROW).all_inner_texts()
    assert shown and all("超" in row for row in shown)
    at.page.reload()
    at.page.locator(ROW).first.wait_for()
    assert at.page.locator(ROW).all_inner_texts() == shown
    at.page.get_by_role("button", name="去掉“超期”").click()
    expect(at.page).not_to_have_url(re.compile(r"overdue"))


def test_the_list_keeps_its_place_while_one_reads_a_case(desk: Sit) -> None:
    at = desk("supervisor")
    at.queue()
    at.press(*["j"] * 12)
    read = at.page.locator(f"{ROW}:focus").inner_text()
    at.press("Enter")
    at.page.get_by_role("region", name="办理").wait_for()
    at.press("Escape")
    expect(at.page.locator(f"{ROW}:focus")).to_have_text(re.compile(read.split("\n")[0].split("\t")[1]))


def test_who_may_not_is_not_shown_it(desk: Sit) -> None:
    analyst = desk("analyst")
    menu = analyst.menu
    expect(menu.get_by_role("link")).to_have_text(["工作台", "统计", "我的设置"])
    analyst.open("/queue")
    expect(analyst.page.get_by_text("您的岗位不包含此功能")).to_be_visible()
    assert serious(analyst) == []


def test_a_reporter_is_masked_until_a_purpose_is_stated(desk: Sit) -> None:
    at = desk("fubao")
    at.queue()
    at.case("顶楼渗水要求查维修资金")
    phone = at.page.locator(".masked").nth(1)
    expect(phone).to_contain_text("****")
    phone.get_by_role("button", name="查看").click()
    at.page.locator(".el-popper:visible").get_by_role("button", name="电话回访").click()
    at.page.locator(".el-popper:visible").get_by_role("button", name="查看并留痕").click()
    expect(phone).to_contain_text(re.compile(r"0755-?00\d{6}"))
    phone.get_by_role("button", name="隐藏").click()
    expect(phone).to_contain_text("****")


def test_a_wrong_password_is_said_and_a_log_out_leaves_nothing(desk: Sit) -> None:
    at = desk()
    at.open("/queue?status=accepted")
    at.page.get_by_label("账号").fill("fubao")
    at.page.get_by_label("口令").fill("wrong")
    at.press("Enter")
    expect(at.page.get_by_role("alert")).to_be_visible()
    assert serious(at) == []
    at.complaints.clear()  # the browser notes that an answer was 401
    at.page.get_by_label("口令").fill("wangge-demo")
    at.press("Enter")
    expect(at.page).to_have_url(re.compile(r"/console/queue\?status=accepted"))
    at.page.get_by_role("button", name=re.compile("^账号")).click()
    at.page.get_by_role("menuitem", name="退出登录").click()
    expect(at.page.get_by_role("textbox", name="账号")).to_be_visible()
    at.open("/queue")
    expect(at.page.get_by_role("textbox", name="账号")).to_be_visible()
