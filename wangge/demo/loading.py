"""Loads the demo into an empty installation, once.

The world (places, units, staff, rules) is one transaction: an interrupted load leaves nothing of it and starts over. The cases come
after it, each in a transaction of its own with an id that never changes: an interrupted load goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wangge.demo import ground, history, names, partners, plan, rulebook, staff, units, year
from wangge.demo.ground import LAYERS, District
from wangge.demo.logins import LOGINS, PASSWORD
from wangge.domain.catalog.actions import load_defaults
from wangge.domain.people import passwords
from wangge.domain.people.actions.load import load_staff, load_units
from wangge.domain.places.actions import add_layer, load_areas, load_borders, load_grids
from wangge.domain.templates.actions import load_defaults as load_templates
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict
from wangge.kernel.words import Words

SINCE = datetime(2025, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
"""From when the places, posts and rules of the demo hold."""

_LOCK = 0x7761_6E67_6465
Say = Callable[[Words], object]


def load(say: Say | None) -> None:
    """Load the demo, or what of it is missing; does nothing when all of it is there.

    `say` is told what is being done (None: silence). Raises Conflict in an installation that is not marked as a demo, because all
    the demo's accounts share one known password, and in one that holds other data.
    """
    if not settings.CONFIG.demo:
        raise Conflict(
            Words(
                "演示数据带有公开口令的账号，只能载入演示安装。请使用 wangge demo，或设置 WANGGE_DEMO=true。",
                "The demo's accounts have a public password, so it loads into a demo installation only. Use wangge demo, or set "
                "WANGGE_DEMO=true.",
            )
        )
    tell_all = say or (lambda words: None)
    with _alone(), acting(SYSTEM):
        if not _world_is_there():
            _refuse_other_data()
            with transaction.atomic(), clock.at(SINCE):
                _load_world(tell_all)
        if partners.enter():
            tell_all(
                Words(
                    "对接单位：12345 热线与公安 110（均为模拟）",
                    "Partners: a 12345 hotline and the police's 110, both simulated",
                )
            )
        if made := history.load():
            tell_all(
                Words(
                    f"近期案件 {made} 件，由各岗位依流程办理",
                    f"{made} recent cases, led through the loop by their posts",
                )
            )


def load_year(step: Callable[[int], object] = lambda _: None) -> int:
    """Tell the year of the loaded demo, or what of it is missing. Returns how many cases were made."""
    with _alone(), acting(SYSTEM):
        return year.load(step)


@contextmanager
def _alone() -> Iterator[None]:
    """One load at a time in a database; a second one waits and then finds everything there."""
    rows.one("SELECT pg_advisory_lock(%(lock)s)", {"lock": _LOCK})
    try:
        yield
    finally:
        rows.one("SELECT pg_advisory_unlock(%(lock)s)", {"lock": _LOCK})


def _world_is_there() -> bool:
    """The log-ins are written last in the one transaction of the world."""
    known = rows.value(
        "SELECT count(*) FROM people_user WHERE login = ANY(%(l)s)", {"l": [entry.login for entry in LOGINS]}
    )
    return known == len(LOGINS)


def _refuse_other_data() -> None:
    if rows.value("SELECT EXISTS (SELECT 1 FROM places_grid) OR EXISTS (SELECT 1 FROM people_unit)"):
        raise Conflict(
            Words(
                "数据库里已有网格或单位。演示数据只载入空库，请换一个数据目录（WANGGE_HOME）或数据库。",
                "There are grids or units in this database. The demo loads into an empty one only: take another folder "
                "(WANGGE_HOME) or another database.",
            )
        )


def _load_world(say: Say) -> None:
    districts = ground.make()
    phones = names.phones()
    offices = units.make(districts, phones)
    people = staff.make(districts, offices, names.people(), phones, SINCE)
    _load_areas(districts)
    say(
        Words(
            "区划：福田、盐田及其街道、社区（示例）",
            "Areas: Futian, Yantian, their streets and (synthetic) communities",
        )
    )
    for key in LAYERS:
        count = _load_layer(key, districts)
        say(Words(f"{LAYERS[key][1].zh} {count} 个", f"{count} {LAYERS[key][1].en[0].lower()}{LAYERS[key][1].en[1:]}"))
    load_units(by=SYSTEM, units=offices.all)
    made = load_defaults(by=SYSTEM)
    load_templates(by=SYSTEM)
    say(
        Words(
            f"单位 {len(offices.all)} 个，类别 {made['categories']} 个，节假日与调休 {made['days']} 天",
            f"{len(offices.all)} units, {made['categories']} categories, {made['days']} days of holidays and make-up work",
        )
    )
    rulebook.load(by=SYSTEM, units=offices)
    load_staff(by=SYSTEM, staff=people, password_hash=passwords.hashed(PASSWORD))
    posts = sum(len(p.posts) for p in people)
    say(Words(f"人员 {len(people)} 名，岗位 {posts} 个", f"{len(people)} staff with {posts} posts"))


def _load_areas(districts: list[District]) -> None:
    known = {row["code"]: row["name"] for row in plan.street_rows() if row["code"] in plan.SPECIAL}
    named = chain(
        plan.ABOVE.items(),
        ((code, Words(known[code], name_en)) for code, name_en in plan.SPECIAL.items()),
        ((s.code, s.name) for d in districts for s in d.streets),
        ((c.code, c.name) for d in districts for c in d.communities()),
    )
    load_areas(by=SYSTEM, areas=[{"code": code, "name": n.zh, "name_en": n.en} for code, n in named])
    borders = {d.code: d.geometry for d in districts}
    borders |= {s.code: s.geometry for d in districts for s in d.streets}
    borders |= {c.code: c.geometry for d in districts for c in d.communities()}
    load_borders(by=SYSTEM, shapes=borders)


def _load_layer(key: str, districts: list[District]) -> int:
    kind, name, _ = LAYERS[key]
    stacked = {"over": "base", "stacking": "1:N"} if key != "base" else {}
    add_layer(by=SYSTEM, key=key, name=name.zh, name_en=name.en, kind=kind, **stacked)
    grids = [
        {"code": g.code, "name": g.name.zh, "name_en": g.name.en, "geometry": g.geometry}
        for district in districts
        for g in district.grids(key)
    ]
    return len(load_grids(by=SYSTEM, layer=key, grids=grids))
