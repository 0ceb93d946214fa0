"""The phone as people use it: the whole program with the demo's people, a browser that is a phone, and a network that can be cut."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.program import Running
from tests.support.wait import until
from tests.web.conftest import PATIENCE

PASSWORD, PIN = "wangge-demo", "270418"
SMALL, TALL = (360, 640), (390, 844)


def photo(seed: int, name: str = "") -> dict[str, Any]:
    """A JPEG of half a megabyte as a camera would make it, for a file input."""
    pixels = np.random.default_rng(seed).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "JPEG", quality=80)
    return {"name": name or f"photo-{seed}.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def video(folder: Path) -> dict[str, Any]:
    """Three seconds of noise, above one part of an upload."""
    path = folder / "video.mp4"
    dice = np.random.default_rng(7)
    with av.open(str(path), "w") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 640, 480, "yuv420p", 40_000_000
        for _ in range(30):
            made.mux(
                stream.encode(
                    av.VideoFrame.from_ndarray(dice.integers(0, 255, (480, 640, 3), dtype=np.uint8), format="rgb24")
                )
            )
        made.mux(stream.encode(None))
    return {"name": "video.mp4", "mimeType": "video/mp4", "buffer": path.read_bytes()}


GO = "(path) => { history.pushState({}, '', '/field' + path); dispatchEvent(new PopStateEvent('popstate', { state: {} })) }"


def digest(file: dict[str, Any]) -> str:
    return hashlib.sha256(file["buffer"]).hexdigest()


class Phone:
    """One person's phone. ``complaints``: whatever its pages said to their consoles while there was a network."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.page = self._page()

    def _page(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on(
            "console",
            lambda m: (
                self.complaints.append(m.text)
                if m.type in ("error", "warning")
                and not m.text.startswith(
                    ("Failed to load resource", "GL Driver", "Service Worker registration blocked")
                )
                and "GL Driver Message" not in m.text
                else None
            ),
        )
        return page

    def log_in(self, login: str) -> None:
        self.page.goto(f"{self.address}/field/")
        self.page.get_by_label("账号").fill(login)
        self.page.get_by_label("口令").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        for label in ("6 位数字", "再输一次"):
            self.page.get_by_label(label).fill(PIN)
        with self.page.expect_response("**/api/v1/categories"):
            self.page.keyboard.press("Enter")
        expect(self.page.locator(".net")).to_be_visible()

    def wait_for_worker(self) -> None:
        """From now on it opens without a network."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    def go(self, path: str) -> None:
        """To a screen, without loading the page anew."""
        self.page.evaluate(GO, path)

    def stand_in_own_grid(self) -> None:
        grid = self.get("/session")["scope"]["grids"][0]
        at = self.get(f"/grids/{grid}")
        self.context.set_geolocation({"longitude": at["centre_lon"], "latitude": at["centre_lat"], "accuracy": 8})

    def get(self, path: str) -> Any:
        """The API as this person, past the app."""
        answer = self.context.request.get(f"{self.address}/api/v1{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def kill_and_reopen(self, path: str = "/") -> None:
        """The page is gone in the middle of whatever it did; a new one is opened and unlocked."""
        self.page.close()
        self.page = self._page()
        self.page.goto(f"{self.address}/field{path}")
        self.page.get_by_label("6 位 PIN").fill(PIN)

    def tab(self, name: str) -> None:
        self.page.get_by_role("navigation", name="主导航").get_by_role("link", name=name).click()

    def fill_report(self, text: str, category: str | None = None) -> None:
        self.tab("上报")
        expect(self.page.locator(".place strong")).to_be_visible()
        if category:
            self.page.get_by_role("button", name="选择类别").or_(
                self.page.get_by_role("button", name="其他类别")
            ).click()
            self.page.get_by_role("searchbox").fill(category)
            self.page.locator(".list button").first.click()
        self.page.get_by_label("情况说明").fill(text)

    def attach(self, *files: dict[str, Any]) -> None:
        """As the camera gives them: one after the other."""
        shots = self.page.locator(".shots li:not(.skeleton)")
        for file in files:
            before = shots.count()
            self.page.locator("input[type=file][multiple]").first.set_input_files(file)
            expect(shots).to_have_count(before + 1)

    def send(self) -> None:
        self.page.locator("form footer button[type=submit]").click()
        expect(self.page.get_by_role("navigation", name="主导航")).to_be_visible()

    def all_sent(self, timeout: float = 30_000) -> None:
        expect(self.page.locator(".net")).to_have_text("全部已送达", timeout=timeout)

    def reported(self, text: str) -> list[dict[str, Any]]:
        """My cases with this text, with everything about them."""
        me = self.get("/session")["id"]
        rows = self.get(f"/cases?reporter={me}&limit=50")["items"]
        return [
            c
            for c in (self.get(f"/cases/{r['id']}") for r in rows if r["title"].startswith(text[:10]))
            if c["text"] == text
        ]

    def evidence_of(self, text: str, count: int) -> list[dict[str, Any]]:
        """The files of the one case of that text, once the server has made its copies."""

        def ready() -> list[dict[str, Any]]:
            (case,) = self.reported(text)
            found = [e for e in case["evidence"] if e["state"] == "ready"]
            return found if len(found) == count else []

        return until(ready, 60, every=0.25)


@pytest.fixture
def phone(browser: Browser, demo: Running) -> Iterator[Callable[..., Phone]]:
    """``phone("worker")`` is a phone of its own, logged in, in the person's own grid; without the service ``worker`` requests can be
    met on their way."""
    with ExitStack() as phones:

        @contextmanager
        def taken(login: str, size: tuple[int, int], worker: bool, host: str) -> Iterator[Phone]:
            context = browser.new_context(
                locale="zh-CN",
                viewport={"width": size[0], "height": size[1]},
                is_mobile=True,
                has_touch=True,
                geolocation={"longitude": 114.05, "latitude": 22.52, "accuracy": 8},
                permissions=["geolocation", "microphone"],
                service_workers="allow" if worker else "block",
            )
            found = Phone(context, demo.address.replace("127.0.0.1", host))
            found.log_in(login)
            if worker:
                found.wait_for_worker()
            if login == "worker":
                found.stand_in_own_grid()
            try:
                yield found
            finally:  # the account's language is that of the other tests
                context.request.patch(f"{found.address}/api/v1/me", data={"language": "zh"})
                context.close()
            blocked = "Service Worker registration blocked"  # by the browser, for a test without it
            assert [c for c in found.complaints if worker or not c.startswith(blocked)] == []

        yield lambda login="worker", size=TALL, worker=True, host="127.0.0.1": phones.enter_context(
            taken(login, size, worker, host)
        )
