"""A resident's phone: 360 × 640, a slow network, and the desk beside it over the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page
from playwright.sync_api import TimeoutError as TooLong

from tests.support.program import Running
from tests.web.conftest import PATIENCE

GRID = "440304010001001"


@dataclass
class Desk:
    """Members of staff, past the console."""

    address: str
    request: APIRequestContext
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        if login not in self.tokens:
            given = {"login": login, "password": "wangge-demo", "as_token": True}
            self.tokens[login] = self.request.post(f"{self.address}/api/v1/session", data=given).json()["token"]
        headers = {"Authorization": f"Bearer {self.tokens[login]}"}
        answer = self.request.fetch(f"{self.address}/api/v1{path}", method=method, data=body, headers=headers)
        assert answer.ok, answer.text()
        return answer.json()

    def case(self, number: str) -> Any:
        return self.ask("fubao", "GET", f"/cases?number={number}")["items"][0]

    def sms(self) -> str:
        """The code that was sent last, as a demo's administrator sees it."""
        listed = self.ask("sysadmin", "GET", "/notices/deliveries")["items"]
        text = next(d["text"] for d in listed if d["event"] == "resident_code")
        return next(word for word in text.replace("，", " ").split() if word.isdigit() and len(word) == 6)

    def act(self, login: str, number: str, verb: str, **given: Any) -> None:
        case = self.case(number)
        self.ask(login, "POST", f"/cases/{case['id']}/{verb}", {"version": case["version"], **given})

    def handled(self, number: str) -> None:
        """Whatever the routes have done already: the sanitation crew has it, resolves it, and the centre checks it."""
        crew = self.ask("cleaner", "GET", "/session")["scope"]["units"][0]
        if self.case(number)["status"] == "reported":
            self.act("fubao", number, "accept")
        if self.case(number)["status"] == "accepted":
            self.act("fubao", number, "dispatch", unit=crew)
        if self.case(number)["lead"] != crew:
            self.act("fubao", number, "reassign", unit=crew, note="由环卫作业队处理")
        self.act("cleaner", number, "resolve", result="已清运")
        self.act("fubao", number, "verify", outcome="pass")


@dataclass
class Phone:
    context: BrowserContext
    page: Page
    address: str
    complaints: list[str]
    asked: set[str]
    """What the page has asked for and has not got to its end."""

    def open(self, path: str = "/") -> None:
        try:
            self.page.goto(f"{self.address}/portal{path}")
        except TooLong as error:
            raise AssertionError(f"not there: {sorted(self.asked) or 'the page itself'}") from error


@pytest.fixture(scope="session")
def desk(demo: Running, browser: Browser) -> Iterator[Desk]:
    context = browser.new_context()
    yield Desk(demo.address, context.request)
    context.close()


@pytest.fixture
def phone(demo: Running, browser: Browser, desk: Desk) -> Iterator[Callable[..., Phone]]:
    """``phone(script=False, slow=True, language="en")``: a new one each time, standing in Fubao's first grid."""
    grid = desk.ask("fubao", "GET", f"/grids/{GRID}")
    with ExitStack() as ending:

        def take(*, script: bool = True, slow: bool = False, language: str = "zh-CN") -> Phone:
            context = browser.new_context(
                viewport={"width": 360, "height": 640},
                locale=language,
                java_script_enabled=script,
                geolocation={"longitude": grid["centre_lon"], "latitude": grid["centre_lat"], "accuracy": 12},
                permissions=["geolocation"],
                has_touch=True,
            )
            ending.callback(context.close)
            context.set_default_timeout(PATIENCE)
            page, complaints, asked = context.new_page(), [], set()
            page.on("request", lambda r: asked.add(r.url))
            for ended in ("requestfinished", "requestfailed"):
                page.on(ended, lambda r: asked.discard(r.url))
            page.on("pageerror", lambda e: complaints.append(str(e)))
            page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
            if slow:
                speed = {"offline": False, "latency": 200, "downloadThroughput": 100_000, "uploadThroughput": 60_000}
                context.new_cdp_session(page).send("Network.emulateNetworkConditions", speed)
            return Phone(context, page, demo.address, complaints, asked)

        yield take
