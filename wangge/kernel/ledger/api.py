"""The ledger over HTTP, for the auditor alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status
from pydantic import Field

from wangge.kernel.ledger import auditing, queries
from wangge.kernel.ledger.proof import proof
from wangge.kernel.ledger.tags import LedgerPermission
from wangge.kernel.web.api import Router
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import Input, Moment, Output, WordsOut

router = Router(tags=["ledger"])


class EntryOut(Output):
    """``seq``: its place in the sealed order, null for about a second after it was written. ``…_name``: what it is called now, null when
    nobody knows it any more or its kind has no names."""

    pos: int
    id: UUID
    seq: int | None
    at: datetime
    recorded_at: datetime
    tag: str
    words: WordsOut
    actor_kind: str
    actor: UUID | None
    actor_name: str | None
    on_behalf: UUID | None
    on_behalf_name: str | None
    kind: str
    subject: UUID | None
    subject_name: str | None
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
    """What ``wangge.kernel.ledger.proof.holds`` checks with the public key alone. ``public``: that key in hexadecimal, as the key file has
    it; ``holds``: the server's own check, for whoever cannot compute it."""

    entry: dict[str, Any]
    index: int
    size: int
    path: list[str]
    batch: dict[str, Any]
    public: str | None
    holds: bool


class FaultOut(Output):
    """``entry``: the id of the entry that it is about, where it is about one."""

    fault: str
    words: WordsOut
    entry: UUID | None
    batch: int | None


class VerificationOut(Output):
    """What one verification found: ``counts`` by kind of fault, and the first of them. ``erased``: entries whose personal data was erased on
    record. ``unsealed``: so young that they had no seal yet, no fault."""

    id: UUID
    at: datetime
    ok: bool
    entries: int
    batches: int
    erased: int
    unsealed: int
    seconds: float
    counts: dict[str, int]
    findings: list[FaultOut]
    locks: list[WordsOut]


class VerificationsOut(Output):
    """The newest first. ``running``: one is under way; it will be among ``items`` when it has ended."""

    running: bool
    items: list[VerificationOut]


class ActNameOut(Output):
    tag: str
    words: WordsOut


class ActNamesOut(Output):
    items: list[ActNameOut]


class PageQuery(Input):
    """``since`` and ``until``: of recording; ``until`` is not counted. ``number``: of a case."""

    actor: UUID | None = None
    number: Annotated[str, Field(pattern=r"^\d{1,30}$")] | None = None
    since: Moment | None = None
    until: Moment | None = None
    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT

    def page(self) -> dict[str, Any]:
        given = self.model_dump()
        paging = {name: given.pop(name) for name in ("after", "limit")}
        return {"asked": queries.Filter(**{k: v for k, v in given.items() if v is not None}), **paging}


class EntriesQuery(PageQuery):
    """``tags`` and ``kinds``: any of them (repeat the parameter)."""

    tags: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=40)] = []
    kinds: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10)] = []
    subject: UUID | None = None


@router.get(
    "/ledger", permission=LedgerPermission.VERIFY, response=LedgerOut, summary="留痕状态 · How far the ledger is sealed"
)
def state(request: HttpRequest) -> Any:
    return queries.state(by=request.principal)


@router.get(
    "/ledger/entries", permission=LedgerPermission.READ, response=Page[EntryOut], summary="留痕 · Entries, newest first"
)
def entries(request: HttpRequest, query: Query[EntriesQuery]) -> Any:
    return queries.entries(by=request.principal, **query.page())


@router.get(
    "/ledger/acts",
    permission=LedgerPermission.READ,
    response=ActNamesOut,
    summary="留痕类别 · Every act that an entry can be about",
)
def acts(request: HttpRequest) -> Any:
    return {"items": queries.tags(by=request.principal)}


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
def reveals(request: HttpRequest, query: Query[PageQuery]) -> Any:
    return queries.reveals(by=request.principal, **query.page())


@router.get(
    "/ledger/checks",
    permission=LedgerPermission.VERIFY,
    response=VerificationsOut,
    summary="核验结果 · What verifications found",
)
def checks(request: HttpRequest) -> Any:
    return auditing.checks(by=request.principal)


@router.post(
    "/ledger/checks",
    permission=LedgerPermission.VERIFY,
    response={202: VerificationsOut},
    summary="核验全部留痕 · Verify the whole ledger, by a job",
)
def ask_for_check(request: HttpRequest) -> Any:
    return Status(202, auditing.ask_for_check(by=request.principal))
