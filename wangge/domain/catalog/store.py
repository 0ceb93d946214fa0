"""The catalogue in memory: what a report reads costs no statement. One cheap look-up a second tells a process that something changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from wangge.domain.catalog import rules
from wangge.kernel import clock
from wangge.kernel.clock.calendar import OFFICE_HOURS, Hours, WorkCalendar, spans
from wangge.kernel.db import rows
from wangge.kernel.db.replica import at_home
from wangge.kernel.words import Words

SECONDS = 1.0
"""How old a process's copy may be before it asks whether it is still right."""

GENERAL = 0.3
"""Weight of the matters that the centre itself answers: questions, suggestions, thanks. Any other subject goes before them."""

_STAMP = """
SELECT coalesce((SELECT stamp::text FROM catalog_state), '') || ' ' || coalesce(
    (SELECT md5(string_agg(id::text || ' ' || version || ' ' || active, ',' ORDER BY id)) FROM people_unit), '')
"""


class LimitOf(NamedTuple):
    """How long a stage may take, and whose rule that is (None: the general one)."""

    amount: int
    unit: str
    category: UUID | None

    def say(self) -> Words:
        unit = rules.UNITS[self.unit]
        return Words(f"{self.amount} {unit.zh}", f"{self.amount} {unit.en.lower()}")


@dataclass(frozen=True)
class CategoryOf:
    """A category with its place in the tree. ``path``: itself and those above, each with its depth."""

    id: UUID
    code: str
    parent: UUID | None
    name: str
    name_en: str
    initials: str
    group: str
    urgency: str
    lead_duty: str
    assist_duties: tuple[str, ...]
    accept_condition: str
    accept_condition_en: str
    close_condition: str
    close_condition_en: str
    evidence: tuple[dict[str, Any], ...]
    self_resolve: bool
    entry_level: str
    entry_levels: Mapping[str, str]
    confidential: bool
    keywords: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime | None
    version: int
    path: Mapping[UUID | None, int] = field(default_factory=dict)
    leaf: bool = True

    @property
    def words(self) -> Words:
        return Words(self.name, self.name_en or self.name)

    def wants(self, at: str) -> dict[str, rules.Wanted]:
        """The evidence that it wants ``at`` (report, result), by kind."""
        return rules.wanted(self.evidence, at)

    def entry_areas(self, channel: str, place: rules.Located) -> list[str]:
        """The areas whose desk may be the first to have a case of this category from this channel, best first."""
        level = self.entry_levels.get(channel, self.entry_level)
        return rules.entry_areas(level, place)

    def valid(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


class UnitOf(NamedTuple):
    id: UUID
    name: str
    name_en: str
    kind: str
    duty: str
    area: str
    active: bool

    @property
    def words(self) -> Words:
        return Words(self.name, self.name_en or self.name)


@dataclass(frozen=True)
class Snapshot:
    """All rules as they were at one stamp. Immutable."""

    stamp: str
    categories: Mapping[UUID, CategoryOf]
    limits: Mapping[tuple[UUID | None, str, str], LimitOf]
    calendar: WorkCalendar
    calendar_years: frozenset[int]
    routes: tuple[rules.Route, ...]
    units: Mapping[UUID, UnitOf]
    by_duty: Mapping[tuple[str, str], UnitOf]
    areas: Mapping[str, Words]

    @cached_property
    def by_category(self) -> Mapping[UUID | None, tuple[rules.Route, ...]]:
        """The routes by the top of their subtree, so that a choice looks only at those on the case's own path."""
        found: dict[UUID | None, list[rules.Route]] = {}
        for route in self.routes:
            found.setdefault(route.category, []).append(route)
        return {category: tuple(some) for category, some in found.items()}

    @cached_property
    def keywords(self) -> rules.Keywords:
        """Of every leaf, those out of use too."""
        leaves = (c for c in self.categories.values() if c.leaf)
        return rules.Keywords(
            (c.id, c.name, c.keywords, GENERAL if c.lead_duty == "grid_centre" else 1.0) for c in leaves
        )

    @cached_property
    def _centres(self) -> Mapping[str, UUID]:
        """Area → its centre, else its workstation: as the statement of a report finds it."""
        desks = (u for u in self.units.values() if u.active and u.kind in ("centre", "workstation"))
        found: dict[str, UUID] = {}
        for unit in sorted(desks, key=lambda u: (u.kind, u.id)):
            found.setdefault(unit.area, unit.id)
        return found

    def centre(self, areas: Sequence[str]) -> UUID | None:
        """The desk of the first of these areas that has one."""
        return next((self._centres[a] for a in areas if a in self._centres), None)

    def limit(self, category: UUID, urgency: str, stage: str) -> LimitOf | None:
        """The limit of the category, else of the nearest above it, else the general one."""
        key = (category, urgency, stage)
        if key not in self._limits:
            self._limits[key] = self._find_limit(*key)
        return self._limits[key]

    @cached_property
    def _limits(self) -> dict[tuple[UUID, str, str], LimitOf | None]:
        """What was asked before: a snapshot never changes."""
        return {}

    def _find_limit(self, category: UUID, urgency: str, stage: str) -> LimitOf | None:
        found = self.categories.get(category)
        path = sorted(found.path, key=found.path.__getitem__, reverse=True) if found else []
        for node in (*path, None):
            limit = self.limits.get((node, urgency, stage))
            if limit is not None:
                return limit
        return None


_lock = threading.Lock()
_kept: Snapshot | None = None
_asked = 0.0


def forget() -> None:
    """Ask again at the next read: after a change made in this process."""
    global _asked
    _asked = 0.0


def snapshot() -> Snapshot:
    """The rules as they are now, at most a second old."""
    global _kept, _asked
    kept, moment = _kept, time.monotonic()
    if kept is not None and _asked and moment - _asked < SECONDS:
        return kept
    with _lock:
        if _kept is not None and _asked and time.monotonic() - _asked < SECONDS:
            return _kept
        with at_home():  # what is remembered here is what others act on
            stamp = str(rows.value(_STAMP))
            if _kept is None or _kept.stamp != stamp:
                _kept = _load(stamp)
        _asked = time.monotonic()
        return _kept


def _load(stamp: str) -> Snapshot:
    units = {
        r["id"]: UnitOf(**r)
        for r in rows.all("SELECT id, name, name_en, kind, duty, area, active FROM people_unit ORDER BY id")
    }
    by_duty: dict[tuple[str, str], UnitOf] = {}
    for unit in units.values():
        if unit.active:
            by_duty.setdefault((unit.duty, unit.area), unit)  # the one that was there first
    days = rows.all("SELECT day, working FROM catalog_calendarday")
    return Snapshot(
        stamp=stamp,
        categories=_categories(),
        limits={
            (r["category_id"], r["urgency"], r["stage"]): LimitOf(r["amount"], r["unit"], r["category_id"])
            for r in rows.all(
                "SELECT category_id, urgency, stage, amount, unit FROM catalog_limit WHERE valid_to IS NULL"
            )
        },
        calendar=WorkCalendar(ZoneInfo(settings.CONFIG.zone), _hours(), {r["day"]: r["working"] for r in days}),
        calendar_years=frozenset(r["day"].year for r in days),
        routes=tuple(_routes(units)),
        units=units,
        by_duty=by_duty,
        areas={
            r["code"]: Words(r["name"], r["name_en"] or r["name"])
            for r in rows.all(
                """SELECT code, name, name_en FROM places_area WHERE code IN
                   (SELECT area FROM catalog_route WHERE valid_to IS NULL UNION SELECT area FROM people_unit)"""
            )
        },
    )


def _categories() -> dict[UUID, CategoryOf]:
    found = rows.all(
        """SELECT c.id, c.code, c.parent_id AS parent, c.name, c.name_en, c.initials, c."group", c.urgency, c.lead_duty,
                  c.assist_duties, c.accept_condition, c.accept_condition_en, c.close_condition, c.close_condition_en,
                  c.evidence::text AS evidence, c.self_resolve, c.entry_level,
                  c.entry_levels::text AS entry_levels, c.confidential, c.keywords, c.valid_from, c.valid_to,
                  c.version, NOT EXISTS (SELECT 1 FROM catalog_category k WHERE k.parent_id = c.id) AS leaf
           FROM catalog_category c ORDER BY c.code"""
    )
    import orjson

    parents = {r["id"]: r["parent"] for r in found}
    made = {}
    for r in found:
        up: list[UUID | None] = []
        node: UUID | None = r["id"]
        while node is not None and node not in up:
            up.append(node)
            node = parents.get(node)
        r["path"] = {node: depth for depth, node in enumerate(reversed(up))}
        r["evidence"], r["entry_levels"] = tuple(orjson.loads(r["evidence"])), orjson.loads(r["entry_levels"])
        r["assist_duties"], r["keywords"] = tuple(r["assist_duties"]), tuple(r["keywords"])
        made[r["id"]] = CategoryOf(**r)
    return made


def _hours() -> Hours | list[tuple[date, Hours]]:
    seasons = [
        (
            r["since"],
            Hours(week=tuple(spans(t) for t in r["week"]), make_up=spans(r["make_up"]), urgent=spans(r["urgent"])),
        )
        for r in rows.all("SELECT since, week, make_up, urgent FROM catalog_officehours ORDER BY since")
    ]
    return seasons or OFFICE_HOURS


def route_of(row: Mapping[str, Any], *, live: bool = True) -> rules.Route:
    """A row of ``catalog_route`` as the pure rule."""
    return rules.Route(
        id=row["id"],
        unit=row["unit_id"],
        category=row["category_id"],
        area=row["area"],
        layer=row["layer"],
        grid=row["grid"],
        window=rules.Window(frozenset(row["weekdays"]), row["day_kind"], row["start_minute"], row["end_minute"]),
        automatic=row["automatic"],
        live=live,
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        name=row["name"],
    )


def _routes(units: Mapping[UUID, UnitOf]) -> list[rules.Route]:
    found = rows.all("SELECT * FROM catalog_route WHERE valid_to IS NULL OR valid_to > %(now)s", {"now": clock.now()})
    return [route_of(r, live=units[r["unit_id"]].active) for r in found]
