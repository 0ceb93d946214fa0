"""Cases over HTTP: report, read, act."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from ninja import Status as Answer

from wangge.domain.cases import (
    actions,
    acts_api,
    batch_api,
    boxes,
    intake_api,
    limits_api,
    orders_api,
    queries,
    wall_api,
)
from wangge.domain.cases.batch_api import report_of
from wangge.domain.cases.rules import Status
from wangge.domain.cases.schemas import (
    CaseOut,
    CaseRow,
    CountOut,
    CountsOut,
    CountsQuery,
    FilterQuery,
    OpenWorkOut,
    QueueFilter,
    QueueQuery,
    ReportIn,
    RevealIn,
    RevealOut,
    StateOut,
    TryRoutesIn,
)
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.catalog.actions.routes import check_route
from wangge.domain.catalog.schemas import TryOut
from wangge.domain.catalog.tags import CatalogPermission
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel import clock
from wangge.kernel.db.rows import Row
from wangge.kernel.ledger.api import ProofOut
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import Page

router = Router(tags=["cases"])


def _state(row: Row) -> dict[str, Any]:
    return queries.state(row)


@router.post(
    "/cases",
    permission=CasePermission.REPORT,
    response={200: StateOut, 201: StateOut},
    summary="Report a case; sent again with the same id it is answered with 200 and the case as it is",
)
def report(request: HttpRequest, body: ReportIn) -> Any:
    row, made = actions.report(by=request.principal, report=report_of(body))
    if row["status"] == Status.REPORTED:  # sent again too: the first time may have ended between the two
        row = actions.by_itself(row)
    return Answer(201 if made else 200, _state(row))


@router.get(
    "/cases",
    permission=CasePermission.READ,
    replica=True,
    response=Page[CaseRow],
    summary="The cases in the asker's scope, a page at a time",
)
def queue(request: HttpRequest, query: Query[QueueQuery]) -> Any:
    return queries.queue(
        by=request.principal, filter=query.filter(), sort=query.sort, after=query.after, limit=query.limit
    )


@router.get(
    "/cases/counts",
    permission=CasePermission.READ,
    replica=True,
    response=CountsOut,
    summary="What waits for the asker: boxes by desk, unit and grid, each with its filter of the queue and its count",
)
def counts(request: HttpRequest, query: Query[CountsQuery]) -> Any:
    found = boxes.counted(by=request.principal, since=query.since)
    return {
        "at": clock.now(),
        "boxes": [
            {
                "key": box.key,
                "name": boxes.NAMES[box.key]._asdict(),
                "of": {"kind": box.of.kind, "id": box.of.id, "name": box.of.words and box.of.words._asdict()},
                "filter": QueueFilter(**box.query).model_dump(mode="json", exclude_unset=True),
                "count": count,
                "more": more,
            }
            for box, count, more in found
        ],
    }


@router.get(
    "/cases/count",
    permission=CasePermission.READ,
    replica=True,
    response=CountOut,
    summary="How many cases the list has with this filter, up to 1000",
)
def count(request: HttpRequest, query: Query[FilterQuery]) -> Any:
    [(found, more)] = queries.counts(by=request.principal, wanted=[(query.filter(), "-reported_at")])
    return {"count": found, "more": more}


@router.post(
    "/cases/try-routes",
    permission=CatalogPermission.ROUTES,
    response=TryOut,
    summary="What changed routes would have done with the newest stored cases: counts by unit, and some that would change hands",
)
def try_routes(request: HttpRequest, body: TryRoutesIn) -> Any:
    scope = request.principal.require(CatalogPermission.ROUTES)
    add = [check_route(scope, given.model_dump(), rule=None, ending=body.remove) for given in body.add]
    found = queries.try_routes(
        by=request.principal, add=add, remove=body.remove, since=body.since, until=body.until, limit=body.limit
    )
    return catalog.told(found)


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
        for given in act["inputs"]:
            given["label"] = given["label"]._asdict()
            given["choices"] = [c | {"label": c["label"]._asdict()} for c in given["choices"]]
    return row


@router.get(
    "/cases/{uuid:case}/steps/{uuid:step}/proof",
    permission=CasePermission.READ,
    response=ProofOut,
    summary="Proof that a step of the case's timeline is in the ledger as it was written; 404 for about a second, until it is sealed",
)
def step_proof(request: HttpRequest, case: UUID, step: UUID) -> Any:
    return queries.step_proof(by=request.principal, case=case, step=step)


@router.post(
    "/cases/{uuid:case}/reveal",
    permission=CasePermission.REVEAL,
    response=RevealOut,
    summary="One field of the reporter in clear, for a stated purpose; logged before it is shown",
)
def reveal(request: HttpRequest, case: UUID, body: RevealIn) -> Any:
    return {"value": actions.reveal(by=request.principal, case=case, **body.model_dump())}


@router.get(
    "/users/{user}/open-work",
    permission=PeoplePermission.POSTS_MANAGE,
    response=list[OpenWorkOut],
    summary="How much open work hangs on each post of a person: counts alone, for a hand-over",
)
def open_work(request: HttpRequest, user: UUID) -> Any:
    return queries.open_work(by=request.principal, user=user)


acts_api.add_routes(router)
batch_api.add_routes(router)
intake_api.add_routes(router)
limits_api.add_routes(router)
orders_api.add_routes(router)
wall_api.add_routes(router)
