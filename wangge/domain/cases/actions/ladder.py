"""What happens when nobody acts: at 80 % of a limit its holder is reminded, at its end the case is overdue and the supervisor told, at
twice the limit the centre of the level above holds it (DESIGN §4). Each step once, whatever crashes and however many processes work:
a step is written only together with the clock's rung, by one statement that finds the rung as it was read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wangge.domain.cases import queries
from wangge.domain.cases.actions import clocks
from wangge.domain.cases.actions.checking import archive
from wangge.domain.cases.actions.move import Effects, add_step
from wangge.domain.cases.rules import Act, Status
from wangge.domain.cases.tags import CaseEvent
from wangge.kernel import clock
from wangge.kernel.access import Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.db.statement import Statement
from wangge.kernel.problems import Problem

LADDER = Principal(kind="system", id=None, name="时限提醒")
AT_ONCE = 500
"""Steps taken before the other jobs have their turn."""

_STEPS: dict[int, tuple[Act, CaseEvent]] = {
    1: (Act.REMIND, CaseEvent.REMINDER),
    2: (Act.OVERDUE, CaseEvent.OVERDUE),
    3: (Act.RAISE, CaseEvent.ESCALATED),
}


def climb() -> int:
    """Take every step of the ladder that is due. Returns how many; as many as ``AT_ONCE`` means that more may wait."""
    with acting(LADDER):
        due = rows.all(
            f"""SELECT c.*, {queries.FACTS}, k.id AS clock_id, k.rung, k.next_at, k.unit AS clock_unit, k.started_at AS clock_started,
                       k.due_at AS clock_due, k.paused AS clock_paused
                FROM cases_clock k JOIN cases_case c ON c.district = k.district AND c.id = k."case"
                WHERE k.outcome = 'running' AND k.paused_at IS NULL AND k.next_at <= %(now)s ORDER BY k.next_at, k.id LIMIT %(most)s""",
            {"now": clock.now(), "most": AT_ONCE},
        )
        return sum(_step(row) for row in due)


def _step(row: Row) -> bool:
    rung = row["rung"] + 1
    act, event = _STEPS[rung]
    at = max(clock.now(), row["changed_at"])
    columns: dict[str, Any] = {"changed_at": at}
    effects = Effects(unit=row["lead"] or row["holder"], data={"stage": row["stage"], "due_at": str(row["clock_due"])})
    if rung == 2:
        columns["overdue_at"] = row["overdue_at"] or row["clock_due"]
    if rung == 3:
        above = queries.centre_above(row)
        if above is not None:
            columns["holder"] = above["id"]
            effects.unit = above["id"]
            effects.data |= {"holder": str(above["id"]), "was": row["holder"] and str(row["holder"])}
    s = Statement()
    # The case is locked first, as acts lock it; then the clock is looked at as it is by then.
    s.cte(
        "held",
        "SELECT district, id FROM cases_case WHERE district = %(district)s AND id = %(id)s FOR UPDATE",
        district=row["district"],
        id=row["id"],
    )
    s.cte(
        "climbed",
        """UPDATE cases_clock k SET rung = %(rung)s, next_at = %(next)s FROM held
           WHERE k.district = held.district AND k."case" = held.id AND k.id = %(clock)s AND k.rung = %(before)s
             AND k.outcome = 'running' AND k.paused_at IS NULL AND k.next_at = %(was)s RETURNING k."case" """,
        rung=rung,
        next=_next(row, rung),
        clock=row["clock_id"],
        before=row["rung"],
        was=row["next_at"],
    )
    s.cte(
        "moved",
        f"""UPDATE cases_case c SET {", ".join(f"{name} = %({name})s" for name in columns)}, version = version + 1 FROM climbed
            WHERE c.district = %(in_district)s AND c.id = climbed."case" RETURNING c.*""",
        **columns,
        in_district=row["district"],
    )
    add_step(
        s,
        source="moved",
        by=LADDER,
        move_act=act,
        outcome=None,
        before=row["status"],
        effects=effects,
        at=at,
        event=event,
    )
    return s.fetch("SELECT id FROM moved") is not None


def _next(row: Row, rung: int) -> datetime | None:
    if rung == 1:
        return row["clock_due"]
    if rung == 2:
        started = {"started_at": row["clock_started"], "paused": row["clock_paused"]}
        pauses = queries.pauses(district=row["district"], case=row["id"], clock=started)
        return clocks.share_of_time(row["clock_started"], row["clock_due"], row["clock_unit"], 2.0, pauses)
    return None


def review() -> int:
    """Say of each suspended case once that its review date has come. Returns how many."""
    with acting(LADDER):
        due = rows.all(
            """SELECT * FROM cases_case WHERE review_at <= %(now)s AND review_told_at IS DISTINCT FROM review_at
                 AND status = %(suspended)s ORDER BY review_at LIMIT %(most)s""",
            {"now": clock.now(), "suspended": Status.SUSPENDED, "most": AT_ONCE},
        )
        return sum(_review(row) for row in due)


def _review(row: Row) -> bool:
    at = max(clock.now(), row["changed_at"])
    s = Statement()
    s.cte(
        "moved",
        """UPDATE cases_case c SET review_told_at = review_at, changed_at = %(at)s, version = version + 1
           WHERE c.district = %(district)s AND c.id = %(id)s AND c.review_at = %(review)s
             AND c.review_told_at IS DISTINCT FROM c.review_at RETURNING c.*""",
        at=at,
        district=row["district"],
        id=row["id"],
        review=row["review_at"],
    )
    effects = Effects(unit=row["holder"], data={"review_at": str(row["review_at"])})
    add_step(
        s,
        source="moved",
        by=LADDER,
        move_act=Act.REVIEW,
        outcome=None,
        before=row["status"],
        effects=effects,
        at=at,
        event=CaseEvent.REVIEW_DUE,
    )
    return s.fetch("SELECT id FROM moved") is not None


def archive_old(days: int) -> int:
    """归档: closed cases are archived by themselves ``days`` after they were closed. Returns how many."""
    done = 0
    with acting(LADDER):
        old = rows.all(
            """SELECT id, version FROM cases_case WHERE status = %(closed)s AND closed_at < %(now)s - make_interval(days => %(days)s)
               ORDER BY closed_at LIMIT %(most)s""",
            {"closed": Status.CLOSED, "now": clock.now(), "days": days, "most": AT_ONCE},
        )
        for row in old:
            try:
                archive(by=LADDER, case=row["id"], version=row["version"], note="")
                done += 1
            except Problem:  # reopened meanwhile: it is looked at again when it is closed
                continue
    return done
