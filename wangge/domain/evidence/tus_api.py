"""Uploads by the tus 1.0 protocol, as routes for whoever may upload: members of staff, and residents with the code of their report."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

from wangge.domain.evidence import actions
from wangge.domain.evidence.rules import MOST, Kind
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid, Problem
from wangge.kernel.web.api import PUBLIC, Router
from wangge.kernel.web.auth import Need
from wangge.kernel.words import Words

Who = Callable[[HttpRequest, UUID], AbstractContextManager[Principal]]
"""Who uploads this file. Raises what a client must not go on after."""

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


def _receive(request: HttpRequest, by: Principal, upload: UUID, offset: int) -> tuple[Row, int]:
    return actions.receive(
        by=by,
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


def add_routes(router: Router, *, at: str, permission: Need, who: Who) -> None:
    """The protocol at the address ``at``."""

    @router.options(
        at,
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

    @router.post(
        at,
        permission=permission,
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
        with who(request, id) as by:
            row = actions.create(
                by=by,
                id=id,
                length=_number(request, "Upload-Length"),
                kind=_kind(meta),
                name=meta.get("filename", ""),
                sha256=digest and digest.lower(),
            )
            offset = None
            if request.headers.get("Content-Type") == OFFSET_STREAM:
                row, offset = _receive(request, by, row["id"], 0)
        answer = HttpResponse(status=201)
        answer["Location"] = f"/api/v1{at}/{row['id']}"
        if offset is not None:
            answer["Upload-Offset"] = str(offset)
        return _expires(_tus(request, answer), row)

    @router.head(
        f"{at}/{{uuid:upload}}",
        permission=permission,
        summary="How far an upload has come (tus)",
        openapi_extra=_said(200, "Upload-Offset and Upload-Length"),
    )
    def head(request: HttpRequest, upload: UUID) -> Any:
        _of_version(request)
        with who(request, upload) as by:
            row, offset = actions.resumed(by=by, upload=upload)
        answer = HttpResponse(status=200)
        answer["Upload-Offset"] = str(offset)
        if row["length"] is not None:
            answer["Upload-Length"] = str(row["length"])
        return _expires(_tus(request, answer), row)

    @router.patch(
        f"{at}/{{uuid:upload}}",
        permission=permission,
        summary="Go on with an upload at Upload-Offset (tus)",
        openapi_extra=_said(
            204, "Upload-Offset: how much is safe now", "Upload-Offset", "Upload-Checksum?", content=True
        ),
    )
    def patch(request: HttpRequest, upload: UUID) -> Any:
        _of_version(request)
        if request.headers.get("Content-Type") != OFFSET_STREAM:
            raise NotOffset(Words(f"Content-Type 应为 {OFFSET_STREAM}。", f"Content-Type must be {OFFSET_STREAM}."))
        with who(request, upload) as by:
            row, offset = _receive(request, by, upload, _number(request, "Upload-Offset"))
        answer = HttpResponse(status=204)
        answer["Upload-Offset"] = str(offset)
        return _expires(_tus(request, answer), row)

    @router.delete(
        f"{at}/{{uuid:upload}}",
        permission=permission,
        summary="Give an upload up (tus termination)",
        openapi_extra=_said(204, "It is gone"),
    )
    def cancel(request: HttpRequest, upload: UUID) -> Any:
        _of_version(request)
        with who(request, upload) as by:
            actions.cancel(by=by, upload=upload)
        return _tus(request, HttpResponse(status=204))
