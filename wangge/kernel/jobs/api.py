"""The background jobs over HTTP, for the system administrator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Status

from wangge.kernel.jobs import actions, queries
from wangge.kernel.jobs.tags import JobPermission
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import Output

router = Router(tags=["jobs"])
P = JobPermission


class LoopOut(Output):
    """``seconds`` since its last sign of life; ``failures`` in a row; ``error``: the last one."""

    name: str
    host: str
    seconds: float
    failures: int
    error: str


class JobOut(Output):
    """``failed``: given up; ``retrying``: of the waiting ones, those that failed before. ``failures``, ``error``: of its last runs."""

    name: str
    periodic: bool
    waiting: int
    retrying: int
    doing: int
    failed: int
    waiting_since: datetime | None
    ok_at: datetime | None
    failures: int
    error: str


class JobsOut(Output):
    loops: list[LoopOut]
    jobs: list[JobOut]


class FailedJobOut(Output):
    number: int
    name: str
    tries: int
    at: datetime | None


@router.get("/jobs", permission=P.MANAGE, response=JobsOut, summary="Background loops and jobs, those in trouble first")
def list_jobs(request: HttpRequest) -> Any:
    return queries.overview(by=request.principal)  # type: ignore[attr-defined]


@router.get("/jobs/failed", permission=P.MANAGE, response=Page[FailedJobOut], summary="Jobs that were given up")
def list_failed(
    request: HttpRequest, after: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT
) -> Any:
    return queries.failed(by=request.principal, after=after, limit=limit)  # type: ignore[attr-defined]


@router.post(
    "/jobs/failed/{number}/retry",
    permission=P.MANAGE,
    response={204: None},
    summary="Start a job that was given up again",
)
def retry_job(request: HttpRequest, number: int) -> Status:
    """With a full number of tries. Every job may run twice without harm."""
    actions.try_again(by=request.principal, number=number)  # type: ignore[attr-defined]
    return Status(204, None)
