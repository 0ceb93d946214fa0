"""Uploads (``tus_api``), and evidence to look at.

A file is answered in slices of at most 4 MB when it is asked for by range, so that no thread is kept by one reader; what is larger than
64 MB (a video) has to be.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Query
from pydantic import Field

from wangge.domain.evidence import actions, queries
from wangge.domain.evidence.rules import Kind
from wangge.domain.evidence.schemas import EvidenceOut
from wangge.domain.evidence.tags import EvidencePermission
from wangge.domain.evidence.tus_api import PROBLEM, add_routes
from wangge.kernel import files
from wangge.kernel.problems import NotFound
from wangge.kernel.web.api import Router
from wangge.kernel.web.ranges import part_of
from wangge.kernel.web.schemas import Input
from wangge.kernel.words import Words

router = Router(tags=["evidence"])

add_routes(
    router, at="/uploads", permission=EvidencePermission.UPLOAD, who=lambda request, _: nullcontext(request.principal)
)


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
        return bytes_of(request, row["original"], row["media_type"], row["name"] or str(upload), inline=False)
    return bytes_of(request, row["public"], row["public_type"], str(upload), inline=row["kind"] != Kind.DOCUMENT)


@router.get(
    "/evidence/{uuid:upload}/thumb",
    permission=EvidencePermission.READ,
    summary="A small picture: of a photo, or the poster of a video",
    openapi_extra=_BYTES,
)
def thumb(request: HttpRequest, upload: UUID) -> Any:
    row = queries.readable(by=request.principal, upload=upload)
    return bytes_of(request, row["thumb"], "image/jpeg", f"{upload}-thumb", inline=True)


@router.get(
    "/evidence/{uuid:upload}/original",
    permission=EvidencePermission.ORIGINAL,
    summary="The sealed original, for a stated purpose that goes on record",
    openapi_extra=_BYTES,
)
def original(request: HttpRequest, upload: UUID, query: Query[OriginalQuery]) -> Any:
    row = actions.open_original(by=request.principal, upload=upload, purpose=query.purpose)
    return bytes_of(request, row["original"], row["media_type"], row["name"] or str(upload), inline=False)


def bytes_of(request: HttpRequest, key: str | None, media: str, name: str, *, inline: bool) -> HttpResponse:
    """A file of the store, whole or the part that was asked for. NotFound without one."""
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
