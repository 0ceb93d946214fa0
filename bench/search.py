"""How long a search takes: `python bench/search.py [cases]` (default 200 000), over made-up orders with the skew of real ones.

The database is the server at WANGGE_TEST_DATABASE_URL (an owner's log-in), else an embedded one; it is dropped afterwards. Each line is
p50 and p95 of whole calls (both statements, rows fetched, hits marked). The floors of the same run: `SELECT 1`, and a page of the
queue without any words. Target: p95 < 200 ms at 1 000 000 cases.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.fill import DISTRICTS, database, measure, person
from wangge.domain.cases.queries import Filter, queue
from wangge.domain.search import queries
from wangge.domain.search.actions import TEXTS, marks
from wangge.kernel.access import Role, Scope, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.search import grams

WHAT = (
    "垃圾堆放无人清理 路灯不亮 井盖破损松动 占道经营影响通行 违章停车堵塞消防通道 下水道堵塞污水外溢 夜间施工噪音扰民 电动车飞线充电 楼道堆放杂物 "
    "绿化带枯死 道路积水 高空抛物 油烟扰民 宠物粪便无人清理 共享单车乱停放 围墙有裂缝 广告牌有脱落风险 物业不处理投诉 欠薪求助 邻里纠纷需要调解"
).split()
RARE = ("白蚁蛀蚀", "氨气泄漏", "马蜂窝", "溶洞塌陷", "鳄龟伤人")
ROADS = "益田路 福强路 石厦北街 金田路 新洲路 滨河大道 深南中路 彩田路 海田路 红荔路 莲花路 香蜜湖路".split()
WHO = "居民反映 市民来电称 巡查发现 网格员上报 业主投诉".split()
END = "请尽快安排处理 已多次反映仍未解决 希望核实后回复 存在安全隐患 影响居民出行 要求现场查看".split()


def order(dice: random.Random, n: int) -> tuple[str, str, str]:
    """Title, text and address; the first kinds of matter are the most frequent, one in 20 000 tells something rare."""
    what = WHAT[min(int(dice.expovariate(0.22)), len(WHAT) - 1)]
    road, house = dice.choice(ROADS), dice.randrange(1, 400)
    rare = f"，另有{dice.choice(RARE)}" if dice.random() < 1 / 4000 else ""
    more = f"，{dice.choice(WHAT)}" if dice.random() < 0.3 else ""
    text = (
        f"{dice.choice(WHO)}：{road}{house}号附近{what}{more}{rare}，从{dice.randrange(1, 13)}月{dice.randrange(1, 29)}日起"
        f"持续{dice.randrange(2, 30)}天，车牌粤B{dice.randrange(36**5):05d}，{dice.choice(END)}。"
    )
    return what, text, f"{road}{house}号{dice.randrange(1, 40)}栋"


def fill(count: int, owner: Any) -> None:
    """COPY cases and documents, then make the index as a rebuild of a large installation would."""
    dice, category, holder = random.Random(7), uuid7(), uuid7()
    begin, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    step = (end - begin) / count
    owner.execute("DROP INDEX search_document_grams")
    chunk = 20_000
    for first in range(0, count, chunk):
        cases, documents = [], []
        for n in range(first, min(first + chunk, count)):
            district = DISTRICTS[min(int(dice.expovariate(1.2)), 3)]
            street = f"{district}{dice.randrange(1, 11):03d}"
            community = f"{street}{dice.randrange(1, 11):03d}"
            title, text, address = order(dice, n)
            at, closed = begin + step * n, dice.random() < 0.97
            row = {
                "district": district, "id": uuid7(), "street": street, "community": community,
                "grid": f"{community}{dice.randrange(1, 16):03d}", "number": f"{street}{at:%Y%m%d}{n % 100000:05d}",
                "status": "closed" if closed else "reported", "version": 1, "urgency": "normal", "channel": "hotline",
                "category": category, "title": title, "text": text, "address": address, "confidential": False,
                "wants_answer": True, "holder": holder, "reported_at": at, "received_at": at, "changed_at": at,
                "closed_at": at + timedelta(days=2) if closed else None, "result": "已处理完毕，现场恢复正常" if closed else "",
                "due_at": None if closed else end, "stage": None if closed else "accept", "source": "", "body_hash": b"x",
            }  # fmt: skip
            known = row | {"lead": None, "assisting": [], "asked": [], "reporter": None}
            known |= {"street_name": f"{street[6:]}街道", "community_name": f"{community[9:]}社区", "grid_name": None}
            lexemes = grams(known[t] for t in TEXTS) | marks(known)
            documents.append((district, row["id"], 1, at, " ".join(f"'{x}'" for x in sorted(lexemes))))
            cases.append(row)
        with owner.cursor().copy(f"COPY cases_case ({', '.join(cases[0])}) FROM STDIN") as copy:
            for row in cases:
                copy.write_row(list(row.values()))
        with owner.cursor().copy(
            'COPY search_document (district, "case", version, reported_at, grams) FROM STDIN'
        ) as copy:
            for document in documents:
                copy.write_row(document)
    owner.execute("CREATE INDEX search_document_grams ON search_document USING gin (grams)")
    owner.execute("VACUUM ANALYZE search_document")
    owner.execute("VACUUM ANALYZE cases_case")


def run(owner: Any, count: int) -> None:
    started = time.perf_counter()
    fill(count, owner)
    sizes = owner.execute(
        "SELECT pg_size_pretty(pg_table_size('search_document')), pg_size_pretty(pg_relation_size('search_document_grams')), "
        "pg_size_pretty(pg_table_size('cases_case'))"
    ).fetchone()
    print(
        f"{count} cases filled in {time.perf_counter() - started:.0f} s; documents {sizes[0]}, grams {sizes[1]}, cases {sizes[2]}"
    )
    who = {
        "all 4 districts": person(Role.OPERATOR, Scope(districts=frozenset(DISTRICTS))),
        "one street": person(Role.OPERATOR, Scope(streets=frozenset({"440304003"}))),
    }
    for scope, by in who.items():
        bind(by)
        print(f"-- {scope}")
        measure("floor: SELECT 1", lambda: rows.value("SELECT 1"))
        measure("floor: page of the queue", lambda by=by: queue(by=by, filter=Filter()))
        for what, q, filter in (
            ("rare", "白蚁蛀蚀", Filter()),
            ("rare, two words", "鳄龟 益田路", Filter()),
            ("middling", "益田路123号", Filter()),
            ("common", "垃圾", Filter()),
            ("common, two words", "井盖 金田路", Filter()),
            ("absent", "恐龙化石", Filter()),
            ("absent, of common pairs", "灯不亮路灯", Filter()),
            ("one character, everywhere", "路", Filter()),
            ("one character, rare", "蚁", Filter()),
            ("a digit", "7", Filter()),
            ("common, with status", "垃圾", Filter(status=("reported",))),
            ("common, with community", "垃圾", Filter(community="440304003005")),
            ("number, whole", "4403040032026101597951", Filter()),
            ("number, date on", "2026101597", Filter()),
        ):
            for sort in queries.SORTS:
                measure(
                    f"{what} · {q} · {sort}",
                    lambda by=by, q=q, filter=filter, sort=sort: queries.search(by=by, q=q, filter=filter, sort=sort),
                )


if __name__ == "__main__":
    with database() as owner:
        run(owner, int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
