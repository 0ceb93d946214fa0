"""How smoothly the map of cases moves: `python bench/pan.py [cases [folder]]` (default 100 000), in a real Chromium on this machine.

A leader of the city draws the map about with the mouse and turns the wheel, for some seconds each; what counts is the time from one frame
to the next, and how long the page was busy at a stretch (long tasks: 50 ms and more). Floor of the same run: the same map with a filter that
no case passes. Without a graphics card Chromium draws by the processor, which takes most of a frame.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page

from bench.screen import seated, slowed, spread

SECONDS = 4
WATCH = """() => {
  const frames = [], tasks = []
  let last = performance.now(), on = true
  const seen = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration)))
  seen.observe({ entryTypes: ['longtask'] })
  const look = (now) => { frames.push(now - last); last = now; if (on) requestAnimationFrame(look) }
  requestAnimationFrame(look)
  window.watched = () => { on = false; seen.disconnect(); return [frames.slice(1), tasks] }
}"""


def drag(page: Page, x: float, y: float) -> None:
    """To and fro with the button held, a step each 16 ms as a hand does."""
    page.mouse.move(x, y)
    page.mouse.down()
    until, step = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        step += 1
        page.mouse.move(x + 300 * (1 - abs(step % 120 - 60) / 30), y + 120 * (1 - abs(step % 80 - 40) / 20))
        page.wait_for_timeout(16)
    page.mouse.up()


def wheel(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    until, step = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        step += 1
        page.mouse.wheel(0, -60 if step % 40 < 20 else 60)
        page.wait_for_timeout(50)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with seated(count, "leader") as (page, server):
        address = server.running.address
        for rate in (1, 4):
            slowed(page, rate)
            print(f"{count} cases; the browser's processor {'as it is' if rate == 1 else f'{rate} times slower'}:")
            for name, query in (("floor: no case", "status=merged&"), ("all cases", "")):
                page.goto(f"{address}/console/map?{query}at=114.1,22.65,11")
                page.locator(".grid-map[aria-busy=false]").wait_for()
                page.locator(".count").wait_for()
                box = page.locator(".grid-map canvas").bounding_box()
                assert box
                at = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
                for what, act in (("drawn about", drag), ("zoomed", wheel)):
                    page.evaluate(WATCH)
                    act(page, *at)
                    frames, tasks = page.evaluate("watched()")
                    print(
                        f"{f'{name}, {what}':32s} {len(frames) / sum(frames) * 1000:5.1f} frames a second   {spread(frames)}   "
                        f"long tasks {len(tasks)}, {sum(tasks):.0f} ms",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
