"""How long an import of 12345 orders takes: `python bench/orders.py [orders [processes]]` (default 20 000), from an XLSX with all fields.

Beside each time stand the seconds of a processor that it took: of Python (this process and those it started) and of PostgreSQL; on a
machine that does nothing else the time is about their sum divided by the processors. A third as many blank rows lie between the orders,
digits are full-width. Measured twice: orders as a hotline sends them, to be handled here, and orders with all that has become of
them elsewhere (two of three name a unit, four of five carry a reply: eight steps each). The database is the server at
WANGGE_TEST_DATABASE_URL (an owner's log-in), else an embedded one; it is dropped afterwards. The floor of the same run: the same
rows of all tables copied by COPY into tables like these with their keys. Target: 100 000 orders a minute.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TypeVar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

django.setup()

import psutil  # noqa: E402
import xlsxwriter  # noqa: E402
from django.db import connections  # noqa: E402

from bench.search import order  # noqa: E402
from tests.support import world  # noqa: E402
from tests.support.databases import Databases  # noqa: E402
from wangge.domain.cases import orders  # noqa: E402
from wangge.kernel import crypto  # noqa: E402
from wangge.kernel.access import SYSTEM, acting  # noqa: E402
from wangge.kernel.db import rows  # noqa: E402

T = TypeVar("T")
TABLES = ("cases_case", "cases_party", "cases_step", "cases_clock", "cases_assignment", "ledger_entry", "outbox_event")
HEADER = ("工单编号", "受理时间", "受理渠道", "标题", "诉求内容", "事发地址", "来电人", "联系电话", "紧急程度", "是否保密", "是否回复",
          "一级分类", "二级分类", "办理时限", "承办单位", "拟办意见", "答复意见", "答复时间", "延期至", "退单原因")  # fmt: skip
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def workbook(path: Path, count: int, unit: str | None) -> None:
    """``unit``: who handled the orders; None for orders that nobody has handled yet."""
    dice = random.Random(3)
    first = datetime(2026, 1, 5, 8)  # noqa: DTZ001 (a cell of a sheet)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        at = 1
        for n in range(count):
            title, text, address = order(dice, n)
            received = first + timedelta(minutes=n * 400_000 // count)
            replied = received + timedelta(hours=dice.randrange(2, 200))
            answered = unit is not None and n % 5 < 4
            sheet.write_row(at, 0, (
                f"FT2026{n:08d}".translate(WIDE), f"{received:%Y/%m/%d %H:%M:%S}", dice.choice(("电话", "微信", "网站")), title, text, address,
                f"来电人{n % 977}", f"138{n % 100_000_000:08d}", dice.choice(("一般", "一般", "紧急")), "是" if n % 40 == 0 else "否",
                "是", "城市管理", "市容环境", f"{received + timedelta(days=9):%Y-%m-%d %H:%M}", (unit or "") if n % 3 else "", "请依职责办理并答复",
                "已安排人员到现场处理完毕，并已电话告知来电人。" if answered else "", f"{replied:%Y-%m-%d %H:%M:%S}" if answered else "", "",
                "不属本单位管养范围" if unit and n % 50 == 0 else "",
            ))  # fmt: skip
            at += 1 + (n % 3 == 0)


def copied() -> float:
    """Seconds that COPY takes for all the rows, into tables with the same columns, defaults and keys."""
    connection = connections["owner"].connection
    took = 0.0
    for table in TABLES:
        names = ", ".join(f'"{r["name"]}"' for r in rows.all(
            """SELECT column_name AS name FROM information_schema.columns WHERE table_name = %(t)s AND is_generated = 'NEVER'
               AND identity_generation IS DISTINCT FROM 'ALWAYS' ORDER BY ordinal_position""", {"t": table}, using="owner"))  # fmt: skip
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY (SELECT {names} FROM {table}) TO STDOUT") as out:
                data = b"".join(bytes(part) for part in out)
            cursor.execute(
                f"CREATE TEMP TABLE floor (LIKE {table} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY)"
            )
            cursor.execute(f"ALTER TABLE floor ADD CHECK (true), ADD PRIMARY KEY ({_key(table)})")
            started = time.perf_counter()
            with cursor.copy(f"COPY floor ({names}) FROM STDIN") as into:
                into.write(data)
            took += time.perf_counter() - started
            cursor.execute("DROP TABLE floor")
    return took


def _key(table: str) -> str:
    found = rows.all(
        """SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
           WHERE i.indisprimary AND i.indrelid = %(t)s::regclass""",
        {"t": table},
        using="owner",
    )
    return ", ".join(f'"{r["name"]}"' for r in found)


def timed(what: str, count: int, work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and how many seconds it took; both kinds of seconds are printed."""
    started, python, postgres = time.perf_counter(), spent_here(), spent_there()
    found = work()
    took = time.perf_counter() - started
    print(
        f"{what:22} {took:6.1f} s   {count / took:6.0f} /s   of a processor: Python {spent_here() - python:6.1f} s, "
        f"PostgreSQL {spent_there() - postgres:6.1f} s"
    )
    return found, took


def spent_here() -> float:
    """Seconds of a processor of this process and of those it started and saw end."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def spent_there() -> float:
    """The same of every process of the server, if it runs on this machine."""
    found = rows.value("SELECT pg_backend_pid()", using="owner")
    try:
        server = psutil.Process(found).parent()
    except psutil.NoSuchProcess:
        return float("nan")
    assert server is not None
    times = server.cpu_times()
    total = sum(times[:4])  # those that have ended count as the server's children
    for process in server.children():
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total


def run(count: int, processes: int | None, folder: Path, *, handled: bool) -> None:
    with connections["owner"].cursor():
        pass
    here = world.build()
    with acting(SYSTEM):
        unit = rows.value("SELECT name FROM people_unit WHERE id = %(id)s", {"id": here.units.cleaners})
    path = folder / "orders.xlsx"
    workbook(path, count, unit if handled else None)
    said = "with what has become of them" if handled else "to be handled here"
    print(f"\n{count} orders {said}, in a workbook of {path.stat().st_size >> 20} MB")
    asked = {
        "mapping": None,
        "street": world.FUBAO,
        "source": "12345",
        "accept_good": False,
        "processes": processes,
    }
    checked, _ = timed("check only:", count, lambda: orders.run(path, apply=False, **asked))
    print(f"  {len(checked.errors)} errors, {checked.blank} blank rows")
    done, took = timed("check and import:", count, lambda: orders.run(path, apply=True, **asked))
    print(f"  {done.made} made, {done.closed} closed")
    again, _ = timed("the same file again:", count, lambda: orders.run(path, apply=True, **asked))
    print(f"  {again.made} made, {again.known} known")
    floor = copied()
    print(f"floor, COPY of {sum(_count(t) for t in TABLES)} rows: {floor:.1f} s")
    print(f"100 000 orders at this pace: {100_000 * took / count:.0f} s")


def _count(table: str) -> int:
    return rows.value(f"SELECT count(*) FROM {table}", using="owner")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else None
    url = os.environ.get("WANGGE_TEST_DATABASE_URL")
    with TemporaryDirectory() as name:
        made = Path(name)
        ring = crypto.Keyring(made / "keys.json")
        ring.create()
        folders = SimpleNamespace(mktemp=lambda part: made / part)
        with crypto.using(ring), Databases.running(url, folders, SimpleNamespace(unblock=nullcontext)) as found:
            for handled in (False, True):
                with found.for_one_test():
                    run(count, processes, made, handled=handled)


if __name__ == "__main__":
    main()
