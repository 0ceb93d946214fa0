"""What a category wants to be shown: required and missing is refused, wanted and missing is noted for who checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from wangge.domain.cases.actions.move import Effects
from wangge.domain.cases.rules import Act, Channel, Kind, inputs_of
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.rules import EVIDENCE_AT, EVIDENCE_KINDS
from wangge.domain.evidence.actions.attach import Promise, attach_parts
from wangge.domain.evidence.rules import Role as EvidenceRole
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

ON_THE_SPOT = frozenset({Channel.WORKER, Channel.PATROL, Channel.INSPECTION, Channel.UNIT, Channel.CAMERA})
"""The channels whose reporters have the matter before them. Of a caller or a resident nothing is required: their report is taken as it comes."""


def with_evidence(
    effects: Effects, *, by: Principal, row: Row, act: Act, evidence: Sequence[Promise], needed: str | None = None
) -> Effects:
    """The files of an act become the case's. ``needed``: when the category wants some (catalog.rules.EVIDENCE_AT), as ``short_of``."""
    role = EvidenceRole(next((i.role for i in inputs_of(act) if i.kind == Kind.EVIDENCE), "comment"))
    attached = attach_parts(by=by, source="moved", evidence=evidence, role=role, at=clock.now())
    effects.parts |= attached.parts
    if evidence:
        effects.data["evidence"] = [str(p.id) for p in evidence]
    if needed and (short := short_of(row["category"], needed, attached.kinds)):
        effects.data["evidence_short"] = short
    return effects


def short_of(category: UUID, at: str, kinds: Counter[str], *, binding: bool = True) -> list[str]:
    """What is missing of what the category wants at ``at``, as ``photo:2`` (two photos more).

    ``kinds``: how many files of each there are. Raises Invalid when something is missing that the category requires and the
    requirement is ``binding`` here.
    """
    found = catalog.category(category)
    if found is None:
        return []
    wants = found.wants(at)
    errors = [
        _missing(found.words, at, kind, want.must, kinds[kind])
        for kind, want in wants.items()
        if binding and kinds[kind] < want.must
    ]
    if errors:
        raise Invalid.fields(*errors)
    return [f"{kind}:{want.least - kinds[kind]}" for kind, want in sorted(wants.items()) if kinds[kind] < want.least]


def _missing(category: Words, at: str, kind: str, must: int, have: int) -> FieldError:
    what, when = EVIDENCE_KINDS[kind], EVIDENCE_AT[at]
    return FieldError(
        "body.evidence",
        "missing",
        Words(
            f"类别“{category.zh}”要求{when.zh}附{what.zh}至少 {must} 份，已附 {have} 份，请再附 {must - have} 份。",
            f"{when.en}, “{category.en}” requires at least {must} of {what.en.lower()}; there are {have}, add {must - have} more.",
        ),
    )
