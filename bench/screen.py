"""How long an operator waits at the screen: `python bench/screen.py [cases [folder]]` (default 100 000, in a folder that is gone afterwards), in a real Chromium on this machine.

The whole program serves a database of made-up cases; the operator of a street that has a tenth of a district opens the queue, orders it,
filters it by everything that the console offers, and scrolls. Two times of each, from the key or the click on: until the screen first
answers (a tab that is pressed, a chip that goes), and until the rows that were asked for are painted; once as the machine is and once with
the browser's processor slowed four times. The server answers on the same machine. The floors of the same run: a frame in which nothing
changes, going from one empty page to another, and the server's own answer over HTTP. Target: 100 ms at 1 000 000 cases.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page, sync_playwright

from bench import home
from bench.server import Server
from wangge.demo.logins import PASSWORD

ROUNDS = 12
ROW = "tbody tr[data-index]"

TIMER = """() => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))
  const shown = () => [...document.querySelectorAll('tbody tr[data-index]')].map((r) => r.dataset.id).join()
  const busy = () => document.querySelector('.queue .list[aria-busy=true], .queue .list .el-skeleton') !== null
  window.bench = {
    frame: async () => { const from = performance.now(); await painted(); return performance.now() - from },
    rest: () => new Promise((done) => setTimeout(done, 150)),
    /** From the next key, click, turn of the wheel or way back: to the frame after the first change, and to the one that shows other rows, or
     *  the same ones fetched anew. */
    arm(state = shown) {
      const before = state()
      this.took = new Promise((done) => {
        let from = 0, first = 0, asked = false
        const begin = (e) => { from ||= e.timeStamp }
        for (const kind of ['pointerdown', 'keydown', 'wheel', 'popstate']) window.addEventListener(kind, begin, { capture: true, once: true, passive: true })
        const seen = new MutationObserver(() => {
          if (from && !first) { first = -1; painted().then(() => { first = performance.now() - from }) }
          asked ||= busy()
        })
        seen.observe(document.getElementById('main'), { subtree: true, childList: true, attributes: true, characterData: true })
        const look = () => {
          if (from && first > 0 && !busy() && (state() !== before || asked)) painted().then(() => { seen.disconnect(); done([first, performance.now() - from]) })
          else requestAnimationFrame(look)
        }
        look()
      })
    },
    focus: () => document.querySelector('tbody tr.here')?.dataset.id ?? '',
  }
}"""


class Desk:
    """An operator's page; ``every``: what was measured at it, until the rows were painted."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server, self.address = page, server, server.running.address
        self.every: list[float] = []

    def timed(
        self, name: str, *acts: Callable[[], object], state: str = "", before: Callable[[], object] | None = None, rounds: int = ROUNDS,
        apart: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """``acts`` in turn, so many rounds of each. ``before``: what comes first each time and does not count. ``apart``: what each act is called
        when each has a line of its own."""
        took: list[list[tuple[float, float]]] = [[] for _ in acts]
        for _ in range(rounds):
            for act, found in zip(acts, took, strict=True):
                if before:
                    before()
                self.page.evaluate(f"bench.arm({state})")
                act()
                found.append(tuple(map(float, self.page.evaluate("bench.took"))))
                self.page.evaluate("bench.rest()")
        for said, found in zip(apart, took, strict=True) if apart else [("", [one for some in took for one in some])]:
            first, rows = ([one[n] for one in found] for n in (0, 1))
            self.every += rows
            print(f"{name + said:44s} {spread(first)}   {spread(rows)}", flush=True)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.address}/console{path}")
        self.page.locator("#main h1, #main .empty").first.wait_for()
        self.page.evaluate(TIMER)

    def floors(self) -> None:
        self.open("/nowhere")
        frames = [float(self.page.evaluate("bench.frame()")) for _ in range(20)]
        print(f"{'floor: a frame in which nothing changes':44s} {spread(frames)}", flush=True)

    def answers(self) -> None:
        """The server's own answers to what the page asks."""

        def ask(query: str) -> float:
            return float(self.page.evaluate(ASK, f"/api/v1/cases?limit=50&{query}"))

        for name, query in {"newest": "", "due first": "sort=due_at", "what is handled": "status=handling"}.items():
            print(f"{f'floor: the answer, {name}':44s} {spread([ask(query) for _ in range(20)])}", flush=True)

    def works(self) -> None:
        page = self.page

        def tab(name: str) -> Callable[[], object]:
            return page.locator(".tabs").get_by_role("button", name=name, exact=True).click

        def order(name: str) -> Callable[[], object]:
            return page.get_by_role("option", name=name).click

        self.open("/queue")
        page.locator(ROW).first.wait_for()
        page.keyboard.press("j")  # the first takes the row at hand
        self.timed("the row below (j)", lambda: page.keyboard.press("j"), state="bench.focus")
        for status in ("未结", "待受理", "待派遣", "处置中", "待核查", "待回访", "挂账", "已结案"):
            self.timed(f"status {status}, all", tab(status), tab("全部"), rounds=3)
        for name in ("最早上报", "时限最近", "最近更新"):
            self.timed(
                f"order {name}, newest first",
                order(name),
                order("最新上报"),
                before=page.locator(".sort").click,
                rounds=4,
            )
        page.locator(ROW).first.hover()
        self.timed("scroll by 28 rows, with the pages that follow", lambda: page.mouse.wheel(0, 1200), rounds=20)
        from bench.workloads.queue import filters

        for name, query in filters(self.server).items():
            if not query:
                continue
            self.open(f"/queue?{query}")
            page.locator(".queue .list:not([aria-busy=true])").locator("tr[data-index], .empty").first.wait_for()
            away = page.locator(".chip-x").first.click
            self.timed(f"filter by {name}", away, page.go_back, rounds=3, apart=(", away", ", back"))
        print(f"{'all of them':76s}   {spread(self.every)}", flush=True)


ASK = """async (path) => { const from = performance.now(); await (await fetch(path)).text(); return performance.now() - from }"""


@contextmanager
def seated(count: int, login: str) -> Iterator[tuple[Page, Server]]:
    """A page of one of the demo's people who is logged in to the whole program over so many cases."""
    chromium = os.environ.get("WANGGE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("no Chromium: name one in WANGGE_CHROMIUM")
    with TemporaryDirectory(prefix="wangge-bench-") as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary).absolute()
        home.set_up(folder)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        with home.serving(folder, count, seconds=1) as (server, _), sync_playwright() as p:
            as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = p.chromium.launch(executable_path=chromium, args=as_root)
            page = browser.new_page(locale="zh-CN", viewport={"width": 1440, "height": 900})
            page.goto(f"{server.running.address}/console/log-in")
            page.get_by_label("账号").fill(login)
            page.get_by_label("口令").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.get_by_role("navigation", name="主菜单").wait_for()
            page.set_default_timeout(30_000)
            yield page, server
            browser.close()


def spread(took: list[float]) -> str:
    ordered = sorted(took)
    return f"p50 {ordered[len(ordered) // 2]:8.1f} ms   p95 {ordered[int(len(ordered) * 0.95)]:8.1f} ms"


def slowed(page: Page, rate: int) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with seated(count, "fubao") as (page, server):
        for rate in (1, 4):
            slowed(page, rate)
            print(f"{count} cases; the browser's processor {'as it is' if rate == 1 else f'{rate} times slower'}:")
            desk = Desk(page, server)
            desk.floors()
            desk.answers()
            desk.works()


if __name__ == "__main__":
    main()
