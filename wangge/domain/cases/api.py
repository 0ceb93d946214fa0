"""Cases over HTTP: report, read, act."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from ninja import Status as Answer
from pydantic import AwareDatetime, Field

from wangge.domain.cases import actions, queries
from wangge.domain.cases.rules import Channel, Status
from wangge.domain.cases.schemas import (
    AcceptIn,
    ActIn,
    CaseOut,
    CaseRow,
    CloseIn,
    DispatchIn,
    LocateIn,
    PointIn,
    ReportIn,
    ResolveIn,
    RevealIn,
    RevealOut,
    StateOut,
    TryRoutesIn,
    VerifyIn,
)
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog.actions.routes import check_route
from wangge.domain.catalog.schemas import TryOut
from wangge.domain.catalog.tags import CatalogPermission
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import Input

router = Router(tags=["cases"])


class QueueQuery(Input):
    """The queue's filter, the same for every list, count, map and export of cases."""

    status: list[Status] = []
    street: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    community: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    grid: Annotated[str, Field(pattern=r"^\d{15}$")] | None = None
    category: UUID | None = None
    channel: list[Channel] = []
    urgency: list[Literal["normal", "urgent", "emergency"]] = []
    lead: UUID | None = None
    overdue: bool | None = None
    located: bool | None = None
    reported_from: AwareDatetime | None = None
    reported_to: AwareDatetime | None = None
    number: Annotated[str, Field(pattern=r"^\d{22}$")] | None = None
    sort: Literal["-reported_at", "reported_at", "-changed_at", "due_at"] = "-reported_at"
    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT


def _state(row: Row) -> dict[str, Any]:
    return queries.state(row)


def _pair(point: PointIn | None) -> tuple[float, float] | None:
    return (point.lon, point.lat) if point else None


@router.post(
    "/cases",
    permission=CasePermission.REPORT,
    response={200: StateOut, 201: StateOut},
    summary="Report a case; sent again with the same id it is answered with 200 and the case as it is",
)
def report(request: HttpRequest, body: ReportIn) -> Any:
    given = body.model_dump(exclude={"point", "reporter", "channel"})
    row, made = actions.report(
        by=request.principal,
        report=actions.Report(
            **given,
            channel=Channel(body.channel),
            point=_pair(body.point),
            reporter=actions.Reporter(**body.reporter.model_dump()) if body.reporter else None,
        ),
    )
    if made:
        row = actions.by_itself(row)
    return Answer(201 if made else 200, _state(row))


@router.get(
    "/cases",
    permission=CasePermission.READ,
    response=Page[CaseRow],
    summary="The cases in the asker's scope, a page at a time",
)
def queue(request: HttpRequest, query: Query[QueueQuery]) -> Any:
    given = query.model_dump(exclude={"sort", "after", "limit"})
    return queries.queue(
        by=request.principal, filter=queries.Filter(**given), sort=query.sort, after=query.after, limit=query.limit
    )


@router.post(
    "/cases/try-routes",
    permission=CatalogPermission.ROUTES,
    response=TryOut,
    summary="What changed routes would have done with the newest stored cases: counts by unit",
)
def try_routes(request: HttpRequest, body: TryRoutesIn) -> Any:
    scope = request.principal.require(CatalogPermission.ROUTES)
    add = [check_route(scope, given.model_dump(), rule=None, ending=body.remove) for given in body.add]
    found = queries.try_routes(
        by=request.principal, add=add, remove=body.remove, since=body.since, until=body.until, limit=body.limit
    )
    units = {*found.before, *found.after}
    named = rows.all("SELECT id, name FROM people_unit WHERE id = ANY(%(ids)s)", {"ids": [u for u in units if u]})
    names = {row["id"]: row["name"] for row in named}
    return {
        "total": found.total,
        "changed": found.changed,
        "units": [
            {"unit": u, "unit_name": names.get(u), "before": found.before.get(u, 0), "after": found.after.get(u, 0)}
            for u in sorted(units, key=str)
        ],
    }


@router.get(
    "/cases/{uuid:case}",
    permission=CasePermission.READ,
    response=CaseOut,
    summary="A case, its timeline and the acts one may do",
)
def detail(request: HttpRequest, case: UUID) -> Any:
    row = queries.detail(by=request.principal, case=case)
    for act in row["acts"]:
        act["name"], act["effect"] = act["name"]._asdict(), act["effect"]._asdict()
        act["inputs"] = [i | {"label": i["label"]._asdict()} for i in act["inputs"]]
    return row


@router.post("/cases/{uuid:case}/accept", permission=CasePermission.ACCEPT, response=StateOut, summary="受理")
def accept(request: HttpRequest, case: UUID, body: AcceptIn) -> Any:
    return _state(actions.accept(by=request.principal, case=case, **body.model_dump()))


@router.post("/cases/{uuid:case}/dispatch", permission=CasePermission.DISPATCH, response=StateOut, summary="派遣")
def dispatch(request: HttpRequest, case: UUID, body: DispatchIn) -> Any:
    return _state(actions.dispatch(by=request.principal, case=case, **body.model_dump()))


@router.post("/cases/{uuid:case}/locate", permission=CasePermission.LOCATE, response=StateOut, summary="定位")
def locate(request: HttpRequest, case: UUID, body: LocateIn) -> Any:
    given = body.model_dump(exclude={"point"})
    return _state(actions.locate(by=request.principal, case=case, point=(body.point.lon, body.point.lat), **given))


@router.post("/cases/{uuid:case}/take", permission=CasePermission.TAKE, response=StateOut, summary="签收")
def take(request: HttpRequest, case: UUID, body: ActIn) -> Any:
    return _state(actions.take(by=request.principal, case=case, **body.model_dump()))


@router.post("/cases/{uuid:case}/resolve", permission=CasePermission.RESOLVE, response=StateOut, summary="办结")
def resolve(request: HttpRequest, case: UUID, body: ResolveIn) -> Any:
    return _state(actions.resolve(by=request.principal, case=case, **body.model_dump()))


@router.post("/cases/{uuid:case}/verify", permission=CasePermission.VERIFY, response=StateOut, summary="核查")
def verify(request: HttpRequest, case: UUID, body: VerifyIn) -> Any:
    return _state(actions.verify(by=request.principal, case=case, **body.model_dump()))


@router.post("/cases/{uuid:case}/close", permission=CasePermission.CLOSE, response=StateOut, summary="结案")
def close(request: HttpRequest, case: UUID, body: CloseIn) -> Any:
    return _state(actions.close(by=request.principal, case=case, **body.model_dump()))


@router.post(
    "/cases/{uuid:case}/reveal",
    permission=CasePermission.REVEAL,
    response=RevealOut,
    summary="One field of the reporter in clear, for a stated purpose; logged before it is shown",
)
def reveal(request: HttpRequest, case: UUID, body: RevealIn) -> Any:
    return {"value": actions.reveal(by=request.principal, case=case, **body.model_dump())}
