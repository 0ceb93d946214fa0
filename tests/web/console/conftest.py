"""The console as people use it: the whole program with the demo's people and cases, and a real browser at each desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.support.program import Running
from tests.web.conftest import PATIENCE

PASSWORD = "wangge-demo"
RENDERER = "GL Driver Message"  # what the software renderer of a map says of itself, not the page
ROW = "tbody tr[data-index]"


class Desk:
    """One person's browser. ``complaints``: whatever the page said to its console, and requests to another host."""

    def __init__(self, page: Page, address: str) -> None:
        self._page, self.address = page, address
        page.set_default_timeout(PATIENCE)
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

    @property
    def page(self) -> Page:
        """At the workbench, unless something else was opened first: to load the console takes a second."""
        if self._page.url == "about:blank":
            self.open()
            expect(self.menu).to_be_visible()
        return self._page

    def open(self, path: str = "/") -> None:
        self._page.goto(f"{self.address}/console{path}")

    def log_in(self, login: str) -> None:
        self.open("/log-in")
        self.page.get_by_label("账号").fill(login)
        self.page.get_by_label("口令").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.menu).to_be_visible()

    @property
    def menu(self) -> Locator:
        return self.page.get_by_role("navigation", name="主菜单")

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
        expect(self.page.get_by_role("heading", name=f"“{title}”的搜索结果")).to_be_visible()
        expect(self.page.locator(".queue .list")).to_have_attribute("aria-busy", "false")
        expect(self.page.locator(ROW).first).to_contain_text(title)
        self.press("j", "Enter")
        expect(self.page.get_by_role("heading", name=title, exact=True)).to_be_visible()

    @property
    def status(self) -> Locator:
        """Of the case that is open."""
        return self.page.locator(".case > .head .status")

    def act(self, name: str) -> None:
        self.page.get_by_role("region", name="办理").get_by_role("button", name=name, exact=True).click()


@pytest.fixture(scope="session")
def seats() -> dict[str, StorageState]:
    """What a browser keeps of each person's log-in: one is enough for all their desks."""
    return {}


@pytest.fixture
def desk(browser: Browser, demo: Running, seats: dict[str, StorageState]) -> Iterator[Callable[..., Desk]]:
    """``desk("fubao")`` is a browser of its own, logged in; nothing on its console but what the test says is told when it ends.

    ``desk("fubao", own=True)`` logs in by itself, for tests that end sessions or change how one logs in.
    """
    with ExitStack() as open_desks:

        @contextmanager
        def sat_down(login: str | None, size: tuple[int, int], own: bool) -> Iterator[Desk]:
            kept = None if own else seats.get(login or "")
            context = browser.new_context(
                locale="zh-CN",
                viewport={"width": size[0], "height": size[1]},
                reduced_motion="reduce",  # no colour or place is measured half-way
                storage_state=kept,
            )
            found = Desk(context.new_page(), demo.address)
            if login and not kept:
                found.log_in(login)
                if not own:
                    seats[login] = context.storage_state()
            yield found
            context.close()
            assert found.complaints == []

        yield lambda login=None, size=(1440, 900), own=False: open_desks.enter_context(sat_down(login, size, own))
