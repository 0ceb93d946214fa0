"""The one map as people use it, and the maps in a case and in a position."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.support.tiles import TileHost
from tests.support.wait import until
from tests.web.conftest import MARKED
from tests.web.console.clear import clear_to_all
from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]
SLOW = 60_000  # drawn without a graphics card


def _map(at: Desk) -> Locator:
    """The map, when all of it is drawn."""
    found = at.page.locator(".grid-map")
    expect(found).to_have_attribute("aria-busy", "false", timeout=SLOW)
    return found


def test_a_filter_goes_to_the_map_and_back(desk: Sit) -> None:
    at = desk("yantian")
    at.queue("?urgency=normal")
    at.page.get_by_role("button", name="在地图上查看").click()
    _map(at)
    expect(at.page).to_have_url(re.compile(r"/console/map\?urgency=normal&at="))
    expect(at.page.get_by_role("status").filter(has_text="视野内")).to_be_visible()
    at.page.get_by_role("button", name="数据表").click()
    rows = at.page.get_by_role("region", name="数据表").locator("tbody tr")
    expect(rows.first.get_by_role("rowheader")).to_contain_text("街道")
    at.page.get_by_role("button", name="热力").click()
    expect(at.page).to_have_url(re.compile("show=heat"))
    expect(at.page.get_by_text("每个六边形的案件数")).to_be_visible()
    at.page.get_by_role("button", name="框选案件").click()
    at.page.get_by_role("button", name="取当前视野").click()
    expect(at.page).to_have_url(re.compile("within="))
    at.page.get_by_role("button", name="在列表中查看").click()
    expect(at.page).to_have_url(re.compile(r"/console/queue\?.*within="))
    at.page.locator(ROW).first.wait_for()


def test_the_keyboard_finds_the_grids_of_a_place_and_who_looks_after_them(desk: Sit) -> None:
    at = desk("yantian")
    at.open("/map?at=114.2758,22.6000,14&layers=base,police")
    _map(at).locator("canvas").focus()
    at.press("Enter")
    card = at.page.locator(".picked")
    expect(card.get_by_role("heading", name="网格队伍")).to_be_visible(timeout=SLOW)
    expect(card.locator("dt")).to_have_count(3)  # base, police and fire hold this place
    card.get_by_role("link", name="本网格案件").click()
    expect(at.page).to_have_url(re.compile(r"grid=440308"))


def test_a_case_shows_its_place_and_a_position_is_picked_on_a_map(desk: Sit) -> None:
    at = desk("yantian")
    at.queue("?located=true")
    at.press("j", "Enter")
    expect(at.page.get_by_role("region", name="位置", exact=True)).to_be_visible()
    _map(at)
    at.open("/register")
    at.page.get_by_role("button", name="在地图上选取").click()
    _map(at).locator("canvas").focus()
    at.press("Enter")
    expect(at.page.locator("#point")).to_have_value(re.compile(r"^11\d\.\d+,22\.\d+$"))
    expect(at.page.get_by_text(re.compile("^位于"))).to_be_visible()


def test_the_base_map_lies_right_under_our_own_and_its_host_may_be_away(desk: Sit, tiles: TileHost) -> None:
    at = desk("yantian")
    place = f"/map?at={MARKED[0]},{MARKED[1]},15"
    at.open(place)
    _map(at)
    until(lambda: _red(at), 30)  # it is drawn in GCJ-02, half a kilometre off
    switch = at.page.get_by_label("底图")
    switch.uncheck()
    until(lambda: not _red(at), 30)
    at.page.reload()
    _map(at)
    expect(switch).not_to_be_checked()
    expect(at.page.get_by_text("某地图")).to_have_count(0)

    tiles.away.set()
    try:
        switch.check()
        expect(at.page.get_by_text("底图暂时取不到")).to_have_count(1)
        _map(at)
        expect(at.page.get_by_role("status").filter(has_text="视野内")).to_be_visible()
    finally:
        tiles.away.clear()
        at.complaints.clear()  # the browser notes that an answer was 503


def _red(at: Desk) -> bool:
    """Whether most of what is in the middle of the map is red."""
    box = at.page.locator(".grid-map canvas").bounding_box()
    assert box
    clip = {"x": box["x"] + box["width"] / 2 - 10, "y": box["y"] + box["height"] / 2 - 10, "width": 20, "height": 20}
    dots = np.asarray(Image.open(BytesIO(at.page.screenshot(clip=clip))).convert("RGB")).astype(int)
    return bool((dots[..., 0] > dots[..., 1] + 40).mean() > 0.5)


def test_the_map_is_clear_to_all(desk: Sit) -> None:
    at = desk("yantian")
    at.open("/map")
    _map(at)
    at.page.get_by_role("button", name="数据表").click()
    clear_to_all(at, "map")
