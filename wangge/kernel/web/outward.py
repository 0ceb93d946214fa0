"""Asking another server whose address the installation's own settings name: within a time, without redirects, without proxies of the environment."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple

HERE = ("localhost", "127.0.0.1", "::1")


class Unreachable(Exception):
    """The text says what came instead, without anything of its content: it goes into logs. ``status``: of an answer."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Answer(NamedTuple):
    body: bytes
    headers: Mapping[str, str]


def is_safe(url: str) -> bool:
    """Whether what is said to ``url`` stays between us: https, or this very machine."""
    parts = urllib.parse.urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def ask(
    url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None, seconds: float, most: int
) -> Answer:
    """What ``url`` answers with 2xx, a POST with ``body``; at most ``most`` bytes of it. Raises Unreachable."""
    path = urllib.parse.urlsplit(url).path
    if not is_safe(url):
        raise Unreachable(f"{path} is not at an https address")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        _NoRedirect(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    )
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            content = answer.read(most + 1)
            if len(content) > most:
                raise Unreachable(f"{path} answered more than {most} bytes")
            return Answer(content, {k.lower(): v for k, v in answer.headers.items()})
    except urllib.error.HTTPError as error:
        raise Unreachable(f"{path} answered {error.code}", error.code) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{path}: {type(error).__name__}") from None
