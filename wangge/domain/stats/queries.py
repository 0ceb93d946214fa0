"""Figures of a scope and a period. Sums of whole years, months and five days come from the cells, the rest from the entries; a scope smaller than
a street, a unit, or a filter is answered from the entries alone. Exact either way (docs/decisions/0010).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from django.conf import settings
from django.db import connection

from wangge.domain.cases.rules import CHANNEL_WORDS, STATUS_WORDS, Channel, Status
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.rules import GROUPS
from wangge.domain.places import queries as places
from wangge.domain.stats import rules
from wangge.domain.stats.facts import KEYS
from wangge.domain.stats.models import BY_STREET, SCOPE
from wangge.domain.stats.rules import DURATIONS, FIGURES, MEASURES, TIMES
from wangge.domain.stats.tags import StatsPermission
from wangge.kernel import clock
from wangge.kernel.access import Columns, Principal, Scope
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words

MOST_POINTS = 400
MOST_YEARS = 20
_SUMS = ", ".join(f"coalesce(sum({m}), 0)::bigint AS {m}" for m in MEASURES)
_LEVEL_OF = {6: "district", 9: "street", 12: "community", 15: "grid"}


@dataclass(frozen=True)
class Asked:
    """``first`` and ``last``: days of the installation's zone, both counted. ``area``: a code of any level within the scope."""

    first: date
    last: date
    area: str | None = None
    category: UUID | None = None
    channel: str | None = None
    unit: UUID | None = None

    def checked(self) -> Asked:
        if self.first > self.last:
            raise Invalid.field("query.to", "order", "结束日期早于开始日期。", "The period ends before it begins.")
        if self.last - self.first > timedelta(days=366 * MOST_YEARS):
            raise Invalid.field(
                "query.from", "long", f"统计期最长 {MOST_YEARS} 年。", f"A period has at most {MOST_YEARS} years."
            )
        return self

    @property
    def from_cells(self) -> bool:
        """Whether sums by street can answer it."""
        return not (self.category or self.channel or self.unit or (self.area and len(self.area) > 9))

    def terms(self, params: dict[str, Any]) -> list[str]:
        """What narrows the entries and cells ``e``."""
        found = []
        if self.area:
            params["area"] = self.area
            found.append(f"e.{_LEVEL_OF[len(self.area)]} = %(area)s")
        if self.category:
            params["categories"] = subtree(self.category)
            found.append("e.category = ANY(%(categories)s)")
        for name in ("channel", "unit"):
            if value := getattr(self, name):
                params[name] = value
                found.append(f"e.{'lead' if name == 'unit' else name} = %({name})s")
        return found


def this_month() -> tuple[date, date]:
    today = clock.today(zone())
    return today.replace(day=1), today


def zone() -> ZoneInfo:
    return ZoneInfo(settings.CONFIG.zone)


def subtree(category: UUID) -> list[UUID]:
    """A category and all below it, retired ones too: old cases keep them."""
    below = defaultdict(list)
    for one in catalog.categories(retired=True):
        below[one.parent].append(one.id)
    found = [category]
    for at in found:
        found += below[at]
    return found


@dataclass(frozen=True)
class _Split:
    """A scope in two: what sums by street answer, and the rest of it, which only entries can."""

    streets: Scope
    rest: Scope

    @classmethod
    def of(cls, scope: Scope) -> _Split:
        # One's own reports outside one's places are not one's figures.
        scope = replace(scope, person=None)
        streets = Scope(everything=scope.everything, districts=scope.districts, streets=scope.streets)
        rest = Scope(communities=scope.communities, grids=scope.grids, units=scope.units)
        return cls(streets, Scope() if scope.everything else rest)


def within(scope: Scope, columns: Columns, params: dict[str, Any]) -> str:
    """The predicate of a scope of places and lead units, without a person, on entries, cells or cases ``e``. Of one that has no districts it is
    said as an index understands it, too: else the days of the whole city are read."""
    found = scope.sql("e", params, columns)
    if scope.everything or scope.districts:
        return found
    known = {"street": scope.streets, "community": scope.communities, "grid": scope.grids, "lead": scope.units}
    single = {column: sorted(values) for column, values in known.items() if values}
    params |= {f"single_{column}": values for column, values in single.items()}
    terms = [f"e.{column} = ANY(%(single_{column})s)" for column in single]
    return f"({found} AND ({' OR '.join(terms)}))" if terms else found


def _sources(by: Principal, asked: Asked, dimension: str, params: dict[str, Any], grains: Iterable[str]) -> str:
    """A FROM item ``e`` of rows with every measure, ``key`` and ``start``, whose sum is the answer. ``dimension``: whose keys."""
    split, parts = _Split.of(by.require(StatsPermission.READ)), []
    terms = asked.terms(params)
    columns = ", ".join(MEASURES)
    params |= {"first": asked.first, "last": asked.last}
    by_street = within(split.streets, BY_STREET, params)
    rest = within(split.rest, SCOPE, params)
    entry_days = "e.day BETWEEN %(first)s AND %(last)s"
    if by_street != "(FALSE)":
        if asked.from_cells:
            # By streets days have cells of the whole alone; of a dimension they are read from the entries.
            whole = split.streets.everything or not split.streets.streets
            by_day = dimension in rules.BY_DAY and whole and len(asked.area or "") <= 6
            kept = [g for g in grains if g != "day" or dimension == "all" or by_day]
            cut = rules.cover(asked.first, asked.last, kept)
            loose = [] if "day" in kept else cut.starts["day"]
            for grain in kept:
                if cut.starts[grain]:
                    params[f"starts_{grain}"] = cut.starts[grain]
                    where = [
                        by_street,
                        *terms,
                        "e.dimension = %(dimension)s",
                        f"e.grain = '{grain}'",
                        f"e.start = ANY(%(starts_{grain})s)",
                    ]
                    parts.append(
                        f"SELECT e.street, e.key, e.start, {columns} FROM stats_cell e WHERE {' AND '.join(where)}"
                    )
            params["dimension"] = dimension
            days = "e.day = ANY(%(loose)s)" if loose else None
            params["loose"] = loose
            if cut.beside:
                params["beside"] = cut.beside
                parts.append(_from_entries(dimension, [by_street, "e.day = ANY(%(beside)s)", *terms], sign="-"))
        else:
            days = entry_days
        if days:
            parts.append(_from_entries(dimension, [by_street, days, *terms]))
    if rest != "(FALSE)":
        parts.append(_from_entries(dimension, [rest, f"NOT {by_street}", entry_days, *terms]))
    if not parts:
        return f"(SELECT ''::text AS street, ''::text AS key, NULL::date AS start, {', '.join(f'0 AS {m}' for m in MEASURES)} WHERE false) e"
    return "(" + " UNION ALL ".join(parts) + ") e"


def _from_entries(dimension: str, where: list[str], *, sign: str = "") -> str:
    measures = ", ".join(f"{sign}{m}" for m in MEASURES)
    return f"SELECT e.street, {KEYS[dimension]} AS key, e.day AS start, {measures} FROM stats_entry e WHERE {' AND '.join(where)}"


def summary(*, by: Principal, asked: Asked) -> dict[str, Any]:
    """All figures of a scope and period, with median and p90 of the durations: two statements, three with months that were packed."""
    asked.checked()
    params: dict[str, Any] = {}
    source = _sources(by, asked, "all", params, rules.GRAINS)
    sums = rows.one(f"SELECT {_SUMS} FROM {source}", params) or rules.zero()
    times = {d: _percentiles(v) for d, v in _durations(by, asked).items()}
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
    source = _sources(asker, asked, kept, params, rules.GRAINS)
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
    source = _sources(by, asked, "all", params, ("month", "day") if step == "month" else ("day",))
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


def _durations(by: Principal, asked: Asked) -> dict[str, np.ndarray]:
    """Every duration of the scope and period: as they were packed, what is not packed from the entries."""
    split = _Split.of(by.require(StatsPermission.READ))
    params: dict[str, Any] = {"first": asked.first, "last": asked.last}
    terms = asked.terms(params)
    by_street, rest = within(split.streets, BY_STREET, params), within(split.rest, SCOPE, params)
    found: dict[str, list[np.ndarray]] = {d: [] for d in DURATIONS}
    days = ["e.day BETWEEN %(first)s AND %(last)s"]
    places: list[list[str]] = []
    if by_street != "(FALSE)" and asked.from_cells:
        for n, ((month, since), streets) in enumerate(_packed(found, asked, [by_street, *terms], params).items()):
            params |= {f"streets_{n}": streets, f"since_{n}": since, f"month_{n}": rules.next_start("month", month)}
            places.append(
                [f"e.street = ANY(%(streets_{n})s)", f"e.day >= %(since_{n})s", f"e.day < %(month_{n})s", *days]
            )
    elif by_street != "(FALSE)":
        places.append([by_street, *days])
    if rest != "(FALSE)":
        places.append([rest, f"NOT {by_street}", *days])
    if places:
        parts = [f"SELECT {', '.join(DURATIONS)} FROM stats_entry e WHERE {' AND '.join([*p, *terms])}" for p in places]
        columns = ", ".join(f"array_agg({d}) FILTER (WHERE {d} IS NOT NULL)" for d in DURATIONS)
        (row,) = _binary(f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) x", params)
        for duration, values in zip(DURATIONS, row, strict=True):
            found[duration].append(np.asarray(values or [], dtype="<u4"))
    return {d: np.concatenate(parts) if parts else np.empty(0, dtype="<u4") for d, parts in found.items()}


def _packed(
    found: dict[str, list[np.ndarray]], asked: Asked, where: list[str], params: dict[str, Any]
) -> dict[tuple[date, date], list[str]]:
    """Adds what is packed of the period to ``found``; returns what is not: streets by the month and its first day that is not packed."""
    params["months"] = rules.months(asked.first, asked.last)
    missing: dict[tuple[date, date], list[str]] = defaultdict(list)
    for street, month, upto, *packed in _binary(
        f"""SELECT e.street, e.start, t.upto, {", ".join(f"t.{d}" for d in DURATIONS)} FROM stats_cell e
            LEFT JOIN stats_times t ON t.district = e.district AND t.street = e.street AND t.month = e.start
            WHERE {" AND ".join(where)} AND e.dimension = 'all' AND e.grain = 'month' AND e.start = ANY(%(months)s)
              AND e.responded + e.closed > 0""",
        params,
    ):
        if (since := upto or month) < rules.next_start("month", month) and since <= asked.last:
            missing[month, since].append(street)
        if upto is None:
            continue
        for duration, raw in zip(DURATIONS, packed, strict=True):
            words = np.frombuffer(raw, dtype="<u4")
            if month < asked.first:
                words = words[words >> rules.DAY_SHIFT >= asked.first.day]
            if rules.next_start("month", month) > asked.last:
                words = words[words >> rules.DAY_SHIFT <= asked.last.day]
            found[duration].append(words & (1 << rules.DAY_SHIFT) - 1)
    return missing


def _binary(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows by the driver's binary protocol: packed durations are megabytes."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, params, binary=True)
        return cursor.fetchall()


def _times_by(
    by: Principal, asked: Asked, kept: str, dimension: str, group: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Durations of each group, always from the entries: tens of milliseconds for 100 000 of them."""
    split = _Split.of(by.require(StatsPermission.READ))
    params: dict[str, Any] = {"first": asked.first, "last": asked.last}
    where = ["e.day BETWEEN %(first)s AND %(last)s", *asked.terms(params)]
    by_street, rest = within(split.streets, BY_STREET, params), within(split.rest, SCOPE, params)
    key = {"street": "e.street", "district": "e.district"}.get(dimension, KEYS[kept])
    columns = ", ".join(f"array_agg({d}) FILTER (WHERE {d} IS NOT NULL)" for d in DURATIONS)
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {d: [] for d in DURATIONS})
    sql = (
        f"SELECT {key}, {columns} FROM stats_entry e WHERE ({by_street} OR {rest}) AND {' AND '.join(where)} GROUP BY 1"
    )
    for name, *values in _binary(sql, params):
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
        base[_LEVEL_OF[len(asked.area)]] = asked.area
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
