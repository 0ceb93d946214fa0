"""时限: what a clock row holds and how it moves. Counted on the work calendar; nothing but an act comes here, and the ladder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from wangge.domain.cases.rules import Stage
from wangge.domain.catalog import queries as catalog
from wangge.kernel.db.rows import Row
from wangge.kernel.db.statement import Statement
from wangge.kernel.ids import uuid7

REMIND_AT = 0.8
"""Share of the limit after which the holder is reminded (DESIGN §4)."""


Pauses = Sequence[tuple[datetime, datetime]]
"""From when to when a clock stood still, the earliest first: it is as if that time had not been."""


class Plan(NamedTuple):
    """A clock to be started, or counted anew: from when, until when, what it is counted in, and when it stood still."""

    stage: Stage
    unit: str
    started_at: datetime
    due_at: datetime
    pauses: Pauses = ()

    @property
    def next_at(self) -> datetime:
        """When the ladder's first step is due."""
        return self.share(REMIND_AT)

    def share(self, share: float) -> datetime:
        """When ``share`` of its time is over; beyond 1 it lies after its end."""
        return share_of_time(self.started_at, self.due_at, self.unit, share, self.pauses)


def plan(
    *,
    category: UUID,
    urgency: str,
    stage: Stage,
    at: datetime,
    due_at: datetime | None = None,
    pauses: Pauses = (),
) -> Plan:
    """The clock of a stage that starts at ``at`` and stands still in ``pauses``; ``due_at``: a limit that a person set instead of the
    category's."""
    limit = (
        catalog.limit(category, urgency, str(stage)) if due_at else catalog.known_limit(category, urgency, str(stage))
    )
    unit = limit.unit if limit else "hour"
    return Plan(stage, unit, at, due_at or _after(pauses, catalog.calendar().add(at, limit.amount, unit), unit), pauses)


def _after(pauses: Pauses, moment: datetime, unit: str) -> datetime:
    """Where a moment of a clock comes to lie when the clock stands still in ``pauses``."""
    for paused, resumed in pauses:
        moment = catalog.calendar().resume(moment, paused, resumed, unit)
    return moment


def share_of_time(start: datetime, due: datetime, unit: str, share: float, pauses: Pauses = ()) -> datetime:
    """When ``share`` of the running time from ``start`` to ``due``, without that of the ``pauses``, is over; beyond 1 it lies after
    ``due``."""
    calendar = catalog.calendar()
    within = [(a, b) for a, b in pauses if a < due]  # a clock that was over before stood still in vain
    length = calendar.seconds(start, due, unit) - sum(calendar.seconds(a, b, unit) for a, b in within)
    if length <= 0:  # a limit set by hand inside a rest: counted in natural time
        return start + (due - start) * share
    if share > 1:
        return calendar.advance(due, length * (share - 1), unit)
    return _after(within, calendar.advance(start, length * share, unit), unit)


def start(s: Statement, *, source: str, planned: Plan, at: datetime, after: str | None = None) -> None:
    """The clock's row, for the case that the part ``source`` yields. ``after``: the part that stops the one before; reading it makes
    PostgreSQL run it first, as the table holds one running clock a case."""
    s.cte(
        f"clock_of_{source}",
        f"""INSERT INTO cases_clock (district, id, "case", stage, unit, started_at, due_at, first_due_at, next_at)
            SELECT district, %(id)s, id, %(stage)s, %(unit)s, %(at)s, %(due)s, %(due)s, %(next)s FROM {source}
            {f"WHERE (SELECT count(*) FROM {after}) >= 0" if after else ""}""",
        id=uuid7(),
        stage=str(planned.stage),
        unit=planned.unit,
        at=at,
        due=planned.due_at,
        next=planned.next_at,
    )


_RUNNING = """district = %(district)s AND "case" = %(case)s AND outcome = 'running' AND EXISTS (SELECT 1 FROM moved)"""


def stop(s: Statement, *, row: Row, at: datetime, outcome: str) -> None:
    """End the running clock as the part ``clock_stopped``."""
    s.cte(
        "clock_stopped",
        f"UPDATE cases_clock SET stopped_at = %(at)s, outcome = %(outcome)s, next_at = NULL WHERE {_RUNNING} RETURNING id",
        district=row["district"],
        case=row["id"],
        at=at,
        outcome=outcome,
    )


Piece = tuple[str, dict[str, Any]]
"""A part of a statement: SQL and its parameters."""


def pause(row: Row, at: datetime) -> Piece:
    """The part that makes the running clock stand still."""
    return (
        f"UPDATE cases_clock SET paused_at = %(at)s WHERE {_RUNNING}",
        {"district": row["district"], "case": row["id"], "at": at},
    )


def resume(row: Row, clock: Row, at: datetime) -> tuple[Piece, datetime]:
    """The part that lets a paused clock run on, and its new due time: what was left then is left now."""
    calendar = catalog.calendar()

    def moved(moment: datetime | None) -> datetime | None:
        return moment and calendar.resume(moment, clock["paused_at"], at, clock["unit"])

    due = moved(clock["due_at"])
    part = f"""UPDATE cases_clock SET paused = paused + (%(at)s::timestamptz - paused_at), paused_at = NULL, due_at = %(due)s,
                      next_at = %(next)s WHERE {_RUNNING}"""
    values = {"district": row["district"], "case": row["id"], "at": at, "due": due, "next": moved(clock["next_at"])}
    return (part, values), due


def move(row: Row, planned: Plan) -> Piece:
    """The part that gives the running clock another due time: an extension, another category or urgency. The ladder starts again."""
    return (
        f"UPDATE cases_clock SET due_at = %(due)s, unit = %(unit)s, rung = 0, next_at = %(next)s WHERE {_RUNNING}",
        {
            "district": row["district"],
            "case": row["id"],
            "due": planned.due_at,
            "unit": planned.unit,
            "next": planned.next_at,
        },
    )
