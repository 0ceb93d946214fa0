"""Mallory names an address that we fetch. It is hers alone that we ever connect to, for so long and for so much."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from wangge.kernel.web import stranger
from wangge.kernel.web.stranger import NotFetched, fetch, is_public

JPEG = b"\xff\xd8\xff" + b"x" * 2000


class Host(http.server.BaseHTTPRequestHandler):
    """Each path is a trick."""

    def do_GET(self) -> None:
        trick = self.path.split("?")[0]
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        if trick == "/drip":
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
            while not self.server.over.wait(0.05):  # type: ignore[attr-defined]
                self.wfile.write(b"x")
        elif trick.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
        else:
            self.send_response(503 if trick == "/busy" else 404 if trick == "/gone" else 200)
            self.send_header("Content-Type", "text/html" if trick == "/page" else "image/jpeg; charset=binary")
            if trick == "/says-large":
                self.send_header("Content-Length", "999999")
            self.end_headers()
            self.wfile.write(JPEG * (100 if trick == "/large" else 1))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.daemon_threads = True
    server.seen, server.over = [], threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(stranger, "PORTS", {"http": server.server_port, "https": 443})
    yield server
    server.over.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def get(url: str, *, seconds: float = 5, names: dict[str, list[str]] | None = None) -> Any:
    """With ``photos.example`` at this machine, which is let through as if it were public; every other address is judged as always."""
    known = {"photos.example": ["127.0.0.1"]} | (names or {})
    here = ip_address("127.0.0.1")

    def resolve(name: str, port: int) -> list[str]:
        return known[name] if name in known else stranger.resolved(name, port)

    return fetch(
        url,
        seconds=seconds,
        most=10_000,
        types={"image/jpeg"},
        resolve=resolve,
        allowed=lambda a: a == here or is_public(a),
    )


def test_a_picture_is_fetched_and_nothing_of_ours_is_sent_along(host: Any) -> None:
    assert get("http://photos.example/a.jpg?size=2") == (JPEG, "image/jpeg")
    path, headers = host.seen[0]
    assert path == "/a.jpg?size=2"
    assert headers.keys() == {"Host", "Accept", "Accept-Encoding", "User-Agent"} and headers["Host"] == "photos.example"
    assert get("http://photos.example/to/1?/a.jpg").body == JPEG


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://10.0.0.8/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.8]/",
        "http://[64:ff9b::a00:8]/",
        "http://[64:ff9b::808:808]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:a00:8::]/",
        "http://[fd00::1]/",
        "http://224.0.0.1/",
    ],
)
def test_internal_addresses_are_never_connected_to_however_they_are_written(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    reached: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: reached.append(a))
    for given in (url, url.replace("http://", "https://")):
        with pytest.raises(NotFetched, match="public"):
            fetch(given, seconds=5, most=10, types={"image/jpeg"})
    assert reached == []


@pytest.mark.parametrize(
    "url",
    [
        "file:/etc/passwd",
        "ftp://photos.example/",
        "gopher://x/",
        "//photos.example/a",
        "http://",
        "http://a:b@photos.example/",
        "http://photos.example:5432/",
        "http://photos.example:0x/",
        "http://photos.example/a b",
        "http://photos.example/\r\nX: y",
    ],
)
def test_what_is_no_plain_address_of_the_web_is_not_tried(host: Any, url: str) -> None:
    with pytest.raises(NotFetched):
        get(url)
    assert host.seen == []


def test_a_redirect_to_an_internal_address_is_not_followed_nor_are_many(host: Any) -> None:
    for inside in ("http://10.0.0.8/x", "http://169.254.169.254/", "https://[::1]/", "file:/etc/passwd"):
        with pytest.raises(NotFetched):
            get(f"http://photos.example/to/1?{inside}")
    assert len(host.seen) == 4
    with pytest.raises(NotFetched, match="too often"):
        get("http://photos.example/to/1?" + "/to/2?" * 8 + "/a.jpg")


def test_a_name_that_turns_internal_after_it_was_looked_at_gains_nothing(host: Any) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.8"]])
    asked: list[str] = []

    def rebinding(name: str, port: int) -> list[str]:
        asked.append(name)
        return next(answers)

    given: dict[str, Any] = {"seconds": 5, "most": 10_000, "types": {"image/jpeg"}, "resolve": rebinding, "allowed": lambda a: str(a) == "127.0.0.1"}  # fmt: skip
    assert fetch("http://evil.example/a.jpg", **given).body == JPEG
    assert asked == ["evil.example"]  # asked once, and that address was connected to
    with pytest.raises(NotFetched, match="public"):
        fetch("http://evil.example/a.jpg", **given)
    with pytest.raises(NotFetched, match="public"):
        get("http://two.example/", names={"two.example": ["127.0.0.1", "10.0.0.8"]})


@pytest.mark.parametrize(("path", "why"), [("/large", "large"), ("/says-large", "large"), ("/page", "picture"), ("/gone", "404")])  # fmt: skip
def test_too_much_another_type_and_nothing_are_refused_for_good(host: Any, path: str, why: str) -> None:
    with pytest.raises(NotFetched, match=why) as refused:
        get(f"http://photos.example{path}")
    assert not refused.value.later


def test_who_is_busy_may_be_asked_later_and_who_drips_is_cut_off(host: Any) -> None:
    with pytest.raises(NotFetched) as busy:
        get("http://photos.example/busy")
    assert busy.value.later
    started = time.monotonic()
    with pytest.raises(NotFetched, match="long") as slow:
        get("http://photos.example/drip", seconds=0.6)
    assert slow.value.later and time.monotonic() - started < 5
