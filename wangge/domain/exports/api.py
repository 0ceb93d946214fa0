"""Exports over HTTP: a list or a table as one file, sent while it is made."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Query

from wangge.domain.exports import actions
from wangge.domain.exports.actions import Export
from wangge.domain.exports.columns import COLUMNS, USUAL
from wangge.domain.exports.schemas import ColumnsOut, QueueExport, SearchExport, StatsExport
from wangge.domain.exports.tags import ExportPermission
from wangge.domain.stats.tags import StatsPermission
from wangge.kernel import clock
from wangge.kernel.sheets import TYPES, Format
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.words import Words

router = Router(tags=["exports"])
ROWS = "X-Rows"
"""How many rows the file has when it is whole."""
_FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": f"The file; {ROWS} says how many rows it has",
            "headers": {ROWS: {"schema": {"type": "integer"}}},
            "content": {kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES.values()},
        }
    }
}  # fmt: skip


@router.get(
    "/exports/columns",
    permission=ExportPermission.CASES,
    response=ColumnsOut,
    summary="The columns a list of cases can have",
)
def columns(request: HttpRequest) -> Any:
    return {
        "items": [
            {"name": name, "words": column.words._asdict(), "usual": name in USUAL} for name, column in COLUMNS.items()
        ]
    }


@router.get(
    "/exports/cases",
    permission=ExportPermission.CASES,
    replica=True,
    openapi_extra=_FILE,
    summary="The queue as a file: exactly the rows of GET /cases with the same filter, as they are at this moment; on record",
)
def cases(request: HttpRequest, query: Query[QueueExport]) -> StreamingHttpResponse:
    return _cases(request, query, Words("案件清单", "cases"))


@router.get(
    "/exports/search",
    permission=ExportPermission.CASES,
    replica=True,
    openapi_extra=_FILE,
    summary="All that GET /search finds, newest first, as a file; on record",
)
def search(request: HttpRequest, query: Query[SearchExport]) -> StreamingHttpResponse:
    return _cases(request, query, Words("案件检索结果", "found-cases"))


@router.get(
    "/exports/stats",
    permission=StatsPermission.READ,
    replica=True,
    openapi_extra=_FILE,
    summary="What GET /stats/table answers as a file; on record",
)
def stats(request: HttpRequest, query: Query[StatsExport]) -> StreamingHttpResponse:
    asked = query.asked()
    made = actions.export_stats(
        by=request.principal,
        asked=asked,
        dimension=query.by,
        times=query.times,
        form=query.format,
        language=language_of(request),
    )
    return _file(request, made, query.format, Words("统计表", "figures"), f"{asked.first:%Y%m%d}-{asked.last:%Y%m%d}")


def _cases(request: HttpRequest, query: QueueExport | SearchExport, name: Words) -> StreamingHttpResponse:
    made = actions.export_cases(
        by=request.principal, asked=query.asked(), form=query.format, language=language_of(request)
    )
    now = clock.now().astimezone(ZoneInfo(settings.CONFIG.zone))
    return _file(request, made, query.format, name, f"{now:%Y%m%d-%H%M}")


def _file(request: HttpRequest, made: Export, form: Format, name: Words, of: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(made.pieces, content_type=TYPES[form])
    filename = f"{name.say(language_of(request))}-{of}.{form}"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename) or "attachment"
    answer[ROWS] = str(made.rows)
    return answer
