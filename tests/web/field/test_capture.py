"""What a phone captures besides words, how quickly, and what it does when there is no room for it."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import expect

from tests.web.field.conftest import Phone, digest, photo

Take = Callable[..., Phone]
WITHIN = 15
"""Seconds for a report, as the trade promises it."""


FULL = """
navigator.storage.estimate = async () => ({ usage: 460e6, quota: 500e6 })
const put = IDBObjectStore.prototype.put
IDBObjectStore.prototype.put = function (value, ...key) {
  if (value?.sealed?.data?.byteLength > 2e6) throw new DOMException('no room', 'QuotaExceededError')
  return put.call(this, value, ...key)
}"""
"""A browser that has 40 MB left, and none for what is large."""


def test_a_voice_note_and_an_arrow_arrive_beside_the_photo_and_the_next_report_takes_four_taps(phone: Take) -> None:
    at, taken = phone(), photo(21)
    at.fill_report("路口护栏倒伏，箭头处有尖角", "护栏")
    at.attach(taken)
    at.page.get_by_role("button", name="在第 1 张照片上画箭头").click()
    canvas = at.page.locator("canvas")
    save = at.page.get_by_role("button", name="存为标注照片")
    expect(save).to_be_disabled()
    canvas.press("ArrowRight")
    canvas.press("Enter")
    at.page.get_by_role("button", name="撤销").click()
    expect(save).to_be_disabled()
    box = canvas.bounding_box()
    assert box
    at.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    at.page.mouse.down()
    at.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    at.page.mouse.up()
    save.click()
    expect(at.page.locator(".shots img")).to_have_count(2)

    at.page.get_by_role("button", name="录音").click()
    expect(at.page.get_by_role("timer")).to_have_text("0:02")
    at.page.get_by_role("button", name="完成").click()
    at.page.get_by_role("button", name="播放录音").click()
    expect(at.page.get_by_role("button", name="停止播放")).to_be_visible()
    at.send()
    at.all_sent()
    evidence = at.evidence_of("路口护栏倒伏，箭头处有尖角", 3)
    assert sorted(e["kind"] for e in evidence) == ["audio", "photo", "photo"]
    assert [e["sha256"] == digest(taken) for e in evidence if e["kind"] == "photo"].count(True) == 1
    assert next(e["seconds"] for e in evidence if e["kind"] == "audio") >= 1

    begun = time.monotonic()
    at.tab("上报")  # 1
    at.attach(photo(22))  # 2: the camera
    at.page.locator(".chip").first.click()  # 3: what was chosen last
    expect(at.page.locator(".place strong")).to_be_visible()
    at.send()  # 4
    at.all_sent()
    assert time.monotonic() - begun < WITHIN


def test_a_full_phone_says_so_before_and_loses_nothing(phone: Take) -> None:
    at = phone()
    at.context.add_init_script(FULL)
    at.context.set_offline(True)
    at.kill_and_reopen()
    at.fill_report("手机存满时也要能报")
    expect(at.page.get_by_text("手机存储快满了，只剩 40 MB")).to_be_visible()
    large = {"name": "clip.mp4", "mimeType": "video/mp4", "buffer": bytes(8_000_000)}
    at.page.locator("input[type=file][multiple]").first.set_input_files(large)
    expect(at.page.get_by_role("alert")).to_contain_text("存储空间不足")
    expect(at.page.get_by_text("手机存储满了")).to_be_visible()
    expect(at.page.locator(".shots li")).to_have_count(0)
    at.kill_and_reopen("/report")
    expect(at.page.get_by_label("情况说明")).to_have_value("手机存满时也要能报")
    at.attach(photo(23))  # what is small has room
    at.send()
    expect(at.page.locator(".net")).to_contain_text("待发 1 条")
    at.context.set_offline(False)
    at.all_sent()
    (case,) = at.reported("手机存满时也要能报")
    assert len(case["evidence"]) == 1
