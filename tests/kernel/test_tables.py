"""Workbooks as offices send them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from wangge.kernel import tables
from wangge.kernel.problems import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")


def workbook(path: Path, rows: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write(r, c, value)
    return path


@pytest.mark.parametrize(
    "cell",
    [
        "2019/4/25 9:32:09",
        "2019-04-25 09:32:09",
        "２０１９－０４－２５　０９：３２：０９",
        "2019年4月25日 9时32分9秒",
        "2019.4.25 9:32:09",
        "2019-04-25T09:32:09",
        "\n\t2019/4/25 9:32:09 ",
        datetime(2019, 4, 25, 9, 32, 9),  # noqa: DTZ001
        43580.39732638889,
    ],
)
def test_one_time_written_in_nine_ways_is_one_time(cell: object) -> None:
    assert tables.moment_of(cell, SHANGHAI) == datetime(2019, 4, 25, 9, 32, 9, tzinfo=SHANGHAI)


def test_a_date_is_its_first_moment_and_a_blank_cell_is_no_time() -> None:
    assert tables.moment_of(date(2026, 11, 20), SHANGHAI) == datetime(2026, 11, 20, tzinfo=SHANGHAI)
    assert tables.moment_of("2026-11-20", SHANGHAI) == datetime(2026, 11, 20, tzinfo=SHANGHAI)
    assert tables.moment_of(" \u3000\n", SHANGHAI) is None


@pytest.mark.parametrize("cell", ["昨天", "2019/13/25", "2019/4/25 25:00", 12, 3.5e9, "25.4.2019"])
def test_what_is_no_time_is_refused_and_not_guessed(cell: object) -> None:
    with pytest.raises(ValueError):
        tables.moment_of(cell, SHANGHAI)


def test_rows_keep_the_number_of_the_sheet_and_blank_ones_are_counted(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "单.xlsx",
        [[None], ["编号", " 内容 "], [None, None], [2549.0, "\t路灯\n\n\n\n不亮 "], ["\u3000"], ["7", "x"]],
    )
    sheet = tables.read(path)
    assert sheet.header == ("编号", "内容")
    assert [n for n, _ in sheet.rows] == [4, 6]
    assert sheet.blank == 3
    assert tables.text_of(sheet.rows[0][1]["编号"]) == "2549"
    assert tables.text_of(sheet.rows[0][1]["内容"]) == "路灯\n\n不亮"


def test_full_width_digits_become_ordinary_ones() -> None:
    assert tables.plain("　１３８ ００００ １２３４ ") == "13800001234"


def test_a_file_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("not a workbook")
    with pytest.raises(Invalid, match="no workbook that can be read"):
        tables.read(path)


@pytest.mark.parametrize(("lie", "code"), [(False, "too_large"), (True, "workbook")])
def test_a_workbook_that_would_unpack_beyond_measure_is_refused_whatever_its_directory_says(
    tmp_path: Path, lie: bool, code: str
) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
        if lie:
            packed.filelist[0].file_size = 10
    assert path.stat().st_size < 10_000
    with pytest.raises(Invalid) as refused:
        tables.read(path, tables.Limits(unpacked=1 << 20))
    assert [e.code for e in refused.value.errors] == [code]


def test_columns_are_found_by_their_usual_titles_or_as_told() -> None:
    known = {"number": ("工单编号", "编号"), "text": ("内容",)}
    assert tables.choose_columns(["编号", "内容", "别的"], known) == {"number": "编号", "text": "内容"}
    assert tables.choose_columns(["编号", "说明"], known, {"text": "说明"}) == {"number": "编号", "text": "说明"}
    with pytest.raises(Invalid, match="no column “无”"):
        tables.choose_columns(["编号"], known, {"text": "无"})
    with pytest.raises(Invalid, match="no field"):
        tables.choose_columns(["编号"], known, {"color": "编号"})
