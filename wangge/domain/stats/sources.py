"""Which rows hold an answer. Sums of streets for whole years, months and five days; sums of a community or a unit of its own; entries for days at the
ends of a period, for what is filtered by category or channel, and for scopes that are none of these. Exact either way (docs/decisions/0010).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import connection

from wangge.domain.catalog import queries as catalog
from wangge.domain.stats import rules
from wangge.domain.stats.facts import KEYS
from wangge.domain.stats.models import BY_STREET, SCOPE
from wangge.domain.stats.rules import DURATIONS, MEASURES
from wangge.kernel.access import Columns, Scope
from wangge.kernel.problems import Invalid

MOST_YEARS = 20
LEVEL_OF = {6: "district", 9: "street", 12: "community", 15: "grid"}
_MEASURES = ", ".join(MEASURES)


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
            found.append(f"e.{LEVEL_OF[len(self.area)]} = %(area)s")
        if self.category:
            params["categories"] = subtree(self.category)
            found.append("e.category = ANY(%(categories)s)")
        for name in ("channel", "unit"):
            if value := getattr(self, name):
                params[name] = value
                found.append(f"e.{'lead' if name == 'unit' else name} = %({name})s")
        return found


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
class Split:
    """A scope in two: what sums by street answer, and the rest of it, which only entries can."""

    streets: Scope
    rest: Scope

    @classmethod
    def of(cls, scope: Scope) -> Split:
        # One's own reports outside one's places are not one's figures.
        scope = replace(scope, person=None)
        streets = Scope(everything=scope.everything, districts=scope.districts, streets=scope.streets)
        rest = Scope(communities=scope.communities, grids=scope.grids, units=scope.units)
        return cls(streets, Scope() if scope.everything else rest)


@dataclass(frozen=True)
class Owners:
    """Communities or lead units whose own sums hold the whole answer. ``kind``: which; ``codes``: areas' codes or units' ids; ``districts``: only their cases
    in these."""

    kind: str
    codes: list[str]
    districts: list[str] | None = None

    @classmethod
    def of(cls, scope: Scope, asked: Asked) -> Owners | None:
        """None: nobody's sums hold it, or not theirs alone."""
        area, unit = asked.area or "", asked.unit
        if asked.category or asked.channel:
            return None
        scope = replace(scope, person=None)
        of_units, of_districts = Scope(units=scope.units) == scope, Scope(districts=scope.districts) == scope
        districts = [area] if area else None
        if unit and len(area) > 6:
            return None
        if unit and (scope.everything or (of_units and unit in scope.units)):
            return cls("unit", [str(unit)], districts)
        if unit:
            inside = {area} & scope.districts if area else scope.districts
            return cls("unit", [str(unit)], sorted(inside)) if of_districts else None
        if len(area) == 12 and scope.covers(district=area[:6], street=area[:9], community=area):
            return cls("community", [area])
        if scope.communities and Scope(communities=scope.communities) == scope and len(area) < 12:
            return cls("community", sorted(code for code in scope.communities if code.startswith(area)))
        if scope.units and of_units and len(area) <= 6:
            return cls("unit", sorted(map(str, scope.units)), districts)
        return None

    @property
    def column(self) -> str:
        """Of an entry."""
        return "community" if self.kind == "community" else "lead"

    def where(self, params: dict[str, Any], owner: str = "owner") -> str:
        """Their rows ``e``, whose column ``owner`` says whose they are."""
        params["owners"] = self.codes
        found = f"e.{owner} = ANY(%(owners)s{'::uuid[]' if owner == 'lead' else ''})"
        if self.districts is None:
            return found
        params["of_districts"] = self.districts
        return f"{found} AND e.district = ANY(%(of_districts)s)"

    def sources(self, asked: Asked, dimension: str, params: dict[str, Any], *, by_street: bool) -> list[str] | None:
        """As ``sources``; None for a dimension that they have no sums of."""
        mine = self.where(params)
        kept = "street" if by_street else dimension
        key, street = "e.key", "e.key" if by_street else "''"
        if kept == self.kind:
            kept, key = "all", "e.owner"
        elif kept == "street" and self.kind == "community":
            kept, street = "all", "left(e.owner, 9)"
        chosen = f"SELECT {street} AS street, {key} AS key, e.start, {_MEASURES} FROM stats_own e WHERE {mine}"
        if kept == "all":
            return [f"{chosen} AND e.dimension = 'all' AND e.start BETWEEN %(first)s AND %(last)s"]
        if kept not in rules.OWN_BY[self.kind]:
            return None
        cut = rules.cover(asked.first, asked.last, ("month",))
        params |= {"kept": kept, "months": cut.starts["month"], "loose": cut.starts["day"], "beside": cut.beside}
        entries = self.where(params, self.column)
        found = (
            [f"{chosen} AND e.dimension = %(kept)s AND e.start = ANY(%(months)s::date[])"]
            if cut.starts["month"]
            else []
        )
        for days, sign in (("loose", ""), ("beside", "-")):
            if params[days]:
                found.append(_from_entries(dimension, [entries, f"e.day = ANY(%({days})s)"], sign=sign))
        return found

    def months(self, params: dict[str, Any]) -> str:
        """The months of the period in which there are durations of theirs: ``district``, ``place``, ``start``."""
        params["until"] = rules.next_start("month", params["last"])
        return f"""SELECT e.district, e.owner AS place, date_trunc('month', e.start)::date AS start FROM stats_own e
            WHERE {self.where(params)} AND e.dimension = 'all' AND e.start >= date_trunc('month', %(first)s)::date AND e.start < %(until)s
              AND e.responded + e.closed > 0 GROUP BY 1, 2, 3"""


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


def sources(
    scope: Scope,
    asked: Asked,
    dimension: str,
    params: dict[str, Any],
    grains: Iterable[str],
    *,
    by_street: bool = False,
) -> str:
    """A FROM item ``e`` of rows with every measure, ``key`` and ``start``, whose sum is the answer. ``dimension``: whose keys. Only where it is asked
    for ``by_street`` does every row say its ``street``."""
    params |= {"first": asked.first, "last": asked.last}
    if owners := Owners.of(scope, asked):
        of_their_own = owners.sources(asked, dimension, params, by_street=by_street)
        if of_their_own is not None:
            return _united(of_their_own)
    return _united(_from_streets(Split.of(scope), asked, dimension, params, grains))


def _from_streets(
    split: Split, asked: Asked, dimension: str, params: dict[str, Any], grains: Iterable[str]
) -> list[str]:
    parts = []
    terms = asked.terms(params)
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
                        f"SELECT e.street, e.key, e.start, {_MEASURES} FROM stats_cell e WHERE {' AND '.join(where)}"
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
    return parts


def _united(parts: list[str]) -> str:
    if not parts:
        nothing = ", ".join(f"0 AS {m}" for m in MEASURES)
        return f"(SELECT ''::text AS street, ''::text AS key, NULL::date AS start, {nothing} WHERE false) e"
    return "(" + " UNION ALL ".join(parts) + ") e"


def _from_entries(dimension: str, where: list[str], *, sign: str = "") -> str:
    measures = ", ".join(f"{sign}{m}" for m in MEASURES)
    return f"SELECT e.street, {KEYS[dimension]} AS key, e.day AS start, {measures} FROM stats_entry e WHERE {' AND '.join(where)}"


def durations(scope: Scope, asked: Asked) -> dict[str, np.ndarray]:
    """Every duration of the scope and period: as they were packed, what is not packed from the entries."""
    found: dict[str, list[np.ndarray]] = {d: [] for d in DURATIONS}
    params: dict[str, Any] = {"first": asked.first, "last": asked.last}
    terms = asked.terms(params)
    days = ["e.day BETWEEN %(first)s AND %(last)s"]
    places: list[list[str]] = []
    if owners := Owners.of(scope, asked):
        places += _packed(found, asked, owners.months(params), owners.column, params)
    else:
        split = Split.of(scope)
        by_street, rest = within(split.streets, BY_STREET, params), within(split.rest, SCOPE, params)
        if by_street != "(FALSE)" and asked.from_cells:
            months = f"""SELECT e.district, e.street AS place, e.start FROM stats_cell e WHERE {" AND ".join([by_street, *terms])}
                AND e.dimension = 'all' AND e.grain = 'month' AND e.start = ANY(%(months)s) AND e.responded + e.closed > 0"""
            params["months"] = rules.months(asked.first, asked.last)
            places += _packed(found, asked, months, "street", params)
        elif by_street != "(FALSE)":
            places.append([by_street])
        if rest != "(FALSE)":
            places.append([rest, f"NOT {by_street}"])
    if places:
        parts = [
            f"SELECT {', '.join(DURATIONS)} FROM stats_entry e WHERE {' AND '.join([*p, *days, *terms])}"
            for p in places
        ]
        columns = ", ".join(f"array_agg({d}) FILTER (WHERE {d} IS NOT NULL)" for d in DURATIONS)
        (row,) = binary(f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) x", params)
        for duration, values in zip(DURATIONS, row, strict=True):
            found[duration].append(np.asarray(values or [], dtype="<u4"))
    return {d: np.concatenate(parts) if parts else np.empty(0, dtype="<u4") for d, parts in found.items()}


def durations_by(scope: Scope, asked: Asked, key: str) -> list[tuple[Any, ...]]:
    """The durations of each value of ``key`` (over an entry ``e``), from the entries: rows of it and an array for each duration."""
    split = Split.of(scope)
    params: dict[str, Any] = {"first": asked.first, "last": asked.last}
    where = ["e.day BETWEEN %(first)s AND %(last)s", *asked.terms(params)]
    by_street, rest = within(split.streets, BY_STREET, params), within(split.rest, SCOPE, params)
    columns = ", ".join(f"array_agg({d}) FILTER (WHERE {d} IS NOT NULL)" for d in DURATIONS)
    return binary(
        f"SELECT {key}, {columns} FROM stats_entry e WHERE ({by_street} OR {rest}) AND {' AND '.join(where)} GROUP BY 1",
        params,
    )


def _packed(
    found: dict[str, list[np.ndarray]], asked: Asked, months: str, column: str, params: dict[str, Any]
) -> list[list[str]]:
    """Adds what is packed of the places' ``months`` to ``found``; returns what is not, as terms for entries whose ``column`` is the place."""
    missing: dict[tuple[str, date, date], list[str]] = defaultdict(list)
    for district, place, month, upto, *packed in binary(
        f"""SELECT e.district, e.place, e.start, t.upto, {", ".join(f"t.{d}" for d in DURATIONS)} FROM ({months}) e
            LEFT JOIN stats_times t ON t.district = e.district AND t.place = e.place AND t.month = e.start""",
        params,
    ):
        if (since := upto or month) < rules.next_start("month", month) and since <= asked.last:
            missing[district, month, since].append(place)
        if upto is None:
            continue
        for duration, raw in zip(DURATIONS, packed, strict=True):
            words = np.frombuffer(raw, dtype="<u4")
            if month < asked.first:
                words = words[words >> rules.DAY_SHIFT >= asked.first.day]
            if rules.next_start("month", month) > asked.last:
                words = words[words >> rules.DAY_SHIFT <= asked.last.day]
            found[duration].append(words & (1 << rules.DAY_SHIFT) - 1)
    places = []
    for n, ((district, month, since), of) in enumerate(missing.items()):
        params |= {f"of_{n}": district, f"places_{n}": of, f"since_{n}": since}
        params[f"month_{n}"] = rules.next_start("month", month)
        kind = "::uuid[]" if column == "lead" else ""
        mine = f"e.district = %(of_{n})s AND e.{column} = ANY(%(places_{n})s{kind})"
        places.append([mine, f"e.day >= %(since_{n})s", f"e.day < %(month_{n})s"])
    return places


def binary(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows by the driver's binary protocol: packed durations are megabytes."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, params, binary=True)
        return cursor.fetchall()
