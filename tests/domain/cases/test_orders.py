"""12345 orders from a workbook: made rows of the shape that real ones have, good and bad."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
import xlsxwriter

from tests.support.world import FUBAO
from wangge.domain.cases import orders, queries
from wangge.domain.cases.orders import mappings
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ledger.verify import verify
from wangge.kernel.problems import Invalid, NotFound

HEADER = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"]
GOOD = [
    [
        2549.0,
        "A0001",
        "垃圾没人清理",
        "2019/4/25 9:32:09",
        "\n\t\t\n\t\t益田路有垃圾堆，脏乱差\n\t\t",
        "已清运，谢谢监督。",
        "2019/5/10 14:56:53",
    ],
    [
        "２５５４",
        "A0002",
        "路灯不亮",
        datetime(2019, 4, 24, 16, 3, 40),  # noqa: DTZ001 (a cell of a sheet)
        "　　小区门口路灯不亮两周了",
        "已修复。",
        "2019年5月9日 9时49分",
    ],
    ["2555", "A0003", "咨询社保卡补办", "2019-04-24 15:40", "社保卡丢了怎么补办？", "", ""],
]
BAD = [
    ["2600", "A0004", "没有时间", "", "内容", "", ""],
    ["2601", "A0005", "不是时间", "上个月", "内容", "", ""],
    ["2602", "A0006", "没有内容", "2019/4/25", " \t ", "", ""],
    ["2549", "A0007", "编号重复", "2019/4/26", "内容", "", ""],
    ["2603", "A0008", "答复太早", "2019/4/26", "内容", "已办", "2019/4/25"],
    ["", "A0009", "没有编号", "2019/4/26", "内容", "", ""],
    ["2604", "A0010", "没有答复时间", "2019/4/26", "内容", "已办", ""],
]
BLANK: list[list[object]] = [["", "", "", "", "", "", ""], [None] * 7]


def workbook(path: Path, rows_: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate([HEADER, *rows_]):
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write(r, c, value)
    return path


def run(path: Path, **given: object) -> orders.Outcome:
    settled = {"mapping": None, "street": FUBAO, "source": "12345", "accept_good": False, "apply": True}
    return orders.run(path, **(settled | given))  # type: ignore[arg-type]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return workbook(tmp_path / "工单.xlsx", [GOOD[0], *BLANK, *GOOD[1:]])


def test_a_check_writes_nothing_and_says_what_it_would_do(world: SimpleNamespace, good: Path) -> None:
    outcome = run(good, apply=False)
    assert (outcome.good, outcome.errors, outcome.blank, outcome.made) == (3, [], 2, 0)
    assert outcome.columns["text"] == "留言详情"
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_case") == 0


def test_orders_with_a_reply_are_led_through_the_loop_at_their_own_times(world: SimpleNamespace, good: Path) -> None:
    outcome = run(good)
    assert (outcome.made, outcome.closed, outcome.errors) == (3, 2, [])
    with acting(SYSTEM):
        case = rows.one("SELECT id, number, status FROM cases_case WHERE source_number = '2554'")
        assert case is not None
        seen = queries.detail(by=SYSTEM, case=case["id"])
    assert case["number"] == f"{FUBAO}2019042400001" or case["number"] == f"{FUBAO}2019042400002"
    assert seen["status"] == "closed"
    assert seen["text"] == "小区门口路灯不亮两周了"
    assert seen["reported_at"] == datetime(2019, 4, 24, 8, 3, 40, tzinfo=UTC)
    assert seen["closed_at"] == datetime(2019, 5, 9, 1, 49, tzinfo=UTC)
    assert seen["result"] == "已修复。"
    assert [s["act"] for s in seen["timeline"]] == [
        "report",
        "accept",
        "dispatch",
        "take",
        "resolve",
        "verify",
        "follow_up",
        "close",
    ]
    assert seen["lon"] is None


def test_an_order_without_a_reply_waits_on_the_desk_of_its_street(world: SimpleNamespace, good: Path) -> None:
    run(good)
    bind(world.as_("bob"))
    page = queries.queue(by=world.as_("bob"), filter=queries.Filter(status=["reported"], located=False))
    assert [(i["title"], i["holder"], i["channel"]) for i in page["items"]] == [
        ("咨询社保卡补办", world.units.fubao, "hotline")
    ]


def test_the_same_file_imported_twice_is_there_once(world: SimpleNamespace, good: Path) -> None:
    run(good)
    again = run(good)
    assert (again.made, again.known) == (0, 3)
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_case") == 3


def test_every_bad_row_is_named_with_its_column_and_nothing_is_written(world: SimpleNamespace, tmp_path: Path) -> None:
    outcome = run(workbook(tmp_path / "坏.xlsx", [*GOOD, *BLANK, *BAD]))
    assert [(e.row, e.column) for e in outcome.errors] == [
        (7, "留言时间"),
        (8, "留言时间"),
        (9, "留言详情"),
        (10, "留言编号"),
        (11, "答复时间"),
        (12, "留言编号"),
        (13, "答复时间"),
    ]
    assert all(e.message.zh and e.message.en for e in outcome.errors)
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_case") == 0


def test_good_rows_are_taken_when_that_is_asked_for(world: SimpleNamespace, tmp_path: Path) -> None:
    outcome = run(workbook(tmp_path / "坏.xlsx", [*GOOD, *BAD]), accept_good=True)
    assert (outcome.made, len(outcome.errors)) == (3, len(BAD))


def test_columns_of_another_name_are_told_by_hand_and_missing_ones_are_named(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    path = tmp_path / "别名.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for c, value in enumerate(["单号", "什么时候", "说了什么"]):
            sheet.write(0, c, value)
        for c, value in enumerate(["1", "2026-01-05 09:00", "楼道堆物"]):
            sheet.write(1, c, value)
    with pytest.raises(Invalid) as refused:
        run(path)
    assert "Order number, Time of receipt, Text" in refused.value.detail.en
    outcome = run(path, mapping={"number": "单号", "received": "什么时候", "text": "说了什么"})
    assert outcome.made == 1


def test_an_unknown_street_is_refused_before_anything_is_written(world: SimpleNamespace, good: Path) -> None:
    with pytest.raises(Invalid) as refused:
        run(good, street="999999999")
    assert refused.value.errors[0].path == "area"


FULL = {
    "工单编号": "FT1", "受理时间": "2026-03-02 09:00", "受理渠道": "微信", "诉求内容": "路灯不亮，晚上看不见", "紧急程度": "加急",
    "是否保密": "是", "是否回复": "否", "一级分类": "市容", "二级分类": "照明", "承办单位": "福保市政服务队", "拟办意见": "请两日内查修",
    "办理时限": "2026-03-04 18:00", "延期至": "2026-03-06 18:00", "答复意见": "已更换灯头。", "答复时间": "2026-03-05 10:00",
    "退单原因": "", "来电人": "王某", "联系电话": "１３８ 0000 1111",
}  # fmt: skip


def full(path: Path, *found: dict[str, str]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate([dict(zip(FULL, FULL, strict=True)), *(FULL | f for f in found)]):
            for c, value in enumerate(row.values()):
                sheet.write(r, c, value)
    return path


def the_case(number: str) -> dict[str, object]:
    with acting(SYSTEM):
        row = rows.one("SELECT id FROM cases_case WHERE source_number = %(n)s", {"n": number})
        assert row is not None
        return queries.detail(by=SYSTEM, case=row["id"])


def test_every_field_of_an_order_is_kept(world: SimpleNamespace, tmp_path: Path) -> None:
    name = unit_name(world.units.cleaners)
    outcome = run(full(tmp_path / "全.xlsx", {"承办单位": name}))
    assert (outcome.made, outcome.closed, outcome.errors) == (1, 1, [])
    assert outcome.unmapped == {"市容/照明": 1}
    seen = the_case("FT1")
    assert (seen["channel"], seen["urgency"], seen["confidential"], seen["wants_answer"]) == (
        "resident",
        "urgent",
        True,
        False,
    )
    assert (seen["lead"], seen["extensions"], seen["result"]) == (world.units.cleaners, 1, "已更换灯头。")
    acts = [(s["act"], s["note"]) for s in seen["timeline"]]
    assert acts[:5] == [("report", ""), ("accept", ""), ("dispatch", "请两日内查修"), ("take", ""), ("extend", "")]
    handle = next(c for c in seen["clocks"] if c["stage"] == "handle")
    assert datetime.fromisoformat(handle["first_due_at"]) == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert (datetime.fromisoformat(handle["due_at"]), handle["outcome"]) == (
        datetime(2026, 3, 6, 10, tzinfo=UTC),
        "met",
    )


def test_an_order_comes_as_far_as_it_has_come(world: SimpleNamespace, tmp_path: Path) -> None:
    name = unit_name(world.units.cleaners)
    blank = dict.fromkeys(("承办单位", "答复意见", "答复时间", "延期至", "办理时限"), "")
    run(
        full(
            tmp_path / "半.xlsx",
            blank | {"工单编号": "A"},
            blank | {"工单编号": "B", "承办单位": name},
            blank | {"工单编号": "C", "承办单位": name, "退单原因": "不属我单位管养"},
            FULL | {"工单编号": "D", "承办单位": name, "退单原因": "不属我单位管养", "延期至": ""},
        )
    )
    found = {n: the_case(n) for n in "ABCD"}
    assert {n: c["status"] for n, c in found.items()} == {
        "A": "reported",
        "B": "handling",
        "C": "accepted",
        "D": "closed",
    }
    assert [found[n]["returns"] for n in "ABCD"] == [0, 0, 1, 1]


def test_words_that_mean_nothing_here_are_named_and_can_be_translated_and_kept(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    path = full(
        tmp_path / "词.xlsx", {"紧急程度": "火烧眉毛", "承办单位": "市政所", "受理渠道": "飞鸽", "是否保密": "或许"}
    )
    outcome = run(path)
    assert {e.column for e in outcome.errors} == {"紧急程度", "承办单位", "受理渠道", "是否保密"}
    assert all("say what it means" in e.message.en for e in outcome.errors) and outcome.made == 0
    translation = {
        "urgency": {"火烧眉毛": "emergency"},
        "unit": {"市政所": unit_name(world.units.cleaners)},
        "channel": {"飞鸽": "12345 热线"},
        "confidential": {"或许": "是"},
        "category": {"市容/照明": "0202"},
    }
    with acting(orders.IMPORTER):
        mappings.save(by=orders.IMPORTER, name="区热线", columns=outcome.columns, translation=translation)
        saved = mappings.load("区热线")
    outcome = run(path, mapping=saved.columns, translation=saved.translation)
    assert (outcome.made, outcome.errors, outcome.unmapped) == (1, [], {})
    assert (the_case("FT1")["urgency"], the_case("FT1")["category_name"]) == ("emergency", "路灯不亮、设施损坏")
    with acting(orders.IMPORTER), pytest.raises(NotFound) as refused:
        mappings.load("别的")
    assert "区热线" in refused.value.detail.zh


def test_a_mapping_of_unknown_fields_is_refused(world: SimpleNamespace) -> None:
    with acting(orders.IMPORTER), pytest.raises(Invalid):
        mappings.save(by=orders.IMPORTER, name="x", columns={"colour": "颜色"}, translation={})
    with acting(orders.IMPORTER), pytest.raises(Invalid):
        mappings.save(by=orders.IMPORTER, name="x", columns={}, translation={"text": {"a": "b"}})


def unit_name(unit: UUID) -> str:
    with acting(SYSTEM):
        return rows.value("SELECT name FROM people_unit WHERE id = %(id)s", {"id": unit})


def test_several_processes_bring_in_what_one_does(real_world: SimpleNamespace, tmp_path: Path) -> None:
    listed: list[list[object]] = [
        [f"N{n}", "A", "垃圾没人清理", f"2019/4/{1 + n // 400} 9:00", "益田路有垃圾堆", "已清运。" if n % 3 else "", "2019/5/10" if n % 3 else ""]
        for n in range(2500)
    ]  # fmt: skip
    listed[700][0] = "N12"  # a repetition that only both parts together show
    listed[2400][3] = "上个月"
    path = workbook(tmp_path / "长.xlsx", listed)
    checked = run(path, processes=2, apply=False)
    assert [(e.row, e.column) for e in checked.errors] == [(702, "留言编号"), (2402, "留言时间")]
    assert run(path, processes=2).made == 0
    done: list[int] = []
    made = run(path, processes=2, accept_good=True, step=done.append)
    assert (made.good, made.made, made.closed, sum(done)) == (2498, 2498, made.closed, 2498)
    again = run(path, accept_good=True, processes=1)
    assert (again.made, again.known) == (0, 2498)
    assert (again.good, again.errors, again.unmapped) == (made.good, made.errors, made.unmapped)
    with acting(SYSTEM):
        numbers = rows.all(
            "SELECT left(number, 17) AS day, count(*) AS count, max(right(number, 5)::int) AS last FROM cases_case GROUP BY 1"
        )
        entries = rows.value("SELECT count(DISTINCT subject) FROM ledger_entry WHERE kind = 'case'")
    assert all(n["count"] == n["last"] for n in numbers), "numbers without gaps"
    assert entries == 2498
    assert not verify().findings
