"""The workbook of staff: its template, and reading one that came from outside. No database."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter

from wangge.domain.people import rules
from wangge.kernel import tables
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words

LIMITS = tables.Limits(bytes=5 << 20, unpacked=60 << 20, files=200)
"""A list of 5 000 unpacks to about 3 MB."""
MOST_ROWS = 5000


@dataclass(frozen=True)
class Column:
    key: str
    words: Words
    required: bool
    hint: Words
    width: int = 16


COLUMNS = (
    Column(
        "login",
        Words("登录名", "Log-in"),
        True,
        Words("2–64 个字母、数字或 . _ - @ +", "2–64 letters, digits or . _ - @ +"),
    ),
    Column("name", Words("姓名", "Name"), True, Words("", "")),
    Column(
        "unit",
        Words("所属单位", "Employer"),
        False,
        Words("单位名称；重名时写作 名称@区划代码", "Name of the unit; if there are several: name@area code"),
        28,
    ),
    Column("role", Words("角色", "Role"), True, Words("见“角色”页", "see the sheet “Roles”")),
    Column("title", Words("岗位名称", "Title"), False, Words("留空则同角色", "Empty: as the role")),
    Column(
        "scope",
        Words("岗位范围", "Scope"),
        True,
        Words("网格代码（15 位）、区划代码，或单位名称", "Grid code (15 digits), area code, or name of a unit"),
        28,
    ),
    Column(
        "phone",
        Words("岗位电话", "Post's phone"),
        False,
        Words("工作电话，请勿填写私人电话", "Work phone, never a private one"),
    ),
    Column(
        "public",
        Words("公示", "Public"),
        False,
        Words("是/否：是否在“我的网格”公示", "yes/no: on the grid's public card"),
    ),
    Column(
        "starts", Words("任职日期", "From"), False, Words("如 2026-11-20；留空为即日", "as 2026-11-20; empty: today")
    ),
)

YES = frozenset({"是", "yes", "y", "true", "1", "√"})
NO = frozenset({"", "否", "no", "n", "false", "0"})


def template(language: str) -> bytes:
    """An empty workbook with headings, hints, and the list of roles, in ``language``."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#E8F0FC", "border": 1})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(Words("人员", "Staff").say(language))
    roles = book.add_worksheet(Words("角色", "Roles").say(language))
    for i, column in enumerate(COLUMNS):
        sheet.set_column(i, i, column.width, text)
        sheet.write(0, i, column.words.say(language) + (" *" if column.required else ""), head)
        if column.hint.zh:
            sheet.write_comment(0, i, column.hint.say(language))
    sheet.freeze_panes(1, 0)
    allowed = [r for r in rules.ROLE_SCOPES if r not in rules.ADMINISTRATORS]
    names = [r.words.say(language) for r in allowed]
    roles.write_row(0, 0, [Words("角色", "Role").say(language), Words("岗位范围", "Scope").say(language)], head)
    for i, role in enumerate(allowed, start=1):
        kinds = " / ".join(rules.SCOPE_KINDS[k].say(language) for k in sorted(rules.ROLE_SCOPES[role]))
        roles.write_row(i, 0, [role.words.say(language), kinds])
    roles.set_column(0, 1, 32)
    place = [c.key for c in COLUMNS].index("role")
    source = f"='{roles.get_name()}'!$A$2:$A${len(names) + 1}"
    sheet.data_validation(1, place, MOST_ROWS, place, {"validate": "list", "source": source})
    book.close()
    return out.getvalue()


def read(content: bytes) -> list[tuple[int, dict[str, str | date]]]:
    """The filled rows of the first sheet: (row as the workbook counts, values by column key). Cells are text, dates stay dates.

    Raises Invalid for what is no XLSX, is too big, unpacks to too much, has too many rows, or lacks a required column.
    """
    # one row more than may be: what is beyond the limit is told, not cut off
    grid = tables.grid(io.BytesIO(content), limits=LIMITS, rows=MOST_ROWS + 2, field="body.file")
    if not grid:
        raise Invalid.field("body.file", "empty", "工作簿没有内容", "The workbook is empty.")
    heads = [_text(cell).rstrip("* ").strip().casefold() for cell in grid[0]]
    names = {name.casefold(): c.key for c in COLUMNS for name in (*c.words, c.key)}
    places = {names[h]: i for i, h in enumerate(heads) if h in names}
    missing = [c.words for c in COLUMNS if c.required and c.key not in places]
    if missing:
        raise Invalid.field(
            "body.file",
            "columns",
            f"第一行缺少列：{'、'.join(w.zh for w in missing)}。请使用模板",
            f"The first row lacks the columns {', '.join(w.en for w in missing)}. Use the template.",
        )
    found = []
    for number, cells in enumerate(grid[1:], start=2):
        values = {key: _value(cells[i]) if i < len(cells) else "" for key, i in places.items()}
        if any(v != "" for v in values.values()):
            found.append((number, values))
    if len(grid) > MOST_ROWS + 1:
        raise Invalid.field(
            "body.file",
            "rows",
            f"超过 {MOST_ROWS} 行，请分成几个文件",
            f"More than {MOST_ROWS} rows; divide it into several files.",
        )
    return found


def _value(cell: Any) -> str | date:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else _text(cell)


def _text(cell: Any) -> str:
    """Codes are often stored as numbers: 440304010001007.0 is the text of a code, not a figure."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell if cell is not None else "").split())
