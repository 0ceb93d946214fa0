"""The whole loop by phone and desk: reported, dispatched, handled in a basement, verified on the spot; and two phones on one case."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.support.program import Running
from tests.web.console.conftest import Desk
from tests.web.field.conftest import Phone, photo

TITLE = "公交站牌被小广告盖住"


def _act(at: Phone, name: str, outcome: str | None = None, **given: str) -> None:
    """On the case that is open, with a photo when it asks for one."""
    at.page.locator("footer").get_by_role("button", name=name, exact=True).click()
    sheet = at.page.locator(".act-sheet")
    if outcome:
        sheet.get_by_role("button", name=outcome).click()
    for label, text in given.items():
        sheet.get_by_label(label).fill(text)
    if sheet.locator("input[type=file]").count():
        sheet.locator("input[type=file][multiple]").set_input_files(photo(len(name)))
        expect(sheet.locator(".shots img")).to_have_count(1)
    sheet.get_by_role("button", name=name, exact=True).click()
    expect(sheet).to_be_hidden()


def _open(at: Phone) -> None:
    at.tab("待办")
    at.page.locator(".cards a", has_text=TITLE).first.click()
    expect(at.page.get_by_role("heading", name=TITLE)).to_be_visible()


def test_the_whole_loop_by_phone_and_desk(phone: Callable[..., Phone], browser: Browser, demo: Running) -> None:
    worker = phone()
    worker.fill_report(TITLE, "小广告")
    worker.attach(photo(11))
    worker.send()
    worker.all_sent()

    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    desk = Desk(context.new_page(), demo.address)
    desk.log_in("fubao")
    desk.queue()
    desk.case(TITLE)
    for act, status in (("受理", "待派遣"), ("派遣", "处置中")):
        desk.act(act)
        desk.page.locator("form.act :focus").wait_for()
        desk.press("Control+Enter")
        expect(desk.status).to_have_text(status)

    handler = phone("handler")
    _open(handler)
    handler.context.set_offline(True)  # down into the basement
    _act(handler, "签收")
    _act(handler, "办结", 处置结果="小广告已清除，站牌已擦净。")
    expect(handler.page.get_by_text("您已在本机办理，待发送：签收、办结")).to_be_visible()
    handler.context.set_offline(False)
    expect(desk.status).to_have_text("待核查")

    worker.tab("首页")
    _open(worker)
    _act(worker, "核查", outcome="核查通过")
    expect(desk.status).to_have_text("待回访")
    desk.act("结案")  # nobody waits for an answer
    desk.page.locator("form.act").wait_for()
    desk.press("Control+Enter")
    expect(desk.status).to_have_text("已结案")
    (case,) = worker.reported(TITLE)
    assert [s["act"] for s in case["timeline"] if s["actor_kind"] == "user"] == [
        "report",
        "accept",
        "dispatch",
        "take",
        "resolve",
        "verify",
        "close",
    ]
    assert {(e["role"], e["state"]) for e in worker.evidence_of(TITLE, 3)} == {
        ("report", "ready"),
        ("after", "ready"),
        ("verify", "ready"),
    }
    context.close()
    assert desk.complaints == []


def test_a_phone_that_comes_second_is_told_what_changed_and_may_drop_its_act(
    phone: Callable[..., Phone],
) -> None:
    text = "撤回也要有先后：共享单车倒在路边"
    first, second = phone(), phone()
    first.fill_report(text)
    first.send()
    first.all_sent()
    (case,) = first.reported(text)
    for at in (first, second):
        at.go(f"/cases/{case['id']}")
        expect(at.page.locator("footer button").first).to_be_visible()
    second.context.set_offline(True)
    for at in (second, first):
        at.page.locator("footer").get_by_role("button", name="更多").click()
        at.page.locator(".act", has_text="撤回").click()
        at.page.locator(".act-sheet textarea").fill("已扶正。")
        at.page.locator(".act-sheet button[type=submit]").click()
        expect(at.page.locator(".act-sheet")).to_be_hidden()
    expect(first.page.locator("article")).to_contain_text("已撤回")
    second.context.set_offline(False)
    expect(second.page.get_by_text("有一步没有送达，请到“待发”处理。")).to_be_visible()
    second.page.get_by_text("有一步没有送达").click()
    expect(second.page.locator(".op")).to_contain_text("已撤回")
    second.page.get_by_role("button", name="放弃").click()
    second.page.get_by_role("dialog").get_by_role("button", name="放弃").click()
    second.all_sent()
    assert len([s for s in first.reported(text)[0]["timeline"] if s["act"] == "withdraw"]) == 1
