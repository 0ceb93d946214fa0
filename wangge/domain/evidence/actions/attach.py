"""Evidence becomes a case's: parts of the statement of an act in ``cases``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from wangge.domain.evidence.rules import Kind, Role, State
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words


@dataclass(frozen=True)
class Promise:
    """A file that belongs to an act: uploaded already, or announced by its digest and to be uploaded under this id. ``role``: what it
    shows, if not what the act's evidence does."""

    id: UUID
    kind: Kind = Kind.PHOTO
    sha256: str | None = None
    role: Role | None = None


Piece = tuple[str, dict[str, Any]]


class Attached(NamedTuple):
    """``parts`` of the act's statement; ``kinds``: how many files of each kind show what the act's evidence does – an uploaded one
    counts as what it was uploaded as, a promised one as what it is announced to be."""

    parts: dict[str, Piece]
    kinds: Counter[str]


def attach_parts(*, by: Principal, source: str, evidence: Sequence[Promise], role: Role, at: datetime) -> Attached:
    """The parts that make ``evidence`` the case's which the part ``source`` yields (with ``district`` and ``id``).

    Raises Invalid, naming each, for a file that is somebody else's, belongs to a case already, or was refused. What is not there yet is
    promised: it can be uploaded later under the same id, by the same person.
    """
    if not evidence:
        return Attached({}, Counter())
    ids = [p.id for p in evidence]
    known = _uploads(ids)
    errors = _faults(by, evidence, known)
    if errors:
        raise Invalid.fields(*errors)
    fresh = [p for p in evidence if p.id not in known]
    parts: dict[str, Piece] = {}
    if fresh:
        parts["promised"] = (
            f"""INSERT INTO evidence_upload (id, owner, kind, state, sha256, made_at)
                SELECT p.id, %(by)s, p.kind, 'promised', p.sha256, %(at)s
                FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(digests)s::text[]) AS p (id, kind, sha256)
                WHERE EXISTS (SELECT 1 FROM {source}) RETURNING id""",
            _promised(by, fresh, at),
        )
    waits = "AND (SELECT count(*) FROM promised) >= 0" if fresh else ""
    parts["evidence"] = (
        f"""INSERT INTO evidence_item (district, id, "case", role, at, by)
            SELECT s.district, e.id, s.id, e.role, %(at)s, %(by)s FROM {source} s, unnest(%(ids)s::uuid[], %(roles)s::text[]) AS e (id, role)
            WHERE TRUE {waits}""",
        {"roles": [str(p.role or role) for p in evidence], "at": at, "by": by.id, "ids": ids},
    )
    return Attached(parts, _kinds(evidence, role, known))


def attachable(*, by: Principal, lists: Sequence[Sequence[Promise]], role: Role) -> list[Counter[str] | None]:
    """How many files of each kind each list would show (``Attached.kinds``), None for one that ``attach_parts`` would refuse now. One
    statement."""
    known = _uploads([p.id for evidence in lists for p in evidence])
    return [None if _faults(by, evidence, known) else _kinds(evidence, role, known) for evidence in lists]


def _kinds(evidence: Sequence[Promise], role: Role, known: Mapping[UUID, rows.Row]) -> Counter[str]:
    return Counter(
        known[p.id]["kind"] if p.id in known else str(p.kind) for p in evidence if p.role is None or p.role == role
    )


class Files(NamedTuple):
    """Files that become the evidence of one case."""

    district: str
    case: UUID
    evidence: Sequence[Promise]


def attach_many(*, by: Principal, cases: Sequence[Files], role: Role, at: datetime) -> None:
    """Make files that are ``attachable``, no two of them one, the evidence of cases that are there. Three statements."""
    listed = [(c.district, c.case, p) for c in cases for p in c.evidence]
    if not listed:
        return
    known = _uploads([p.id for _, _, p in listed])
    fresh = [p for _, _, p in listed if p.id not in known]
    if fresh:
        rows.run(
            """INSERT INTO evidence_upload (id, owner, kind, state, sha256, made_at)
               SELECT id, %(by)s, kind, 'promised', sha256, %(at)s
               FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(digests)s::text[]) AS p (id, kind, sha256)""",
            _promised(by, fresh, at),
        )
    rows.run(
        """INSERT INTO evidence_item (district, id, "case", role, at, by)
           SELECT district, id, "case", role, %(at)s, %(by)s
           FROM unnest(%(districts)s::text[], %(ids)s::uuid[], %(cases)s::uuid[], %(roles)s::text[]) AS e (district, id, "case", role)""",
        {
            "districts": [district for district, _, _ in listed],
            "ids": [p.id for _, _, p in listed],
            "cases": [case for _, case, _ in listed],
            "roles": [str(p.role or role) for _, _, p in listed],
            "at": at,
            "by": by.id,
        },
    )


def _uploads(ids: Sequence[UUID]) -> dict[UUID, rows.Row]:
    """What is known of these files, whoever's they are."""
    with acting(SYSTEM):  # an id may be somebody else's, whom this person does not see
        found = rows.all(
            """SELECT u.id, u.owner, u.kind, u.state, u.reason, EXISTS (SELECT 1 FROM evidence_item i WHERE i.id = u.id) AS taken
               FROM evidence_upload u WHERE u.id = ANY(%(ids)s)""",
            {"ids": list(ids)},
        )
    return {r["id"]: r for r in found}


def _faults(by: Principal, evidence: Sequence[Promise], known: Mapping[UUID, rows.Row]) -> list[FieldError]:
    """Why files cannot become a case's, by their place in the list."""
    ids = [p.id for p in evidence]
    errors = []
    for number, promise in enumerate(evidence):
        row = known.get(promise.id)
        fault = None
        if ids.index(promise.id) != number:
            fault = Words("列出了两次。", "It is listed twice.")
        elif row is not None and row["owner"] != by.id:
            fault = Words("不是您上传的附件。", "This file is not yours.")
        elif row is not None and row["taken"]:
            fault = Words("此附件已属于一个案件。", "This file belongs to a case already.")
        elif row is not None and row["state"] in (State.REFUSED, State.QUARANTINED, State.ERASED):
            fault = Words(f"此附件已被拒收：{row['reason']}", f"This file was refused: {row['reason']}")
        if fault is not None:
            errors.append(FieldError(f"body.evidence[{number}]", "evidence", fault))
    return errors


def _promised(by: Principal, fresh: Sequence[Promise], at: datetime) -> dict[str, Any]:
    """The columns of files that are not there yet."""
    return {
        "by": by.id,
        "at": at,
        "ids": [p.id for p in fresh],
        "kinds": [str(p.kind) for p in fresh],
        "digests": [p.sha256 and p.sha256.lower() for p in fresh],
    }
