"""Uploads by the tus 1.0 protocol, and evidence to look at.

A file is answered in slices of at most 4 MB when it is asked for by range, so that no thread is kept by one reader; what is larger than
64 MB (a video) has to be.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header, http_date
from ninja import Query
from pydantic import Field

from wangge.domain.evidence import actions, queries
from wangge.domain.evidence.rules import MOST, Kind
from wangge.domain.evidence.schemas import EvidenceOut
from wangge.domain.evidence.tags import EvidencePermission
from wangge.kernel import files
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid, NotFound, Problem
from wangge.kernel.web.api import PUBLIC, Router
from wangge.kernel.web.ranges import part_of
from wangge.kernel.web.schemas import Input
from wangge.kernel.words import Words

router = Router(tags=["evidence"])

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
ALGORITHMS = {"sha1": 20, "sha256": 32}
OFFSET_STREAM = "application/offset+octet-stream"


class NotTus(Problem):
    status, name, title = 412, "tus-version", Words("协议版本不符", "Another protocol version")


class NotOffset(Problem):
    status, name, title = 415, "media-type", Words("内容类型不符", "Unsupported media type")


def _tus(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    answer["Tus-Resumable"] = VERSION
    answer["Cache-Control"] = "no-store"
    return answer


def _of_version(request: HttpRequest) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise NotTus(Words("请使用 tus 1.0.0。", "Use tus 1.0.0."), extra={"supported": VERSION})


def _number(request: HttpRequest, name: str) -> int:
    given = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,15}", given):
        raise Invalid.field(name, "number", f"{name} 应为非负整数。", f"{name} must be a whole number.")
    return int(given)


def _metadata(request: HttpRequest) -> dict[str, str]:
    """``Upload-Metadata``: names with values in base64, separated by commas."""
    found: dict[str, str] = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value.strip(), validate=True).decode("utf-8").replace("\0", "")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Invalid.field(
                "Upload-Metadata", "base64", f"{name} 的值不是 base64。", f"The value of {name} is not base64."
            ) from error
    return found


def _kind(meta: dict[str, str]) -> Kind:
    given = meta.get("kind") or _KINDS.get(meta.get("filetype", "").split("/")[0], "photo")
    if given not in list(Kind):
        raise Invalid.field(
            "Upload-Metadata", "kind", f"kind 应为 {'、'.join(Kind)} 之一。", f"kind must be one of {', '.join(Kind)}."
        )
    return Kind(given)


_KINDS = {"image": "photo", "audio": "audio", "video": "video", "application": "document", "text": "document"}


def _checksum(request: HttpRequest) -> tuple[str, bytes] | None:
    given = request.headers.get("Upload-Checksum")
    if not given:
        return None
    name, _, value = given.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if ALGORITHMS.get(name) != len(digest):
        raise Invalid.field(
            "Upload-Checksum", "checksum", "校验和应为 sha1 或 sha256。", "The checksum must be sha1 or sha256."
        )
    return name, digest


@router.options(
    "/uploads",
    permission=PUBLIC,
    summary="What this server can (tus)",
    openapi_extra={"responses": {204: {"description": "Headers only"}}},
)
def options(request: HttpRequest) -> Any:
    answer = HttpResponse(status=204)
    answer["Tus-Version"] = VERSION
    answer["Tus-Extension"] = EXTENSIONS
    answer["Tus-Max-Size"] = str(MOST)
    answer["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return _tus(request, answer)


def _said(status: int, what: str, *headers: str, content: bool = False) -> dict[str, Any]:
    """For the API's description: the answer, the request's headers (``?`` behind one that may be left out) and whether it has a part of
    the file as its body."""
    parameters = [
        {"name": h.rstrip("?"), "in": "header", "required": not h.endswith("?"), "schema": HEADERS[h.rstrip("?")]}
        for h in ("Tus-Resumable", *headers)
    ]
    said: dict[str, Any] = {
        "parameters": parameters,
        "responses": {status: {"description": what}, **dict.fromkeys((410, 412, 415, 423, 460), PROBLEM)},
    }
    if content:
        part = {"schema": {"type": "string", "contentMediaType": OFFSET_STREAM}}
        said["requestBody"] = {"content": {OFFSET_STREAM: part}}
    return said


HEADERS: dict[str, Any] = {
    "Tus-Resumable": {"type": "string", "enum": [VERSION]},
    "Upload-Length": {"type": "integer", "minimum": 0},
    "Upload-Offset": {"type": "integer", "minimum": 0},
    "Upload-Metadata": {"type": "string"},
    "Upload-Checksum": {"type": "string"},
}
PROBLEM = {"$ref": "#/components/responses/Problem"}


@router.post(
    "/uploads",
    permission=EvidencePermission.UPLOAD,
    summary="Begin an upload (tus creation); Upload-Metadata: id (UUID), kind, filename, sha256",
    openapi_extra=_said(
        201,
        "Location of the upload; with a body, Upload-Offset too",
        *("Upload-Length", "Upload-Metadata?", "Upload-Checksum?"),
        content=True,
    ),
)
def create(request: HttpRequest) -> Any:
    _of_version(request)
    meta = _metadata(request)
    try:
        id = UUID(meta["id"]) if meta.get("id") else uuid7()
    except ValueError as error:
        raise Invalid.field("Upload-Metadata", "id", "id 应为 UUID。", "id must be a UUID.") from error
    digest = meta.get("sha256")
    if digest is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise Invalid.field(
            "Upload-Metadata", "sha256", "sha256 应为 64 位十六进制。", "sha256 must be 64 hexadecimal digits."
        )
    row = actions.create(
        by=request.principal,
        id=id,
        length=_number(request, "Upload-Length"),
        kind=_kind(meta),
        name=meta.get("filename", ""),
        sha256=digest and digest.lower(),
    )
    answer = HttpResponse(status=201)
    answer["Location"] = f"/api/v1/uploads/{row['id']}"
    if request.headers.get("Content-Type") == OFFSET_STREAM:
        row, offset = _receive(request, row["id"], actions.offset_of(row))
        answer["Upload-Offset"] = str(offset)
    return _expires(_tus(request, answer), row)


@router.head(
    "/uploads/{uuid:upload}",
    permission=EvidencePermission.UPLOAD,
    summary="How far an upload has come (tus)",
    openapi_extra=_said(200, "Upload-Offset and Upload-Length"),
)
def head(request: HttpRequest, upload: UUID) -> Any:
    _of_version(request)
    row, offset = actions.resumed(by=request.principal, upload=upload)
    answer = HttpResponse(status=200)
    answer["Upload-Offset"] = str(offset)
    if row["length"] is not None:
        answer["Upload-Length"] = str(row["length"])
    return _expires(_tus(request, answer), row)


@router.patch(
    "/uploads/{uuid:upload}",
    permission=EvidencePermission.UPLOAD,
    summary="Go on with an upload at Upload-Offset (tus)",
    openapi_extra=_said(204, "Upload-Offset: how much is safe now", "Upload-Offset", "Upload-Checksum?", content=True),
)
def patch(request: HttpRequest, upload: UUID) -> Any:
    _of_version(request)
    if request.headers.get("Content-Type") != OFFSET_STREAM:
        raise NotOffset(Words(f"Content-Type 应为 {OFFSET_STREAM}。", f"Content-Type must be {OFFSET_STREAM}."))
    row, offset = _receive(request, upload, _number(request, "Upload-Offset"))
    answer = HttpResponse(status=204)
    answer["Upload-Offset"] = str(offset)
    return _expires(_tus(request, answer), row)


@router.delete(
    "/uploads/{uuid:upload}",
    permission=EvidencePermission.UPLOAD,
    summary="Give an upload up (tus termination)",
    openapi_extra=_said(204, "It is gone"),
)
def cancel(request: HttpRequest, upload: UUID) -> Any:
    _of_version(request)
    actions.cancel(by=request.principal, upload=upload)
    return _tus(request, HttpResponse(status=204))


def _receive(request: HttpRequest, upload: UUID, offset: int) -> tuple[Row, int]:
    return actions.receive(
        by=request.principal,
        upload=upload,
        offset=offset,
        read=request.read,
        length=_number(request, "Content-Length"),
        checksum=_checksum(request),
    )


def _expires(answer: HttpResponse, row: Row) -> HttpResponse:
    if row["expires_at"] is not None:
        answer["Upload-Expires"] = http_date(row["expires_at"].timestamp())
    return answer


@router.get(
    "/evidence/{uuid:upload}",
    permission=EvidencePermission.READ,
    response=EvidenceOut,
    summary="What is known of a file",
)
def detail(request: HttpRequest, upload: UUID) -> Any:
    return queries.shown(queries.visible(by=request.principal, upload=upload))


class OriginalQuery(Input):
    purpose: Annotated[str, Field(min_length=1, max_length=200)]


_BYTES: dict[str, Any] = {
    "responses": {
        200: {"description": "The file"},
        206: {"description": "The part that was asked for"},
        304: {"description": "Unchanged"},
        416: PROBLEM,
    }
}


@router.get(
    "/evidence/{uuid:upload}/public",
    permission=EvidencePermission.READ,
    summary="The copy without what the device wrote into it",
    openapi_extra=_BYTES,
)
def public(request: HttpRequest, upload: UUID) -> Any:
    row = queries.readable(by=request.principal, upload=upload)
    if row["public"] is None and row["kind"] == Kind.DOCUMENT and row["original"]:
        return _answer(request, row["original"], row["media_type"], row["name"] or str(upload), inline=False)
    return _answer(request, row["public"], row["public_type"], str(upload), inline=row["kind"] != Kind.DOCUMENT)


@router.get(
    "/evidence/{uuid:upload}/thumb",
    permission=EvidencePermission.READ,
    summary="A small picture: of a photo, or the poster of a video",
    openapi_extra=_BYTES,
)
def thumb(request: HttpRequest, upload: UUID) -> Any:
    row = queries.readable(by=request.principal, upload=upload)
    return _answer(request, row["thumb"], "image/jpeg", f"{upload}-thumb", inline=True)


@router.get(
    "/evidence/{uuid:upload}/original",
    permission=EvidencePermission.ORIGINAL,
    summary="The sealed original, for a stated purpose that goes on record",
    openapi_extra=_BYTES,
)
def original(request: HttpRequest, upload: UUID, query: Query[OriginalQuery]) -> Any:
    row = actions.open_original(by=request.principal, upload=upload, purpose=query.purpose)
    return _answer(request, row["original"], row["media_type"], row["name"] or str(upload), inline=False)


def _answer(request: HttpRequest, key: str | None, media: str, name: str, *, inline: bool) -> HttpResponse:
    size = files.store().size(key) if key else None
    if key is None or size is None:
        raise NotFound(Words("没有这份文件，或尚在处理。", "There is no such copy, or it is not made yet."))
    tag = f'"{key}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        if part := part_of(request, size):
            start, end = part
            answer = HttpResponse(files.store().read(key, start, end - start + 1), status=206, content_type=media)
            answer["Content-Range"] = f"bytes {start}-{end}/{size}"
        else:
            answer = HttpResponse(files.store().read(key), content_type=media)
    answer["ETag"] = tag
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, max-age=3600"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=not inline, filename=name) or "attachment"
    return answer
