"""A year of plausible history for the demo, made so that the figures of three offices come out of it exactly as they were printed.

Each ``Set`` is the work of one office in twelve whole months that ended at least four weeks ago; what it says of its cases (how many,
of what kind, how many closed and in time) is what its figures are then. Everything else (when, where, who, how long) is drawn from a
dice of its own for each case, so that an interrupted load goes on with the same cases.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import shapely

from wangge.demo.phrases import OPENINGS, PLACES, RESULTS
from wangge.demo.plan import FUBAO, FUTIAN_STREETS, YANTIAN
from wangge.domain.cases import bulk
from wangge.domain.cases.actions import Report, Reporter, ladder
from wangge.domain.cases.actions.clocks import share_of_time
from wangge.domain.cases.actions.report import Placed
from wangge.domain.cases.bulk import Happened, History
from wangge.domain.cases.rules import MOST_TRIES, Act, Channel, FollowUp, Stage
from wangge.domain.catalog import queries as catalog
from wangge.domain.places import queries as places
from wangge.kernel import clock
from wangge.kernel.access import Principal, Role
from wangge.kernel.db import rows

SOURCE = "demo-year"
TELLER = Principal(kind="system", id=None, name="演示历史")
_SPACE = UUID("6c2f0c5e-5f0b-4f6e-9f0e-44030400d3a1")
REST = timedelta(weeks=4)
MEILIN = "440304007"
HAZARDS = ("04", "05")
_ANY = tuple(f"{top:02d}" for top in range(1, 14))
_CHANNELS = {
    Channel.WORKER: 46,
    Channel.HOTLINE: 24,
    Channel.RESIDENT: 14,
    Channel.PATROL: 11,
    Channel.WINDOW: 5,
}
_FOUND = {Channel.INSPECTION: 45, Channel.PATROL: 35, Channel.WORKER: 20}


@dataclass(frozen=True)
class Part:
    """``count`` cases of these top classes. Of them ``rejected``; ``open``: never finished; ``late``: closed after a limit ran out;
    ``overdue``: their limit ran out and they are not finished; ``after``: due, and closed, only after the year. The rest was closed in
    time, but for ``slips`` of a hundred."""

    tops: tuple[str, ...]
    count: int
    rejected: int = 0
    open: int = 0
    late: int = 0
    overdue: int = 0
    after: int = 0
    slips: int = 0


@dataclass(frozen=True)
class Set:
    """What one office printed: ``key`` names it in the ids, ``areas`` are streets or a district, ``channels`` have weights."""

    key: str
    areas: tuple[str, ...]
    parts: tuple[Part, ...]
    channels: Mapping[Channel, int] = field(default_factory=lambda: _CHANNELS)

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)


SETS = (
    # Fubao: 8 006 = 375 disputes + 2 242 hazards + 5 389 others; 6 219 closed, 77.68 %
    Set(
        "fubao",
        (FUBAO,),
        (
            Part(("06",), 375, open=96, slips=8),
            Part(HAZARDS, 2242, open=500, slips=8),
            Part(tuple(t for t in _ANY if t not in ("06", *HAZARDS)), 5389, open=1191, slips=8),
        ),
    ),
    # Tianmen's city management: accepted 1 054, filed 996, due 972, closed 911 (93.72 %), in time 737 (75.82 %)
    Set("meilin", (MEILIN,), (Part(("01", "02"), 1054, rejected=58, late=174, overdue=61, after=24),)),
    # Yantian: 25 301 hazards found, 24 950 handled, 98.6 %
    Set("yantian", (YANTIAN,), (Part(HAZARDS, 25_301, open=351, slips=4),), _FOUND),
    Set(
        "futian",
        tuple(s.code for s in FUTIAN_STREETS if s.code not in (FUBAO, MEILIN)),
        (Part(_ANY, 2000, rejected=31, open=40, slips=9),),
    ),
)


def period(now: datetime) -> tuple[date, date]:
    """The first and last day of the year that is told: whole months, the last of which ended at least four weeks ago."""
    day = (now - REST).astimezone(catalog.calendar().zone).date()
    last = day.replace(day=1) - timedelta(days=1)
    return (last.replace(day=1) - timedelta(days=334)).replace(day=1), last


def load(step: Callable[[int], Any] = lambda _: None, sets: tuple[Set, ...] = SETS) -> int:
    """Tell what of the year is not there yet, as the system. Returns how many cases were made."""
    total = sum(s.count for s in sets)
    if rows.value("SELECT count(*) FROM cases_case WHERE source = %(s)s", {"s": SOURCE}) >= total:
        return 0
    made, teller, waiting = 0, _Teller(clock.now()), []
    for told in _all(teller, sets):
        waiting.append(told)
        if len(waiting) == bulk.AT_ONCE:
            made += _write(waiting, step)
            waiting = []
    made += _write(waiting, step)
    _remind(teller)
    return made


def _all(teller: _Teller, sets: tuple[Set, ...]) -> Iterator[bulk.Told]:
    for some in sets:
        number = 0
        for part in some.parts:
            for at in range(part.count):
                yield bulk.tell(teller.history(some, part, at, number))
                number += 1


def _write(told: list[bulk.Told], step: Callable[[int], Any]) -> int:
    made = bulk.write(told, by=TELLER)
    step(len(told))
    return len(made)


def _remind(teller: _Teller) -> None:
    """What ran out in the year was said in the year: the ladder is climbed week by week."""
    at = teller.start
    while at < teller.now:
        with clock.at(at):
            while ladder.climb() == ladder.AT_ONCE:
                pass
        at += timedelta(weeks=1)


@dataclass(frozen=True)
class _Grid:
    place: Placed
    layers: Mapping[str, str]
    points: list[tuple[float, float]]


class _Teller:
    """Draws histories: where, when, who and how long, within what the part of the set demands."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.first, self.last = period(now)
        zone = catalog.calendar().zone
        self.start = datetime(self.first.year, self.first.month, self.first.day, tzinfo=zone).astimezone(UTC)
        self.days = (self.last - self.first).days + 1
        self.staff = _staff()
        self.grids = _grids()
        leaves = [c for c in catalog.leaves() if not c.confidential]
        self.leaves = {top: [c for c in leaves if c.code.startswith(top)] for top in _ANY}

    def history(self, some: Set, part: Part, at: int, number: int) -> History:
        dice = random.Random(f"{some.key} {number}")
        end = _ending(part, at, dice)
        grid = self.grids[dice.choice(some.areas)]
        grid = grid[min(int(dice.expovariate(3 / len(grid))), len(grid) - 1)]
        tops = [leaf for top in part.tops for leaf in self.leaves[top]]
        category = tops[min(int(dice.expovariate(4 / len(tops))), len(tops) - 1)]
        channel = dice.choices(list(some.channels), list(some.channels.values()))[0]
        exact = part.late + part.overdue > 0
        reported = self._moment(dice, end, exact=exact)
        outside = channel in (Channel.HOTLINE, Channel.RESIDENT, Channel.WINDOW)
        by = self.who(Role.OPERATOR, grid.place.street) if outside else self.who(Role.GRID_WORKER, grid.place.grid)
        where = f"{dice.choice(PLACES)}{dice.randrange(1, 180)} 号"
        report = Report(
            id=uuid5(_SPACE, f"{some.key} {number}"),
            text=f"{dice.choice(OPENINGS[channel])}{where}附近{category.name}，{category.accept_condition or '请核实处理。'}",
            title=f"{where}{category.name}",
            category=category.id,
            urgency=category.urgency,
            channel=channel,
            point=dice.choice(grid.points),
            accuracy_m=float(dice.randrange(4, 30)),
            address=where,
            reporter=Reporter(f"来电人{number % 97 + 1}", f"0755-0098{number % 10_000:04d}") if outside else None,
            confidential=outside and dice.random() < 0.03,
            wants_answer=dice.random() < 0.9,
            reported_at=reported,
            source=SOURCE,
        )
        history = History(
            by=by,
            report=report,
            place=grid.place,
            category=category.id,
            urgency=category.urgency,
            confidential=report.confidential,
            reported_at=reported,
            holder=catalog.entry_desk(category, channel, grid.place),
        )
        acts = _Acts(self, history, grid, category, dice, outside=outside and report.wants_answer, exact=exact)
        getattr(acts, end)()
        return history._replace(acts=acts.line)

    def _moment(self, dice: random.Random, end: str, *, exact: bool) -> datetime:
        """When it was reported: by day more than by night; what must be due in the year (``exact``) or only after it, not at its very end,
        or just there."""
        early, late = 0, self.days - (70 if exact or end == "late" else 0)
        if end == "after":
            early, late = self.days - 1, self.days
        hour = min(max(dice.gauss(13.5, 3.6), 0.0), 23.9)
        if end == "after":
            hour = 20.0 + dice.random() * 3
        return (self.start + timedelta(days=dice.randrange(early, late), hours=hour)).replace(microsecond=0)

    def who(self, role: Role, place: str | UUID | None) -> Principal:
        return self.staff[role, str(place)]


def _ending(part: Part, at: int, dice: random.Random) -> str:
    """What becomes of the case: as many of each as the part says, in no order that shows."""
    shuffled = (at * 7919 + 13) % part.count  # a step with no factor in common with any count: each place is met once
    for name in ("rejected", "open", "late", "overdue", "after"):
        if shuffled < (many := getattr(part, name)):
            return {"open": "unfinished"}.get(name, name)
        shuffled -= many
    if part.late or part.overdue:
        return "punctual"
    return "late" if dice.random() * 100 < part.slips else "punctual"


class _Acts:
    """The acts after a report, each by a person whose post allows it, at a time within (or past) the limit of its stage."""

    def __init__(
        self,
        teller: _Teller,
        history: History,
        grid: _Grid,
        category: Any,
        dice: random.Random,
        *,
        outside: bool,
        exact: bool,
    ) -> None:
        self.teller, self.history, self.category, self.dice, self.outside = teller, history, category, dice, outside
        self.place, self.line = history.place, []
        self.at = self.since = history.reported_at  # of the last act, and of the one that began the stage
        self.layers, self.exact = grid.layers, exact
        self.operator = teller.who(Role.OPERATOR, self.place.street)

    def rejected(self) -> None:
        self._act(
            Act.REJECT, self._within(Stage.ACCEPT), self.operator, note="不属于网格事项受理范围，已告知反映人咨询渠道。"
        )

    def punctual(self) -> None:
        if self.category.self_resolve and not (self.outside or self.exact) and self.dice.random() < 0.3:
            at = self._within(Stage.ACCEPT)
            self._act(Act.SELF_RESOLVE, at, self.history.by, outcome="closed", note="现场劝导并清理完毕。")
            return
        self._to_handling()
        if self.dice.random() < 0.03:
            self._act(
                Act.RETURN, self._within(Stage.HANDLE, 0.1, 0.2), self.handler, note="现场核实不属我单位职责，请改派。"
            )
            self._dispatch(unit=self.history.holder)
        self._finish(self._within(Stage.HANDLE))

    def late(self) -> None:
        self._to_handling()
        self._finish(self._within(Stage.HANDLE, 1.1, 1.9))

    def overdue(self) -> None:
        self._to_handling()

    def after(self) -> None:
        self._to_handling(due_at=self.teller.start + timedelta(days=self.teller.days + 3))
        self._finish(self.teller.start + timedelta(days=self.teller.days + 2, hours=3))

    def unfinished(self) -> None:
        """On its way: stood still until a review, long under way with a limit to match, or just before its end."""
        kind, now = self.dice.random(), self.teller.now
        later = now + timedelta(days=self.dice.randrange(20, 200), hours=2)
        if kind < 0.6:
            self._to_handling()
            note = self.dice.choice(("待老旧小区改造统一实施。", "产权单位正在筹措资金。", "列入明年度工程计划。"))
            self._act(Act.SUSPEND, self._within(Stage.HANDLE), self.operator, review_at=later, note=note)
            return
        self._to_handling(due_at=later)
        if kind > 0.97:
            self._resolve(now - timedelta(minutes=self.dice.randrange(5, 60)))

    # — steps ——————————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _act(self, act: Act, at: datetime, by: Principal, **given: Any) -> None:
        self.at = max(self.at, at)
        if act not in (Act.TAKE, Act.FOLLOW_UP):
            self.since = self.at
        self.line.append(Happened(act, self.at, by, **given))

    def _within(self, stage: Stage, least: float = 0.05, most: float = 0.9) -> datetime:
        """A moment when that share of the stage's limit is over, but never in the future."""
        limit = catalog.known_limit(self.category.id, self.history.urgency, str(stage))
        due = catalog.calendar().add(self.since, limit.amount, limit.unit)
        at = share_of_time(self.since, due, limit.unit, self.dice.uniform(least, most))
        return min(at.replace(microsecond=0), self.teller.now - timedelta(minutes=1))

    def _to_handling(self, due_at: datetime | None = None) -> None:
        self._act(Act.ACCEPT, self._within(Stage.ACCEPT), self.operator)
        self._dispatch(due_at=due_at)

    def _dispatch(self, unit: UUID | None = None, due_at: datetime | None = None) -> None:
        at = max(self.at, self._within(Stage.DISPATCH))
        place = catalog.Place(
            self.place.district, self.place.street, self.place.community, self.place.grid, self.layers
        )
        choice = catalog.choose_route(self.category.id, place, at)
        lead = unit or (choice.unit_id if choice else self.history.holder)
        self._act(Act.DISPATCH, at, self.operator, unit=lead, choice=choice, due_at=due_at)
        self.handler = (
            self.teller.who(Role.HANDLER, lead) if (Role.HANDLER, str(lead)) in self.teller.staff else self.operator
        )
        self._act(Act.TAKE, min(at + timedelta(minutes=self.dice.randrange(2, 12)), self.teller.now), self.handler)

    def _resolve(self, at: datetime) -> None:
        self._act(
            Act.RESOLVE, at, self.handler, note=self.dice.choice(RESULTS.get(self.category.code[:2], RESULTS[""]))
        )

    def _finish(self, at: datetime) -> None:
        self._resolve(at)
        verifier = self.teller.who(Role.GRID_WORKER, self.place.grid)
        self._act(Act.VERIFY, self._within(Stage.VERIFY), verifier, outcome="pass", note="现场核查，处置到位。")
        if self.outside:
            self._ask()
        self._act(Act.CLOSE, self._within(Stage.FOLLOW_UP, 0.3, 0.8), self.operator)

    def _ask(self) -> None:
        said = self.dice.choices(("satisfied", "not_wanted", "unreachable"), (86, 8, 6))[0]
        for _ in range(MOST_TRIES if said == FollowUp.UNREACHABLE else 1):
            rating = self.dice.choices((5, 4, 3, 2), (62, 26, 9, 3))[0] if said == FollowUp.SATISFIED else None
            self._act(
                Act.FOLLOW_UP, self._within(Stage.FOLLOW_UP, 0.02, 0.3), self.operator, outcome=said, rating=rating
            )


def _staff() -> dict[tuple[Role, str], Principal]:
    """The first person posted in a role to each place."""
    found = rows.all(
        """SELECT DISTINCT ON (p.role, place) p.role, coalesce(p.unit_id::text, p.grid, p.area) AS place, u.id, u.name
           FROM people_post p JOIN people_user u ON u.id = p.user_id ORDER BY p.role, place, u.created_at, length(u.login), u.login"""
    )
    return {(Role(r["role"]), r["place"]): Principal(kind="user", id=r["id"], name=r["name"]) for r in found}


def _grids() -> dict[str, list[_Grid]]:
    """Base grids by street and by district, each with a few points inside and the grids of the other layers that hold it."""
    layers = {row["key"]: row["id"] for row in places.layers()}
    found: dict[str, list[_Grid]] = {}
    dice = np.random.default_rng(11)
    for grid in places.current_grids(layers["base"]):
        shape = grid["shape"]
        west, south, east, north = shape.bounds
        lon, lat = dice.uniform(west, east, 120), dice.uniform(south, north, 120)
        inside = shapely.contains_xy(shape.buffer(-1e-5), lon, lat)
        points = [
            (round(float(x), 7), round(float(y), 7)) for x, y in zip(lon[inside][:12], lat[inside][:12], strict=True)
        ]
        hits = places.locate(points[:1])[0]
        hit = hits["base"]
        place = Placed(hit.district, hit.street, hit.community, hit.code, hit.version_id)
        one = _Grid(place, {key: h.code for key, h in hits.items() if h.inside}, points)
        for key in (place.street, place.district):
            found.setdefault(key, []).append(one)
    return found
