"""One signed POST to another system: to an address that was looked at first, within a time, without following redirects."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence

from wangge import __version__
from wangge.domain.notices.channels import Failed
from wangge.domain.notices.channels.target import Refused, Target, target

SECONDS = 10.0
"""For the whole of it: a receiver that answers by drops holds nobody up."""


def post(url: str, *, body: bytes, headers: Mapping[str, str], allowed: Sequence[str]) -> int:
    """POST ``body`` and return the status, which is 2xx; nothing of the answer's body is read. Raises Failed."""
    try:
        where = target(url, allowed)
    except Refused as error:
        raise Failed(error.words.en[:200], unreachable=True) from None
    connection = _connection(where)
    timer = threading.Timer(SECONDS, _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", where.path, body=body, headers={**_HEADERS, **headers})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Failed(_why(error), unreachable=True) from None
    finally:
        timer.cancel()
        connection.close()
    if not 200 <= status < 300:
        moved = " (redirects are not followed)" if 300 <= status < 400 else ""
        raise Failed(f"HTTP {status}{moved}", final=status == 410, http_status=status)
    return status


_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": f"Wangge/{__version__}",
    "Connection": "close",
}


def _connection(where: Target) -> http.client.HTTPConnection:
    if where.secure:
        return _Secure(where)
    return _Plain(where)


class _Plain(http.client.HTTPConnection):
    """Connects to the address that was looked at, whatever the name means a moment later."""

    def __init__(self, where: Target) -> None:
        super().__init__(where.host, where.port, timeout=SECONDS)
        self.where = where

    def connect(self) -> None:
        self.sock = socket.create_connection((self.where.address, self.where.port), self.timeout)


class _Secure(http.client.HTTPSConnection):
    def __init__(self, where: Target) -> None:
        self.tls = ssl.create_default_context()
        super().__init__(where.host, where.port, timeout=SECONDS, context=self.tls)
        self.where = where

    def connect(self) -> None:
        raw = socket.create_connection((self.where.address, self.where.port), self.timeout)
        self.sock = self.tls.wrap_socket(raw, server_hostname=self.where.host)


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"[:200]
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    return type(error).__name__
