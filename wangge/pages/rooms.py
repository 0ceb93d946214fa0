"""The web apps: built into ``static/<app>`` (``make web``). Every address below ``/<app>/`` is answered with its index.html, and the
app's own router reads the address; scripts and styles have hashed names and are whitenoise's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wangge.domain.live.api import url_of
from wangge.kernel.web.middleware import HEADERS

STATIC = Path(__file__).parent / "static"
APPS = ("console", "field", "portal")
WORKER = "sw.js"
"""The service worker of an app that has one: it must lie below the address that it looks after."""


@cache
def index_of(app: str) -> str | None:
    """The page as it was when the process was first asked for it, as whitenoise knows the files of that time alone; None: not built."""
    path = STATIC / app / "index.html"
    if not path.is_file():
        return None
    demo = "true" if settings.CONFIG.demo else "false"
    return path.read_text("utf-8").replace("<html ", f'<html data-zone="{settings.CONFIG.zone}" data-demo="{demo}" ', 1)


def policy(request: HttpRequest) -> str:
    """As everywhere, the live events, which have a port of their own, and the hosts of the base map, whose tiles are fetched."""
    live = urlsplit(url_of(request))
    asked = ["'self'", f"{live.scheme}://{live.netloc}", *(settings.BASEMAP.origins if settings.BASEMAP else ())]
    return f"{HEADERS['Content-Security-Policy']}; connect-src {' '.join(asked)}"


def room(app: str) -> Callable[..., HttpResponse]:
    """The view of an app."""

    @require_safe
    def view(request: HttpRequest, path: str = "") -> HttpResponse:
        if path == WORKER and (worker := STATIC / app / WORKER).is_file():
            return HttpResponse(worker.read_bytes(), "text/javascript", headers={"Cache-Control": "no-cache"})
        if (page := index_of(app)) is None:
            return render(request, "pages/not_built.html", {"app": app}, status=404)
        return HttpResponse(page, headers={"Cache-Control": "no-cache", "Content-Security-Policy": policy(request)})

    return view
