"""The ledger over HTTP, for the auditor alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from wangge.kernel.ledger import queries
from wangge.kernel.ledger.proof import proof
from wangge.kernel.ledger.tags import LedgerPermission
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import Input, Output, WordsOut

router = Router(tags=["ledger"])


class EntryOut(Output):
    """``seq``: its place in the sealed order, null for about a second after it was written."""

    pos: int
    id: UUID
    seq: int | None
    at: datetime
    recorded_at: datetime
    tag: str
    words: WordsOut
    actor_kind: str
    actor: UUID | None
    on_behalf: UUID | None
    kind: str
    subject: UUID | None
    district: str | None
    body: dict[str, Any]


class LedgerOut(Output):
    batches: int
    entries: int
    root: str | None
    sealed_at: str | None
    waiting: int
    waiting_seconds: float
    locks: list[WordsOut]


class ProofOut(Output):
    """What ``wangge.kernel.ledger.proof.holds`` checks with the public key alone."""

    entry: dict[str, Any]
    index: int
    size: int
    path: list[str]
    batch: dict[str, Any]


class EntriesQuery(Input):
    tag: Annotated[str, Field(max_length=80)] | None = None
    actor: UUID | None = None
    subject: UUID | None = None
    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT


class RevealsQuery(Input):
    actor: UUID | None = None
    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT


@router.get(
    "/ledger", permission=LedgerPermission.VERIFY, response=LedgerOut, summary="留痕状态 · How far the ledger is sealed"
)
def state(request: HttpRequest) -> Any:
    return queries.state(by=request.principal)


@router.get(
    "/ledger/entries", permission=LedgerPermission.READ, response=Page[EntryOut], summary="留痕 · Entries, newest first"
)
def entries(request: HttpRequest, query: Query[EntriesQuery]) -> Any:
    return queries.entries(by=request.principal, **query.model_dump())


@router.get(
    "/ledger/entries/{uuid:entry}/proof",
    permission=LedgerPermission.READ,
    response=ProofOut,
    summary="存在证明 · Proof of an entry",
)
def one_proof(request: HttpRequest, entry: UUID) -> Any:
    return proof(entry)


@router.get(
    "/ledger/reveals",
    permission=LedgerPermission.REVEALS,
    response=Page[EntryOut],
    summary="查看原文记录 · Who saw what in clear",
)
def reveals(request: HttpRequest, query: Query[RevealsQuery]) -> Any:
    return queries.reveals(by=request.principal, **query.model_dump())
