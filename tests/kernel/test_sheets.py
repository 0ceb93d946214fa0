"""Tables as people take them away, read back by programs that are not ours."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from wangge.kernel import sheets
from wangge.kernel.sheets import BROKEN_OFF, PIECE, Format, guarded, write

NOON = datetime(2026, 11, 21, 12, 34, 56)  # noqa: DTZ001 (as a sheet shows it)
# what an XML document cannot hold is left out of a workbook, and a lone carriage return is a line break in it
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40)
cells = st.none() | texts | st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9)


def file(form: Format, header: list[str], rows: list[list[Any]]) -> bytes:
    return b"".join(write(form, header, rows, count=len(rows), language="zh"))


def from_csv(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf"), "without it, spreadsheets take UTF-8 for something else"
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=20))
def test_what_is_written_is_read_back(rows: list[list[Any]]) -> None:
    header = ["甲", "乙", "丙"]
    said = from_csv(file("csv", header, rows))
    assert said[0] == header
    assert said[1:] == [
        ["" if c is None else guarded(c) if isinstance(c, str) else str(c) for c in row] for row in rows
    ]
    sheet = load_workbook(io.BytesIO(file("xlsx", header, rows)), read_only=True).active
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_col=3)]
    assert found == [[None if c == "" else c for c in row] for row in rows]


def test_times_and_days_are_times_and_days() -> None:
    rows = [[NOON, date(2026, 11, 21)]]
    assert from_csv(file("csv", ["a", "b"], rows))[1] == ["2026-11-21 12:34:56", "2026-11-21"]
    book = file("xlsx", ["a", "b"], rows)
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()[1] == [
        NOON,
        date(2026, 11, 21),
    ]
    at, day = next(load_workbook(io.BytesIO(book)).active.iter_rows(min_row=2))
    assert (at.value, at.number_format) == (NOON, "yyyy\\-mm\\-dd\\ hh:mm:ss")
    assert (day.value, day.number_format) == (datetime(2026, 11, 21), "yyyy\\-mm\\-dd")  # noqa: DTZ001


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\ufeff=1", "=cmd|' /C calc'!A0"])  # fmt: skip
def test_no_spreadsheet_takes_a_text_for_a_formula(text: str) -> None:
    assert from_csv(file("csv", ["=x"], [[text]]))[0] == ["'=x"]
    assert from_csv(file("csv", ["x"], [[text]]))[1] == ["'" + text]
    cell = load_workbook(io.BytesIO(file("xlsx", ["x"], [[text]]))).active["A2"]
    assert cell.data_type == "s"


def test_what_is_no_formula_stays_as_it_is() -> None:
    assert [guarded(t) for t in ("路灯=坏", "a-b", "12345", "", "【急】")] == ["路灯=坏", "a-b", "12345", "", "【急】"]
    assert from_csv(file("csv", ["x"], [[-1.5]]))[1] == ["-1.5"]


def test_a_workbook_holds_what_xml_cannot() -> None:
    cell = load_workbook(io.BytesIO(file("xlsx", ["x"], [["a\x00\x0b<&>\ud800b" + "长" * 40_000]]))).active["A2"]
    assert cell.value.startswith("a<&>b长")
    assert 32_760 < len(cell.value) <= 32_767


def test_columns_past_z_have_two_letters() -> None:
    assert [sheets._letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_a_csv_that_could_not_be_finished_says_so_in_its_last_line() -> None:
    def rows() -> Iterator[list[str]]:
        yield ["一"]
        raise OSError

    made, got = write("csv", ["x"], rows(), count=2, language="en"), b""
    with pytest.raises(OSError):
        for piece in made:
            got += piece
    assert from_csv(got)[1:] == [["一"], [BROKEN_OFF.en]]


def test_a_workbook_that_could_not_be_finished_cannot_be_opened() -> None:
    def rows() -> Iterator[list[str]]:
        for n in range(50_000):
            yield [str(n * 7919)]
        raise OSError

    made, got = write("xlsx", ["x"], rows(), count=2, language="en"), b""
    with pytest.raises(OSError):
        for piece in made:
            got += piece
    assert len(got) >= PIECE
    with pytest.raises(Exception, match="zip"):
        load_workbook(io.BytesIO(got))


def test_more_rows_than_a_sheet_holds_are_refused() -> None:
    with pytest.raises(ValueError):
        next(write("xlsx", ["x"], [], count=sheets.MOST_XLSX + 1, language="zh"))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(form: Format) -> None:
    def peak(count: int) -> tuple[int, int]:
        rows = ([f"益田路 {n} 号", n, NOON, "垃圾成堆，无人清理" * 5] for n in range(count))
        tracemalloc.start()
        sent = sum(len(piece) for piece in write(form, ["a", "b", "c", "d"], rows, count=count, language="zh"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most, sent

    peak(100)
    (few, little), (many, much) = peak(3_000), peak(15_000)
    assert much > 4 * little
    assert many < few * 1.2 + 64 * 1024 and many < 2 * 1024 * 1024


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_first_piece_is_there_long_before_the_last_row(form: Format) -> None:
    read = 0

    def rows() -> Iterator[list[str]]:
        nonlocal read
        for n in range(100_000):
            read += 1
            yield [f"{n * 7919 % 100_003} 号"]

    next(write(form, ["x"], rows(), count=100_000, language="zh"))
    assert 0 < read < 50_000
