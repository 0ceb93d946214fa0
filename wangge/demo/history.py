"""Leads the stories through the loop by the real acts, each by a person whose post allows it, at its own time in the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID, uuid5

from django.db import transaction

from wangge.demo.stories import STORIES, Press, Story
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report, Reporter
from wangge.domain.cases.rules import MOST_TRIES, Call, Channel, FollowUp
from wangge.domain.catalog import queries as catalog
from wangge.domain.people.actions.authenticate import posts_at
from wangge.kernel import clock
from wangge.kernel.access import Principal, Role, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row

_SPACE = UUID("6c2f0c5e-5f0b-4f6e-9f0e-44030400d3a0")
AFTER = {
    "accept": 0.4,
    "dispatch": 0.2,
    "take": 0.7,
    "resolve": 3.0,
    "fail": 1.5,
    "verify": 1.5,
    "close": 2.0,
    "return": 2.5,
}
"""Working hours from one act to the next."""
WANTED_WITHIN = 16
"""Working hours until a supervision is to be answered."""
_LINE = ("accept", "dispatch", "take", "resolve", "verify", "close")
STEPS = {
    "report": (),
    "returned": ("accept", "dispatch", "return", "dispatch", "return"),
    "rework": ("accept", "dispatch", "take", "resolve", "fail"),
    **{act: _LINE[: at + 1] for at, act in enumerate(_LINE)},
}
"""What must have happened for a story to have come to its `reach`."""
_CALLERS = ("来电人甲", "来电人乙", "来电人丙", "来电人丁", "来电人戊")


def load(progress: Callable[[int], object] = lambda done: None) -> int:
    """Play every story that is not there yet, each in a transaction of its own. Returns how many were made."""
    known = {row["id"] for row in rows.all("SELECT id FROM cases_case WHERE id = ANY(%(ids)s)", {"ids": [case_id(i) for i in range(len(STORIES))]})}  # fmt: skip
    person.cache_clear()
    made = 0
    for number, story in sorted(enumerate(STORIES), key=lambda pair: -pair[1].ago):
        if case_id(number) not in known:
            with transaction.atomic():
                _play(number, story)
            made += 1
            progress(made)
    return made


def case_id(number: int) -> UUID:
    """The id of a story's case is the same in every installation, so that loading twice finds it."""
    return uuid5(_SPACE, f"story {number}")


@cache
def person(role: Role, *, area: str | None = None, grid: str | None = None, unit: UUID | None = None) -> Principal:
    """The first person posted in this role to this place. AssertionError when the demo has nobody there: a fault of the demo."""
    found = rows.one(
        """SELECT u.id, u.name FROM people_post p JOIN people_user u ON u.id = p.user_id
           WHERE p.role = %(role)s AND p.area IS NOT DISTINCT FROM %(area)s AND p.grid IS NOT DISTINCT FROM %(grid)s
             AND p.unit_id IS NOT DISTINCT FROM %(unit)s ORDER BY u.created_at, length(u.login), u.login LIMIT 1""",
        {"role": role, "area": area, "grid": grid, "unit": unit},
    )
    assert found is not None, (role, area, grid, unit)
    grants = tuple(posts_at(found["id"], clock.now()))
    units = frozenset(u for grant in grants for u in grant.scope.units)
    return Principal(kind="user", id=found["id"], name=found["name"], grants=grants, units=units)


def _play(number: int, story: Story) -> None:
    """One story from its report to where it has come by now."""
    calendar = catalog.calendar()
    at = _back(clock.now(), story.ago)
    pace = 0.7 + number % 5 * 0.2  # no two desks are equally quick
    row = _report(number, story, at)
    for act in STEPS[story.reach]:
        at = calendar.advance(at, AFTER[act] * pace * 3600, "work_hour")
        with clock.at(at):
            row = _act(act, row, story)
    for press in story.pressed:
        at = calendar.advance(at, pace * 3600, "work_hour")
        with clock.at(at):
            row = _press(press, row)
        if press.answer:
            with clock.at(calendar.advance(at, pace * 1800, "work_hour")):
                _answer(press, row)


def _back(moment: datetime, hours: float) -> datetime:
    """The moment that lies `hours` working hours before `moment`, to the second."""
    calendar = catalog.calendar()
    low, high = moment - timedelta(days=90), moment
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if calendar.seconds(middle, moment, "work_hour") >= hours * 3600:
            low = middle
        else:
            high = middle
    return low.replace(microsecond=0)


def _report(number: int, story: Story, at: datetime) -> Row:
    """Grid workers and patrols report themselves; for who calls or comes, the operator of the street writes it down."""
    point, grid = _place(story)
    staff = story.channel in (Channel.WORKER, Channel.PATROL) and grid is not None
    by = person(Role.GRID_WORKER, grid=grid) if staff else person(Role.OPERATOR, area=story.street)
    category = catalog.category_by_code(story.category)
    assert category is not None, story.category
    report = Report(
        id=case_id(number),
        title=story.title,
        text=story.text,
        category=category.id,
        channel=story.channel,
        point=point,
        accuracy_m=None if point is None else 8.0 + number % 7,
        street=None if point else story.street,
        address=story.address,
        reporter=None if staff else Reporter(_CALLERS[number % len(_CALLERS)], f"0755-0099{number:04d}"),
        confidential=story.confidential,
        wants_answer=story.follow_up != FollowUp.NOT_WANTED,
        source="demo",
    )
    with clock.at(at), acting(by):
        return actions.report(by=by, report=report)[0]


def _place(story: Story) -> tuple[tuple[float, float] | None, str | None]:
    """A point inside the n-th base grid of the street, and the grid's code."""
    if story.grid is None:
        return None, None
    found = rows.one(
        """SELECT g.code, v.centre_lon, v.centre_lat FROM places_grid g
           JOIN places_gridlayer l ON l.id = g.layer_id AND l.key = 'base'
           JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL
           WHERE g.street = %(street)s ORDER BY g.code OFFSET %(skip)s LIMIT 1""",
        {"street": story.street, "skip": story.grid - 1},
    )
    assert found is not None, story
    return (round(found["centre_lon"], 7), round(found["centre_lat"], 7)), found["code"]


def _act(act: str, row: Row, story: Story) -> Row:
    operator = person(Role.OPERATOR, area=row["street"])
    what = {"case": row["id"], "version": row["version"]}
    if act == "accept":
        with acting(operator):
            return actions.accept(by=operator, **what)
    if act == "dispatch":
        with acting(operator):
            return actions.dispatch(by=operator, **what)
    if act in ("take", "return", "resolve"):
        handler = person(Role.HANDLER, unit=row["lead"])
        with acting(handler):
            if act == "take":
                return actions.take(by=handler, **what)
            if act == "return":
                return actions.return_(by=handler, note="现场核实，权属不在我单位，请改派。", **what)
            return actions.resolve(by=handler, result=story.result, **what)
    if act in ("verify", "fail"):
        verifier = person(Role.GRID_WORKER, grid=row["grid"])
        with acting(verifier):
            if act == "fail":
                return actions.verify(by=verifier, outcome="fail", note="现场仍有残留，请清完。", **what)
            return actions.verify(by=verifier, outcome="pass", note="现场已看，属实。", **what)
    with acting(operator):
        while row["follow_up"] is None or (row["follow_up"] == FollowUp.UNREACHABLE and row["tries"] < MOST_TRIES):
            row = actions.follow_up(by=operator, outcome=story.follow_up, **what)
            what["version"] = row["version"]
        return actions.close(by=operator, **what)


def _press(press: Press, row: Row) -> Row:
    """The centre of the street urges; the district supervises and instructs. A supervision wants its answer within two days of work."""
    match press.kind:
        case Call.URGE:
            by = person(Role.OPERATOR, area=row["street"])
            with acting(by):
                return actions.urge(by=by, case=row["id"], note=press.text)
        case Call.SUPERVISE:
            by = person(Role.SUPERVISOR, area=row["district"])
            until = catalog.calendar().advance(clock.now(), WANTED_WITHIN * 3600, "work_hour")
            with acting(by):
                return actions.supervise(by=by, case=row["id"], level=press.level, answer_by=until, note=press.text)
    by = person(Role.LEADER, area=row["district"])
    with acting(by):
        return actions.instruct(by=by, case=row["id"], note=press.text)


def _answer(press: Press, row: Row) -> None:
    by = person(Role.HANDLER, unit=row["lead"])
    with acting(by):
        actions.answer(by=by, case=row["id"], note=press.answer)
