"""One middleware for what every answer needs: a number, a log line and a metric without personal data, safe headers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from wangge.kernel import metrics
from wangge.kernel.ids import uuid7

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


class Wangge:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.number = uuid7().hex[-12:]
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        route = getattr(request.resolver_match, "route", None) or "unknown"
        metrics.observe(request.method or "-", route, response.status_code, seconds)
        # The path may hold a case's id but never a person's data; the query string may (a search), so it is not logged.
        log.info(
            "request",
            extra={
                "request": request.number,
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
            },
        )
        response["X-Request-Id"] = request.number
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if not response.streaming:  # else it goes out in chunks, which costs both ends
            response.setdefault("Content-Length", str(len(response.content)))
        if request.path.startswith("/api/"):
            response.setdefault("Cache-Control", "no-store")
        return response
