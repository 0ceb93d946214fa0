"""Other systems at the desks of those who have to do with them: partners, what they are asked, and pushes that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.hooks import Server, receiver
from tests.support.wait import until
from tests.web.console.conftest import Desk
from tests.web.console.test_people_admin import form, pick
from wangge.demo.other_side import Partner, order

Sit = Callable[..., Desk]
NOTED = "已记下，关闭"


def table_row(at: Desk, text: str) -> Locator:
    return at.page.locator("tbody tr", has_text=text)


def shown_once(at: Desk, name: str) -> str:
    """What the dialog shows this once; it is put away."""
    secret = at.page.get_by_role("textbox", name=name, exact=True).input_value()
    at.page.get_by_role("button", name=NOTED).click()
    return secret


def enter(at: Desk, name: str, source: str, **more: str) -> Any:
    """Enter a hotline of Fubao at the screen of partners; its other side."""
    at.open("/admin/partners")
    at.page.get_by_role("button", name="新增对接单位").click()
    form(at).get_by_label("名称", exact=False).first.fill(name)
    form(at).get_by_label("来源名称").fill(source)
    pick(form(at), "默认街道", "福保街道")
    for label, text in more.items():
        form(at).get_by_label(label).fill(text)
    at.press("Control+Enter")
    return Partner(at.address, shown_once(at, "对接令牌"))


@contextmanager
def other() -> Iterator[tuple[Server, str]]:
    """Another system, and the address by which this installation may reach it."""
    with receiver() as server:
        yield server, server.url.replace("127.0.0.1", "localhost")


def test_a_partner_is_entered_seen_changed_given_another_token_and_stopped(desk: Sit) -> None:
    at = desk("secadmin")
    at.open("/admin/partners")
    at.page.get_by_role("button", name="新增对接单位").click()
    expect(form(at)).to_contain_text("wangge level add")  # how levels are entered
    form(at).get_by_label("名称", exact=False).first.fill("示例 12345")
    form(at).get_by_label("来源名称").fill("sz-12345")
    pick(form(at), "默认街道", "福保街道")
    form(at).get_by_label("推送地址").fill("http://127.0.0.1/push")
    form(at).get_by_text("对方的状态名称").click()
    form(at).get_by_label("已答复").fill("办结")
    at.press("Control+Enter")
    expect(form(at).locator("[data-field=push_to] .wrong")).to_be_visible()  # within the network, and nobody allowed it
    at.complaints.clear()
    form(at).get_by_label("推送地址").fill("")
    at.press("Control+Enter")
    hotline = Partner(at.address, shown_once(at, "对接令牌"))
    panel = at.page.get_by_role("complementary", name="当前对接单位")
    expect(panel).to_contain_text("办结")
    expect(table_row(at, "示例 12345")).to_contain_text("对方来取")
    expect(table_row(at, "示例 12345")).to_contain_text("尚未")

    [taken] = hotline.send(order("P-1", "楼道堆放杂物，影响通行"))
    assert taken["state"] == "made"
    at.page.reload()
    expect(table_row(at, "示例 12345")).not_to_contain_text("尚未")

    panel.get_by_role("button", name="修改").click()
    form(at).get_by_label("名称", exact=False).first.fill("示例市 12345")
    form(at).get_by_label("已受理").fill("受理中")
    at.press("Control+Enter")
    expect(panel).to_contain_text("受理中")
    expect(table_row(at, "示例市 12345")).to_be_visible()

    panel.get_by_role("button", name="更换令牌").click()
    form(at).get_by_role("button", name="更换令牌").click()
    new = Partner(at.address, shown_once(at, "对接令牌"))
    with pytest.raises(RuntimeError, match="401"):
        hotline.fetch()
    assert new.fetch() == []

    panel.get_by_role("button", name="停用").click()
    form(at).get_by_role("button", name="停用").click()
    expect(table_row(at, "示例市 12345")).to_contain_text("已停用")
    with pytest.raises(RuntimeError, match="403"):
        new.fetch()
    panel.get_by_role("button", name="重新启用").click()
    form(at).get_by_role("button", name="重新启用").click()
    expect(panel.get_by_role("button", name="停用")).to_be_visible()
    assert new.fetch() == []


def test_a_desk_asks_for_what_may_be_asked_now_and_sees_the_answer(desk: Sit) -> None:
    hotline = enter(desk("secadmin"), "问答热线", "qa-12345")
    [taken] = hotline.send(order("Q-1", "河道漂浮垃圾无人清理"))
    at = desk("fubao")
    at.open(f"/cases/{taken['case']}")
    card = at.page.get_by_role("region", name="对接往来")
    expect(card.get_by_role("button", name="申请延期 · 问答热线")).to_have_count(0)  # not before it is handled
    card.get_by_role("button", name="申请退单 · 问答热线").click()
    form(at).get_by_role("button", name="申请退单").click()
    expect(form(at).get_by_role("alert")).to_contain_text("理由")
    form(at).get_by_label("理由").fill("属水务局职责")
    at.press("Control+Enter")
    expect(card.locator(".state")).to_have_text("待答复")
    expect(card.get_by_role("button", name="申请退单 · 问答热线")).to_have_count(0)  # it waits already

    at.open("/")
    at.page.get_by_role("link", name="等待对方答复").click()
    asked = table_row(at, "问答热线")
    expect(asked).to_contain_text("属水务局职责")
    admin = desk("secadmin")
    admin.open("/admin/partners")
    expect(table_row(admin, "问答热线")).to_contain_text("未答复 1")
    asked.get_by_role("link").click()
    expect(card.locator(".state")).to_have_text("待答复")

    [question] = [m for m in hotline.fetch() if m["answer"] == "waiting"]
    hotline.answer(question["id"], True, "转市水务局", number="SW-7")
    expect(card.locator(".state")).to_have_text("已同意")  # while the page is open
    expect(card).to_contain_text("转市水务局")
    expect(card).to_contain_text("SW-7")
    expect(at.status).to_have_text("不予受理")
    at.open("/admin/questions")
    expect(at.page.get_by_text("没有待答复的申请")).to_be_visible()


def test_a_secret_is_renewed_and_signs_beside_the_old_one(desk: Sit) -> None:
    with other() as (server, url):
        at = desk("secadmin")
        enter(at, "换钥热线", "key-12345")
        panel = at.page.get_by_role("complementary", name="当前对接单位")
        panel.get_by_role("button", name="修改").click()
        form(at).get_by_label("推送地址").fill(url + "/push")
        at.press("Control+Enter")
        old = shown_once(at, "推送签名密钥")
        expect(panel).to_contain_text(url)
        panel.get_by_role("link", name="更换推送密钥").click()
        hook = at.page.get_by_role("complementary", name="当前订阅")
        expect(hook).to_contain_text("对接单位")
        expect(hook.get_by_role("button", name="删除")).to_have_count(0)  # it ends with its partner
        hook.get_by_role("button", name="更换密钥").click()
        expect(form(at)).to_contain_text("旧密钥再用一天")
        form(at).get_by_role("button", name="更换密钥").click()
        new = shown_once(at, "签名密钥")
        assert new.startswith("whsec_") and new != old
        hook.get_by_role("button", name="发送测试").click()
        until(lambda: server.got, 60)
        assert server.got[0].is_signed_with(new) and server.got[0].is_signed_with(old)


def test_a_push_that_was_given_up_is_seen_with_its_reason_and_sent_again(desk: Sit) -> None:
    with other() as (server, url):
        at = desk("secadmin")
        hotline = enter(at, "推送热线", "push-12345", 推送地址=url + "/push")
        shown_once(at, "推送签名密钥")
        server.answers = [410]  # gone: it is not tried again by itself
        [taken] = hotline.send(order("G-1", "小区围墙开裂"))
        desk_at = desk("fubao")
        desk_at.open(f"/cases/{taken['case']}")
        card = desk_at.page.get_by_role("region", name="对接往来")
        card.get_by_role("button", name="申请退单 · 推送热线").click()
        form(desk_at).get_by_label("理由").fill("属住建部门职责")
        desk_at.press("Control+Enter")
        until(lambda: server.got, 60)
        row = table_row(at, "推送热线")

        def failed() -> bool:
            at.page.reload()
            expect(row).to_be_visible()
            return "失败 1" in row.inner_text()

        until(failed, 60)
        expect(row).to_contain_text("HTTP 410")
        at.page.get_by_role("complementary", name="当前对接单位").get_by_role("link", name="查看送达记录").click()
        delivery = table_row(at, "对接消息")
        expect(delivery).to_contain_text("已放弃")
        expect(delivery).to_contain_text("HTTP 410")
        delivery.get_by_role("button", name="重发").click()
        until(lambda: len(server.got) == 2, 60)
        assert server.got[0].headers["webhook-id"] == server.got[1].headers["webhook-id"]

        def arrived() -> bool:
            at.page.reload()
            expect(delivery).to_be_visible()
            return "已送达" in delivery.inner_text()

        until(arrived, 60)
