"""Where the live events are: the streams have a process and a port of their own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from wangge.domain.cases.tags import CasePermission
from wangge.kernel.web.api import SIGNED_IN, Router
from wangge.kernel.web.schemas import Output

router = Router(tags=["live"])


class LiveOut(Output):
    """Open ``url`` as an EventSource with credentials. Events: ``case`` (data.row is the case as lists show it), ``gone`` (data.id is
    not in your scope any more), ``notice`` (you have new ones), ``reset`` (you missed something: load anew), ``end`` (log in anew)."""

    url: str


def url_of(request: HttpRequest) -> str:
    config = settings.CONFIG
    if config.live_url:
        return config.live_url
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return f"{request.scheme}://{name}:{config.live_port or config.port + 1}/api/v1/live"


@router.get("/live/info", permission=SIGNED_IN, response=LiveOut, summary="Where the live events are")
def info(request: HttpRequest) -> Any:
    return {"url": url_of(request)}


@router.get(
    "/live",
    permission=CasePermission.READ,
    summary="Sends on to the stream of live events (server-sent events, resumable by Last-Event-ID)",
    openapi_extra={"responses": {307: {"description": "Location of the stream"}}},
)
def live(request: HttpRequest) -> Any:
    answer = HttpResponse(status=307)
    answer["Location"] = url_of(request)
    return answer
