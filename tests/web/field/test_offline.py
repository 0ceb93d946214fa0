"""What was captured is never lost, what was sent arrives once: without a network, with the page killed, the server killed, answers lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from tests.support.program import Running
from tests.support.wait import until
from tests.web.field.conftest import PIN, Phone, digest, photo, video
from wangge.pages import rooms

Take = Callable[..., Phone]


def test_a_report_with_photos_and_a_video_made_offline_survives_the_page_and_arrives_once(
    phone: Take, tmp_path: Path
) -> None:
    at, files = phone(), [photo(1), photo(2), photo(3), video(tmp_path)]
    at.context.set_offline(True)
    at.fill_report("离线上报：人行道井盖破损", "井盖")
    at.attach(*files[:2])
    at.kill_and_reopen("/report")  # in the middle of the draft
    expect(at.page.get_by_label("情况说明")).to_have_value("离线上报：人行道井盖破损")
    expect(at.page.locator(".shots img")).to_have_count(2)
    at.attach(*files[2:])
    at.send()
    expect(at.page.locator(".net")).to_contain_text("待发 1 条 · 附件 4 个")
    at.kill_and_reopen("/outbox")
    expect(at.page.locator(".op")).to_contain_text("等待发送")

    at.context.set_offline(False)
    at.all_sent()
    assert sorted(e["sha256"] for e in at.evidence_of("离线上报：人行道井盖破损", 4)) == sorted(map(digest, files))


def test_lost_answers_a_killed_server_and_a_wrong_clock_change_nothing(
    phone: Take, demo: Running, tmp_path: Path
) -> None:
    at, files = phone(worker=False), [photo(4), video(tmp_path)]
    at.page.add_init_script("const real = Date.now; Date.now = () => real.call(Date) + 3 * 3600e3")
    at.page.reload()
    at.page.get_by_label("6 位 PIN").fill(PIN)
    lost: list[str] = []

    def lose(route: Route) -> None:
        """The server does it, and nobody hears of it."""
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.fetch()
            route.abort()

    def kill(route: Route) -> None:
        """The first part of the video meets a server that dies."""
        if (
            route.request.method == "PATCH"
            and len(route.request.post_data_buffer or b"") > 3_000_000
            and len(lost) == 1
        ):
            lost.append(route.request.url)
            demo.process("web").kill()
        route.continue_()

    at.context.route("**/api/v1/batch", lose)
    at.context.route("**/api/v1/uploads/*", kill)
    at.fill_report("弱网上报：路灯不亮")
    at.attach(*files)
    at.send()
    at.all_sent(90_000)  # until the server is there again
    assert len(lost) == 2
    assert sorted(e["sha256"] for e in at.evidence_of("弱网上报：路灯不亮", 2)) == sorted(map(digest, files))
    (case,) = at.reported("弱网上报：路灯不亮")
    said = datetime.fromisoformat(case["reported_at"])
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=3), "the server's clock counts, not the phone's"
    assert case["timeline"][0]["data"]["odd"] == ["clock"]
    at.go(f"/cases/{case['id']}")
    expect(at.page.locator(".timeline")).to_contain_text("手机时钟快 180 分钟，时间已换算")


def test_nothing_of_a_case_can_be_read_in_the_browsers_storage_and_log_out_leaves_nothing(phone: Take) -> None:
    at = phone()
    at.context.set_offline(True)
    at.fill_report("只有本人能看的文字")
    at.attach(photo(5))
    at.send()
    expect(at.page.locator(".net")).to_contain_text("待发 1 条")
    stored = at.page.evaluate(
        """async () => {
          const texts = [JSON.stringify({...localStorage})]
          const plain = (v) => v instanceof ArrayBuffer ? new TextDecoder().decode(v) : ArrayBuffer.isView(v) ? new TextDecoder().decode(v)
            : v && typeof v === 'object' ? Object.values(v).map(plain).join(' ') : String(v)
          for (const {name} of await indexedDB.databases()) {
            const db = await new Promise((done) => { const asked = indexedDB.open(name); asked.onsuccess = () => done(asked.result) })
            for (const store of db.objectStoreNames) {
              const rows = await new Promise((done) => { const asked = db.transaction(store).objectStore(store).getAll(); asked.onsuccess = () => done(asked.result) })
              texts.push(`${store}: ${rows.length} ${plain(rows)}`)
            }
            db.close()
          }
          for (const name of await caches.keys()) for (const r of await (await caches.open(name)).keys()) texts.push(r.url)
          return texts.join('\\n')
        }"""
    )
    assert "operations: 1" in stored and "media: 1" in stored
    assert "只有本人能看的文字" not in stored and "JFIF" not in stored and "电线杆" not in stored
    assert "/api/v1/cases" not in stored

    at.page.get_by_role("link", name="设置").click()
    at.page.get_by_role("button", name="退出登录").click()
    expect(at.page.get_by_role("dialog")).to_contain_text("永久丢失")
    at.page.get_by_role("dialog").get_by_role("button", name="退出登录").click()
    expect(at.page.get_by_label("账号")).to_be_visible()
    names = at.page.evaluate("indexedDB.databases().then((all) => all.map((d) => d.name))")
    assert [n for n in names if n.startswith("wangge-field-")] == []


def test_five_wrong_pins_ask_for_the_password_and_what_is_unsent_is_still_there(phone: Take) -> None:
    at = phone()
    at.context.set_offline(True)
    at.fill_report("输错 PIN 也不丢")
    at.send()
    at.page.close()
    at.page = at._page()
    at.page.goto(f"{at.address}/field/")
    for left in (4, 3, 2, 1):
        at.page.get_by_label("6 位 PIN").fill("111222")
        expect(at.page.get_by_role("alert")).to_contain_text(f"还可试 {left} 次")
    at.page.get_by_label("6 位 PIN").fill("111222")
    expect(at.page.get_by_text("手机里有 1 条未发送的记录")).to_be_visible()
    at.context.set_offline(False)
    at.log_in("worker")
    at.all_sent()
    assert len(at.reported("输错 PIN 也不丢")) == 1


def test_a_new_version_waits_until_the_report_is_sent(phone: Take) -> None:
    at = phone()
    at.kill_and_reopen()  # the first page was there before its worker; who has none is kept waiting by nobody
    newer = rooms.STATIC / "field" / rooms.WORKER
    was = newer.read_bytes()
    try:
        at.fill_report("写到一半来了新版本")
        at.attach(photo(6))
        newer.write_bytes(was + b"\n// a version that is newer\n")
        at.page.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => null)")
        waits = "navigator.serviceWorker.getRegistration().then((r) => r.waiting !== null)"
        until(lambda: at.page.evaluate(waits))
        expect(at.page.get_by_role("button", name="更新")).to_have_count(0)
        expect(at.page.get_by_label("情况说明")).to_have_value("写到一半来了新版本")
        expect(at.page.locator(".shots img")).to_have_count(1)
        at.context.set_offline(True)
        at.send()
        expect(at.page.locator(".net")).to_contain_text("待发 1 条")
        at.page.get_by_role("button", name="更新").click()  # the page is loaded anew, by the newer one
        at.page.get_by_label("6 位 PIN").fill(PIN)
        expect(at.page.locator(".net")).to_contain_text("待发 1 条 · 附件 1 个")
        at.context.set_offline(False)
        at.all_sent()
        assert len(at.evidence_of("写到一半来了新版本", 1)) == 1
    finally:
        newer.write_bytes(was)


def test_an_app_that_is_served_no_more_keeps_everything_and_says_what_to_do(phone: Take) -> None:
    at = phone(worker=False)
    problem = {"type": "urn:wangge:problem:client-too-old", "title": "应用版本过旧", "status": 426, "detail": "请更新"}
    at.context.route("**/api/v1/batch", lambda route: route.fulfill(status=426, json=problem))
    at.fill_report("旧版本上报的内容")
    at.send()
    expect(at.page.get_by_text("请更新后继续发送，待发的内容都在")).to_be_visible()
    expect(at.page.locator(".net")).to_contain_text("待发 1 条")
    at.context.unroute("**/api/v1/batch")
    at.page.get_by_role("button", name="更新").click()
    at.page.get_by_label("6 位 PIN").fill(PIN)
    at.all_sent()
    assert len(at.reported("旧版本上报的内容")) == 1


def test_batches_that_arrive_late_and_out_of_order_are_each_done_once(phone: Take) -> None:
    """The network delivers a batch long after its sender gave it up and sent it again, with what was captured meanwhile."""
    at = phone(worker=False)
    held: list[Route] = []

    def reorder(route: Route) -> None:
        if held:
            route.continue_()
            return
        held.append(route)
        route.abort()

    at.context.route("**/api/v1/batch", reorder)
    at.fill_report("先报的一件")
    at.send()
    expect(at.page.locator(".net")).to_contain_text("待发 1 条")
    at.fill_report("后报的一件")
    at.send()
    at.all_sent()
    late = held[0].request
    answer = at.context.request.post(late.url, data=late.post_data, headers=late.headers)
    assert [a["outcome"] for a in answer.json()["answers"]] == ["duplicate"]
    for text in ("先报的一件", "后报的一件"):
        assert len(at.reported(text)) == 1


def test_each_thing_that_the_browser_asks_for_is_explained_first(browser: Browser, demo: Running) -> None:
    context = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, service_workers="block"
    )
    context.add_init_script(
        """navigator.permissions.query = async () => ({ state: 'prompt' })
        window.asked = []
        navigator.geolocation.watchPosition = () => { asked.push('place'); return 1 }
        navigator.mediaDevices.getUserMedia = () => { asked.push('microphone'); return new Promise(() => undefined) }
        HTMLInputElement.prototype.showPicker = () => undefined"""
    )
    at = Phone(context, demo.address)
    at.log_in("worker")
    at.tab("上报")
    for opens, reason, what in (
        (None, "需要定位", "place"),
        (("button", "录音"), "需要麦克风", "microphone"),
    ):
        if opens:
            at.page.get_by_role(opens[0], name=opens[1]).click()
        note = at.page.get_by_role("note").filter(has_text=reason)
        expect(note).to_be_visible()
        assert what not in at.page.evaluate("asked"), "not before its person knows why"
        note.get_by_role("button").click()
        expect(note).to_have_count(0)
        assert at.page.evaluate("asked")[-1] == what
    at.page.get_by_role("button", name="取消录音").click()
    at.page.get_by_text("拍照", exact=True).click()
    note = at.page.get_by_role("note").filter(has_text="需要相机")
    with at.page.expect_file_chooser():
        note.get_by_role("button").click()
    context.close()
