"""12345 work orders from a workbook: read, check every row, and take the good ones through the loop at the times they bear.

An order that carries a reply was handled elsewhere: it is led through every act at the two times that the file knows (received,
replied), so that its trace and its clocks look like any other case's. An order without one stops where the desk takes over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wangge.domain.cases import actions, queries
from wangge.domain.cases.rules import Channel, FollowUp
from wangge.domain.catalog import queries as catalog
from wangge.domain.places import queries as places
from wangge.kernel import clock, tables
from wangge.kernel.access import Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid, Problem
from wangge.kernel.tables import RowError
from wangge.kernel.words import Words

COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("工单编号", "工单号", "受理编号", "留言编号", "编号", "number"),
    "received": ("受理时间", "来电时间", "登记时间", "留言时间", "received"),
    "title": ("标题", "主题", "留言主题", "工单标题", "title"),
    "text": ("诉求内容", "工单内容", "内容", "留言详情", "问题描述", "text"),
    "address": ("事发地址", "诉求地址", "地址", "address"),
    "name": ("来电人", "诉求人", "姓名", "联系人", "留言用户", "name"),
    "phone": ("联系电话", "来电号码", "电话", "手机", "phone"),
    "reply": ("答复意见", "处理结果", "回复内容", "办理结果", "reply"),
    "replied": ("答复时间", "回复时间", "办结时间", "replied"),
}
REQUIRED = ("number", "received", "text")
MOST_TEXT = 5000
_IDS = UUID("6f1d7c0e-1c64-5d1a-8f5e-4a5b7a0c1234")

CLOSED_BEFORE = "导入的历史工单，按原系统答复结案；原系统无回访记录。"


@dataclass(frozen=True)
class Order:
    """One row, read and checked. ``received`` and ``replied`` are aware."""

    row: int
    number: str
    received: datetime
    text: str
    title: str = ""
    address: str = ""
    name: str = ""
    phone: str = ""
    reply: str = ""
    replied: datetime | None = None


@dataclass(frozen=True)
class Done:
    """What became of one order. ``unit``: who answered it, when it came with its answer."""

    made: bool = True
    category: str = ""
    unit: str | None = None


@dataclass
class Outcome:
    """What an import found and did. ``known``: rows whose order number is here already; they are left as they are."""

    columns: dict[str, str]
    orders: list[Order] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    blank: int = 0
    known: int = 0
    made: int = 0
    closed: int = 0
    by_category: Counter[str] = field(default_factory=Counter)
    by_unit: Counter[str] = field(default_factory=Counter)

    def count(self, done: Done) -> None:
        """Add an order that was written, after its transaction."""
        if not done.made:
            self.known += 1
            return
        self.made += 1
        self.by_category[done.category] += 1
        if done.unit is not None:
            self.closed += 1
            self.by_unit[done.unit] += 1


def check(path: Path, mapping: Mapping[str, str] | None = None) -> Outcome:
    """Read the workbook and check every row; nothing is written. Raises Invalid when the sheet as a whole cannot be used."""
    sheet = tables.read(path)
    columns = tables.choose_columns(sheet.header, COLUMNS, mapping)
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise Invalid.field(
            "map",
            "missing",
            f"没有找到这些列：{'、'.join(missing)}；请用 --map 字段=列名 指明。现有列：{'、'.join(sheet.header)}。",
            f"No column for: {', '.join(missing)}; name them with --map field=title. Columns: {', '.join(sheet.header)}.",
        )
    outcome = Outcome(columns=columns, blank=sheet.blank)
    seen: dict[str, int] = {}
    for row, cells in tables.numbered(sheet, columns):
        order = _order(row, cells, columns, outcome.errors)
        if order is None:
            continue
        if order.number in seen:
            _error(
                outcome.errors,
                row,
                columns["number"],
                f"与第 {seen[order.number]} 行编号相同。",
                f"Same number as row {seen[order.number]}.",
            )
            continue
        seen[order.number] = row
        outcome.orders.append(order)
    return outcome


def _error(errors: list[RowError], row: int, column: str, zh: str, en: str) -> None:
    errors.append(RowError(row, column, Words(zh, en)))


def _order(row: int, cells: Mapping[str, object], columns: Mapping[str, str], errors: list[RowError]) -> Order | None:
    """The row as an order, or None with its errors noted, every one of them."""
    before = len(errors)
    zone = ZoneInfo(settings.CONFIG.zone)

    def moment(name: str) -> datetime | None:
        try:
            return tables.moment_of(cells.get(name), zone)
        except ValueError:
            shown = tables.text_of(cells.get(name))[:40]
            _error(
                errors,
                row,
                columns[name],
                f"“{shown}”不是时间，应如 2026-11-20 09:30。",
                f"“{shown}” is no time; write it as 2026-11-20 09:30.",
            )
            return None

    number, text = tables.plain(cells.get("number")), tables.text_of(cells.get("text"))
    received, replied = moment("received"), moment("replied") if "replied" in columns else None
    if not number:
        _error(errors, row, columns["number"], "缺少编号。", "The number is missing.")
    elif len(number) > 64:
        _error(errors, row, columns["number"], "编号超过 64 字。", "The number is longer than 64 characters.")
    if not text:
        _error(errors, row, columns["text"], "缺少内容。", "The text is missing.")
    elif len(text) > MOST_TEXT:
        _error(
            errors,
            row,
            columns["text"],
            f"内容超过 {MOST_TEXT} 字。",
            f"The text is longer than {MOST_TEXT} characters.",
        )
    if received is None and not any(e.column == columns["received"] and e.row == row for e in errors):
        _error(errors, row, columns["received"], "缺少受理时间。", "The time of receipt is missing.")
    if received and received > clock.now():
        _error(errors, row, columns["received"], "受理时间晚于现在。", "The time of receipt lies in the future.")
    if received and replied and replied < received:
        _error(errors, row, columns["replied"], "答复时间早于受理时间。", "The reply is earlier than the receipt.")
    reply = tables.text_of(cells.get("reply"))
    if replied and not reply:
        _error(
            errors,
            row,
            columns.get("reply", "reply"),
            "有答复时间而无答复内容。",
            "There is a time of reply but no reply.",
        )
    if reply and "replied" in columns and replied is None and not errors[before:]:
        _error(errors, row, columns["replied"], "有答复内容而无答复时间。", "There is a reply but no time of it.")
    if len(errors) > before or received is None:
        return None
    return Order(
        row=row,
        number=number,
        received=received,
        text=text,
        title=tables.text_of(cells.get("title")).replace("\n", " ")[:80],
        address=tables.text_of(cells.get("address"))[:200],
        name=tables.text_of(cells.get("name"))[:60],
        phone=tables.plain(cells.get("phone"))[:40],
        reply=reply[:MOST_TEXT],
        replied=replied,
    )


def bring_in(
    *, by: Principal, outcome: Outcome, street: str, source: str, step: Callable[[int], None] | None = None
) -> Outcome:
    """Write the checked orders, each row in a transaction of its own; a row that fails is named and the others go on.

    ``street``: where orders without a point belong (9 digits). Sent twice, an order is there once: its id is made from ``source``
    and its number.
    """
    if not places.is_street(street):
        raise Invalid.field(
            "area",
            "unknown",
            f"没有代码为 {street} 的街道或镇。",
            f"There is no street or town with the code {street}.",
        )
    here = {
        r["source_number"]
        for r in rows.all(
            "SELECT source_number FROM cases_case WHERE district = %(district)s AND source = %(source)s AND source_number = ANY(%(numbers)s)",
            {"district": street[:6], "source": source, "numbers": [o.number for o in outcome.orders]},
        )
    }
    for order in outcome.orders:
        if order.number in here:
            outcome.known += 1
        else:
            try:
                with transaction.atomic():
                    done = _one(by, order, street, source)
                outcome.count(done)
            except Problem as problem:
                outcome.errors.append(RowError(order.row, outcome.columns["number"], problem.detail))
        if step:
            step(1)
    return outcome


def _one(by: Principal, order: Order, street: str, source: str) -> Done:
    """Lead one order through the loop as far as it has come. One that is there already, because another import brought it in meanwhile,
    is left as it is."""
    with clock.at(order.received):
        case, made = actions.report(
            by=by,
            report=actions.Report(
                id=uuid5(_IDS, f"{source}\x1f{order.number}"),
                text=order.text,
                title=order.title,
                channel=Channel.HOTLINE,
                street=street,
                address=order.address,
                reporter=actions.Reporter(name=order.name, phone=order.phone) if order.name or order.phone else None,
                reported_at=order.received,
                source=source,
                source_number=order.number,
            ),
        )
        if not made:
            return Done(made=False)
        category = _category_name(case["category"])
        if not order.reply or order.replied is None:
            return Done(category=category)
        case = actions.accept(by=by, case=case["id"], version=case["version"])
        case = actions.dispatch(by=by, case=case["id"], version=case["version"], unit=_unit(case))
        case = actions.take(by=by, case=case["id"], version=case["version"])
    with clock.at(order.replied):
        case = actions.resolve(by=by, case=case["id"], version=case["version"], result=order.reply)
        case = actions.verify(by=by, case=case["id"], version=case["version"], outcome="pass", note="按原系统答复核查")
        if case["follow_up"] is None:
            case = actions.follow_up(
                by=by, case=case["id"], version=case["version"], outcome=FollowUp.NOT_WANTED, note=CLOSED_BEFORE
            )
        actions.close(by=by, case=case["id"], version=case["version"], note=CLOSED_BEFORE)
    return Done(category=category, unit=_unit_name(case["lead"]))


def _unit(case: rows.Row) -> UUID | None:
    """None: the route chooses. Where none applies, the centre itself has answered."""
    return None if catalog.choose_route(case["category"], queries.route_place(case), clock.now()) else case["holder"]


def _category_name(category: UUID) -> str:
    found = catalog.category(category)
    return found.name if found else "—"


def _unit_name(unit: UUID) -> str:
    return rows.value("SELECT name FROM people_unit WHERE id = %(id)s", {"id": unit}) or "—"


IMPORTER = Principal(kind="system", id=None, name="工单导入")


def run(
    path: Path,
    *,
    mapping: Mapping[str, str] | None,
    street: str,
    source: str,
    accept_good: bool,
    apply: bool,
    step: Callable[[int], None] | None = None,
) -> Outcome:
    """Check, and with ``apply`` write: everything, or with ``accept_good`` the rows that have no error."""
    outcome = check(path, mapping)
    if apply and (accept_good or not outcome.errors):
        with acting(IMPORTER):
            bring_in(by=IMPORTER, outcome=outcome, street=street, source=source, step=step)
    return outcome
