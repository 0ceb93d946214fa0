"""POST /batch: a phone sends what it captured, up to 100 operations."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from pydantic import Field, ValidationError

from wangge.domain.cases import actions
from wangge.domain.cases.actions import batch
from wangge.domain.cases.acts_api import BODIES, Version, given_of, plain
from wangge.domain.cases.rules import Channel, acts
from wangge.domain.cases.schemas import ReportIn, StateOut
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.problems import Invalid
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.web.schemas import Input, Output
from wangge.kernel.web.validation import faults

KINDS = Literal[("report", *(str(act) for act in acts()))]  # type: ignore[valid-type]


class OperationIn(Input):
    """``id``: made when the operation was captured. ``kind``: report, or an act. ``given``: the body of that route, without ``version``.
    ``after``: the operation of the same phone that this one builds on; it then needs neither ``case`` nor ``version``."""

    id: UUID
    kind: KINDS  # type: ignore[valid-type]
    case: UUID | None = None
    version: Version | None = None
    after: UUID | None = None
    given: dict[str, Any] = {}


class BatchIn(Input):
    operations: Annotated[list[OperationIn], Field(min_length=1, max_length=batch.MOST)]


class AnswerOut(Output):
    """``outcome``: applied; duplicate (done when it was sent before; ``state`` is that of then); rejected (``problem`` says why, nothing
    was done); conflict (somebody else was first; ``state`` is the present one, if it may be seen); failed (a defect of ours: send it again)."""

    id: UUID
    outcome: Literal["applied", "duplicate", "rejected", "conflict", "failed"]
    state: StateOut | None
    problem: dict[str, Any] | None


class BatchOut(Output):
    answers: list[AnswerOut]


def read(given: OperationIn) -> batch.Operation:
    """An operation with its inputs checked as the route of its own would; a problem in them is the operation's, not the batch's."""
    common: dict[str, Any] = {
        "id": given.id,
        "payload": given.model_dump(mode="json"),
        "case": given.case,
        "version": given.version,
        "after": given.after,
    }
    try:
        if given.kind == "report":
            return batch.Operation(**common, report=report_of(ReportIn.model_validate(given.given)))
        act = next(a for a in acts() if a == given.kind)
        # The version is looked at later, when it is known what the operation builds on.
        body = BODIES[act].model_validate({**given.given, "version": given.version or 1})
        return batch.Operation(**common, act=act, given=given_of(body))
    except ValidationError as error:
        return batch.Operation(**common, problem=Invalid.fields(*faults(error, "given")))


def report_of(body: ReportIn) -> actions.Report:
    """A report as the API takes it, for the action."""
    given = body.model_dump(exclude={"point", "reporter", "channel", "evidence"})
    return actions.Report(
        **given,
        channel=Channel(body.channel),
        point=(body.point.lon, body.point.lat) if body.point else None,
        reporter=actions.Reporter(**body.reporter.model_dump()) if body.reporter else None,
        evidence=tuple(plain(body.evidence)),
    )


def add_routes(router: Router) -> None:
    @router.post(
        "/batch",
        permission=CasePermission.REPORT,
        response=BatchOut,
        summary="What a phone captured without a network: each operation done once, in order, and answered by itself",
    )
    def batch_(request: HttpRequest, body: BatchIn) -> Any:
        answers = batch.run(by=request.principal, operations=[read(o) for o in body.operations])
        language = language_of(request)
        return {
            "answers": [
                {
                    "id": a.id,
                    "outcome": a.outcome,
                    "state": a.state,
                    "problem": a.problem and a.problem.as_json(language),
                }
                for a in answers
            ]
        }
