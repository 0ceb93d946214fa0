"""How quick the phone is: `python bench/field.py`, in a real Chromium that is a phone, against the whole program with the demo's people on this machine.

* The second start without a network, from the address to the field for the PIN, as the machine is and with its processor slowed six times. Target: 1 s.
* A report, from the tap on “send”, as the phone's page gets it, to the operator's screen in another browser. Target: 1 s.
* A report with five photos and a video of 20 MB over an emulated 20 Mbit/s, until all of it has arrived, beside what the line alone takes. Target: 10 s.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.program import Running, wangge
from tests.web.conftest import QUIET
from tests.web.console.conftest import Desk
from tests.web.field.conftest import TALL, Phone, photo

ROUNDS = 7
LINE = 20_000_000 / 8
"""Bytes a second."""
TAPPED = "addEventListener('click', () => { window.tapped = Date.now() }, { capture: true })"
AS_BLOBS = """const real = window.fetch
window.fetch = (url, how) => real(url, how?.body instanceof ArrayBuffer ? { ...how, body: new Blob([how.body]) } : how)"""
"""The driver of the browser copies every body that is no blob, as text and twice: with 21 MB that is what would be timed."""
SHOWN = """() => {
  const look = () => { if (document.querySelector('#pin')) window.shown = performance.now(); else requestAnimationFrame(look) }
  look()
}"""
NEWS = """(text) => { const look = () => { if (document.body.textContent.includes(text)) window.seen = Date.now(); else requestAnimationFrame(look) }; look() }"""

KNOWN = "(name) => new Promise((done) => { const look = () => (window[name] ? done(window[name]) : requestAnimationFrame(look)); look() })"


def phone(browser: Browser, address: str, *, worker: bool) -> Phone:
    context = browser.new_context(
        locale="zh-CN",
        viewport={"width": TALL[0], "height": TALL[1]},
        is_mobile=True,
        has_touch=True,
        geolocation={"longitude": 114.05, "latitude": 22.52, "accuracy": 8},
        permissions=["geolocation"],
        service_workers="allow" if worker else "block",
    )
    found = Phone(context, address)
    found.log_in("worker")
    found.stand_in_own_grid()
    return found


def starts(at: Phone) -> None:
    at.wait_for_worker()
    at.context.set_offline(True)
    for slower in (1, 6):
        took = []
        for _ in range(ROUNDS):
            page = at.context.new_page()
            at.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
            page.add_init_script(f"({SHOWN})()")
            page.goto(f"{at.address}/field/")
            took.append(page.evaluate(KNOWN, "shown"))
            page.close()
        print(f"start without a network, processor 1/{slower}: median {median(took):.0f} ms, worst {max(took):.0f} ms")
    at.context.set_offline(False)


def to_the_desk(at: Phone, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    desk = Desk(context.new_page(), at.address)
    desk.log_in("fubao")
    took = []
    for n in range(ROUNDS):
        desk.queue()
        desk.page.evaluate(NEWS, "件新案件")
        at.fill_report(f"第 {n} 次计时上报", "小广告")
        at.page.evaluate(TAPPED)
        at.send()
        took.append(desk.page.evaluate(KNOWN, "seen") - at.page.evaluate("tapped"))
    print(f"from “send” to the operator's screen: median {median(took):.0f} ms, worst {max(took):.0f} ms")
    context.close()


def over_a_line(at: Phone) -> None:
    files = [photo(n) for n in range(5)]
    files.append(
        {"name": "video.mp4", "mimeType": "video/mp4", "buffer": b"\0\0\0\x18ftypmp42" + os.urandom(20_000_000)}
    )
    at.page.evaluate(AS_BLOBS)
    at.fill_report("照片和视频的计时上报")
    at.attach(*files)
    line = {"offline": False, "latency": 20, "downloadThroughput": LINE, "uploadThroughput": LINE}
    at.context.new_cdp_session(at.page).send("Network.emulateNetworkConditions", line)
    begun = monotonic()
    at.send()
    expect(at.page.locator(".net")).to_have_text("全部已送达", timeout=120_000)
    size = sum(len(file["buffer"]) for file in files)
    print(f"{size / 1e6:.1f} MB over 20 Mbit/s: {monotonic() - begun:.1f} s; the line alone {size / LINE:.1f} s")


def main() -> None:
    chromium = os.environ.get("WANGGE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with TemporaryDirectory() as folder, sync_playwright() as p:
        home = Path(folder)
        running = Running(home, env={"WANGGE_DEMO": "true"}).start()
        try:
            done = wangge("demo", "load", cwd=home, WANGGE_HOME=str(home / "var"), WANGGE_DEMO="true")
            assert done.returncode == 0, done.stdout + done.stderr
            browser = p.chromium.launch(
                executable_path=chromium, args=[*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
            )
            at = phone(browser, running.address, worker=True)
            starts(at)
            to_the_desk(at, browser)
            over_a_line(phone(browser, running.address, worker=False))
            browser.close()
        finally:
            running.stop()


if __name__ == "__main__":
    main()
