"""The screens of an operator: clear to all, and quickly there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.web.console import test_audit, test_people_admin, test_places_admin, test_rules
from tests.web.console.clear import OURS, clear_to_all
from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]
SCREENS = {
    "workbench": ("/", ".pile"),
    "queue": ("/queue", ROW),
    "search": ("/queue?q=示例", ROW),
    "register": ("/register", "#phone"),
    "own": ("/own", ".plain-list"),
    "questions": ("/admin/questions", ".admin-table :is(tbody, .empty)"),
}
ROUTES = Path(__file__).parents[3] / "web/console/src"
ELSEWHERE = {
    "cases/:id",  # below
    "log-in", "denied", ":rest(.*)*",  # test_desk
    "map",  # test_map
    "figures", "supervision",  # test_oversight
    "cockpit",  # test_wall
    "imports", "entries",  # test_rules, test_audit: their first page
}  # fmt: skip


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


def test_no_screen_is_left_out() -> None:
    """Each path of the router is one that is asked to be clear to all, here or in the test that is named."""
    source = "\n".join(f.read_text("utf-8") for f in sorted(ROUTES.rglob("*.ts")))
    paths = {path.strip("/") for path in re.findall(r"path: '([^']*)', name: '", source)}
    rooms = (
        SCREENS,
        test_audit.SCREENS,
        test_people_admin.SECURITY,
        test_people_admin.SYSTEM,
        test_places_admin.SCREENS,
    )
    opened = {path.split("?")[0] for room in (*rooms, test_rules.SCREENS) for path, _ in room.values()}
    seen = {re.sub("^/(admin/|audit/)?", "", path) for path in opened}
    assert paths - seen == ELSEWHERE, "a screen that no test looks at, or one that is looked at by now"


def test_what_is_loaded_first_is_small(desk: Sit) -> None:
    """Script of the first screens, as it comes over the wire: at most 250 kB."""
    at = desk()
    at.log_in("fubao")
    at.menu.get_by_role("link", name="案件").click()
    at.page.locator(ROW).first.wait_for()
    scripts = "performance.getEntriesByType('resource').filter(r => r.name.endsWith('.js')).map(r => [r.name, r.encodedBodySize])"
    sizes = dict(at.page.evaluate(scripts))
    assert 50_000 < sum(sizes.values()) < 250_000, sizes
