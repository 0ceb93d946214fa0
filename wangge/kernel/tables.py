"""Workbooks as people send them: merged titles, blank rows by the thousand, full-width digits, dates as text, number or date.

Reads XLSX without ever unpacking more than a stated size, and hands out rows with the number a person sees in the sheet. One way for
every workbook that comes from outside.
"""

from __future__ import annotations

import os
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from python_calamine import CalamineError, CalamineWorkbook

from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words

_AT_ONCE = 1 << 20
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a sheet knows no zone; the reader gives one)
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?[T\s]*"
    r"(?:(\d{1,2})\s*[:时]\s*(\d{1,2})\s*(?:[:分]\s*(\d{1,2})(?:\.\d+)?\s*秒?)?\s*分?)?\s*"
)

_ODD = re.compile(r"[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029\u3000\xa0\ufeff]|  ")
"""What `clean` has to look at more closely."""


class Limits(NamedTuple):
    """Of a workbook: its bytes, the bytes that it unpacks to, and the files in it; a sheet of 100 000 orders unpacks to about 60 MB."""

    bytes: int = 64 << 20
    unpacked: int = 1 << 30
    files: int = 2000


@dataclass(frozen=True)
class RowError:
    """One cell that cannot be used. ``row`` as the sheet numbers it (the header is usually 1)."""

    row: int
    column: str
    message: Words


@dataclass(frozen=True)
class Sheet:
    """``header``: the column titles; ``rows``: sheet row number → cells by title. Blank rows are left out."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, Any]], ...]
    blank: int


def read(path: Path, limits: Limits = Limits()) -> Sheet:
    """The first sheet of a workbook. Its first row that is not blank is the header.

    Raises Invalid for a file that is no workbook, is too large, or has no header or two columns of one name.
    """
    with path.open("rb") as file:
        cells = grid(file, limits=limits)
    numbered = [(i, row) for i, row in enumerate(cells, start=1) if any(not _is_blank(c) for c in row)]
    if not numbered:
        raise Invalid.field("file", "empty", f"{path.name} 没有内容。", f"{path.name} is empty.")
    header = tuple(clean(str(c)) for c in numbered[0][1])
    named = [h for h in header if h]
    twice = sorted({h for h in named if named.count(h) > 1})
    if twice:
        raise Invalid.field(
            "file", "header", f"列名重复：{'、'.join(twice)}。", f"Column names occur twice: {', '.join(twice)}."
        )
    rows = tuple((i, {h: c for h, c in zip(header, row, strict=False) if h}) for i, row in numbered[1:])
    return Sheet(header=tuple(named), rows=rows, blank=len(cells) - len(numbered))


def grid(file: BinaryIO, *, limits: Limits = Limits(), rows: int | None = None, field: str = "file") -> list[list[Any]]:
    """The cells of the first sheet, from its first row, at most ``rows`` of them. Raises Invalid, for ``field``, with the code ``too_large``
    or ``workbook``."""
    try:
        _weigh(file, limits, field)
        file.seek(0)
        first = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
        return first.to_python(skip_empty_area=False, nrows=rows)
    except _UNREADABLE as error:
        raise Invalid.field(field, "workbook", *NO_WORKBOOK) from error


NO_WORKBOOK = Words(
    "这不是可读取的工作簿，请用表格软件另存为 .xlsx 后重试。",
    "This is no workbook that can be read; save it as .xlsx from a spreadsheet program and try again.",
)
_UNREADABLE = (CalamineError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, IndexError, ValueError)  # fmt: skip
"""What calamine and zipfile say to torn, encrypted and odd files."""


def _weigh(file: BinaryIO, limits: Limits, field: str) -> None:
    if file.seek(0, os.SEEK_END) > limits.bytes:
        most = limits.bytes >> 20
        raise _too_large(field, f"文件超过 {most} MB，请拆分。", f"The file exceeds {most} MB; split it.")
    if not zipfile.is_zipfile(file):
        return  # a workbook of the older kind is not packed
    with zipfile.ZipFile(file) as packed:
        entries = packed.infolist()
        if len(entries) > limits.files:
            raise _too_large(field, "文件包含过多的部分，已拒绝。", "The file has too many parts; refused.")
        left = limits.unpacked
        for entry in entries:  # what its directory says may be a lie: what comes out is counted
            with packed.open(entry) as stream:
                while came := len(stream.read(_AT_ONCE)):
                    left -= came
                    if left < 0:
                        most = limits.unpacked >> 20
                        raise _too_large(
                            field,
                            f"文件解压后超过 {most} MB，已拒绝。",
                            f"Unpacked, the file would exceed {most} MB; refused.",
                        )


def _too_large(field: str, zh: str, en: str) -> Invalid:
    return Invalid.field(field, "too_large", zh, en)


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip("\u3000\ufeff \t\r\n"))


def clean(text: str) -> str:
    """Outer white space of every kind removed, runs of blank lines and tabs made one; the words stay as they are."""
    if not _ODD.search(text):
        return text.strip()
    lines = [re.sub(r"[ \t\u3000\xa0]+", " ", line).strip() for line in text.replace("\ufeff", "").splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def text_of(cell: Any) -> str:
    """A cell as text: 2549.0 is ``2549``, dates as ISO, white space cleaned."""
    if isinstance(cell, str):
        return clean(cell)
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return clean(str(cell))


def plain(cell: Any) -> str:
    """A code, number or phone: full-width digits and letters made ordinary, inner spaces removed."""
    return "".join(_ordinary(text_of(cell)).split())


def _ordinary(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def moment_of(cell: Any, zone: ZoneInfo) -> datetime | None:
    """A time in any of the forms sheets hold, read in ``zone``; None for a blank cell. Raises ValueError if it is no time."""
    if _is_blank(cell):
        return None
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=zone)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=zone)
    if isinstance(cell, int | float):
        if not 20_000 <= cell <= 80_000:  # days since 1899-12-30: the years 1954 to 2119
            raise ValueError(cell)
        return (_EXCEL_EPOCH + timedelta(seconds=round(float(cell) * 86_400))).replace(tzinfo=zone)
    found = _DATE.fullmatch(_ordinary(clean(str(cell))))
    if found is None:
        raise ValueError(cell)
    year, month, day, hour, minute, second = (int(g) if g else 0 for g in found.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def choose_columns(
    header: Sequence[str], known: Mapping[str, Sequence[str]], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Which column holds which field: as ``given`` (field → title, or an empty text for none), else by the usual titles. Raises Invalid for
    an unknown title."""
    chosen: dict[str, str] = {}
    given = given or {}
    for name, title in given.items():
        if name not in known:
            raise Invalid.field(
                "map", "field", f"没有名为 {name} 的字段。", f"There is no field {name}; known: {', '.join(known)}."
            )
        if title and title not in header:
            raise Invalid.field(
                "map",
                "column",
                f"表中没有“{title}”列；现有：{'、'.join(header)}。",
                f"The sheet has no column “{title}”; it has: {', '.join(header)}.",
            )
        if title:
            chosen[name] = title
    for name, titles in known.items():
        if name not in given:
            found = next((t for t in titles if t in header and t not in chosen.values()), None)
            if found:
                chosen[name] = found
    return chosen


def numbered(sheet: Sheet, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and cells by field."""
    for number, cells in sheet.rows:
        yield number, {name: cells.get(title) for name, title in columns.items()}
