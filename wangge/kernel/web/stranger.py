"""Fetching what a stranger names: a public address alone, whatever a redirect or a name server says on the way, within a size and a time.

The host's name is resolved here, once for each step, and it is the address that was looked at which is connected to: a name that answers
with a public address first and with an internal one afterwards gains nothing. Nothing of ours is sent along.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

REDIRECTS = 3
PORTS = {"http": 80, "https": 443}
_MOVED = frozenset({301, 302, 303, 307, 308})
_TUNNELS = [ip_network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")]
"""Addresses that carry another one inside: what is meant cannot be told from outside."""


class NotFetched(Exception):
    """The text says why, in words for people, without anything of the content. ``later``: it may go better another time."""

    def __init__(self, text: str, *, later: bool = False) -> None:
        self.later = later
        super().__init__(text)


class Fetched(NamedTuple):
    body: bytes
    type: str


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is somebody else's, reachable by everybody. An IPv4 address written as IPv6 is judged as that."""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address.version == net.version and address in net for net in _TUNNELS)


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system finds them. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str,
    *,
    seconds: float,
    most: int,
    types: Collection[str],
    resolve: Callable[[str, int], Iterable[str]] = resolved,
    allowed: Callable[[IPv4Address | IPv6Address], bool] = is_public,
) -> Fetched:
    """What is at ``url``, of one of ``types``, at most ``most`` bytes, within ``seconds`` in all. Raises NotFetched."""
    until = time.monotonic() + seconds
    try:
        for _ in range(REDIRECTS + 1):
            parts = _parts(url)
            with _line(parts, _looked_at(parts, resolve, allowed), until) as connection:
                target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
                accept = {"Accept": ", ".join(sorted(types)), "Accept-Encoding": "identity", "User-Agent": "Wangge"}
                connection.request("GET", target, headers={"Host": parts.netloc} | accept)
                with connection.getresponse() as answer:
                    if answer.status not in _MOVED:
                        return _read(answer, until=until, most=most, types=types)
                    url = urljoin(url, answer.headers.get("Location", ""))
    except (OSError, http.client.HTTPException, ValueError) as error:
        _left(until)
        raise NotFetched(f"unreachable ({type(error).__name__})", later=True) from None
    raise NotFetched("redirected too often")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotFetched("no address of the web") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or parts.password is not None:
        raise NotFetched("no address of the web")
    if port not in (None, PORTS[parts.scheme]):
        raise NotFetched("not at the usual port of the web")
    if not (parts.path + parts.query).isascii() or any(c <= " " for c in parts.path + parts.query):
        raise NotFetched("no address of the web")
    return parts


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise NotFetched("took too long", later=True)
    return left


def _looked_at(
    parts: SplitResult,
    resolve: Callable[[str, int], Iterable[str]],
    allowed: Callable[[IPv4Address | IPv6Address], bool],
) -> str:
    """The address to connect to. One internal address among several is enough to refuse them all."""
    found = [ip_address(a.partition("%")[0]) for a in resolve(str(parts.hostname), PORTS[parts.scheme])]
    if not found or not all(allowed(a) for a in found):
        raise NotFetched("not at a public address")
    return str(found[0])


@contextmanager
def _line(parts: SplitResult, address: str, until: float) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut when the time is over, however slowly the other side speaks."""
    host, port = str(parts.hostname), PORTS[parts.scheme]
    reached = socket.create_connection((address, port), timeout=_left(until))
    same = reached.dup()
    cut = threading.Timer(_left(until), _shut, [same])
    cut.daemon = True
    cut.start()
    try:
        if parts.scheme == "https":
            reached = ssl.create_default_context().wrap_socket(reached, server_hostname=host)
        connection = http.client.HTTPConnection(host, port, timeout=_left(until))
        connection.sock = reached
        yield connection
    finally:
        cut.cancel()
        reached.close()
        same.close()


def _shut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _read(answer: http.client.HTTPResponse, *, until: float, most: int, types: Collection[str]) -> Fetched:
    if answer.status != 200:
        raise NotFetched(f"answered {answer.status}", later=answer.status >= 500 or answer.status == 429)
    kind = answer.headers.get_content_type()
    if kind not in types:
        raise NotFetched(f"is {kind[:60]}, not a picture")
    if int(answer.headers.get("Content-Length") or 0) > most:
        raise NotFetched("too large")
    body = answer.read(most + 1)
    _left(until)  # a line that was cut looks like an end
    if len(body) > most:
        raise NotFetched("too large")
    return Fetched(body, kind)
