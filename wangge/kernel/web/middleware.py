"""One middleware for what every answer needs: a name that we are known by, a number, a log line and a metric without personal data, safe headers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from wangge.kernel import metrics
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Problem
from wangge.kernel.web.api import problem_response
from wangge.kernel.web.replica import note
from wangge.kernel.words import Words

log = logging.getLogger("wangge.request")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(self)",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BY_ADDRESS = frozenset({"/healthz", "/metrics"})
"""What balancers and Prometheus ask for by whatever address they have; neither says a word of ours with the host's name in it."""
REFUSED = frozenset({403, 404})
"""What was asked for was not theirs, or is not theirs to know of: the log says who asked, by the number of the account."""
NOT_OUR_NAME = Problem(
    Words(
        "本系统不以此主机名提供服务；如应当提供，请由管理员加入 WANGGE_HOSTS。",
        "This system is not served under that host name; if it should be, it belongs into WANGGE_HOSTS.",
    )
)


class Wangge:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.number = uuid7().hex[-12:]
        response = self._refused(request) or self.get_response(request)
        note(request, response)
        seconds = time.perf_counter() - started
        route = getattr(request.resolver_match, "route", None) or "unknown"
        # A client may call its method anything: each new name would be a row of the metrics for good.
        method = request.method if request.method in METHODS else "other"
        metrics.observe(method, route, response.status_code, seconds)
        # The path may hold a case's id but never a person's data; the query string may (a search), so it is not logged.
        said = {
            "request": request.number,
            "method": method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
        }
        if response.status_code in REFUSED and (asked := getattr(request, "principal", None)) and asked.id:
            said["by"] = str(asked.id)
        log.info("request", extra=said)
        response["X-Request-Id"] = request.number
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if settings.CONFIG.https:
            response.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
        if not response.streaming:  # else it goes out in chunks, which costs both ends
            response.setdefault("Content-Length", str(len(response.content)))
        response.setdefault("Cache-Control", "no-store")  # what may be kept says so itself
        return response

    @staticmethod
    def _refused(request: HttpRequest) -> HttpResponse | None:
        """Links, redirects and the check of where a request comes from are made of the host's name: it has to be one of ours."""
        if request.path in BY_ADDRESS:
            return None
        try:
            request.get_host()
        except DisallowedHost:
            return problem_response(request, NOT_OUR_NAME)
        return None
