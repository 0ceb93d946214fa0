"""Areas, layers and grids, looked after by the system administrator: a border is moved, and who has the cases then is seen before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.web.console.clear import clear_to_all, english, misnamed, serious
from tests.web.console.conftest import ROW, Desk

Sit = Callable[..., Desk]
COMMUNITY = "440304010003"
GIVES, GETS = f"{COMMUNITY}005", f"{COMMUNITY}002"
SCREENS = {
    "areas": ("/admin/areas", "tbody tr"),
    "layers": ("/admin/layers", "tbody tr"),
    "grids": (f"/admin/grids?within={COMMUNITY}&grid={GETS}", ".panel"),
    "import": ("/admin/grids/import", "#import-file"),
    "editor": (f"/admin/grids/edit?within={COMMUNITY}&grid={GETS}", "details"),
}
# nine tenths of the giving grid, from the border that both share southwards
LAND = "114.0228873, 22.5267774\n114.0253992, 22.5263388\n114.0247596, 22.5231780\n114.0222477, 22.5236166"


def test_every_screen_of_places_is_clear_to_all(desk: Sit) -> None:
    at = desk("sysadmin")
    for name, (path, ready) in SCREENS.items():
        at.open(path)
        at.page.locator(ready).first.wait_for()
        clear_to_all(at, name)


def test_land_is_given_to_a_neighbour_and_the_open_case_goes_with_it(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open(f"/admin/grids/edit?within={COMMUNITY}&grid={GETS}")
    what = at.page.get_by_role("region", name="发布后")
    at.page.get_by_role("button", name="划给邻格").click()
    at.page.get_by_text("用坐标输入").click()
    at.page.get_by_label("划出土地的各顶点").fill(LAND)
    at.page.get_by_role("button", name="应用").click()
    expect(what).to_contain_text("云桐05网格（示例） → 云桐02网格（示例）")
    expect(what).to_contain_text("未结案件转入新网格 1 件")

    at.page.reload()  # what is not published is kept
    expect(at.page.get_by_text("这是您上次未发布的修改。")).to_be_visible()
    expect(what).to_contain_text("未结案件转入新网格 1 件")
    at.press("Control+z")
    expect(what).to_contain_text("完成上面的步骤后")
    at.press("Control+Shift+z")
    expect(what).to_contain_text("未结案件转入新网格 1 件")

    [number] = re.findall(r"\d{22}", what.inner_text())
    at.page.get_by_role("button", name="发布", exact=True).click()
    expect(at.page.get_by_text("已发布：划给邻格")).to_be_visible()
    expect(what).to_contain_text("完成上面的步骤后")
    at.open(f"/admin/grids?within={COMMUNITY}&grid={GETS}")
    expect(at.page.get_by_role("complementary", name="当前网格")).to_contain_text("第 2 版 调整边界")
    operator = desk("fubao")
    operator.queue(f"?grid={GETS}")
    expect(operator.page.locator(ROW).filter(has_text=number)).to_have_count(1)


def test_a_cut_that_misses_is_told_and_a_merge_says_which_posts_go_along(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open(f"/admin/grids/edit?within={COMMUNITY}&grid={COMMUNITY}008")
    at.page.get_by_role("button", name="拆分").click()
    at.page.get_by_text("用坐标输入").click()
    at.page.get_by_label("切割线，从边界外到边界外").fill("114.1, 22.6\n114.2, 22.7")
    at.page.get_by_role("button", name="应用").click()
    expect(at.page.get_by_role("alert")).to_contain_text("切割线没有穿过网格")
    at.page.get_by_role("button", name="等分").click()
    what = at.page.get_by_role("region", name="发布后")
    expect(what).to_contain_text("停用 云桐08网格（示例）")
    expect(what).to_contain_text("岗位转到")
    expect(what.get_by_role("textbox")).to_have_count(2)  # the names of the new ones
    at.page.get_by_role("button", name="放弃修改").click()
    expect(what).to_contain_text("完成上面的步骤后")
    at.complaints.clear()  # the browser notes that an answer was 422


def test_a_change_is_planned_for_a_day_seen_among_the_grids_and_cancelled(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open(f"/admin/grids/edit?within={COMMUNITY}&grid={COMMUNITY}009")
    at.page.get_by_role("button", name="拆分").click()
    at.page.get_by_role("button", name="等分").click()
    at.page.get_by_label("生效日期").fill("2031-05-06")
    expect(at.page.get_by_text("2031-05-06 零时生效")).to_be_visible()
    at.page.get_by_role("button", name="预定", exact=True).click()
    expect(at.page.get_by_text("已预定：拆分，2031-05-06 生效")).to_be_visible()

    at.open(f"/admin/grids?within={COMMUNITY}")
    planned = at.page.get_by_role("region", name="预定的调整")
    expect(planned).to_contain_text("2031-05-06 生效")
    expect(planned).to_contain_text("拆分 云桐09网格（示例）")
    assert serious(at) == []
    with english(at):
        assert misnamed(at) == []
    planned.get_by_role("button", name="取消调整").click()
    at.page.get_by_role("dialog").get_by_role("button", name="取消调整").click()
    expect(planned).to_have_count(0)


def test_the_tree_leads_to_the_grids_and_a_layer_is_added(desk: Sit) -> None:
    at = desk("sysadmin")
    at.open("/admin/areas")
    at.page.get_by_role("button", name="展开 盐田区").click()
    street = at.page.get_by_role("row", name="海山街道")
    expect(street).to_be_visible()
    street.get_by_role("link", name="查看网格").click()
    expect(at.page.get_by_text("范围：海山街道")).to_be_visible()
    at.open("/admin/layers")
    expect(at.page.get_by_text("完整，无缝隙与重叠")).to_be_visible()
    at.page.get_by_role("button", name="新增图层").click()
    at.page.get_by_label("名称", exact=True).fill("卫生网格")
    at.page.get_by_label("标识").fill("health")
    at.press("Control+Enter")
    expect(at.page.get_by_role("row", name="卫生网格")).to_contain_text("尚无网格")


def test_a_file_is_checked_before_it_can_be_written(desk: Sit, tmp_path: Path) -> None:
    at = desk("sysadmin")
    square = [[114.02, 22.52], [114.03, 22.52], [114.03, 22.53], [114.02, 22.53], [114.02, 22.52]]
    rows = [
        ("12", square),
        (GETS, [[114.02, 22.52], [114.026, 22.526], [114.026, 22.52], [114.02, 22.526], [114.02, 22.52]]),
    ]
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, ring in rows
    ]
    file = tmp_path / "grids.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    at.open("/admin/grids/import")
    at.page.get_by_label("文件").set_input_files(file)
    at.page.get_by_label("坐标系").focus()
    at.press("Enter")
    at.page.locator(".el-select-dropdown__item:visible", has_text="WGS 84").click()
    at.page.get_by_role("button", name="检查").click()
    expect(at.page.get_by_text("2 处问题须先改正文件")).to_be_visible()
    wrong = at.page.get_by_role("row", name="边界环无效").get_by_role("button")
    there = at.page.locator(".findings .grid-map")
    expect(there).to_have_attribute("aria-busy", "false", timeout=60_000)
    wrong.press("Enter")  # the map goes there
    there.locator("canvas").press("Enter")  # and what is in its middle leads back to its row
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-current", "true")
    assert serious(at) == []
    expect(at.page.get_by_role("button", name="写入")).to_have_count(0)
