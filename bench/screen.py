"""How long an operator waits at the screen: `python bench/screen.py [cases]` (default 100 000), in a real Chromium on this machine.

The whole program serves a database of made-up cases; the operator of a street that has a tenth of a district opens the queue, orders it,
filters it, searches it, and scrolls. A time is from the key or the click to the frame in which the rows that were asked for are painted, measured in the page;
once as the machine is and once with the browser's processor slowed four times. The server answers on the same machine. The
floors of the same run: a frame in which nothing changes, and the server's own answer. Target: 100 ms at 1 000 000 cases.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.fill import DISTRICTS, database, fill, spread  # noqa: I001 — sets Django up first
from django.db import connections, transaction
from playwright.sync_api import Page, sync_playwright

from tests.support.program import Running
from wangge.domain.people import passwords
from wangge.domain.people.actions.posts import give_post
from wangge.domain.people.actions.users import add_user
from wangge.domain.people.models import Credential
from wangge.kernel import crypto
from wangge.kernel.access import SYSTEM, Role, acting
from wangge.kernel.ids import uuid7

PASSWORD = "at-the-screen-2026"
ROUNDS = 12
ROW = "tbody tr[data-index]"

TIMER = """() => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))
  const shown = () => [...document.querySelectorAll('tbody tr[data-index]')].map((r) => r.dataset.id).join()
  window.bench = {
    frame: async () => { const from = performance.now(); await painted(); return performance.now() - from },
    rest: () => new Promise((done) => setTimeout(done, 150)),
    /** From the next key, click or turn of the wheel to the frame that shows other rows. */
    arm(state = shown) {
      const before = state()
      this.took = new Promise((done) => {
        let from = 0
        const begin = (e) => { from ||= e.timeStamp }
        for (const kind of ['pointerdown', 'keydown', 'wheel']) window.addEventListener(kind, begin, { capture: true, once: true, passive: true })
        const look = () => { if (from && state() !== before && document.querySelector('tbody tr[data-index]')) painted().then(() => done(performance.now() - from)); else requestAnimationFrame(look) }
        look()
      })
    },
    pressed: () => document.querySelector('.tabs [aria-pressed="true"]')?.textContent ?? '',
    focus: () => document.querySelector('tbody tr.here')?.dataset.id ?? '',
  }
}"""


def operator(street: str) -> None:
    """An account with the post of this street's operator."""
    with acting(SYSTEM), transaction.atomic():
        made, _ = add_user(by=SYSTEM, id=uuid7(), login="screen", name="坐席")
        give_post(by=SYSTEM, id=uuid7(), user=made["id"], role=Role.OPERATOR, area=street)
        Credential.objects.filter(user=made["id"]).update(password=passwords.hashed(PASSWORD), must_change=False)


def url_of(owner: dict[str, Any]) -> str:
    """The address of the database that Django's settings name."""
    given = {"host": owner["HOST"], "port": owner["PORT"], "user": owner["USER"], "password": owner["PASSWORD"]}
    return f"postgresql:///{owner['NAME']}?{urlencode({k: v for k, v in given.items() if v})}"


def timed(
    page: Page, name: str, act: Callable[[], None], state: str = "", before: Callable[[], None] | None = None
) -> None:
    """``before``: what comes first and does not count."""
    took = []
    for _ in range(ROUNDS):
        if before:
            before()
        page.evaluate(f"bench.arm({state})")
        act()
        took.append(float(page.evaluate("bench.took")))
        page.evaluate("bench.rest()")
    print(f"{name:44s} {spread(took)}", flush=True)


def at_the_desk(page: Page, address: str) -> None:
    def tab(name: str) -> Callable[[], None]:
        return lambda: page.locator(".tabs button", has_text=name).first.click()

    def either(*some: Callable[[], None]) -> Callable[[], None]:
        turn = iter(some * ROUNDS)
        return lambda: next(turn)()

    def order(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("option", name=name).click()

    page.goto(f"{address}/console/queue")
    page.locator(ROW).first.wait_for()
    page.evaluate(TIMER)
    page.set_default_timeout(15_000)
    frames = [float(page.evaluate("bench.frame()")) for _ in range(20)]
    print(f"{'floor: a frame in which nothing changes':44s} {spread(frames)}", flush=True)
    page.keyboard.press("j")  # the first takes the row at hand
    timed(page, "the row below (j)", lambda: page.keyboard.press("j"), "bench.focus")
    timed(page, "filter by status: the tab is pressed", either(tab("处置中"), tab("全部")), "bench.pressed")
    timed(page, "filter by status: the rows", either(tab("处置中"), tab("已结案"), tab("全部")))
    timed(page, "order", either(order("时限最近"), order("最新上报")), before=page.locator(".sort").click)
    page.locator(ROW).first.hover()
    timed(page, "scroll, with the pages that follow", lambda: page.mouse.wheel(0, 1200))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    chromium = os.environ.get("WANGGE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("no Chromium: name one in WANGGE_CHROMIUM")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with TemporaryDirectory() as folder, database() as owner:
        home = Path(folder) / "screen"
        (home / "var").mkdir(parents=True)
        ring = crypto.Keyring(home / "var" / crypto.KEY_FILE)
        ring.create()
        with crypto.using(ring):
            fill(count, owner, history=False)
            operator(f"{DISTRICTS[0]}003")
        running = Running(
            home, env={"WANGGE_DATABASE_URL": url_of(connections["owner"].settings_dict), "WANGGE_DEMO": "true"}
        )
        running.start()
        try:
            with sync_playwright() as p:
                browser = p.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else []
                )
                page = browser.new_page(locale="zh-CN", viewport={"width": 1440, "height": 900})
                page.goto(f"{running.address}/console/log-in")
                page.get_by_label("账号").fill("screen")
                page.get_by_label("口令").fill(PASSWORD)
                page.keyboard.press("Enter")
                page.get_by_role("navigation", name="主菜单").wait_for()
                slow = page.context.new_cdp_session(page)
                for rate in (1, 4):
                    slow.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                    print(
                        f"{count} cases; the browser's processor {'as it is' if rate == 1 else f'{rate} times slower'}:"
                    )
                    at_the_desk(page, running.address)
                browser.close()
        finally:
            running.stop()


if __name__ == "__main__":
    main()
