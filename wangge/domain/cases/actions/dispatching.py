"""派单: the centre gives a case to the units that do the work: 派遣, 指定派遣, 改派, 增派协办; and the rule that does it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from wangge.domain.cases import queries
from wangge.domain.cases.actions.clocks import Piece
from wangge.domain.cases.actions.desk import accept
from wangge.domain.cases.actions.move import Effects, act, open_for, reason, write
from wangge.domain.cases.rules import Act, Stage, share_of
from wangge.domain.catalog import queries as catalog
from wangge.kernel import clock
from wangge.kernel.access import Principal, acting
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Invalid


@act
def dispatch(
    *,
    by: Principal,
    case: UUID,
    version: int,
    unit: UUID | None = None,
    assisting: Sequence[UUID] = (),
    due_at: datetime | None = None,
    note: str = "",
) -> Row:
    """派遣: give the case to its lead unit, the one that the routes choose unless another is named, and to assisting ones. Why the rule
    chose it is kept with the case. ``due_at``: a limit other than the category's."""
    row, move = open_for(by=by, case=case, version=version, act=Act.DISPATCH)
    choice = catalog.choose_route(row["category"], queries.route_place(row), clock.now())
    if unit is None and choice is None:
        raise Invalid.field(
            "body.unit",
            "no_route",
            "没有适用的派遣规则，请选择主办单位。",
            "No route applies to this case; choose the lead unit.",
        )
    chosen = unit or choice.unit_id
    return _give(
        by=by, row=row, move=move, lead=chosen, choice=choice, assisting=assisting, due_at=due_at, note=note.strip()
    )


@act
def designate(
    *,
    by: Principal,
    case: UUID,
    version: int,
    unit: UUID,
    assisting: Sequence[UUID] = (),
    due_at: datetime | None = None,
    note: str,
) -> Row:
    """指定派遣: after the second return the centre says who does it, and that unit may not return it (DESIGN §4)."""
    row, move = open_for(by=by, case=case, version=version, act=Act.DESIGNATE)
    return _give(
        by=by,
        row=row,
        move=move,
        lead=unit,
        choice=None,
        assisting=assisting,
        due_at=due_at,
        note=reason(note),
        designated=True,
    )


def _give(
    *,
    by: Principal,
    row: Row,
    move: Any,
    lead: UUID,
    choice: Any,
    assisting: Sequence[UUID],
    due_at: datetime | None,
    note: str,
    designated: bool = False,
) -> Row:
    at = clock.now()
    usable([lead], "unit")
    others = list(dict.fromkeys(assisting))
    if lead in others:
        raise Invalid.field(
            "body.assisting", "is_lead", "主办单位不能同时协办。", "The lead unit does not assist itself."
        )
    usable(others, "assisting")
    check_limit(due_at, at)
    by_rule = choice is not None and lead == choice.unit_id
    route = {
        "by": "route" if by_rule else "designation" if designated else "hand",
        "rule": str(choice.route_id) if choice and choice.route_id else None,
        "why": {"zh": choice.why.zh, "en": choice.why.en} if choice and by_rule else None,
        "suggested": str(choice.unit_id) if choice and not by_rule else None,
    }
    effects = Effects(
        columns={"lead": lead, "assisting": others, "designated": designated, "route": orjson.dumps(route).decode()},
        note=note,
        unit=lead,
        due_at=due_at,
        data={"unit": str(lead), "by": route["by"], "rule": route["rule"]}
        | ({"assisting": [str(u) for u in others]} if others else {})
        | ({"due_at": str(due_at)} if due_at else {}),
    )
    effects.parts["assigned"] = assign(row, lead=lead, by=by, at=at)
    if others:
        limit = due_at or catalog.due(row["category"], row["urgency"], str(Stage.HANDLE), at)
        effects.parts["assisting_assigned"] = assist(row, units=others, by=by, at=at, due_at=limit)
    return write(by=by, row=row, move=move, effects=effects)


def assign(row: Row, *, lead: UUID, by: Principal, at: datetime) -> Piece:
    """The lead's assignment, as a part; its limit is the case's."""
    return (
        """INSERT INTO cases_assignment (district, id, "case", unit, kind, assigned_at, assigned_by, due_at)
           SELECT district, %(id)s, id, %(unit)s, 'lead', %(at)s, %(by)s, due_at FROM moved""",
        {"id": uuid7(), "unit": lead, "at": at, "by": by.id},
    )


def assist(row: Row, *, units: Sequence[UUID], by: Principal, at: datetime, due_at: datetime) -> Piece:
    """Assignments of assisting units, as a part."""
    return (
        """INSERT INTO cases_assignment (district, id, "case", unit, kind, assigned_at, assigned_by, due_at)
           SELECT m.district, u.id, m.id, u.unit, 'assist', %(at)s, %(by)s, %(due)s
           FROM moved m, unnest(%(ids)s::uuid[], %(units)s::uuid[]) AS u (id, unit)""",
        {"ids": [uuid7() for _ in units], "units": list(units), "at": at, "by": by.id, "due": due_at},
    )


def end_shares(row: Row, *, at: datetime, lead: str | None = None, assisting: str | None = None) -> Piece:
    """The part that ends live assignments: the lead's as ``lead`` and the others' as ``assisting`` says; None leaves them alone."""
    return (
        """UPDATE cases_assignment SET ended_at = %(at)s, ended_how = CASE kind WHEN 'lead' THEN %(lead)s ELSE %(assisting)s END
           WHERE district = %(district)s AND "case" = %(case)s AND ended_at IS NULL AND EXISTS (SELECT 1 FROM moved)
             AND CASE kind WHEN 'lead' THEN %(lead)s ELSE %(assisting)s END IS NOT NULL""",
        {"district": row["district"], "case": row["id"], "at": at, "lead": lead, "assisting": assisting},
    )


def drop_requests(row: Row, *, at: datetime, but: Iterable[UUID] = ()) -> Piece:
    """The part that drops what units asked for and nobody answered: the case goes on without it. A question to the reporter stays."""
    return (
        """UPDATE cases_request SET outcome = 'dropped', answered_at = %(at)s
           WHERE district = %(district)s AND "case" = %(case)s AND outcome = 'pending' AND kind <> 'question' AND id <> ALL(%(but)s::uuid[])
             AND EXISTS (SELECT 1 FROM moved)""",
        {"district": row["district"], "case": row["id"], "at": at, "but": list(but)},
    )


@act
def reassign(*, by: Principal, case: UUID, version: int, unit: UUID, due_at: datetime | None = None, note: str) -> Row:
    """改派: another lead unit, with the handling clock anew; assisting units stay."""
    row, move = open_for(by=by, case=case, version=version, act=Act.REASSIGN)
    at = clock.now()
    if share_of(row, [unit]):
        raise Invalid.field(
            "body.unit",
            "has_share",
            "该单位已是本案的主办或协办单位；改派请选择其他单位。",
            "This unit leads or assists already; choose another.",
        )
    usable([unit], "unit")
    check_limit(due_at, at)
    effects = Effects(
        columns={
            "lead": unit,
            "asked": [],
            "route": orjson.dumps({"by": "hand", "rule": None, "why": None, "suggested": None}).decode(),
        },
        note=reason(note),
        unit=unit,
        due_at=due_at,
        data={"unit": str(unit), "was": str(row["lead"])} | ({"due_at": str(due_at)} if due_at else {}),
        parts={
            "shares_ended": end_shares(row, at=at, lead="reassigned"),
            "requests_dropped": drop_requests(row, at=at),
        },
    )
    sql, values = assign(row, lead=unit, by=by, at=at)
    # The table holds one live lead a case: reading the part that ends the former makes PostgreSQL run it first.
    sql_ended, ended = effects.parts["shares_ended"]
    effects.parts["shares_ended"] = (sql_ended + " RETURNING id", ended)
    effects.parts["assigned"] = (sql + " WHERE (SELECT count(*) FROM shares_ended) >= 0", values)
    return write(by=by, row=row, move=move, effects=effects)


@act
def involve(
    *, by: Principal, case: UUID, version: int, unit: UUID, due_at: datetime | None = None, note: str = ""
) -> Row:
    """增派协办: one more unit assists, with a limit of its own."""
    row, move = open_for(by=by, case=case, version=version, act=Act.INVOLVE)
    at = clock.now()
    if share_of(row, [unit]):
        raise Invalid.field(
            "body.unit", "has_share", "该单位已是本案的主办或协办单位。", "This unit leads or assists already."
        )
    usable([unit], "unit")
    check_limit(due_at, at)
    limit = due_at or catalog.due(row["category"], row["urgency"], str(Stage.HANDLE), at)
    effects = Effects(
        columns={"assisting": [*row["assisting"], unit]},
        note=note.strip(),
        unit=unit,
        data={"unit": str(unit), "due_at": str(limit)},
        parts={"assigned": assist(row, units=[unit], by=by, at=at, due_at=limit)},
    )
    return write(by=by, row=row, move=move, effects=effects)


def usable(units: Iterable[UUID], field: str) -> None:
    """Raises Invalid when one of the units is unknown or retired, or cannot hold work."""
    for unit in units:
        if catalog.unit(unit) is None:
            raise Invalid.field(
                f"body.{field}",
                "unknown",
                "没有这个单位，或已停用，请另选。",
                "There is no such unit, or it is retired; choose another.",
            )


def check_limit(due_at: datetime | None, at: datetime) -> None:
    if due_at is not None and due_at <= at:
        raise Invalid.field("body.due_at", "past", "期限须晚于现在。", "The limit must lie in the future.")


AUTOMATIC = Principal(kind="system", id=None, name="自动派遣")


def by_itself(row: Row) -> Row:
    """Accept and dispatch a fresh case when the rule that fits it is automatic; the timeline says that the system did it and why. A case
    that anybody has moved is theirs and stays as it is."""
    if row["moved_version"] != 1:
        return row
    choice = catalog.choose_route(row["category"], queries.route_place(row), clock.now())
    if choice is None or not choice.automatic:
        return row
    with acting(AUTOMATIC):
        try:
            with transaction.atomic():  # both or neither: nobody comes back to what was accepted alone
                taken_on = accept(by=AUTOMATIC, case=row["id"], version=row["version"], note=choice.why.zh)
                return dispatch(by=AUTOMATIC, case=row["id"], version=taken_on["version"], note=choice.why.zh)
        except Conflict:  # a person was quicker: theirs it is
            return queries.visible(by=AUTOMATIC, case=row["id"])
