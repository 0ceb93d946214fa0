"""POST /batch: a phone sends what it captured, up to 100 operations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from pydantic import AwareDatetime, Field, ValidationError

from wangge.domain.cases import actions
from wangge.domain.cases.actions import batch
from wangge.domain.cases.acts_api import BODIES, Version, given_of, plain
from wangge.domain.cases.rules import Channel, acts
from wangge.domain.cases.rules.capture import Capture
from wangge.domain.cases.schemas import PointIn, ReportIn, StateOut
from wangge.domain.cases.tags import CasePermission
from wangge.kernel import clock
from wangge.kernel.problems import Invalid, Problem
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.web.schemas import FIRST, Input, Output
from wangge.kernel.web.validation import faults
from wangge.kernel.words import Words

KINDS = Literal[("report", *(str(act) for act in acts()))]  # type: ignore[valid-type]

CLIENT = 1
"""The newest version of what a phone sends and expects, counted up with each change of it (`web/field/src/outbox/door.ts` has the same number).
It and the one before are served: an app that is open all day is not cut off by an update of the server."""
SERVED = 2


class TooOld(Problem):
    """Nothing of the batch was done or refused; the newer app sends it as it is."""

    status, name, title = 426, "client-too-old", Words("应用版本过旧", "The app is too old")


CENTURY_S = 3_200_000_000
"""A phone whose battery ran out may believe that it is 1970."""


class CapturedIn(Input):
    """Evidence, not truth: it is kept with the step, and what is odd about it is noted there; nothing is refused for it. ``at``: when, by the
    device's own clock; ``ahead_s``: seconds by which that clock was ahead of the server's. ``point``, ``accuracy_m``: where the device was."""

    at: Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2299, 12, 31, tzinfo=UTC))]
    ahead_s: Annotated[float, Field(ge=-CENTURY_S, le=CENTURY_S, allow_inf_nan=False)] = 0
    point: PointIn | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None


class OperationIn(Input):
    """``id``: made when the operation was captured. ``kind``: report, or an act. ``given``: the body of that route, without ``version``.
    ``after``: the operation of the same phone that this one builds on; it then needs neither ``case`` nor ``version``. ``captured``: when and
    where; a report without ``reported_at`` was seen then. It does not count for whether an operation is the same as one that was sent."""

    id: UUID
    kind: KINDS  # type: ignore[valid-type]
    case: UUID | None = None
    version: Version | None = None
    after: UUID | None = None
    given: dict[str, Any] = {}
    captured: CapturedIn | None = None


class BatchIn(Input):
    """``client``: the version of the app; the newest and the one before it are served."""

    client: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    operations: Annotated[list[OperationIn], Field(min_length=1, max_length=batch.MOST)]


class AnswerOut(Output):
    """``outcome``: applied; duplicate (done when it was sent before; ``state`` is that of then); rejected (``problem`` says why, nothing
    was done); conflict (somebody else was first; ``state`` is the present one, if it may be seen); failed (a defect of ours: send it again)."""

    id: UUID
    outcome: Literal["applied", "duplicate", "rejected", "conflict", "failed"]
    state: StateOut | None
    problem: dict[str, Any] | None


class BatchOut(Output):
    """``client``: the newest version of the app; one that hears of a newer fetches it."""

    client: int
    answers: list[AnswerOut]


def read(given: OperationIn) -> batch.Operation:
    """An operation with its inputs checked as the route of its own would; a problem in them is the operation's, not the batch's."""
    common: dict[str, Any] = {
        "id": given.id,
        "payload": given.model_dump(mode="json", exclude={"captured"}),
        "capture": (capture := capture_of(given.captured)),
        "case": given.case,
        "version": given.version,
        "after": given.after,
    }
    try:
        if given.kind == "report":
            report = report_of(ReportIn.model_validate(given.given))
            if capture is not None and report.reported_at is None and capture.by_our_clock.year >= FIRST:
                report = replace(report, reported_at=min(capture.by_our_clock, clock.now()))
            return batch.Operation(**common, report=report)
        act = next(a for a in acts() if a == given.kind)
        # The version is looked at later, when it is known what the operation builds on.
        body = BODIES[act].model_validate({**given.given, "version": given.version or 1})
        return batch.Operation(**common, act=act, given=given_of(body))
    except ValidationError as error:
        return batch.Operation(**common, problem=Invalid.fields(*faults(error, "given")))


def capture_of(given: CapturedIn | None) -> Capture | None:
    if given is None:
        return None
    return Capture(
        given.at.astimezone(UTC), given.ahead_s, given.point and (given.point.lon, given.point.lat), given.accuracy_m
    )


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
        if body.client <= CLIENT - SERVED:
            raise TooOld(
                Words(
                    "此版本的应用已不受支持。请更新应用；未发送的内容保存在手机上，更新后继续发送。",
                    "This version of the app is not served any more. Update it: what is not sent is kept on the phone and goes on then.",
                )
            )
        answers = batch.run(by=request.principal, operations=[read(o) for o in body.operations])
        language = language_of(request)
        return {
            "client": CLIENT,
            "answers": [
                {
                    "id": a.id,
                    "outcome": a.outcome,
                    "state": a.state,
                    "problem": a.problem and a.problem.as_json(language),
                }
                for a in answers
            ],
        }
