"""The door of a web process: so many are served, so many wait, all others are sent away at once and told when to come again."""

from __future__ import annotations

import io
import socket
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connections

from tests.support.room import run_in_small_room
from tests.support.wait import until
from wangge.processes import admission, bodies
from wangge.processes.admission import Door
from wangge.processes.bodies import Bodies
from wangge.processes.web import SEATS, SENDING, WAITING


class Answer:
    status = ""
    headers: dict[str, str]
    body = b""


class House:
    """An application in which everybody stays until ``leave``; knows who is in, in the order of coming."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.seats: set[int] = set()
        self.read: list[bytes] = []
        self.leave = threading.Semaphore(0)
        self.door = Door(self, Path("nowhere"))
        self.threads: list[threading.Thread] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.inside.append(environ["QUERY_STRING"])
        self.seats.add(id(connections["default"]))
        if "wsgi.input" in environ:
            self.read.append(environ["wsgi.input"].read())
        if environ["PATH_INFO"] == "/broken":
            raise ZeroDivisionError
        if environ["PATH_INFO"].startswith("/api/"):
            self.leave.acquire()
        start_response("200 OK", [])
        return [b"fine"]

    def ask(
        self,
        path: str = "/api/v1/cases",
        query: str = "",
        language: str = "zh",
        method: str = "GET",
        body: Any = None,
    ) -> Answer:
        answer = Answer()

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            answer.status, answer.headers = status, dict(headers)

        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_ACCEPT_LANGUAGE": language}
        if body is not None:
            environ |= sent((body.left if isinstance(body, Phone) else body).getvalue(), body)
        answer.body = b"".join(self.door(environ, start_response))
        return answer

    def come(self, query: str) -> Answer:
        """In a thread of its own; returns once it is inside or in line."""
        before = (len(self.inside), self.in_line)
        got = Answer()
        self.threads.append(threading.Thread(target=lambda: got.__dict__.update(self.ask(query=query).__dict__)))
        self.threads[-1].start()
        until(lambda: (len(self.inside), self.in_line) != before)
        return got

    @property
    def in_line(self) -> int:
        return len(self.door._seats._line)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterable[House]:
    monkeypatch.setattr(admission, "PATIENCE", 60.0)
    made = House()
    yield made
    for _ in range(1000):
        made.leave.release()
    for thread in made.threads:
        thread.join()


def test_who_finds_a_seat_is_served_who_finds_a_place_in_line_waits_and_the_next_is_sent_away(house: House) -> None:
    for n in range(SEATS + WAITING):
        house.come(str(n))
    assert len(house.inside) == SEATS and house.in_line == WAITING
    refused = house.ask(language="zh-CN")
    assert refused.status == "503 Temporarily unavailable"
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert "同一 id 的提交不会重复生效" in orjson.loads(refused.body)["detail"]
    assert orjson.loads(house.ask(language="en").body)["detail"].startswith("Too much is asked for")
    assert len(house.inside) == SEATS, "nothing of it reached the application"


def test_a_seat_goes_to_who_has_waited_longest(house: House) -> None:
    for n in range(SEATS + 6):
        house.come(str(n))
    for n in range(6):
        house.leave.release()
        until(lambda n=n: len(house.inside) == SEATS + n + 1)
    assert house.inside == [str(n) for n in range(SEATS + 6)]


def test_as_many_connections_as_seats_whoever_sits_there(house: House) -> None:
    for n in range(3 * SEATS):
        house.come(str(n))
        house.leave.release()
    until(lambda: len(house.inside) == 3 * SEATS)
    assert len(house.seats) <= SEATS


def test_health_and_what_asks_no_database_are_answered_while_everybody_waits(house: House) -> None:
    for n in range(SEATS + WAITING):
        house.come(str(n))
    assert [house.ask(path).body for path in ("/health", "/healthz", "/static/console/assets/x.js")] == [b"fine"] * 3


def test_nobody_waits_longer_than_the_door_has_patience(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(SEATS):
        house.come(str(n))
    monkeypatch.setattr(admission, "PATIENCE", 0.02)
    assert house.ask().status.startswith("503")
    assert house.in_line == 0
    house.leave.release()
    house.come("after")  # the seat that became free is there for the next
    until(lambda: house.inside[-1] == "after")


def test_with_no_room_on_the_disk_reading_and_the_log_in_go_on_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pg").mkdir()
    house.door = Door(house, tmp_path)
    assert house.ask("/", method="POST").status == "200 OK"
    monkeypatch.setattr(admission, "ROOM", 1 << 62)
    monkeypatch.setattr(admission, "LOOKED_EVERY", 0)
    refused = house.ask("/api/v1/cases", method="POST", language="en")
    assert refused.status == "507 Insufficient storage"
    assert "data disk is full" in orjson.loads(refused.body)["detail"] and int(refused.headers["Retry-After"]) > 0
    for _ in range(2):
        house.leave.release()
    assert house.ask("/api/v1/cases").body == house.ask("/api/v1/session", method="POST").body == b"fine"


def test_a_seat_comes_back_from_a_request_that_broke(house: House) -> None:
    for _ in range(2 * SEATS):
        with pytest.raises(ZeroDivisionError):
            house.ask("/broken")
    assert house.ask("/").body == b"fine"


# — bodies ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


class Phone:
    """A body that comes when ``goes_on``: first nothing, then all of it."""

    def __init__(self, content: bytes) -> None:
        self.left = io.BytesIO(content)
        self.goes_on = threading.Event()
        self.read = lambda size=-1: (self.goes_on.wait(), self.left.read(size))[1]
        self.readline = self.left.readline


def sent(content: bytes, source: Any) -> dict[str, Any]:
    return {"CONTENT_LENGTH": str(len(content)), "wsgi.input": source, "REMOTE_ADDR": "127.0.0.1"}


def test_who_is_still_sending_has_no_seat_and_is_served_when_all_has_arrived(house: House) -> None:
    phones = [Phone(b"%d" % n * 100) for n in range(SENDING)]
    got: list[bytes] = []
    threads = [
        threading.Thread(target=lambda p=phone: got.append(house.ask("/", "phone", method="POST", body=p).body))
        for phone in phones
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(house.door._bodies._sending) == SENDING)
    assert house.inside == [] and house.ask("/", "quick").body == b"fine"
    one_more = house.ask("/", "one more", method="POST", body=io.BytesIO(b"x"))
    assert one_more.status.startswith("503") and int(one_more.headers["Retry-After"]) > 0
    for phone in phones:
        phone.goes_on.set()
    for thread in threads:
        thread.join()
    assert got == [b"fine"] * SENDING and house.inside.count("phone") == SENDING
    assert sorted(house.read) == sorted(phone.left.getvalue() for phone in phones)
    assert house.ask("/", method="POST", body=io.BytesIO(b"after")).body == b"fine"


@pytest.mark.parametrize("taken_in", [1, 7, 20, 1000])
@pytest.mark.parametrize("read", [lambda f: f.read(), lambda f: b"".join(iter(lambda: f.read(3), b"")), lambda f: b"".join(iter(f.readline, b"")), lambda f: f.read(20) + f.read()])  # fmt: skip
def test_a_body_is_read_as_it_was_sent_however_much_of_it_was_taken_in(
    taken_in: int, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "TAKEN_IN", taken_in)
    monkeypatch.setattr(bodies, "IN_MEMORY", 5)
    content = b"one\ntwo and three\n\nfour, the last"
    environ = sent(content, io.BytesIO(content))
    assert Bodies(1).take_in(environ)
    assert read(environ["wsgi.input"]) == content


def test_what_the_temporary_folder_has_no_room_for_is_refused_with_a_sentence_and_the_rest_taken(
    tmp_path: Path,
) -> None:
    run_in_small_room(
        f"from tests.system.test_admission import send_much; send_much({str(tmp_path / 'small')!r})",
        tmp_path / "small",
        megabytes=2,
    )


def send_much(folder: str) -> None:
    tempfile.tempdir = folder
    house, large = House(), io.BytesIO(bytes(bodies.TAKEN_IN))
    refused = house.ask("/api/v1/uploads", method="PATCH", body=large, language="en")
    assert refused.status == "507 Insufficient storage" and house.inside == []
    assert (
        "A disk of the server is full" in orjson.loads(refused.body)["detail"]
        and int(refused.headers["Retry-After"]) > 0
    )
    for _ in range(SENDING):  # nobody's place is lost by it
        assert house.ask("/", method="POST", body=io.BytesIO(b"small")).body == b"fine"


def test_of_whom_nothing_comes_any_more_the_connection_is_cut_and_what_had_come_counts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent, steady = (socket.create_connection(server.getsockname()) for _ in range(2))
        ends = [server.accept()[0] for _ in range(2)]
        taken = Bodies(2, stalled=0.4)
        silent.sendall(b"abc")
        environ = sent(b"abcdefghij", ends[0].makefile("rb", 0))
        waiting = threading.Thread(target=lambda: taken.take_in(environ))
        waiting.start()
        while waiting.is_alive():
            steady.sendall(b".")
            waiting.join(0.05)
        assert environ["wsgi.input"].read() == b"abc"
        assert silent.recv(1) == b"", "it is told"
        steady.sendall(b"still there")
        steady.shutdown(socket.SHUT_WR)
        assert ends[1].makefile("rb").read().endswith(b"still there")
        for one in (silent, steady, *ends):
            one.close()
