"""12345 工单导入: an XLSX with all fields, checked and brought in. Floor: the rows that it made, copied by COPY into tables with the same keys."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter

from bench.generator.chinese import Texts
from bench.measure import KINDS, Measurement
from bench.server import Server
from wangge.domain.cases import orders
from wangge.kernel.access import SYSTEM, acting

MOST = 20_000
FUBAO = "440304010"
TABLES = ("cases_case", "cases_party", "cases_step", "cases_clock", "cases_assignment", "ledger_entry", "outbox_event")
HEADER = (
    "工单编号", "受理时间", "受理渠道", "标题", "诉求内容", "事发地址", "来电人", "联系电话", "紧急程度", "是否保密", "是否回复",
    "一级分类", "二级分类", "办理时限", "承办单位", "拟办意见", "答复意见", "答复时间", "延期至", "退单原因",
)  # fmt: skip
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def workbook(path: Path, count: int, unit: str | None, mark: str) -> None:
    """A third as many blank rows lie between the orders, digits are full-width. ``unit``: who handled them (two of three name it, four of five
    carry a reply: eight steps each); None for orders that nobody has handled yet."""
    dice, texts = random.Random(3), Texts(random.Random(3))
    first = datetime(2026, 1, 5, 8)  # noqa: DTZ001 (a cell of a sheet)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        at = 1
        for n in range(count):
            told = texts.draw()
            received = first + timedelta(minutes=n * 400_000 // count)
            replied = received + timedelta(hours=dice.randrange(2, 200))
            answered = unit is not None and n % 5 < 4
            sheet.write_row(at, 0, (
                f"FT{mark}{n:08d}".translate(WIDE), f"{received:%Y/%m/%d %H:%M:%S}", dice.choice(("电话", "微信", "网站")), told.title.decode(),
                told.text.decode(), told.address.decode(), f"来电人{n % 977}", f"138{n % 100_000_000:08d}", dice.choice(("一般", "一般", "紧急")),
                "是" if n % 40 == 0 else "否", "是", "城市管理", "市容环境", f"{received + timedelta(days=9):%Y-%m-%d %H:%M}",
                (unit or "") if n % 3 else "", "请依职责办理并答复",
                "已安排人员到现场处理完毕，并已电话告知来电人。" if answered else "", f"{replied:%Y-%m-%d %H:%M:%S}" if answered else "", "",
                "不属本单位管养范围" if unit and n % 50 == 0 else "",
            ))  # fmt: skip
            at += 1 + (n % 3 == 0)


def run(server: Server) -> None:
    count = min(MOST, server.cases)
    [handler] = server.sql(
        """SELECT t.name FROM people_post p JOIN people_user u ON u.id = p.user_id JOIN people_unit t ON t.id = p.unit_id
           WHERE u.login = 'handler' LIMIT 1"""
    )
    with TemporaryDirectory() as folder:
        for handled in (False, True):
            path = Path(folder) / "orders.xlsx"
            workbook(path, count, handler["name"] if handled else None, f"{int(time.time())}")
            what = "orders with replies imported" if handled else "orders imported, to be handled"
            asked: dict[str, Any] = {
                "mapping": None,
                "street": FUBAO,
                "source": f"bench {time.time()}",
                "accept_good": False,
            }
            [last] = server.sql("SELECT pg_current_xact_id()::text AS xid")
            before, began = server.used(), time.perf_counter()
            with acting(SYSTEM):
                done = orders.run(path, apply=True, processes=None, **asked)
            lasted, after = time.perf_counter() - began, server.used()
            assert done.made == count, (done.made, done.errors[:3])
            cpu = {k: 1000 * (after[k] - before[k]) / count for k in KINDS}
            each = 1000 * lasted / count
            note = f"{done.made} made, {done.closed} closed, in {lasted:.1f} s"
            server.add(Measurement("orders", what, count, lasted, each, each, each, cpu, note=note))
            _copied(server, count, asked["source"], last["xid"])


def _copied(server: Server, count: int, source: str, xid: str) -> None:
    """COPY of the rows of these cases."""
    mine = "(SELECT id FROM cases_case WHERE source = %(source)s)"
    where = {"cases_case": "source = %(source)s", "ledger_entry": f"subject IN {mine} AND xid > %(xid)s::text::xid8",
             "outbox_event": f"subject IN {mine} AND xid > %(xid)s::text::xid8"}  # fmt: skip
    took, rows = 0.0, 0
    owner = server._owner
    for table in TABLES:
        columns = ", ".join(f'"{r["name"]}"' for r in server.sql(
            "SELECT attname AS name FROM pg_attribute WHERE attrelid = %(t)s::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped "
            "ORDER BY attnum", t=table))  # fmt: skip
        key = ", ".join(f'"{r["name"]}"' for r in server.sql(
            "SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indisprimary AND i.indrelid = %(t)s::regclass", t=table))  # fmt: skip
        below = f'"case" IN {mine}'
        query = f"SELECT {columns} FROM {table} WHERE {where.get(table, below)}"
        with owner.cursor() as cursor:
            with cursor.copy(
                f"COPY ({query}) TO STDOUT".replace("%(source)s", f"'{source}'").replace("%(xid)s", f"'{xid}'")
            ) as out:
                data = b"".join(bytes(part) for part in out)
            cursor.execute(
                f"CREATE TEMP TABLE floor (LIKE {table} INCLUDING DEFAULTS INCLUDING GENERATED, PRIMARY KEY ({key}))"
            )
            began = time.perf_counter()
            with cursor.copy(f"COPY floor ({columns}) FROM STDIN") as into:
                into.write(data)
            took += time.perf_counter() - began
            cursor.execute("DROP TABLE floor")
        rows += data.count(b"\n")
    each = 1000 * took / count
    note = f"{rows} rows in {took:.1f} s"
    server.add(Measurement("orders", "COPY of the same rows", count, took, each, each, each, floor=True, note=note))
