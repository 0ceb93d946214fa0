"""Days of work, by keyboard alone: a case through everything that can happen to it, at three desks; and a supervisor's demand."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from PIL import Image
from playwright.sync_api import Locator, expect

from tests.web.console.conftest import Desk
from tests.web.console.test_desk import _register

Sit = Callable[..., Desk]
HANDLERS = "福保街道综合行政执法队"


def _photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 140, 90)).save(made, "JPEG")
    return made.getvalue()


def _begin(at: Desk, act: str, outcome: str = "") -> Locator:
    """Opens the form of an act by keyboard; of several outcomes, the one whose words hold ``outcome``."""
    at.page.get_by_role("region", name="办理").get_by_role("button", name=act, exact=True).focus()
    at.press("Enter")
    if outcome:
        at.page.get_by_role("radio", name=outcome).focus()
        at.press("Space")
    form = at.page.locator("form.act")
    form.wait_for()
    return form


def _end(at: Desk, form: Locator) -> None:
    form.locator("button[type=submit]").focus()
    at.press("Control+Enter")
    expect(form).to_be_hidden()


def _does(at: Desk, act: str, text: str = "", outcome: str = "", field: str = "note") -> None:
    """An act with its text, with a photo and the place where the form asks for them."""
    form = _begin(at, act, outcome)
    if text:
        form.locator(f"[data-input={field}] textarea").focus()
        at.page.keyboard.type(text)
    if form.locator("[data-input=evidence] .must, [data-input=evidence] .least").count() or act == "办结":
        form.locator("input[type=file]").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": _photo()}
        )
        expect(form.locator("button[type=submit]")).to_be_enabled()
    if form.locator(".here").count():
        form.locator(".here").focus()
        at.press("Enter")
    _end(at, form)


def _same(at: Desk, other: Desk) -> None:
    """The other desk's case, at this desk."""
    at.open(other.page.url.split("/console")[1])
    at.page.get_by_role("region", name="办理").wait_for()


def test_an_operators_day(desk: Sit) -> None:
    centre, crew, team = desk("fubao"), desk("cleaner"), desk("handler")
    _register(centre, "连退两次的垃圾点", _photo())
    centre.page.get_by_role("heading", level=1).focus()
    for _ in range(2):
        if centre.status.inner_text() == "待受理":
            centre.press("a")
            centre.page.locator("form.act").wait_for()
            centre.press("Control+Enter")
            expect(centre.status).to_have_text("待派遣")
        centre.press("d")
        form = centre.page.locator("form.act")
        expect(form).to_contain_text("按规则派给")
        expect(form).to_contain_text("处置时限")  # as a date of the working calendar
        centre.press("Control+Enter")
        expect(centre.status).to_have_text("处置中")
        _same(crew, centre)
        _does(crew, "退单", "不属于环卫作业范围。")
        expect(centre.status).to_have_text("待派遣")

    # returned twice: the centre designates, and sees what the unit has to do already
    centre.press("d")
    form = centre.page.locator("form.act")
    expect(form).to_contain_text("已退单 2 次")
    form.locator("[data-input=unit] input").focus()
    centre.page.keyboard.type(HANDLERS)
    option = centre.page.get_by_role("option", name=HANDLERS)
    expect(option).to_contain_text("主办")
    expect(option).to_have_class(re.compile("is-hovering"))  # the answer to all that was typed: Enter takes it
    centre.press("Enter")
    form.locator("[data-input=note] textarea").focus()
    centre.page.keyboard.type("两次退单，指定执法队牵头。")
    _end(centre, form)
    expect(centre.status).to_have_text("处置中")

    _same(team, centre)
    _does(team, "签收")
    form = _begin(team, "申请延期")
    later = datetime.now(UTC) + timedelta(days=20)
    form.locator("[data-input=due_at] input").fill(later.strftime("%Y-%m-%dT10:00"))
    form.locator("[data-input=note] textarea").focus()
    team.page.keyboard.type("需调用吊车。")
    _end(team, form)
    expect(centre.page.get_by_text("需调用吊车。").first).to_be_visible()
    _does(centre, "延期")
    _same(team, centre)
    _does(team, "办结", "已清运。", field="result")
    expect(centre.status).to_have_text("待核查")
    _does(centre, "核查", "桶外仍有散落。", outcome="退回重新处置")
    expect(team.status).to_have_text("处置中")
    _does(team, "办结", "已再次清扫。", field="result")
    expect(centre.status).to_have_text("待核查")
    _does(centre, "核查", outcome="核查通过")
    expect(centre.status).to_have_text("待回访")
    _does(centre, "回访", outcome="反映人满意")
    _does(centre, "结案")
    expect(centre.status).to_have_text("已结案")

    # before and after in one picture, moved by keyboard
    centre.page.get_by_role("button", name="前后对比").focus()
    centre.press("Enter")
    after = centre.page.get_by_role("img", name="处置后")
    expect(after).to_have_css("clip-path", "inset(0px 0px 0px 50%)")
    centre.page.get_by_role("slider", name="对比位置").focus()
    centre.press("ArrowRight", "ArrowRight")
    expect(after).to_have_css("clip-path", "inset(0px 0px 0px 52%)")
    centre.press("Escape")
    expect(after).to_be_hidden()

    # printed, it is a sheet with its number as a code, and without what only a screen needs
    sheet = centre.page.locator(".print-head .number")
    expect(sheet).to_be_hidden()
    centre.page.emulate_media(media="print")
    expect(sheet).to_have_text(re.compile(r"\d{22}"))
    expect(centre.page.get_by_role("img", name="案件编号二维码")).to_be_visible()
    expect(centre.page.get_by_role("region", name="办理")).to_be_hidden()
    expect(centre.menu).to_be_hidden()
    centre.page.emulate_media(media="screen")

    # the whole way is in the timeline, and each step proves itself
    step = centre.page.locator(".timeline li").filter(has_text="两次退单，指定执法队牵头。")
    step.get_by_role("button", name="验证留痕").focus()
    centre.press("Enter")
    expect(step).to_contain_text("✓ 未被改动")
    crew.complaints.clear()  # what was returned is not to be read any more: 404


def test_a_handlers_day(desk: Sit) -> None:
    team, centre = desk("handler"), desk("fubao")
    team.page.get_by_role(
        "button", name="处置中"
    ).focus()  # the workbench: what is mine to do now, the first to be due on top
    team.press("Enter")
    title = "学校门口流动早餐车聚集"
    team.page.get_by_role("link", name=title).first.focus()
    team.press("Enter")
    team.page.get_by_role("region", name="办理").wait_for()
    _same(centre, team)

    _does(team, "签收")
    _does(team, "进展", "已到现场，摊贩正在收摊。")
    _does(team, "请求协同", "请协调学校错开上学时段。")
    expect(centre.page.get_by_text("请协调学校错开上学时段。").first).to_be_visible()
    _does(centre, "答复协同", "学校明日起错峰。")
    expect(team.page.get_by_text("学校明日起错峰。").first).to_be_visible()
    _does(team, "办结", "摊贩已劝离，每日早间值守。", field="result")
    expect(team.status).to_have_text("待核查")
    expect(team.page.get_by_role("region", name="办理").get_by_role("button", name="签收")).to_have_count(0)
    team.press("Escape")
    expect(team.page.get_by_role("heading", name="今天要办的")).to_be_visible()
    due = team.page.locator(".two section").first
    expect(due.get_by_role("link", name="装修材料堆在消防登高面")).to_be_visible()
    expect(due.get_by_role("link", name=title)).to_have_count(0)


def test_a_supervisors_day(desk: Sit) -> None:
    supervisor, centre = desk("supervisor"), desk("fubao")
    supervisor.open("/supervision")
    row = supervisor.page.locator("tbody tr").filter(has_text="福保街道网格化服务管理中心").first
    row.get_by_role("button").focus()
    supervisor.press("Enter")
    supervisor.page.locator(".panel").wait_for()
    title = supervisor.page.locator(".panel header h2").inner_text()
    form = _begin(supervisor, "督办")
    form.get_by_role("radio").first.focus()
    supervisor.press("Space")
    form.locator("[data-input=note] textarea").focus()
    supervisor.page.keyboard.type("已超期，请说明。")
    _end(supervisor, form)

    centre.open("/supervision?pile=supervise")
    owed = centre.page.locator("tbody tr").filter(has_text=title)
    owed.get_by_role("button").focus()
    centre.press("Enter")
    expect(centre.page.locator(".demands")).to_contain_text("已超期，请说明。")
    centre.press("r")
    centre.page.locator("form.act [data-input=note] textarea").focus()
    centre.page.keyboard.type("明日到场。")
    centre.press("Control+Enter")
    expect(owed).to_contain_text("已回复")

    supervisor.open("/supervision?pile=supervise")
    back = supervisor.page.locator("tbody tr").filter(has_text=title)
    expect(back).to_contain_text("已回复")
    back.get_by_role("button").focus()
    supervisor.press("Enter")
    expect(supervisor.page.locator(".demands")).to_contain_text("明日到场。")
    supervisor.press("l")
    supervisor.page.locator("form.act").wait_for()
    supervisor.press("Control+Enter")
    expect(back).to_have_count(0)
