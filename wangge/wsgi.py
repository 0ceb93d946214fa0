"""The web processes' entry: ``granian --interface wsgi wangge.wsgi:application``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core import signals
from django.core.cache import close_caches
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")


class Application(WSGIHandler):
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """A whole body is given to the server as a list, which it writes at once; what it must iterate costs it half a request more."""
        response = super().__call__(environ, start_response)
        if response.streaming:
            return response
        body = [response.content]
        response.close()
        return body


def _listen_to_what_is_used() -> None:
    """Django tidies up at both ends of each request. Nothing is cached by it here and no statement recorded; a connection that has ended is
    noticed when a request begins."""
    signals.request_started.disconnect(reset_queries)
    signals.request_finished.disconnect(close_caches)
    signals.request_finished.disconnect(close_old_connections)


django.setup(set_prefix=False)
application = Application()
_listen_to_what_is_used()
