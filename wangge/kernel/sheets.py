"""Tables as people take them away: CSV and XLSX, written a row at a time in constant memory.

``write`` gives bytes as rows come; nothing is kept but the piece that is being filled. XLSX is written by hand, because the libraries
for it finish a whole file (on disk or in memory) before the first byte can be sent.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Literal
from xml.sax.saxutils import escape

from wangge.kernel import clock
from wangge.kernel.words import Words

Format = Literal["csv", "xlsx"]
Cell = str | int | float | date | datetime | None
"""Times are naive: those of the reader's zone."""
TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_XLSX = 1_048_575
"""Rows below the heading that one sheet can hold."""
PIECE = 64 * 1024
"""Bytes that are handed out at once."""
BROKEN_OFF = Words(
    "＊＊＊ 导出中断，文件不完整，请重新导出 ＊＊＊", "*** BROKEN OFF: this file is incomplete. Export again ***"
)
"""The last line of a CSV that could not be finished: the server cannot take back an answer it has begun, and a file that ends early
must not look whole. An XLSX that was broken off cannot be opened."""

_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a sheet knows no zone)
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MARKUP = re.compile(rf"[&<>]|{_ILLEGAL.pattern}")
_MOST_TEXT = 32_767
"""Characters that a cell of a workbook can hold."""


def write(
    form: Format, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, count: int, language: str
) -> Iterator[bytes]:
    """The file in pieces. ``count``: how many rows there will be; the format of large workbooks differs."""
    if form == "csv":
        return _csv(header, rows, language)
    return _xlsx(header, rows, count)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe (OWASP, CSV injection)."""
    return f"'{text}" if _FORMULA.match(text) else text


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]], language: str) -> Iterator[bytes]:
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    piece = io.StringIO("\ufeff", newline="")
    piece.seek(1)
    writer = csv.writer(piece, lineterminator="\r\n")
    writer.writerow([guarded(h) for h in header])
    try:
        for row in rows:
            writer.writerow([_as_text(cell) for cell in row])
            if piece.tell() >= PIECE:
                yield piece.getvalue().encode()
                piece.seek(0)
                piece.truncate()
    except Exception:
        yield piece.getvalue().encode() + f"{BROKEN_OFF.say(language)}\r\n".encode()
        raise
    yield piece.getvalue().encode()


def _as_text(cell: Cell) -> str | int | float | None:
    match cell:
        case str():
            return guarded(cell)
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
    return cell


class _Pieces(io.RawIOBase):
    """Where the zip writes to; it cannot be sought in, so the zip never goes back. ``take`` empties it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def __len__(self) -> int:
        return len(self._held)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = {
    "[Content_Types].xml": f"""<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>""",
    "xl/styles.xml": f"""<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf fontId="1" applyFont="1"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>""",
}  # fmt: skip
"""The parts of a workbook besides its one sheet. Cell styles: 0 plain, 1 heading, 2 time, 3 day."""
_HEADING, _TIME, _DAY = 1, 2, 3


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]], count: int) -> Iterator[bytes]:
    if count > MOST_XLSX:
        raise ValueError(f"a sheet holds {MOST_XLSX} rows, not {count}")
    made, now = _Pieces(), clock.now().timetuple()[:6]
    letters = [_letters(n) for n in range(len(header))]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as package:
        for name, text in PARTS.items():
            package.writestr(_entry(name, now), _XML + text)
        # A sheet that may pass 2 GB must say so before it is written.
        with package.open(_entry("xl/worksheets/sheet1.xml", now), "w", force_zip64=count > 200_000) as sheet:
            piece = [
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
                f'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="{len(header)}" width="16" '
                f'customWidth="1"/></cols><sheetData>',
                _row(letters, header, 1, _HEADING),
            ]
            for number, row in enumerate(rows, 2):
                piece.append(_row(letters, row, number))
                if len(piece) >= 100:
                    sheet.write("".join(piece).encode())
                    piece.clear()
                    if len(made) >= PIECE:
                        yield made.take()
            piece.append("</sheetData></worksheet>")
            sheet.write("".join(piece).encode())
    yield made.take()


def _entry(name: str, at: tuple[int, ...]) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name, at)  # type: ignore[arg-type]
    found.compress_type = zipfile.ZIP_DEFLATED
    return found


def _letters(column: int) -> str:
    """The name of a column from 0: A … Z, AA …"""
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(65 + column % 26)


def _row(letters: Sequence[str], cells: Sequence[Cell], number: int, style: int = 0) -> str:
    found = "".join(_cell(f"{at}{number}", cell, style) for at, cell in zip(letters, cells, strict=True))
    return f'<row r="{number}">{found}</row>'


def _cell(at: str, cell: Cell, style: int) -> str:
    match cell:
        case None | "":
            return ""
        case str():
            # Inline text is never read as a formula.
            text = cell[:_MOST_TEXT]
            if _MARKUP.search(text):
                text = escape(_ILLEGAL.sub("", text))
            return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        case datetime():
            return f'<c r="{at}" s="{_TIME}"><v>{(cell - _EPOCH).total_seconds() / 86_400:.9f}</v></c>'
        case date():
            return f'<c r="{at}" s="{_DAY}"><v>{(cell - _EPOCH.date()).days}</v></c>'
    return f'<c r="{at}" s="{style}"><v>{cell}</v></c>'
