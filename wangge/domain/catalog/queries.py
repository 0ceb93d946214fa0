"""Reads of the rules. Those that a report or an act needs (``category``, ``due``, ``choose_route``, ``suggest``) work in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wangge.domain.catalog import rules
from wangge.domain.catalog.rules import Located, Place, Suggestion
from wangge.domain.catalog.store import CategoryOf, LimitOf, Snapshot, UnitOf, forget, snapshot
from wangge.kernel import clock
from wangge.kernel.clock.calendar import WorkCalendar
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound, Unavailable
from wangge.kernel.words import Words

__all__ = [
    "Comparison",
    "Place",
    "RouteChoice",
    "Sample",
    "calendar",
    "category",
    "category_by_code",
    "choose_route",
    "compare_routes",
    "due",
    "forget",
    "leaves",
    "limit",
    "search",
    "suggest",
    "suggestions",
]

FALLBACK = "1305"
"""Code of 其他事项 in the shipped catalogue: what fits nothing else, for the centre to judge."""

NO_CATEGORY = Words("没有这个类别。", "There is no such category.")


def category(category_id: UUID | None) -> CategoryOf | None:
    """The category if it is in use now; None for one that is unknown or retired."""
    found = snapshot().categories.get(category_id) if category_id else None
    return found if found is not None and found.valid(clock.now()) else None


def category_by_code(code: str) -> CategoryOf | None:
    """The category with this code if it is in use now."""
    at = clock.now()
    return next((c for c in snapshot().categories.values() if c.code == code and c.valid(at)), None)


def leaves() -> list[CategoryOf]:
    """What can be reported now, by code."""
    at = clock.now()
    return [c for c in snapshot().categories.values() if c.leaf and c.valid(at)]


def categories(*, retired: bool = False) -> list[CategoryOf]:
    """The tree, flat and by code; ``retired``: with those out of use."""
    at = clock.now()
    return [c for c in snapshot().categories.values() if retired or c.valid(at)]


def search(text: str, *, most: int = 20) -> list[CategoryOf]:
    """Leaves by code, name in either language, pinyin initials or keyword; what begins with the text comes first."""
    wanted = text.strip().casefold()
    if not wanted:
        return []

    def rank(c: CategoryOf) -> int:
        names = (c.code.casefold(), c.name.casefold(), c.name_en.casefold(), c.initials)
        if any(n.startswith(wanted) for n in names):
            return 0
        if any(wanted in n for n in names):
            return 1
        return 2 if any(wanted in k.casefold() for k in c.keywords) else 9

    found = sorted((rank(c), c.code, c) for c in leaves())
    return [c for place, _, c in found if place < 9][:most]


def suggestions(*, text: str, title: str = "", most: int = 5) -> list[Suggestion]:
    """Leaves whose keywords stand in the words, best first."""
    now, at = snapshot(), clock.now()
    return now.keywords.suggest(text, title=title, most=most, usable=lambda c: now.categories[c].valid(at))


def suggest(*, text: str, title: str = "") -> UUID | None:
    """The category that the words speak of, else 其他事项; None only without a catalogue."""
    found = suggestions(text=text, title=title, most=1)
    if found:
        return found[0].category
    other = category_by_code(FALLBACK)
    return other.id if other else None


def unit(unit_id: UUID) -> UnitOf | None:
    """The unit, if it is active and so can be given work."""
    found = snapshot().units.get(unit_id)
    return found if found and found.active else None


def units() -> list[UnitOf]:
    """Every active unit."""
    return [u for u in snapshot().units.values() if u.active]


def entry_desk(category: CategoryOf, channel: str, place: Located) -> UUID | None:
    """The centre or workstation that is the first to have such a case; None when no area around the place has one."""
    return snapshot().centre(category.entry_areas(channel, place))


def desks_at(areas: Iterable[str]) -> list[UnitOf]:
    """The centre, else the workstation, of each of these very areas that has one, by the areas' codes."""
    now = snapshot()
    return [now.units[desk] for area in sorted(areas) if (desk := now.centre([area])) is not None]


# — time ———————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def calendar() -> WorkCalendar:
    """The installation's work calendar."""
    return snapshot().calendar


def limit(category_id: UUID, urgency: str, stage: str) -> LimitOf | None:
    """The limit that holds for the category, its own or inherited; None when nobody set one."""
    return snapshot().limit(category_id, urgency, stage)


def known_limit(category_id: UUID, urgency: str, stage: str) -> LimitOf:
    """The limit that holds for the category. Unavailable when none is set for the stage at all."""
    found = limit(category_id, urgency, stage)
    if found is None:
        raise Unavailable(
            Words(
                f"没有设置“{rules.STAGES[stage].zh}”时限，请系统管理员设置默认时限。",
                f"No limit is set for “{rules.STAGES[stage].en}”; the system administrator must set a general one.",
            )
        )
    return found


def due(category_id: UUID, urgency: str, stage: str, start: datetime) -> datetime:
    """When the stage is due that starts at ``start``: aware, in UTC. Unavailable when no limit is set for it at all."""
    found = known_limit(category_id, urgency, stage)
    return calendar().add(start, found.amount, found.unit)


# — routes —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class RouteChoice(NamedTuple):
    """Who gets a case and why. ``route_id`` None: no rule, but the lead duty of the category. ``runner_up``: who would be next."""

    unit_id: UUID
    route_id: UUID | None
    automatic: bool
    why: Words
    runner_up: UUID | None = None


def choose_route(category_id: UUID, place: Place, at: datetime) -> RouteChoice | None:
    """The unit that the rules give a case of this category, place and time (aware); None when a person must choose."""
    return _choose(snapshot(), category_id, place, at)


def _choose(now: Snapshot, category_id: UUID, place: Place, at: datetime) -> RouteChoice | None:
    found = now.categories.get(category_id)
    if found is None:
        raise NotFound(NO_CATEGORY)
    wall = at.astimezone(now.calendar.zone)
    candidates = (r for top in (None, *found.path) for r in now.by_category.get(top, ()))
    choice = rules.choose(candidates, found.path, place, wall, now.calendar.is_working_day(wall.date()))
    by_duty = _by_duty(now, found, place)
    skipped = [
        Words(f"规则“{r.name}”的单位已停用，未采用", f"rule “{r.name}” was passed over, its unit is retired")
        for r in choice.skipped
    ]
    if choice.chosen is None:
        if by_duty is None:
            return None
        return RouteChoice(by_duty.id, None, False, _join(_say_duty(found, by_duty), *skipped))
    chosen, next_one = choice.chosen, choice.runner_up
    if next_one is not None:
        second = Words(f"次选：规则“{next_one.name}”", f"next: rule “{next_one.name}”")
        runner_up: UUID | None = next_one.unit
    elif by_duty is not None:
        second = Words(f"次选：{by_duty.name}（主办职责）", f"next: {by_duty.words.en} (lead duty)")
        runner_up = by_duty.id
    else:
        second, runner_up = Words("没有次选", "nothing comes next"), None
    why = _join(_say_route(now, chosen), second, *skipped)
    return RouteChoice(chosen.unit, chosen.id, chosen.automatic, why, runner_up)


def _by_duty(now: Snapshot, found: CategoryOf, place: Place) -> UnitOf | None:
    """The unit with the category's lead duty at the street, else the district, the city, the province."""
    areas = (place.street, place.district, place.district[:4], place.district[:2])
    return next((unit for a in areas if a and (unit := now.by_duty.get((found.lead_duty, a)))), None)


def _say_duty(found: CategoryOf, unit: UnitOf) -> Words:
    from wangge.domain.people.rules import DUTIES

    level = {2: Words("省", "province"), 4: Words("市", "city"), 6: Words("区", "district")}.get(
        len(unit.area), Words("街道", "street")
    )
    duty = DUTIES[found.lead_duty]
    return Words(
        f"没有适用的派遣规则；类别“{found.name}”的主办职责为{duty.zh}，由{level.zh}级单位{unit.name}承办",
        f"no rule applies; the lead duty of “{found.words.en}” is {duty.en.lower()}, held at {level.en} level by {unit.words.en}",
    )


def _say_route(now: Snapshot, route: rules.Route) -> Words:
    zh, en = [], []
    if route.category and route.category in now.categories:
        top = now.categories[route.category]
        zh.append(f"类别 {top.code} {top.name}")
        en.append(f"category {top.code} {top.words.en}")
    else:
        zh.append("全部类别")
        en.append("all categories")
    if route.grid:
        zh.append(f"网格 {route.grid}（{route.layer}）")
        en.append(f"grid {route.grid} ({route.layer})")
    elif route.area:
        name = now.areas.get(route.area, Words(route.area, route.area))
        zh.append(name.zh)
        en.append(name.en)
    if route.layer and not route.grid:
        zh.append(f"图层 {route.layer} 内")
        en.append(f"within layer {route.layer}")
    window = route.window.say()
    zh.append(window.zh)
    en.append(window.en)
    unit = now.units[route.unit]
    return Words(
        f"规则“{route.name}”（{' · '.join(zh)}）→ {unit.name}",
        f"rule “{route.name}” ({' · '.join(en)}) → {unit.words.en}",
    )


def _join(*parts: Words) -> Words:
    return Words("；".join(p.zh for p in parts) + "。", "; ".join(p.en for p in parts) + ".")


class Sample(NamedTuple):
    """One past case to try rules on."""

    category: UUID
    place: Place
    at: datetime


class Moved(NamedTuple):
    """A past case that another unit would have had; None: a person must choose. ``why``: what the changed rules say."""

    sample: Sample
    before: UUID | None
    after: UUID | None
    why: Words | None


MOST_MOVED = 20


class Comparison(NamedTuple):
    """What changed rules would do: ``moves`` counts cases by (unit now, unit then); None: a person must choose. ``moved``: the first of those
    that another unit would have had, in the order of the samples."""

    total: int
    changed: int
    before: dict[UUID | None, int]
    after: dict[UUID | None, int]
    moves: dict[tuple[UUID | None, UUID | None], int]
    moved: list[Moved]


def compare_routes(
    samples: Iterable[Sample], *, add: Sequence[rules.Route] = (), remove: Iterable[UUID] = ()
) -> Comparison:
    """Send ``samples`` through the rules as they are and as they would be with ``add`` and without ``remove`` (ids of versions).

    Every rule counts as in force at the time of each sample: the question is what it would have done. Nothing is changed.
    """
    now, gone = snapshot(), set(remove)

    def timeless(routes: Iterable[rules.Route]) -> tuple[rules.Route, ...]:
        return tuple(replace(r, valid_from=None, valid_to=None) for r in routes)

    old = replace(now, routes=timeless(now.routes))
    new = replace(now, routes=timeless([*(r for r in now.routes if r.id not in gone), *add]))
    moves: Counter[tuple[UUID | None, UUID | None]] = Counter()
    moved: list[Moved] = []
    for sample in samples:
        a = _choose(old, *sample)
        b = _choose(new, *sample)
        move = (a.unit_id if a else None, b.unit_id if b else None)
        moves[move] += 1
        if move[0] != move[1] and len(moved) < MOST_MOVED:
            moved.append(Moved(sample, *move, b.why if b else None))
    before: Counter[UUID | None] = Counter()
    after: Counter[UUID | None] = Counter()
    for (a_unit, b_unit), count in moves.items():
        before[a_unit] += count
        after[b_unit] += count
    changed = sum(count for (a_unit, b_unit), count in moves.items() if a_unit != b_unit)
    return Comparison(sum(moves.values()), changed, dict(before), dict(after), dict(moves), moved)


def named(role: str, unit: UUID | None) -> dict[str, object]:
    """A unit with its names, as it is answered: ``{role}``, ``{role}_name`` and ``{role}_name_en``, all None without one."""
    known = snapshot().units.get(unit) if unit else None
    return {
        role: unit,
        f"{role}_name": known.name if known else None,
        f"{role}_name_en": known.name_en if known else None,
    }


def told(found: Comparison) -> dict[str, object]:
    """A comparison with the names of its units, as it is answered."""
    return {
        "total": found.total,
        "changed": found.changed,
        "units": [
            named("unit", u) | {"before": found.before.get(u, 0), "after": found.after.get(u, 0)}
            for u in sorted({*found.before, *found.after}, key=str)
        ],
        "moved": [
            {
                "category": m.sample.category,
                "area": m.sample.place.community or m.sample.place.street or m.sample.place.district,
                "at": m.sample.at,
                "why": m.why._asdict() if m.why else None,
            }
            | named("before", m.before)
            | named("after", m.after)
            for m in found.moved
        ],
    }


# — for the desk: straight from the tables ————————————————————————————————————————————————————————————————————————————————


def days_of(year: int) -> list[rows.Row]:
    """The exceptional days of a year, in order."""
    return rows.all(
        """SELECT day, working, name, name_en, source FROM catalog_calendarday
           WHERE day >= make_date(%(year)s, 1, 1) AND day < make_date(%(year)s + 1, 1, 1) ORDER BY day""",
        {"year": year},
    )


def hours() -> list[rows.Row]:
    """The seasons of office hours, in order."""
    return rows.all("SELECT since, week, make_up, urgent FROM catalog_officehours ORDER BY since")


def limits_of(category_id: UUID | None) -> list[dict[str, object]]:
    """Every limit that holds for a category (None: the general ones), with whose it is."""
    now = snapshot()
    if category_id is not None and category_id not in now.categories:
        raise NotFound(NO_CATEGORY)
    found = []
    for stage in rules.STAGES:
        for urgency in rules.URGENCIES:
            limit = now.limit(category_id, urgency, stage) if category_id else now.limits.get((None, urgency, stage))
            if limit is not None:
                found.append(
                    {
                        "category": limit.category,
                        "urgency": urgency,
                        "stage": stage,
                        "amount": limit.amount,
                        "unit": limit.unit,
                        "inherited": limit.category != category_id,
                    }
                )
    return found


def limit_history(category_id: UUID | None) -> list[rows.Row]:
    """Every limit that a category itself (None: the general ones) has had, the newest first."""
    return rows.all(
        """SELECT urgency, stage, amount, unit, valid_from, valid_to FROM catalog_limit
           WHERE category_id IS NOT DISTINCT FROM %(category)s::uuid ORDER BY valid_from DESC, stage, urgency""",
        {"category": category_id},
    )


def routes(*, rule: UUID | None = None, ended: bool = False) -> list[rows.Row]:
    """Live rules, each with what keeps it from working; of one ``rule`` all versions, the newest first."""
    found = rows.all(
        """SELECT r.id, r.rule, r.number, r.name, r.category_id AS category, r.area, r.layer, r.grid, r.weekdays, r.day_kind,
                  r.start_minute, r.end_minute, r.unit_id AS unit, u.name AS unit_name, u.name_en AS unit_name_en,
                  r.automatic, r.note, r.valid_from, r.valid_to
           FROM catalog_route r JOIN people_unit u ON u.id = r.unit_id
           WHERE (r.rule = %(rule)s OR %(rule)s::uuid IS NULL) AND (r.valid_to IS NULL OR %(ended)s)
           ORDER BY r.name, r.rule, r.number DESC""",
        {"rule": rule, "ended": ended or rule is not None},
    )
    if rule is not None and not found:
        raise NotFound(Words("没有这条派遣规则。", "There is no such route."))
    problems = {b.id: b.words for b in broken_routes()}
    for row in found:
        words = problems.get(row["id"])
        row["problem"] = {"zh": words.zh, "en": words.en} if words else None
    return found


class Broken(NamedTuple):
    """A live rule that cannot work any more, and why. ``id``: of its version."""

    id: UUID
    name: str
    words: Words


def broken_routes() -> list[Broken]:
    """Live rules that have broken since they were saved: what they name was retired. They are passed over, and told here."""
    found = rows.all(
        """SELECT r.id, r.name, u.name AS unit, coalesce(nullif(u.name_en, ''), u.name) AS unit_en, NOT u.active AS unit_gone,
                  c.valid_to IS NOT NULL AS category_gone, c.name AS category,
                  coalesce(nullif(c.name_en, ''), c.name) AS category_en,
                  c.id IS NOT NULL AND EXISTS (SELECT 1 FROM catalog_category k WHERE k.parent_id = c.id)
                    AND NOT EXISTS (SELECT 1 FROM catalog_category k WHERE k.parent_id = c.id AND k.valid_to IS NULL) AS empty,
                  a.valid_to IS NOT NULL AS area_gone, a.name AS area, coalesce(nullif(a.name_en, ''), a.name) AS area_en,
                  r.layer IS NOT NULL AND NOT EXISTS (SELECT 1 FROM places_gridlayer l WHERE l.key = r.layer) AS layer_gone,
                  r.grid IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM places_grid g WHERE g.code = r.grid AND g.retired_at IS NULL) AS grid_gone, r.grid, r.layer
           FROM catalog_route r JOIN people_unit u ON u.id = r.unit_id
           LEFT JOIN catalog_category c ON c.id = r.category_id LEFT JOIN places_area a ON a.code = r.area
           WHERE r.valid_to IS NULL
             AND (NOT u.active OR c.id IS NOT NULL OR a.valid_to IS NOT NULL OR r.layer IS NOT NULL)
           ORDER BY r.name"""
    )
    broken = []
    for r in found:
        reasons = [
            (r["unit_gone"], f"单位“{r['unit']}”已停用", f"its unit “{r['unit_en']}” is retired"),
            (r["category_gone"], f"类别“{r['category']}”已停用", f"its category “{r['category_en']}” is retired"),
            (
                r["empty"],
                f"类别“{r['category']}”下没有可用类别",
                f"nothing below its category “{r['category_en']}” is in use",
            ),
            (r["area_gone"], f"区划“{r['area']}”已撤销", f"its area “{r['area_en']}” is no more"),
            (r["layer_gone"], f"图层 {r['layer']} 已不存在", f"its layer {r['layer']} is no more"),
            (r["grid_gone"], f"网格 {r['grid']} 已撤销", f"its grid {r['grid']} is retired"),
        ]
        why = [(zh, en) for is_so, zh, en in reasons if is_so]
        if why:
            words = Words("、".join(zh for zh, _ in why), ", ".join(en for _, en in why))
            broken.append(Broken(r["id"], r["name"], words))
    return broken


def table() -> str:
    """The whole catalogue in use as CSV, in the form that is taken in."""
    from wangge.domain.catalog.tables import write_categories

    now, at = snapshot(), clock.now()
    lines = []
    for c in now.categories.values():
        if c.valid(at):
            own = {u: now.limits.get((c.id, u, "handle")) for u in rules.URGENCIES}
            handle = {u: (x.amount, x.unit) for u, x in own.items() if x is not None}
            lines.append((c, now.categories[c.parent].code if c.parent else "", handle))
    return write_categories(lines)
