"""The units' acts: 签收, 退单, 协办退回, 进展, 协办办结, 办结; and 现场自处置 by who reported it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from wangge.domain.cases.actions.clocks import Piece
from wangge.domain.cases.actions.dispatching import drop_requests, end_shares
from wangge.domain.cases.actions.move import Effects, act, open_for, reason, required_text, write
from wangge.domain.cases.actions.wanted import with_evidence
from wangge.domain.cases.rules import Act, FollowUp, Transition, rows_of, share_of
from wangge.domain.catalog import queries as catalog
from wangge.domain.evidence.actions.attach import Promise
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.geo.lattice import distance_m
from wangge.kernel.problems import Conflict
from wangge.kernel.words import Words

RESULT = Words("处置结果", "Result")


@act
def take(*, by: Principal, case: UUID, version: int, note: str = "") -> Row:
    """签收: a unit says that it has its share. Once for each dispatch."""
    row, move = open_for(by=by, case=case, version=version, act=Act.TAKE)
    share = share_for(by, row)
    effects = Effects(
        note=note.strip(), unit=UUID(share["unit"]), columns=handlers(row, by), data={"share": share["kind"]}
    )
    effects.parts["taken"] = (
        "UPDATE cases_assignment SET taken_at = %(at)s, taken_by = %(by)s WHERE district = %(district)s AND id = %(id)s"
        " AND EXISTS (SELECT 1 FROM moved)",
        {"at": clock.now(), "by": by.id, "district": row["district"], "id": share["id"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def return_(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """退单: the lead unit gives the case back with its reason; the centre dispatches it anew."""
    row, move = open_for(by=by, case=case, version=version, act=Act.RETURN)
    at = clock.now()
    effects = Effects(
        columns={"lead": None, "assisting": [], "asked": [], "route": None, "returns": row["returns"] + 1},
        note=reason(note),
        unit=row["lead"],
        data={"unit": str(row["lead"]), "returns": row["returns"] + 1},
        parts={
            "shares_ended": end_shares(row, at=at, lead="returned", assisting="withdrawn"),
            "requests_dropped": drop_requests(row, at=at),
        },
        leaves=True,
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def decline(*, by: Principal, case: UUID, version: int, note: str) -> Row:
    """协办退回: an assisting unit leaves, with its reason; the lead goes on."""
    row, move = open_for(by=by, case=case, version=version, act=Act.DECLINE)
    share = share_for(by, row, lead=False)
    unit = UUID(share["unit"])
    effects = Effects(
        columns={"assisting": [u for u in row["assisting"] if u != unit]},
        note=reason(note),
        unit=unit,
        data={"unit": str(unit)},
        leaves=True,
    )
    effects.parts["share_ended"] = (
        "UPDATE cases_assignment SET ended_at = %(at)s, ended_how = 'declined' WHERE district = %(district)s AND id = %(id)s"
        " AND EXISTS (SELECT 1 FROM moved)",
        {"at": clock.now(), "district": row["district"], "id": share["id"]},
    )
    return write(by=by, row=row, move=move, effects=effects)


@act
def progress(
    *, by: Principal, case: UUID, version: int | None = None, note: str, evidence: Sequence[Promise] = ()
) -> Row:
    """进展: what has been done so far. Moves nothing."""
    row, move = open_for(by=by, case=case, version=version, act=Act.PROGRESS)
    text = required_text("note", note, Words("进展", "The progress"))
    effects = Effects(note=text, unit=UUID(share_for(by, row)["unit"]))
    with_evidence(effects, by=by, row=row, act=Act.PROGRESS, evidence=evidence)
    return write(by=by, row=row, move=move, effects=effects)


@act
def resolve_share(*, by: Principal, case: UUID, version: int, result: str, evidence: Sequence[Promise] = ()) -> Row:
    """协办办结: an assisting unit has done its share."""
    row, move = open_for(by=by, case=case, version=version, act=Act.RESOLVE_SHARE)
    share = share_for(by, row, lead=False)
    text = required_text("result", result, RESULT, most=5000)
    effects = Effects(note=text, unit=UUID(share["unit"]), columns=handlers(row, by))
    effects.parts["share_resolved"] = _resolved(by, row, share["id"], text)
    with_evidence(effects, by=by, row=row, act=Act.RESOLVE_SHARE, evidence=evidence)
    return write(by=by, row=row, move=move, effects=effects)


@act
def resolve(
    *,
    by: Principal,
    case: UUID,
    version: int,
    result: str,
    point: tuple[float, float] | None = None,
    evidence: Sequence[Promise] = (),
) -> Row:
    """办结: the lead unit reports what was done, for the shares of all. The case goes to be verified by someone else."""
    row, move = open_for(by=by, case=case, version=version, act=Act.RESOLVE)
    text = required_text("result", result, RESULT, most=5000)
    undone = [s["unit"] for s in row["shares"] if s["kind"] == "assist" and s["resolved_at"] is None]
    effects = Effects(
        note=text,
        unit=row["lead"],
        columns={"result": text, "asked": []} | handlers(row, by),
        data=({"shares_left": undone} if undone else {}) | shot_at(row, point),
    )
    lead = next((s["id"] for s in row["shares"] if s["kind"] == "lead"), None)
    effects.parts["resolved"] = _resolved(by, row, lead, text)
    effects.parts["requests_dropped"] = drop_requests(row, at=clock.now())
    with_evidence(effects, by=by, row=row, act=Act.RESOLVE, evidence=evidence, needed="result")
    return write(by=by, row=row, move=move, effects=effects)


@act
def self_resolve(
    *,
    by: Principal,
    case: UUID,
    version: int,
    result: str,
    point: tuple[float, float] | None = None,
    evidence: Sequence[Promise] = (),
) -> Row:
    """现场自处置: who reported it has settled it on the spot. A share, drawn by chance, is verified; the rest is closed at once."""
    row, move = open_for(by=by, case=case, version=version, act=Act.SELF_RESOLVE, outcome=None)
    category = catalog.category(row["category"])
    if category is None or not category.self_resolve:
        name = category.name if category else "—"
        raise Conflict(
            Words(
                f"类别“{name}”不允许现场自处置，请交中心派遣。",
                "Cases of this category are not resolved on the spot; leave it to the centre.",
            )
        )
    text = required_text("result", result, RESULT, most=5000)
    move = drawn(move)
    columns = {"result": text, "self_resolved": True} | handlers(row, by)
    if move.outcome == "closed":
        columns |= {"follow_up": str(FollowUp.NOT_WANTED), "final_category": row["category"]}
    effects = Effects(columns=columns, note=text, data=shot_at(row, point))
    with_evidence(effects, by=by, row=row, act=Act.SELF_RESOLVE, evidence=evidence, needed="result")
    return write(by=by, row=row, move=move, effects=effects)


def drawn(move: Transition) -> Transition:
    """Closed or sampled: by chance alone, which nobody can foresee or influence."""
    sampled = secrets.randbelow(100) < settings.CONFIG.self_resolve_sample
    return next(r for r in rows_of(move.act) if r.outcome == ("sampled" if sampled else "closed"))


def shot_at(row: Row, point: tuple[float, float] | None) -> dict[str, object]:
    """Where the evidence was taken, and how far that is from the case in whole metres, for who checks it."""
    if point is None:
        return {}
    away = {} if row["lon"] is None else {"metres_away": round(distance_m(row["lon"], row["lat"], *point))}
    return {"shot_lon": point[0], "shot_lat": point[1]} | away


def handlers(row: Row, by: Principal) -> dict[str, list[UUID]]:
    if by.id is None or by.id in row["handled_by"]:
        return {}
    return {"handled_by": [*row["handled_by"], by.id]}


def share_for(by: Principal, row: Row, *, lead: bool | None = None) -> dict[str, str]:
    """The share that the person acts for: their own unit's, the lead's first; the system acts for the lead."""
    found = share_of(row, by.units, lead=True if lead is None else lead) or (
        share_of(row, by.units) if lead is None else None
    )
    if found is None:
        found = next(s for s in row["shares"] if lead in (None, s["kind"] == "lead"))
    return found


def _resolved(by: Principal, row: Row, share: str | None, result: str) -> Piece:
    return (
        """UPDATE cases_assignment SET resolved_at = %(at)s, resolved_by = %(by)s, result = %(result)s
           WHERE district = %(district)s AND id = %(id)s AND EXISTS (SELECT 1 FROM moved)""",
        {"at": clock.now(), "by": by.id, "result": result, "district": row["district"], "id": share},
    )
