"""The program behind its real socket: requests whose end two servers could see at different places, and what never comes to an end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.program import Running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = Running(tmp_path_factory.mktemp("wire")).start()
    yield found
    found.stop()


def said(running: Running, request: bytes) -> bytes:
    """All that is answered to these bytes until the server closes the line."""
    found = b""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as line, suppress(ConnectionError):
        line.sendall(request)
        while part := line.recv(65536):
            found += part
    return found


HOST = b"Host: 127.0.0.1\r\n"
HIDDEN = b"GET /start HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 60\r\n",
        b"Content-Length: 5, 60\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: -5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length : 5\r\n",
        b"X: a\r\n folded: b\r\n",
        b"X\x00Y: a\r\n",
    ],
    ids=repr,
)
def test_a_request_whose_length_can_be_read_in_two_ways_is_refused_and_the_line_closed(
    running: Running, head: bytes
) -> None:
    answer = said(running, b"POST /api/v1/session HTTP/1.1\r\n" + HOST + head + b"\r\nhello" + HIDDEN)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1, "nothing that was hidden in the body is answered"


def test_a_head_that_is_too_large_is_refused(running: Running) -> None:
    many = b"".join(b"X-%d: a\r\n" % n for n in range(2000))
    assert said(running, b"GET /start HTTP/1.1\r\n" + HOST + many + b"\r\n")[:12] == b"HTTP/1.1 431"


def test_no_answer_names_the_server_and_its_version(running: Running) -> None:
    answer = said(running, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n").lower()
    assert answer.startswith(b"http/1.1 200")
    assert b"x-powered-by" not in answer
    server = next((line for line in answer.splitlines() if line.startswith(b"server:")), b"server:")
    assert not any(48 <= c <= 57 for c in server), server
