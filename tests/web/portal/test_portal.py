"""Rita has a small phone, a slow network and no account. The desk is asked over the API."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.console.clear import AXE
from tests.web.field.conftest import photo
from tests.web.field.test_screens import OFF
from tests.web.portal.conftest import GRID, Desk, Phone

Take = Callable[..., Phone]
STATIC = Path(__file__).parents[3] / "wangge/pages/static/portal"
MOST_SCRIPT = 120_000
LOADED = "performance.getEntriesByType('resource').map((r) => r.name).filter((n) => n.includes('/static/portal/') && n.endsWith('.js'))"
MAP_LOADED = f"{LOADED}.filter((n) => /engine|GridMap|maplibre/.test(n))"


def report(at: Phone, text: str) -> tuple[str, str]:
    """From the first page to the number and the code."""
    at.open()
    at.page.get_by_role("link", name="我要反映").click()
    at.page.get_by_label("发生了什么？").fill(text)
    at.page.get_by_role("button", name="用我现在的位置").click()
    expect(at.page.get_by_text("位置：")).to_be_visible()
    at.page.get_by_role("button", name="提交", exact=True).click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    number, code = at.page.locator("dd").all_inner_texts()
    return number, code


def test_a_report_is_followed_to_its_end_without_script_dissatisfied_and_at_last_satisfied(
    phone: Take, desk: Desk
) -> None:
    first = phone(slow=True)
    first.open("/report")
    first.page.locator("input[type=file]").set_input_files(photo(3))
    first.page.get_by_label("发生了什么？").fill("公交站旁有一堆垃圾")
    first.page.get_by_role("button", name="用我现在的位置").click()
    expect(first.page.get_by_text("位置：")).to_be_visible()
    first.page.get_by_role("button", name="提交", exact=True).click()
    expect(first.page.get_by_role("img", name="打开进度页的二维码")).to_be_visible()
    number, code = first.page.locator("dd").all_inner_texts()
    assert first.complaints == []
    seen = desk.ask("fubao", "GET", f"/cases/{desk.case(number)['id']}")
    assert (seen["channel"], len(seen["evidence"]), seen["evidence"][0]["state"] != "promised") == ("resident", 1, True)

    at = phone(script=False, slow=True)
    at.open("/track?lang=zh")
    at.page.get_by_label("编号").fill(number)
    at.page.get_by_label("查询码").fill(code.lower())
    at.page.get_by_role("button", name="查进度").click()
    expect(at.page.get_by_text("公交站旁有一堆垃圾")).to_be_visible()
    desk.act("fubao", number, "ask-reporter", note="在路的哪一侧？")
    at.page.reload()
    at.page.get_by_label("您的答复").fill("东侧")
    at.page.get_by_role("button", name="提交答复").click()
    expect(at.page.get_by_text("答 东侧")).to_be_visible()
    desk.handled(number)
    at.page.reload()
    expect(at.page.get_by_role("heading", level=1)).to_have_text("已处理完并通过检查，请告诉我们问题是否解决")
    at.page.get_by_label("没有解决", exact=True).check(force=True)
    at.page.get_by_role("button", name="提交").click()
    expect(at.page.get_by_role("alert")).to_have_text("请写明哪里没有解决。")
    at.page.get_by_label("没有解决", exact=True).check(force=True)
    at.page.get_by_label("想说的话").fill("又堆起来了")
    at.page.get_by_role("button", name="提交").click()
    expect(at.page.get_by_role("heading", level=1)).to_contain_text("正在处理")
    desk.act("cleaner", number, "resolve", result="再次清运")
    desk.act("fubao", number, "verify", outcome="pass")
    desk.act("fubao", number, "publish", public_text="已清运，并增设垃圾桶")
    at.page.reload()
    expect(at.page.get_by_text("已清运，并增设垃圾桶")).to_be_visible()
    at.page.get_by_label("解决了").check(force=True)
    at.page.get_by_label("5", exact=True).check(force=True)
    at.page.get_by_role("button", name="提交").click()
    desk.act("fubao", number, "close")
    at.page.reload()
    expect(at.page.get_by_role("heading", level=1)).to_have_text("已办结")


def test_what_could_not_be_sent_is_sent_again_as_one_and_the_same_matter_nearby_is_joined(
    phone: Take, desk: Desk
) -> None:
    at = phone()
    at.open("/report")
    at.page.get_by_label("发生了什么？").fill("绿化带里有成堆的垃圾")
    at.page.get_by_role("button", name="用我现在的位置").click()
    expect(at.page.get_by_text("位置：")).to_be_visible()
    lost: list[str] = []

    def lose(route) -> None:  # the server has it, the answer is lost
        lost.append(route.fetch().json()["number"])
        route.abort()

    at.page.route("**/api/v1/portal/reports", lose)
    at.page.get_by_role("button", name="提交", exact=True).click()
    expect(at.page.get_by_text("重复提交不会变成两件")).to_be_visible()
    at.page.unroute("**/api/v1/portal/reports")
    at.page.reload()
    at.page.get_by_role("button", name="重新提交").click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    number, _ = at.page.locator("dd").all_inner_texts()
    assert lost == [number]

    other = phone()
    other.open("/report")
    other.page.get_by_label("发生了什么？").fill("这里垃圾没人清理")
    other.page.get_by_role("button", name="用我现在的位置").click()
    other.page.get_by_role("button", name="就是这个，我也遇到了").first.click()
    expect(other.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    other.page.get_by_role("link", name="查看进度").click()
    expect(other.page.get_by_text("您关注的是其他居民的反映，原文不显示。")).to_be_visible()


def test_photos_of_what_could_not_be_sent_wait_on_the_phone_and_arrive_after_the_page_was_closed(
    phone: Take, desk: Desk
) -> None:
    at = phone()
    at.open("/report")
    at.page.locator("input[type=file]").set_input_files([photo(1), photo(2)])
    at.page.get_by_label("发生了什么？").fill("花坛边堆着落叶")
    at.page.get_by_role("button", name="用我现在的位置").click()
    expect(at.page.get_by_text("位置：")).to_be_visible()
    at.page.route("**/api/v1/portal/reports", lambda route: route.abort())
    at.page.get_by_role("button", name="提交", exact=True).click()
    expect(at.page.get_by_text("2 张照片还在本机")).to_be_visible()
    at.page.unroute("**/api/v1/portal/reports")
    at.open()
    at.page.get_by_role("link", name="去看看").click()
    expect(at.page.get_by_text("2 张照片还在本机")).to_be_visible()
    sent: list[str] = []

    def one(route) -> None:  # the first photo arrives, the network goes
        sent.append(route.request.method)
        route.continue_() if len(sent) == 1 else route.abort()

    at.page.route("**/api/v1/portal/uploads*", one)
    at.page.get_by_role("button", name="重新提交").click()
    expect(at.page.get_by_text("还有 1 张照片没有传完")).to_be_visible()
    number, _ = at.page.locator("dd").all_inner_texts()
    at.page.unroute("**/api/v1/portal/uploads*")
    at.open("/report")  # the page is gone, and with it what it knew
    expect(at.page.get_by_text("1 张照片还在本机")).to_be_visible()
    at.page.get_by_role("button", name="重新提交").click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    assert at.page.locator("dd").first.inner_text() == number
    seen = desk.ask("fubao", "GET", f"/cases/{desk.case(number)['id']}")["evidence"]
    assert len(seen) == 2 and "promised" not in {e["state"] for e in seen}
    at.open()
    expect(at.page.get_by_role("link", name="我要反映")).to_be_visible()
    expect(at.page.get_by_role("link", name="去看看")).to_have_count(0)


def test_the_place_is_pointed_at_on_a_map_that_comes_when_it_is_wanted(phone: Take, desk: Desk) -> None:
    at = phone(slow=True)
    at.open("/report")
    at.page.get_by_label("发生了什么？").fill("人行道地砖松动")
    at.page.get_by_label("所在街道").select_option("440304010")
    assert at.page.evaluate(MAP_LOADED) == []
    at.page.get_by_role("button", name="在地图上指").click()
    expect(at.page.locator(".grid-map[aria-busy=false]")).to_be_visible()
    canvas = at.page.locator(".grid-map canvas")
    canvas.click()
    expect(at.page.get_by_text("位置：福保街道")).to_be_visible()
    at.page.get_by_role("button", name="不用这个位置").click()
    expect(at.page.get_by_text("位置：福保街道")).to_be_hidden()
    canvas.focus()
    at.page.keyboard.press("Enter")  # what is under the cross in the middle
    expect(at.page.get_by_text("位置：福保街道")).to_be_visible()
    at.page.get_by_role("button", name="提交", exact=True).click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    number, _ = at.page.locator("dd").all_inner_texts()
    case = desk.case(number)
    assert case["street"] == "440304010" and case["lon"] and case["grid"]
    assert [c for c in at.complaints if "GPU stall" not in c] == []


def test_two_reports_of_one_matter_are_merged_and_both_residents_get_the_answer(phone: Take, desk: Desk) -> None:
    rita, ralf = phone(slow=True), phone(slow=True)
    first, _ = report(rita, "路口垃圾桶满溢")
    second, _ = report(ralf, "垃圾桶太满了，气味很大")
    desk.act("fubao", second, "merge", other=desk.case(first)["id"])
    ralf.page.get_by_role("link", name="查看进度").click()
    expect(ralf.page.get_by_text("您的反映与另一件相同的反映一并办理。")).to_be_visible()
    expect(ralf.page.get_by_text("垃圾桶太满了，气味很大")).to_be_visible()
    desk.handled(first)
    desk.act("fubao", first, "publish", public_text="已清空并消杀")
    ralf.page.reload()
    rita.page.get_by_role("link", name="查看进度").click()
    for who in (rita, ralf):
        expect(who.page.get_by_text("已清空并消杀")).to_be_visible()
    expect(ralf.page.get_by_text("路口垃圾桶满溢")).to_have_count(0)


def test_the_anonymous_one_leaves_nothing_and_the_confidential_one_is_known_to_the_centre_alone(
    phone: Take, desk: Desk
) -> None:
    nameless = phone(slow=True)
    number, _ = report(nameless, "楼道灯不亮")
    assert desk.ask("fubao", "GET", f"/cases/{desk.case(number)['id']}")["parties"] == []

    at = phone(slow=True)
    at.open("/report")
    at.page.get_by_label("发生了什么？").fill("小区里有人乱倒建筑垃圾")
    at.page.get_by_role("button", name="用我现在的位置").click()
    expect(at.page.get_by_text("位置：")).to_be_visible()
    at.page.get_by_text("留下联系方式").click()
    at.page.get_by_label("称呼").fill("欧阳明月")
    at.page.get_by_label("手机号码").fill("13912345678")
    at.page.get_by_label("为我保密").check()
    at.page.get_by_role("button", name="提交", exact=True).click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    number, _ = at.page.locator("dd").all_inner_texts()
    at.page.get_by_role("link", name="查看进度").click()
    expect(at.page.get_by_text("身份只有承办中心可见")).to_be_visible()
    case = desk.case(number)["id"]
    assert "欧阳" not in at.page.content() and "1391234" not in at.page.content()
    assert desk.ask("fubao", "GET", f"/cases/{case}")["parties"]
    crew = desk.ask("cleaner", "GET", "/session")["scope"]["units"][0]
    if desk.case(number)["status"] == "reported":
        desk.act("fubao", number, "accept")
    desk.act("fubao", number, "dispatch" if desk.case(number)["status"] == "accepted" else "reassign", unit=crew, note="请清理")  # fmt: skip
    seen = desk.ask("cleaner", "GET", f"/cases/{case}")
    assert seen["parties"] == [] and "欧" not in str(seen)


def test_what_is_held_on_a_phone_is_seen_put_right_copied_and_asked_to_be_erased(phone: Take, desk: Desk) -> None:
    at = phone(slow=True)
    number = "13712340000"
    at.open("/report")
    at.page.get_by_label("发生了什么？").fill("路面有个坑")
    at.page.get_by_role("button", name="用我现在的位置").click()
    expect(at.page.get_by_text("位置：")).to_be_visible()
    at.page.get_by_text("留下联系方式").click()
    at.page.get_by_label("称呼").fill("张小明")
    _prove(at, desk, number)
    at.page.get_by_role("button", name="提交", exact=True).click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    at.page.evaluate("localStorage.clear()")
    at.page.get_by_role("link", name="返回首页").click()
    at.page.get_by_role("link", name="我的信息").click()
    with at.page.expect_request("**/own-data") as asked:
        # a code a minute: the ticket of the first is asked with, as a second phone would after that minute
        at.page.route("**/portal/phone/code", lambda route: route.fulfill(status=204))
        at.page.route("**/portal/phone/prove", lambda route: route.fulfill(json={"ticket": TICKET[number], "until": "2099-01-01T00:00:00Z"}))  # fmt: skip
        _prove(at, desk, number)
    assert asked.value.method == "POST"
    expect(at.page.get_by_text("称呼 张小明")).to_be_visible()
    expect(at.page.get_by_text("没有人查看过完整号码")).to_be_visible()
    _judge(at, "my data")
    with at.page.expect_download() as copy:
        at.page.get_by_role("button", name="导出一份").click()
    assert "路面有个坑" in Path(copy.value.path()).read_text("utf-8")
    at.page.get_by_text("更正称呼或手机").click()
    at.page.get_by_label("新的称呼").fill("张晓明")
    at.page.get_by_role("button", name="更正称呼").click()
    expect(at.page.get_by_text("称呼 张晓明")).to_be_visible()
    at.page.get_by_text("申请删除姓名和手机").click()
    at.page.get_by_role("button", name="提出申请").click()
    expect(at.page.get_by_role("heading", name="已收到，谢谢您")).to_be_visible()
    at.page.get_by_role("link", name="查看进度").click()
    expect(at.page.get_by_text("个人信息删除申请")).to_be_visible()


TICKET: dict[str, str] = {}


def _prove(at: Phone, desk: Desk, number: str) -> None:
    at.page.get_by_label("手机号码").fill(number)
    with at.page.expect_response("**/phone/code"):  # before it nothing was sent
        at.page.get_by_role("button", name="发验证码").click()
    at.page.get_by_label("短信验证码").fill(desk.sms())
    with at.page.expect_response("**/phone/prove") as proved:
        at.page.get_by_role("button", name="验证", exact=True).click()
    TICKET.setdefault(number, proved.value.json()["ticket"])


def test_what_is_open_data_is_seen_on_a_map(phone: Take, desk: Desk) -> None:
    at = phone(slow=True)
    name = {"zh": "福保街道", "en": "Fubao"}
    street = {"street": "440304010", "name": name, "district": name, "reported": 12, "closed": 11, "in_time_rate": 0.9}
    told = {"place": GRID, "closed": True, "in_time": False, "answer": ""}
    here = {"type": "Point", "coordinates": [114.05, 22.52]}
    features = [{"type": "Feature", "geometry": here, "properties": told}] * 6
    at.page.route("**/api/v1/portal/figures*", lambda r: r.fulfill(json={"month": "2026-10-01", "few": 5, "few_closed": 10, "streets": [street]}))  # fmt: skip
    at.page.route("**/open/cases.geojson*", lambda r: r.fulfill(json={"type": "FeatureCollection", "features": features}, content_type="application/geo+json"))  # fmt: skip
    at.open("/figures")
    at.page.get_by_role("button", name="看地图").click()
    expect(at.page.locator(".grid-map[aria-busy=false]")).to_be_visible()
    expect(at.page.get_by_text("红色部分没有按时办结")).to_be_visible()
    _judge(at, "the open map")
    assert [c for c in at.complaints if "GPU stall" not in c] == []


def test_a_month_is_chosen_in_the_language_of_the_page_whatever_the_browser_speaks(phone: Take) -> None:
    at = phone(language="en")
    at.open("/figures")
    month = at.page.get_by_label("Month")
    expect(month.locator("option")).to_have_count(24)
    earlier = month.locator("option").nth(1)
    value = earlier.get_attribute("value") or ""
    expect(earlier).to_have_text(f"{date.fromisoformat(value + '-01'):%B %Y}")
    with at.page.expect_request(f"**/portal/figures?month={value}"):
        month.select_option(index=1)
    expect(month).to_have_value(value)
    at.page.get_by_role("button", name="中文").click()
    expect(at.page.get_by_label("月份")).to_have_value(value)
    expect(at.page.get_by_label("月份").locator("option").nth(1)).to_have_text(f"{value[:4]}年{int(value[5:])}月")


def test_while_the_portal_is_flooded_the_page_proves_work_and_the_report_arrives(phone: Take, desk: Desk) -> None:
    at = phone()
    at.open("/report")
    spam = """async ({n, grid}) => { for (let i = 0; i < n; i++) {
        const answer = await fetch('/api/v1/portal/reports', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(
            {id: crypto.randomUUID(), secret: 'x'.repeat(30), text: '广告', street: grid.slice(0, 9)})})
        if (answer.status === 428) return await answer.json() } }"""
    wanted = at.page.evaluate(spam, {"n": 25, "grid": GRID})
    assert wanted["type"] == "urn:wangge:problem:proof-wanted" and wanted["bits"] == 16
    with at.page.expect_request(lambda r: r.url.endswith("/portal/reports") and "proof" in r.headers) as proven:
        number, _ = report(at, "井盖破损")
    challenge, _, found = proven.value.headers["proof"].rpartition(":")
    assert hashlib.sha256(f"{challenge}:{found}".encode()).digest()[:2] == b"\0\0"
    assert desk.case(number)["channel"] == "resident"


@pytest.mark.parametrize(("language", "size"), [("zh-CN", "1"), ("en", "1.5")])
def test_every_screen_is_clear_to_all_and_light(phone: Take, desk: Desk, language: str, size: str) -> None:
    at = phone(language=language)
    loaded: set[str] = set()
    for path, there in (
        ("/", ".hero"),
        ("/report", "#street option:nth-child(2)"),
        ("/grid", ".today"),
        ("/figures", "li, .muted"),
        ("/own", "input[type=tel]"),
    ):
        at.open(path)
        expect(at.page.locator(there).first).to_be_attached()
        at.page.evaluate(f"document.documentElement.dataset.size = '{size}'")
        _judge(at, f"{path} {language}")
        loaded |= set(at.page.evaluate(LOADED))
    at.open("/report")
    at.page.locator("[aria-controls=map]").click()
    expect(at.page.locator(".grid-map[aria-busy=false]")).to_be_visible()
    at.page.evaluate(f"document.documentElement.dataset.size = '{size}'")
    _judge(at, f"the map {language}")
    number, code = report(phone(), f"电线杆旁的垃圾 {size}") if language == "zh-CN" else ("", "")
    at.open(f"/track?number={number}&code={code}")
    _judge(at, f"track {language}")
    assert [c for c in at.complaints if "GPU stall" not in c] == []
    script = sum(len(gzip.compress((STATIC / "assets" / name.rsplit("/", 1)[1]).read_bytes(), 9)) for name in loaded)
    assert 20_000 < script < MOST_SCRIPT, f"{script} bytes before the map"


def _judge(at: Phone, name: str) -> None:
    at.page.wait_for_load_state("networkidle")
    at.page.evaluate(AXE)
    found = at.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [f"{v['id']}: {n['html'][:160]}" for v in found["violations"] if v["impact"] in ("serious", "critical") for n in v["nodes"]]  # fmt: skip
    assert serious == [], name
    assert at.page.evaluate(OFF) == [], name
