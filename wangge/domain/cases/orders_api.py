"""12345 orders from a workbook over HTTP: send it, see what is wrong with it, say what its columns and words mean, bring it in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Form, Status, UploadedFile
from pydantic import Field

from wangge.domain.cases.orders import imports, kept, mappings
from wangge.domain.cases.orders.words import CHOICES, COLUMNS, NAMES, REQUIRED
from wangge.domain.cases.tags import CasePermission
from wangge.kernel import sheets
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.web.schemas import Input, Output, WordsOut
from wangge.kernel.words import Words

IMPORT = CasePermission.IMPORT
MOST_SHOWN = 200
"""Errors in the answer about an import; the file of errors has all."""

Columns = Annotated[
    dict[Annotated[str, Field(max_length=20)], Annotated[str, Field(max_length=200)]], Field(max_length=len(COLUMNS))
]
Translation = Annotated[
    dict[
        Annotated[str, Field(max_length=20)],
        Annotated[
            dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=120)]], Field(max_length=500)
        ],
    ],
    Field(max_length=len(CHOICES)),
]
MappingName = Annotated[str, Field(min_length=1, max_length=60)]


class OrderFieldOut(Output):
    """``titles``: of the columns in which it is looked for. ``translated``: its words may be given a meaning."""

    name: str
    words: WordsOut
    titles: list[str]
    required: bool
    translated: bool


class OrderFieldsOut(Output):
    items: list[OrderFieldOut]


class UnknownWordOut(Output):
    """A word that means nothing here, and in how many rows. ``field``: of those that can be translated."""

    field: str
    word: str
    rows: int


class CountedOut(Output):
    """``name_en``: empty where there is none, as of words of another system."""

    name: str
    name_en: str = ""
    rows: int


class OrderErrorOut(Output):
    row: int
    column: str
    message: WordsOut


class OrderImportOut(Output):
    """``state``: *checking*, *checked* (a person decides), *importing*, *done*, *stopped* (``problem`` says why). ``done`` of ``total``: how far the
    work is. ``good`` null: it could not be checked as a whole. ``here``: good rows whose order is in the system already. ``columns``: field →
    title. After the import: ``made`` of which ``closed``, and ``known``, which were left as they are."""

    id: UUID
    street: str
    source: str
    filename: str
    bytes: int
    state: Literal["checking", "checked", "importing", "done", "stopped"]
    made_by_name: str
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    problem: WordsOut | None
    done: int
    total: int
    rows: int | None
    blank: int | None
    good: int | None
    bad: int | None
    here: int | None
    made: int | None
    known: int | None
    closed: int | None


class OrderImportDetail(OrderImportOut):
    """``header``: the titles of the sheet. ``unmapped``: categories of the source that are not ours, for which the text speaks. ``errors``: the
    first of them."""

    header: list[str] | None
    columns: dict[str, str]
    translation: dict[str, dict[str, str]]
    unknown: list[UnknownWordOut] | None
    unmapped: list[CountedOut] | None
    errors: list[OrderErrorOut]
    by_category: list[CountedOut] | None
    by_unit: list[CountedOut] | None


class OrderImportsOut(Output):
    items: list[OrderImportOut]


class MappingIn(Input):
    """``columns``: field → title, an empty title for none; fields that are not named are looked for by their usual titles. ``translation``:
    field → their word → ours (a value, a category's code, a unit's name)."""

    columns: Columns = {}
    translation: Translation = {}


class StartImportIn(Input):
    accept_good: bool = False


class MappingOut(Output):
    name: str
    columns: dict[str, str]
    translation: dict[str, dict[str, str]]
    changed_at: datetime


class MappingsOut(Output):
    items: list[MappingOut]


def _detail(request: HttpRequest, row: dict[str, Any]) -> dict[str, Any]:
    faults = kept.faults(by=request.principal, id=row["id"])[:MOST_SHOWN]
    errors = [{"row": f["row"], "column": f["column"], "message": {"zh": f["zh"], "en": f["en"]}} for f in faults]
    return row | {"errors": errors}


def add_routes(router: Router) -> None:
    @router.get(
        "/orders/fields", permission=IMPORT, response=OrderFieldsOut, summary="What an order of a workbook may hold"
    )
    def order_fields(request: HttpRequest) -> Any:
        return {
            "items": [
                {
                    "name": name,
                    "words": NAMES[name]._asdict(),
                    "titles": list(titles),
                    "required": name in REQUIRED,
                    "translated": name in CHOICES,
                }
                for name, titles in COLUMNS.items()
            ]
        }

    @router.get(
        "/orders/mappings", permission=IMPORT, response=MappingsOut, summary="Saved mappings of columns and words"
    )
    def order_mappings(request: HttpRequest) -> Any:
        return {"items": mappings.every(by=request.principal)}

    @router.put(
        "/orders/mappings/{name}",
        permission=IMPORT,
        response=MappingsOut,
        summary="Keep a mapping under a name, in place of its former",
    )
    def save_mapping(request: HttpRequest, name: MappingName, body: MappingIn) -> Any:
        by = request.principal
        mappings.save(by=by, name=name, columns=body.columns, translation=body.translation)
        return {"items": mappings.every(by=by)}

    @router.delete("/orders/mappings/{name}", permission=IMPORT, response={204: None}, summary="Remove a mapping")
    def remove_mapping(request: HttpRequest, name: MappingName) -> Any:
        mappings.remove(by=request.principal, name=name)
        return Status(204, None)

    @router.get(
        "/orders/imports", permission=IMPORT, response=OrderImportsOut, summary="The newest imports of one's streets"
    )
    def order_imports(request: HttpRequest) -> Any:
        return {"items": kept.imports(by=request.principal)}

    @router.post(
        "/orders/imports",
        permission=IMPORT,
        response={200: OrderImportDetail, 201: OrderImportDetail},
        summary="Send a workbook of orders; it is checked in the background, nothing is imported",
    )
    def send_orders(
        request: HttpRequest,
        file: UploadedFile = File(...),
        id: UUID = Form(...),
        street: Annotated[str, Field(pattern=r"^\d{9}$")] = Form(...),
        source: Annotated[str, Field(min_length=1, max_length=40)] = Form("12345"),
        mapping: Annotated[str, Field(max_length=60)] = Form("", description="name of a saved mapping"),
    ) -> Any:
        content = file.read(imports.MOST_BYTES + 1)
        row, made = imports.receive(
            by=request.principal,
            id=id,
            filename=file.name or "",
            content=content,
            street=street,
            source=source.strip(),
            mapping=mapping,
        )
        return Status(201 if made else 200, _detail(request, row))

    @router.get(
        "/orders/imports/{uuid:id}",
        permission=IMPORT,
        response=OrderImportDetail,
        summary="How far an import is, and what was found",
    )
    def order_import(request: HttpRequest, id: UUID) -> Any:
        return _detail(request, kept.one(by=request.principal, id=id))

    @router.get(
        "/orders/imports/{uuid:id}/errors",
        permission=IMPORT,
        summary="Every cell that cannot be used, as CSV",
        openapi_extra={
            "responses": {200: {"description": "The file", "content": {"text/csv": {"schema": {"type": "string"}}}}}
        },
    )
    def order_errors(request: HttpRequest, id: UUID) -> HttpResponse:
        language = language_of(request)
        found = kept.faults(by=request.principal, id=id)
        heading = [w.say(language) for w in (Words("行", "Row"), Words("列", "Column"), Words("问题", "What is wrong"))]
        lines = ([f["row"], f["column"], f[language]] for f in found)
        answer = HttpResponse(
            b"".join(sheets.write("csv", heading, lines, count=len(found), language=language)),
            content_type=sheets.TYPES["csv"],
        )
        name = Words("工单错误行", "order-errors").say(language)
        answer["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or "attachment"
        return answer

    @router.post(
        "/orders/imports/{uuid:id}/check",
        permission=IMPORT,
        response=OrderImportDetail,
        summary="Check it with another mapping",
    )
    def check_orders(request: HttpRequest, id: UUID, body: MappingIn) -> Any:
        by = request.principal
        return _detail(request, imports.check_again(by=by, id=id, columns=body.columns, translation=body.translation))

    @router.post(
        "/orders/imports/{uuid:id}/start",
        permission=IMPORT,
        response=OrderImportDetail,
        summary="Bring in what was checked; orders that are here already are left as they are",
    )
    def start_import(request: HttpRequest, id: UUID, body: StartImportIn) -> Any:
        by = request.principal
        return _detail(request, imports.start(by=by, id=id, accept_good=body.accept_good))

    @router.delete(
        "/orders/imports/{uuid:id}",
        permission=IMPORT,
        response={204: None},
        summary="Forget an import; the cases it made stay",
    )
    def discard_import(request: HttpRequest, id: UUID) -> Any:
        imports.discard(by=request.principal, id=id)
        return Status(204, None)
