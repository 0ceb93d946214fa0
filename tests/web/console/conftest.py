"""The console as people use it: the whole program with the demo's people and cases, and a real browser at each desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.program import Running, wangge
from tests.support.tiles import TileHost

PASSWORD = "wangge-demo"
RENDERER = "GL Driver Message"  # what the software renderer of a map says of itself, not the page
MARKED = (114.2758, 22.6000)
"""A place in Yantian, WGS 84, where the base map is red."""
ROW = "tbody tr[data-index]"
expect.set_options(timeout=15_000)  # how long a full machine may take; nothing waits longer than it has to


@pytest.fixture(scope="session")
def tiles() -> Iterator[TileHost]:
    """The host of the base map."""
    host = TileHost(*MARKED)
    yield host
    host.stop()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, tiles: TileHost) -> Iterator[Running]:
    """``wangge serve`` with the demo's data, without its year of history, and with a base map."""
    home = tmp_path_factory.mktemp("console")
    base = {"WANGGE_BASEMAP": tiles.address, "WANGGE_BASEMAP_SYSTEM": "gcj02", "WANGGE_BASEMAP_ATTRIBUTION": "某地图"}
    running = Running(home, env={"WANGGE_DEMO": "true", **base}).start()
    try:
        done = wangge("demo", "load", cwd=home, WANGGE_HOME=str(home / "var"), WANGGE_DEMO="true")
        assert done.returncode == 0, done.stdout + done.stderr
        yield running
    finally:
        running.stop()


class Desk:
    """One person's browser. ``complaints``: whatever the page said to its console, and requests to another host."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda m: (
                self.complaints.append(f"{m.text} {m.location.get('url')}")
                if m.type in ("error", "warning") and RENDERER not in m.text
                else None
            ),
        )
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        host = address.split("//")[1].split(":")[0]
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith(("data:", "blob:")) or r.url.split("/")[2].split(":")[0] == host
                else self.complaints.append(f"outside {r.url}")
            ),
        )

    def open(self, path: str = "/") -> None:
        self.page.goto(f"{self.address}/console{path}")

    def log_in(self, login: str) -> None:
        self.open("/log-in")
        self.page.get_by_label("账号").fill(login)
        self.page.get_by_label("口令").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("navigation", name="主菜单")).to_be_visible()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def queue(self, query: str = "") -> None:
        self.open(f"/queue{query}")
        self.page.locator(ROW).first.wait_for()

    def case(self, title: str) -> None:
        """Find it by its title and open it with the keyboard alone."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(title)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(ROW).first).to_contain_text(title)
        self.press("j", "Enter")
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()

    @property
    def status(self) -> Locator:
        """Of the case that is open."""
        return self.page.locator(".case > .head .status")

    def act(self, name: str) -> None:
        self.page.get_by_role("region", name="办理").get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def desk(browser: Browser, demo: Running) -> Iterator[Callable[..., Desk]]:
    """``desk("fubao")`` is a browser of its own, logged in; nothing on its console but what the test says is told when it ends."""
    with ExitStack() as open_desks:

        @contextmanager
        def sat_down(login: str | None, size: tuple[int, int]) -> Iterator[Desk]:
            context = browser.new_context(locale="zh-CN", viewport={"width": size[0], "height": size[1]})
            found = Desk(context.new_page(), demo.address)
            if login:
                found.log_in(login)
            yield found
            context.close()
            assert found.complaints == []

        yield lambda login=None, size=(1440, 900): open_desks.enter_context(sat_down(login, size))


@pytest.fixture(scope="session")
def axe() -> str:
    return (Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js").read_text("utf-8")
