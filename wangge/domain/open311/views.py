"""The standard's addresses under ``/open311/v2/``, outside ``/api/v1``: their forms, errors and formats are not ours to choose."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from wangge.domain.cases.tags import CasePermission
from wangge.domain.open311 import actions, queries
from wangge.domain.open311.rules import FORMATS, MOST, Refused, period, xml
from wangge.domain.people.actions.authenticate import TOKEN_PREFIX, integration
from wangge.domain.people.rules import network_of
from wangge.domain.portal import limits
from wangge.domain.portal.rules import LOOKS_OF_NETWORK
from wangge.kernel import clock
from wangge.kernel.access import Principal, bind
from wangge.kernel.problems import Forbidden, Problem
from wangge.kernel.web.address import client_address
from wangge.kernel.words import Language, Words, choose_language

VERSION = "http://wiki.open311.org/GeoReport_v2"
CHANGED = "2026-11-21T00:00:00Z"
NO_KEY = Words(
    "缺少 api_key，或它无效。请向安全管理员申请对接令牌。",
    "The api_key is missing or not valid; ask the security administrator for a token.",
)


def _language(request: HttpRequest) -> Language:
    return choose_language(request.headers.get("Accept-Language"))


def answered(request: HttpRequest, format: str, root: str, value: Any, status: int = 200) -> HttpResponse:
    body = orjson.dumps(value) if format == "json" else xml(root, value)
    answer = HttpResponse(body, status=status, content_type=FORMATS[format])
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cache-Control"] = "no-store"
    return answer


def standard(root: str) -> Callable[[Callable[..., Any]], Callable[..., HttpResponse]]:
    """A view that gives the value to answer, or raises one of the standard's errors or of our problems, told as such."""

    def of(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def shown(request: HttpRequest, format: str, **given: str) -> HttpResponse:
            try:
                found = view(request, **given)
                return found if isinstance(found, HttpResponse) else answered(request, format, root, found)
            except Refused as refused:
                return answered(request, format, "errors", refused.body, refused.status)
            except Problem as problem:
                # The standard knows no 422: what we cannot take is a bad request.
                status = 400 if problem.status in (409, 422) else problem.status
                words = Refused(status, problem.detail)
                answer = answered(request, format, "errors", words.body, status)
                if "retry_after" in problem.extra:
                    answer["Retry-After"] = str(problem.extra["retry_after"])
                return answer

        return shown

    return of


def _key(request: HttpRequest, given: Any) -> Principal | None:
    """The client whose ``api_key`` came with the request; None without one. Raises Refused for one that is not valid."""
    text = given.get("api_key")
    if not text:
        return None
    found = integration(text, client_address(request)) if text.startswith(TOKEN_PREFIX) else None
    if found is None:
        raise Refused(403, NO_KEY)
    bind(found)
    return found


def _root(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()][:100]


def _number(text: str | None, name: str, default: int, most: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise Refused(400, Words(f"{name} 应为 1–{most}。", f"{name} is a number from 1 to {most}."))
    return int(text)


@require_safe
@standard("discovery")
def discovery(request: HttpRequest) -> Any:
    """Where this server is, as the standard's discovery file says it."""
    return {
        "changeset": CHANGED,
        "contact": "12345",
        "key_service": "security administrator of this installation",
        "endpoints": [
            {
                "specification": VERSION,
                "url": request.build_absolute_uri("/open311/v2"),
                "changeset": CHANGED,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }


@require_safe
@standard("services")
def services(request: HttpRequest) -> Any:
    queries.jurisdiction(request.GET.get("jurisdiction_id"))
    return queries.services(_language(request))


@require_safe
@standard("service_definition")
def definition(request: HttpRequest, code: str) -> Any:
    queries.jurisdiction(request.GET.get("jurisdiction_id"))
    return queries.definition(code, _language(request))


@require_http_methods(["GET", "HEAD", "POST"])
@standard("service_requests")
def requests(request: HttpRequest) -> Any:
    return _send(request) if request.method == "POST" else _find(request)


def _send(request: HttpRequest) -> Any:
    given = request.POST
    key = _key(request, given) or _key(request, request.GET)
    if key is None:
        raise Refused(403, NO_KEY)
    if not key.may(CasePermission.REPORT):
        raise Forbidden(Words("此令牌不能上报。", "This token may not report."))
    queries.jurisdiction(given.get("jurisdiction_id"))
    row = actions.send(by=key, given=given)
    notice = Words("已收到", "Received").say(_language(request))
    return [{"service_request_id": row["number"], "service_notice": notice, "account_id": None}]


def _find(request: HttpRequest) -> Any:
    asked = request.GET
    limits.take(LOOKS_OF_NETWORK, network_of(client_address(request)))
    key = _key(request, asked)
    district = queries.jurisdiction(asked.get("jurisdiction_id"))
    statuses = _list(asked.get("status"))
    if set(statuses) - {"open", "closed"}:
        raise Refused(400, Words("status 应为 open 或 closed。", "status is open or closed."))
    since, until = period(asked.get("start_date"), asked.get("end_date"), clock.now())
    return queries.requests(
        key=key,
        language=_language(request),
        ids=_list(asked.get("service_request_id")),
        services=_list(asked.get("service_code")),
        statuses=statuses,
        since=since,
        until=until,
        district=district,
        page=_number(asked.get("page"), "page", 1, 1_000_000),
        size=_number(asked.get("page_size"), "page_size", MOST, MOST),
        root=_root(request),
    )


@require_safe
@standard("service_requests")
def one_request(request: HttpRequest, number: str) -> Any:
    limits.take(LOOKS_OF_NETWORK, network_of(client_address(request)))
    key = _key(request, request.GET)
    queries.jurisdiction(request.GET.get("jurisdiction_id"))
    found = queries.requests(key=key, language=_language(request), ids=[number], root=_root(request))
    if not found:
        raise Refused(404, queries.NO_REQUEST)
    return found


@require_safe
@standard("service_requests")
def token(request: HttpRequest, token: str) -> Any:
    """Requests have their number at once, so a token is that number: who asks by it is told the same."""
    found = queries.requests(key=_key(request, request.GET), language=_language(request), ids=[token])
    if not found:
        raise Refused(404, queries.NO_REQUEST)
    return [{"service_request_id": row["service_request_id"], "token": token} for row in found]
