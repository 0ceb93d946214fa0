"""A workbook of 12345 orders, read and checked row by row; nothing is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from wangge.domain.cases.orders.words import COLUMNS, LEVELS, NAMES, REQUIRED, Lexicon
from wangge.domain.cases.rules import Channel
from wangge.domain.catalog import queries as catalog
from wangge.domain.places import queries as places
from wangge.kernel import clock, tables
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.tables import RowError
from wangge.kernel.words import Words

MOST_TEXT = 5000
MOST_WORD = 40
"""Of a word that is not understood, as it is told."""


class Order(NamedTuple):
    """One row, read and checked. Times are aware, in UTC; ``category`` and the units are ours. ``returned``: why it was given back once."""

    row: int
    number: str
    received: datetime
    text: str
    category: UUID
    channel: Channel = Channel.HOTLINE
    title: str = ""
    address: str = ""
    name: str = ""
    phone: str = ""
    urgency: str | None = None
    confidential: bool = False
    wants_answer: bool = True
    due: datetime | None = None
    unit: UUID | None = None
    opinion: str = ""
    reply: str = ""
    reply_unit: UUID | None = None
    replied: datetime | None = None
    extended_to: datetime | None = None
    returned: str = ""


@dataclass
class Checked:
    """Rows that were read. ``unmapped``: paths of categories that are not of this catalogue, for which the text spoke. ``unknown``: words
    that mean nothing here, by the field that a mapping may translate them for; each is an error of its row as well."""

    orders: list[Order] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)


Rows = Sequence[tuple[int, Mapping[str, Any]]]
"""The number of each row in the sheet, and its cells by field."""


class Sheet(NamedTuple):
    """``header``: every title. ``columns``: field → title."""

    header: tuple[str, ...]
    columns: dict[str, str]
    rows: Rows
    blank: int


class NoColumn(Invalid):
    """A column that was named, or is required, is not in the sheet. ``header`` and ``columns``: what was, so that a person can say which they are."""

    header: tuple[str, ...]
    columns: dict[str, str]

    @classmethod
    def of(cls, header: tuple[str, ...], columns: dict[str, str], zh: str, en: str) -> NoColumn:
        found = cls(Words(zh, en), errors=[FieldError("map", "missing", Words(zh, en))])
        found.header, found.columns = header, columns
        return found


def open_sheet(path: Path, *, street: str, mapping: Mapping[str, str] | None = None) -> Sheet:
    """The rows of the workbook. Raises Invalid when the sheet as a whole, or the street, cannot be used; NoColumn when a column that
    was named or is required is not there."""
    if not places.is_street(street):
        raise Invalid.field(
            "area",
            "unknown",
            f"没有代码为 {street} 的街道或镇。",
            f"There is no street or town with the code {street}.",
        )
    sheet = tables.read(path)
    try:
        columns = tables.choose_columns(sheet.header, COLUMNS, mapping)
    except Invalid as wrong:
        raise NoColumn.of(sheet.header, tables.choose_columns(sheet.header, COLUMNS), *wrong.detail) from wrong
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise NoColumn.of(
            sheet.header,
            columns,
            f"没有找到这些列：{'、'.join(NAMES[n].zh for n in missing)}；请指明是哪一列（命令行：--map {missing[0]}=列名）。"
            f"现有列：{'、'.join(sheet.header)}。",
            f"No column for: {', '.join(NAMES[n].en for n in missing)}; say which it is (command line: --map {missing[0]}=TITLE). "
            f"Columns: {', '.join(sheet.header)}.",
        )
    return Sheet(sheet.header, columns, list(tables.numbered(sheet, columns)), sheet.blank)


def check(rows: Rows, *, columns: Mapping[str, str], lexicon: Lexicon) -> Checked:
    """Read rows and check each by itself."""
    found = Checked()
    for row, cells in rows:
        order = _Row(row, cells, columns, found, lexicon).order()
        if order is not None:
            found.orders.append(order)
    return found


def repeated(numbers: Iterable[tuple[int, str]], columns: Mapping[str, str]) -> list[RowError]:
    """An error for each row whose order number an earlier row has. ``numbers``: of each good row, in their order."""
    first: dict[str, int] = {}
    errors = []
    for row, number in numbers:
        earlier = first.setdefault(number, row)
        if earlier != row:
            words = Words(f"与第 {earlier} 行编号相同。", f"Same number as row {earlier}.")
            errors.append(RowError(row, columns["number"], words))
    return errors


class _Row:
    """One row while it is read. Every fault of it is noted, not only the first."""

    def __init__(
        self, row: int, cells: Mapping[str, Any], columns: Mapping[str, str], found: Checked, lexicon: Lexicon
    ) -> None:
        self.row, self.cells, self.columns, self.found, self.lexicon = row, cells, columns, found, lexicon
        self.faults: set[str] = set()
        self.zone = ZoneInfo(settings.CONFIG.zone)

    def error(self, name: str, zh: str, en: str) -> None:
        self.faults.add(name)
        self.found.errors.append(RowError(self.row, self.columns.get(name, name), Words(zh, en)))

    def text(self, name: str, most: int, *, cut: bool = True) -> str:
        found = tables.text_of(self.cells.get(name))
        if len(found) > most and not cut:
            self.error(name, f"内容超过 {most} 字。", f"The text is longer than {most} characters.")
        return found[:most]

    def moment(self, name: str) -> datetime | None:
        try:
            found = tables.moment_of(self.cells.get(name), self.zone)
            return found and found.astimezone(UTC)
        except ValueError:
            shown = tables.text_of(self.cells.get(name))[:40]
            self.error(
                name,
                f"“{shown}”不是时间，应如 2026-11-20 09:30。",
                f"“{shown}” is no time; write it as 2026-11-20 09:30.",
            )
            return None

    def said(self, name: str, look_up: Any, otherwise: Any) -> Any:
        """What the word of a cell means; ``otherwise`` for a blank one."""
        word = tables.text_of(self.cells.get(name))
        if not word:
            return otherwise
        try:
            return look_up(word)
        except LookupError:
            self.found.unknown[("unit" if name == "reply_unit" else name, word[:MOST_WORD])] += 1
            self.error(
                name,
                f"不认识“{word[:MOST_WORD]}”；请改正，或指明它的含义。",
                f"“{word[:MOST_WORD]}” means nothing here; correct it, or say what it means.",
            )
            return otherwise

    def order(self) -> Order | None:
        received, replied = self.moment("received"), self.moment("replied")
        due, extended = self.moment("due"), self.moment("extension")
        number, text = tables.plain(self.cells.get("number")), self.text("text", MOST_TEXT, cut=False)
        reply = self.text("reply", MOST_TEXT)
        if not number:
            self.error("number", "缺少编号。", "The number is missing.")
        elif len(number) > 64:
            self.error("number", "编号超过 64 字。", "The number is longer than 64 characters.")
        if not text:
            self.error("text", "缺少内容。", "The text is missing.")
        self._times(received, replied, due, extended)
        if replied and not reply:
            self.error("reply", "有答复时间而无答复内容。", "There is a time of reply but no reply.")
        if reply and replied is None and "replied" in self.columns and not self.faults:
            self.error("replied", "有答复内容而无答复时间。", "There is a reply but no time of it.")
        say = self.lexicon
        channel = self.said("channel", say.channel, Channel.HOTLINE)
        urgency = self.said("urgency", say.urgency, None)
        confidential = self.said("confidential", say.confidential, False)
        wants_answer = self.said("answer", say.answer, True)
        unit, reply_unit = self.said("unit", say.unit, None), self.said("reply_unit", say.unit, None)
        if self.faults or received is None:
            return None
        title = self.text("title", 80).replace("\n", " ")
        category = self._category(text, title)
        if category is None:
            return None
        return Order(
            row=self.row,
            number=number,
            received=received,
            text=text,
            category=category,
            channel=channel,
            title=title,
            address=self.text("address", 200),
            name=self.text("name", 60),
            phone=tables.plain(self.cells.get("phone"))[:40],
            urgency=urgency and str(urgency),
            confidential=confidential,
            wants_answer=wants_answer,
            due=due,
            unit=unit,
            opinion=self.text("opinion", 2000),
            reply=reply,
            reply_unit=reply_unit,
            replied=replied,
            extended_to=extended,
            returned=self.text("return", 2000),
        )

    def _times(
        self, received: datetime | None, replied: datetime | None, due: datetime | None, extended: datetime | None
    ) -> None:
        if received is None:
            if "received" not in self.faults:
                self.error("received", "缺少受理时间。", "The time of receipt is missing.")
            return
        if received > clock.now():
            self.error("received", "受理时间晚于现在。", "The time of receipt lies in the future.")
        if replied and replied < received:
            self.error("replied", "答复时间早于受理时间。", "The reply is earlier than the receipt.")
        if due and due <= received:
            self.error("due", "办理时限不晚于受理时间。", "The limit is not later than the receipt.")
        if extended and extended <= (due or received):
            self.error(
                "extension", "延期后的时限不晚于原时限。", "The extended limit is not later than the limit before."
            )

    def _category(self, text: str, title: str) -> UUID | None:
        levels = [w for name in LEVELS if (w := tables.text_of(self.cells.get(name)))]
        found = self.lexicon.category(tuple(levels)) if levels else None
        if found is None:
            if levels:
                self.found.unmapped["/".join(levels)] += 1
            found = catalog.suggest(text=text, title=" ".join([title, *levels]))
        if found is None:
            self.error("text", "没有可用的类别。", "There is no category to put it under.")
        return found
