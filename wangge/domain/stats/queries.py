"""Figures of a scope and a period: in all, by the values of a dimension, and over time. ``sources`` says from which rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from wangge.domain.cases.rules import CHANNEL_WORDS, STATUS_WORDS, Channel, Status
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.rules import GROUPS
from wangge.domain.places import queries as places
from wangge.domain.stats import rules
from wangge.domain.stats.facts import KEYS
from wangge.domain.stats.rules import DURATIONS, FIGURES, MEASURES, TIMES
from wangge.domain.stats.sources import LEVEL_OF, Asked, durations, durations_by, sources
from wangge.domain.stats.tags import StatsPermission
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words

MOST_POINTS = 400
_SUMS = ", ".join(f"coalesce(sum({m}), 0)::bigint AS {m}" for m in MEASURES)


def this_month() -> tuple[date, date]:
    today = clock.today(zone())
    return today.replace(day=1), today


def zone() -> ZoneInfo:
    return ZoneInfo(settings.CONFIG.zone)


def summary(*, by: Principal, asked: Asked) -> dict[str, Any]:
    """All figures of a scope and period, with median and p90 of the durations: two statements, three with months that were packed."""
    asked.checked()
    scope, params = by.require(StatsPermission.READ), dict[str, Any]()
    source = sources(scope, asked, "all", params, rules.GRAINS)
    sums = rows.one(f"SELECT {_SUMS} FROM {source}", params) or rules.zero()
    times = {d: _percentiles(v) for d, v in durations(scope, asked).items()}
    return _answer(by, asked, sums) | {"times": _told_times(by, times), "definitions": definitions()}


def table(*, by: Principal, asked: Asked, dimension: str, times: bool = False) -> dict[str, Any]:
    """The figures by the values of one dimension, most reported first. One statement; with ``times`` the medians of each as well, one more."""
    asked.checked()
    if dimension == "person" and not by.may(StatsPermission.PERSONS):
        by.require(StatsPermission.PERSONS)
    found: dict[str, dict[str, int]] = {}
    kept = {"category_top": "category", "group": "category", "street": "all", "district": "all"}.get(
        dimension, dimension
    )
    params: dict[str, Any] = {}
    # By person: only where the person's work may be looked at, which can be less than where figures may.
    asker = _narrowed(by) if dimension == "person" else by
    key = {"street": "street", "district": "left(street, 6)"}.get(dimension, "key")
    source = sources(
        asker.require(StatsPermission.READ),
        asked,
        kept,
        params,
        rules.GRAINS,
        by_street=dimension in ("street", "district"),
    )
    listed = rows.all(f"SELECT {key} AS key, {_SUMS} FROM {source} GROUP BY 1", params)
    group = {"category_top": _tops, "group": _groups}.get(dimension, dict)()
    for row in listed:
        name = row.pop("key")
        name = group.get(name, name)
        sums = found.setdefault(name, rules.zero())
        for measure in MEASURES:
            sums[measure] += row[measure]
    whole = {name: any(sums.values()) for name, sums in found.items()}
    order = sorted((name for name in found if whole[name]), key=lambda n: (-found[n]["reported"], n == "", n))
    by_group = _times_by(asker, asked, kept, dimension, group) if times else {}
    names = _names(dimension, order)
    hidden = set() if _sees_few(by) else rules.to_hide([found[n]["reported"] for n in order])
    items = []
    for at, name in enumerate(order):
        item = {
            "key": name or None,
            "name": names.get(name, Words("（无）", "(none)") if not name else Words(name, name))._asdict(),
        }
        if at in hidden:
            nothing: dict[str, Any] = {"figures": dict.fromkeys(FIGURES), "suppressed": sorted(FIGURES), "drill": {}}
            items.append(item | nothing | {"times": None})
            continue
        answer = _answer(by, asked, found[name], _group_filter(dimension, name))
        items.append(item | answer | {"times": _told_times(by, by_group.get(name, {})) if times else None})
    return {"items": items, "definitions": definitions()}


def series(*, by: Principal, asked: Asked, step: str) -> dict[str, Any]:
    """The figures by day, week (from Monday) or month, every one of the period. One statement."""
    asked.checked()
    starts = _starts(asked, step)
    params: dict[str, Any] = {}
    source = sources(
        by.require(StatsPermission.READ), asked, "all", params, ("month", "day") if step == "month" else ("day",)
    )
    found = {
        row.pop("at"): row
        for row in rows.all(f"SELECT date_trunc('{step}', start)::date AS at, {_SUMS} FROM {source} GROUP BY 1", params)
    }
    items = []
    for n, start in enumerate(starts):
        first = max(start, asked.first)
        last = min(starts[n + 1] - timedelta(days=1) if n + 1 < len(starts) else asked.last, asked.last)
        point = _answer(by, replace(asked, first=first, last=last), found.get(start, rules.zero()))
        items.append({"from_": first, "to": last} | point)
    return {"items": items, "definitions": definitions()}


def _starts(asked: Asked, step: str) -> list[date]:
    found = []
    at = {"week": asked.first - timedelta(days=asked.first.weekday()), "month": asked.first.replace(day=1)}.get(
        step, asked.first
    )
    while at <= asked.last:
        found.append(at)
        at = rules.next_start("month", at) if step == "month" else at + timedelta(days=7 if step == "week" else 1)
        if len(found) > MOST_POINTS:
            raise Invalid.field(
                "query.by",
                "many",
                f"最多 {MOST_POINTS} 个时点，请缩短统计期或按周、月统计。",
                f"At most {MOST_POINTS} points: choose a shorter period, or weeks or months.",
            )
    return found


def _sees_few(by: Principal) -> bool:
    return by.may(StatsPermission.CASES)


def _narrowed(by: Principal) -> Principal:
    """The person with those posts alone that show figures of members of staff."""
    from wangge.kernel.access import roles_with

    return replace(by, grants=tuple(g for g in by.grants if g.role in roles_with(StatsPermission.PERSONS)))


def _answer(
    by: Principal, asked: Asked, sums: Mapping[str, int], group: dict[str, Any] | None = None
) -> dict[str, Any]:
    if _sees_few(by):
        return {"figures": rules.figures(sums), "suppressed": [], "drill": _drill(by, asked, group or {})}
    found, hidden = rules.guarded(sums)
    return {"figures": found, "suppressed": hidden, "drill": {}}


def _told_times(by: Principal, times: Mapping[str, Mapping[str, int | None]]) -> dict[str, dict[str, int | None]]:
    nothing = {"count": 0, "median": None, "p90": None}
    found = {d: dict(times.get(d, nothing)) for d in DURATIONS}
    if not _sees_few(by):
        for one in found.values():
            if rules.few(one["count"] or 0):
                one |= {"count": None, "median": None, "p90": None}
    return found


def _percentiles(minutes: np.ndarray) -> dict[str, int | None]:
    count = len(minutes)
    if not count:
        return {"count": 0, "median": None, "p90": None}
    at = [rules.rank(count, 50), rules.rank(count, 90)]
    parted = np.partition(minutes, sorted(set(at)))
    return {"count": count, "median": int(parted[at[0]]), "p90": int(parted[at[1]])}


def _times_by(
    by: Principal, asked: Asked, kept: str, dimension: str, group: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Durations of each group, always from the entries: tens of milliseconds for 100 000 of them."""
    key = {"street": "e.street", "district": "e.district"}.get(dimension, KEYS[kept])
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {d: [] for d in DURATIONS})
    for name, *values in durations_by(by.require(StatsPermission.READ), asked, key):
        into = found[group.get(name, name)]
        for duration, given in zip(DURATIONS, values, strict=True):
            into[duration] += given or []
    return {n: {d: _percentiles(np.asarray(v, dtype="<u4")) for d, v in of.items()} for n, of in found.items()}


def _tops() -> dict[str, str]:
    """The root of each category."""
    known = {one.id: one for one in catalog.categories(retired=True)}

    def top(at: UUID) -> UUID:
        parent = known[at].parent
        return top(parent) if parent in known else at

    return {str(one): str(top(one)) for one in known}


def _groups() -> dict[str, str]:
    """What bulletins call each category: dispute, hazard or other."""
    return {str(one.id): one.group for one in catalog.categories(retired=True)}


def _names(dimension: str, keys: list[str]) -> dict[str, Words]:
    given = [k for k in keys if k]
    match dimension:
        case "status":
            return {str(s): STATUS_WORDS[s] for s in Status}
        case "channel":
            return {str(c): CHANNEL_WORDS[c] for c in Channel}
        case "level":
            return dict(rules.LEVELS)
        case "group":
            return dict(GROUPS)
        case "category" | "category_top":
            return {str(c.id): Words(c.name, c.name_en or c.name) for c in catalog.categories(retired=True)}
        case "district" | "street" | "community":
            return {code: Words(zh, en or zh) for code, (zh, en) in places.names_of(given).items()}
    sql = {
        "grid": "SELECT code AS key, name, name_en FROM places_grid WHERE code = ANY(%(keys)s)",
        "unit": "SELECT id::text AS key, name, name_en FROM people_unit WHERE id = ANY(%(keys)s::uuid[])",
        "person": "SELECT id::text AS key, name, '' AS name_en FROM people_user WHERE id = ANY(%(keys)s::uuid[])",
    }[dimension]
    return {r["key"]: Words(r["name"], r["name_en"] or r["name"]) for r in rows.all(sql, {"keys": given})}


# By category there is none: the queue knows cases by the category they were reported with, figures by the final one.
_QUEUE = {
    "status": "status",
    "channel": "channel",
    "community": "community",
    "grid": "grid",
    "unit": "lead",
    "street": "street",
}


def _group_filter(dimension: str, key: str) -> dict[str, Any] | None:
    """The queue's filter of a group; None where it has none, so that the group's figures name no list."""
    if not key or dimension not in _QUEUE:
        return {"": None}
    return {_QUEUE[dimension]: [key] if dimension in ("status", "channel") else key}


def _drill(by: Principal, asked: Asked, group: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """For each figure whose cases the queue can list: the parameters of ``GET /cases`` that list them."""
    scope = by.scope(StatsPermission.READ)
    district = asked.area is not None and len(asked.area) == 6  # the queue is narrowed by street and below
    if "" in group or asked.category or district:
        return {}
    base: dict[str, Any] = {
        "reported_from": _midnight(asked.first),
        "reported_to": _midnight(asked.last + timedelta(days=1)),
    }
    if asked.area:
        base[LEVEL_OF[len(asked.area)]] = asked.area
    if asked.channel:
        base["channel"] = [asked.channel]
    # A unit's queue also holds what it assists with; its figures are of what it leads.
    if scope.units and not (scope.everything or scope.districts or scope.streets or scope.communities or scope.grids):
        if len(scope.units) > 1 and not asked.unit:
            return {}
        base["lead"] = min(scope.units)
    if asked.unit:
        base["lead"] = asked.unit
    listed = {n: f.filter for n, f in FIGURES.items() if f.filter is not None and not f.filter.keys() & group.keys()}
    return {name: base | dict(group) | dict(filter) for name, filter in listed.items()}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone())


def definitions() -> list[dict[str, Any]]:
    """What each figure is, for screens to explain it."""
    found = [
        {"name": name, "unit": f.unit, "words": f.words._asdict(), "formula": f.formula._asdict()}
        for name, f in FIGURES.items()
    ]
    return found + [
        {"name": name, "unit": "minutes", "words": words._asdict(), "formula": formula._asdict()}
        for name, (words, formula) in TIMES.items()
    ]
