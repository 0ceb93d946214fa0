"""The screens of an operator: clear to all, and quickly there."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.console.clear import OURS, clear_to_all
from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]
SCREENS = {
    "workbench": ("/", ".pile"),
    "queue": ("/queue", ROW),
    "search": ("/queue?q=示例", ROW),
    "register": ("/register", "#phone"),
    "own": ("/own", ".plain-list"),
}


def test_every_screen_is_clear_to_all(desk: Sit) -> None:
    at = desk("yantian")
    for name, (path, ready) in SCREENS.items():
        at.open(path)
        at.page.locator(ready).first.wait_for()
        clear_to_all(at, name)
    at.queue()
    at.press("j", "Enter")
    at.page.locator(".acts").wait_for()
    clear_to_all(at, "case", OURS + ", h2, h3")
    at.page.locator(".acts button").first.click()
    at.page.locator("form.act").wait_for()
    clear_to_all(at, "act")


def test_what_is_loaded_first_is_small(desk: Sit) -> None:
    """Script of the first screens, as it comes over the wire: at most 250 kB."""
    at = desk()
    sizes: dict[str, int] = {}
    at.page.on(
        "response",
        lambda r: (
            sizes.__setitem__(r.url, int(r.headers["content-length"])) if r.url.endswith(".js") and r.ok else None
        ),
    )
    at.log_in("fubao")
    at.queue()
    assert 50_000 < sum(sizes.values()) < 250_000, sizes
