"""Which reads of the API a replica may answer, and how a client carries what it has written (``kernel/db/replica.py``).

Each answer to something that may have written says the position behind it, in a header and in a cookie of the same life as the session's.
A request without either is answered by the primary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from wangge.kernel.access import PUBLIC_PERSON
from wangge.kernel.db import replica
from wangge.kernel.web.address import is_https
from wangge.kernel.web.auth import SAFE, cookie_name

HEADER = "X-Wangge-Position"
COOKIE = "wangge_position"
_LSN = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}")


def readable(view: Callable[..., Any]) -> None:
    """Let a replica answer this route: a GET whose statements only read (what it writes, it writes ``at_home``)."""
    contribute_operation_callback(view, _route)


def _route(operation: Operation) -> None:
    view = operation.view_func

    @wraps(view)
    def routed(request: HttpRequest, **given: Any) -> Any:
        return replica.answer(position_of(request), request.principal, lambda: view(request, **given))

    operation.view_func = routed


def position_of(request: HttpRequest) -> int | None:
    """What the asker has written, as far as they say; None when they do not, or in words that are none."""
    given = request.headers.get(HEADER) or request.COOKIES.get(COOKIE, "")
    return replica.number(given) if _LSN.fullmatch(given) else None


def note(request: HttpRequest, response: HttpResponse) -> None:
    """Say the position behind a request that may have written, or has begun a session; nothing without a replica."""
    if not replica.configured():
        return
    https = is_https(request)
    begun = cookie_name(https=https) in response.cookies
    stranger = getattr(request, "principal", PUBLIC_PERSON).kind == "public"
    if not begun and (stranger or request.method in SAFE):
        return
    try:
        position = replica.written()
    except Error:  # then nobody knows, and the primary answers until they write again
        response.delete_cookie(COOKIE, samesite="Strict")
        return
    response[HEADER] = position
    response.set_cookie(COOKIE, position, httponly=True, samesite="Strict", secure=https, path="/")
