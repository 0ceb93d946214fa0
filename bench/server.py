"""The program at work: `wangge serve` over the installation, its clients, and what its processes use."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from math import inf
from typing import Any, NamedTuple

import orjson
import psutil
import psycopg
from psycopg.rows import dict_row

from bench.measure import KINDS, Measurement, measured, spaced
from tests.support.program import Running
from tests.support.statements import Statements
from wangge.demo.logins import PASSWORD
from wangge.kernel.db.embedded import EmbeddedServer

CLIENTS = 8
ALONE = 400
"""Calls of one client alone, at most."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Call(NamedTuple):
    """``login``: one of the demo's, or nobody's. ``headers``: more lines of the head, each with its end."""

    login: str
    method: str
    path: str
    body: Any = None
    headers: str = ""


class Client:
    """A connection that is kept open. Bytes by hand: every library would take more time than the server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=900)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, call: Call, token: str = "") -> tuple[int, bytes]:
        raw = isinstance(call.body, bytes)
        content = call.body if raw else b"" if call.body is None else orjson.dumps(call.body)
        kind = "" if raw else "Content-Type: application/json\r\n"
        known = f"Authorization: Bearer {token}\r\n" if token else ""
        head = (
            f"{call.method} {call.path} HTTP/1.1\r\nHost: localhost\r\n{kind}{known}{call.headers}"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + content)
        got = self.socket.recv(1 << 16)
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        found = _LENGTH.search(got, 0, end + 2)
        length = int(found[1]) if found else 0  # 204 has none
        while len(got) < end + 4 + length:
            got += self._more()
        return int(got[9:12]), got[end + 4 : end + 4 + length]

    def _more(self) -> bytes:
        got = self.socket.recv(1 << 18)
        assert got, "the server closed the connection"
        return got


class Answered(NamedTuple):
    call: Call
    body: bytes


class Server:
    """What a workload needs: ``ask`` measures calls, ``sql`` looks into the database as its owner."""

    def __init__(self, running: Running, *, cases: int, seconds: float) -> None:
        self.running, self.cases, self.seconds = running, cases, seconds
        self.port = running.port
        self._tokens: dict[str, str] = {}
        embedded = EmbeddedServer.attach(running.home / "var")
        assert embedded is not None
        self.embedded = embedded
        self._owner = psycopg.connect(embedded.owner_url, autocommit=True, row_factory=dict_row)
        self.measurements: list[Measurement] = []

    def close(self) -> None:
        self._owner.close()

    def sql(self, text: str, **params: Any) -> list[dict[str, Any]]:
        return self._owner.execute(text, params).fetchall()  # type: ignore[arg-type]

    def token(self, login: str) -> str:
        if login and login not in self._tokens:
            body = {"login": login, "password": PASSWORD, "as_token": True}
            status, answer = Client(self.port).send(Call("", "POST", "/api/v1/session", body))
            assert status < 300, answer
            self._tokens[login] = orjson.loads(answer)["token"]
        return self._tokens.get(login, "")

    def send(self, call: Call) -> Any:
        """One call that is not measured."""
        client = Client(self.port)
        status, answer = client.send(call, self.token(call.login))
        client.socket.close()
        assert status < 300, (call, status, answer)
        return orjson.loads(answer) if answer else None

    def warm(self, calls: Iterable[Call], seconds: float = inf) -> None:
        """Send these by several clients for so long without measuring: afterwards it is not the disk that is measured, which may be so slow that some
        are sent away."""
        source, lock, until = iter(calls), threading.Lock(), time.perf_counter() + seconds

        def work() -> None:
            client = Client(self.port)
            while time.perf_counter() < until:
                with lock:
                    call = next(source, None)
                if call is None:
                    return
                status, answer = client.send(call, self.token(call.login))
                assert status < 300 or status == 503, (call, status, answer)

        together(work)

    def ask(
        self,
        workload: str,
        what: str,
        calls: Iterable[Call],
        *,
        seconds: float | None = None,
        port: int | None = None,
        refused: tuple[int, ...] = (),
        **more: Any,
    ) -> list[Answered]:
        """Send the calls from several clients at once until the time is over or there are no more; what was answered. Reads, of which there must be
        enough, are sent for as long before they are measured. An answer that is neither good nor one of ``refused`` ends the run."""
        source = iter(calls)
        first = next(source, None)
        if first is None:
            return []
        took: list[float] = []
        good: list[Answered] = []
        wrong: list[tuple[Call, int, bytes]] = []
        lock = threading.Lock()
        self.token(first.login)
        seconds, statements, alone = seconds or self.seconds, None, None
        if port is None and first.method == "GET":
            self.warm(source, seconds)
            statements, alone = self._statements(first), self._alone(islice(source, ALONE))
        ahead = [first] if first.method != "GET" else []

        def work() -> None:
            client = Client(port or self.port)
            while time.perf_counter() < until and not wrong:
                with lock:
                    call = ahead.pop() if ahead else next(source, None)
                if call is None:
                    return
                token = self.token(call.login)
                started = time.perf_counter()
                status, body = client.send(call, token)
                took.append(time.perf_counter() - started)
                if status < 300:
                    good.append(Answered(call, body))
                elif status not in refused:
                    wrong.append((call, status, body))

        before, began = self.used(), time.perf_counter()
        until = began + seconds
        together(work)
        lasted, after = time.perf_counter() - began, self.used()
        assert not wrong, wrong[0]
        if took:
            cpu = {k: 1000 * (after[k] - before[k]) / len(took) for k in KINDS}
            more = {"cpu": cpu, "alone": alone, "statements": statements, "memory": self.memory()} | more
            self.add(measured(workload, what, took, lasted, **more))
        return good

    def add(self, m: Measurement) -> None:
        self.measurements.append(m)
        said = f"{spaced(m.rate):>8} /s   p50 {m.p50:8.1f}   p95 {m.p95:8.1f}   p99 {m.p99:8.1f} ms"
        cpu = " ".join(f"{k} {v:.1f}" for k, v in m.cpu.items() if v >= 0.05)
        print(f"{'floor: ' * m.floor + m.what:50s} {said}   {cpu}   {m.note}", flush=True)

    def _alone(self, calls: Iterable[Call]) -> float | None:
        """p95 in milliseconds of these, one after the other for a third of the time at most. What eight clients see who ask as fast as two
        processors can answer is how long they wait for each other."""
        client, took = Client(self.port), []
        until = time.perf_counter() + self.seconds / 3
        for call in calls:
            token = self.token(call.login)
            started = time.perf_counter()
            client.send(call, token)
            took.append(time.perf_counter() - started)
            if time.perf_counter() > until:
                break
        client.socket.close()
        return 1000 * sorted(took)[int(len(took) * 0.95)] if took else None

    def _statements(self, call: Call) -> int | None:
        """How many SQL statements a read like this one makes, counted in this process: of the third such call, when what is kept is kept. None of what
        does not ask the database."""
        if not call.path.startswith("/api/"):
            return None
        from django.test import Client as Inside

        known = {"HTTP_AUTHORIZATION": f"Bearer {self.token(call.login)}", "HTTP_HOST": "localhost"}
        for _ in range(2):
            answer = Inside().get(call.path, **known)
            assert answer.status_code == 200, (call, answer.content)
        with Statements() as seen:
            Inside().get(call.path, **known)
        return len(seen)

    # — what the processes use ——————————————————————————————————————————————————————————————————————————————————————————————

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        assert self.running.popen is not None
        for process in psutil.Process(self.running.popen.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                name = process.name().removeprefix("wangge-")
                yield {"work": "worker"}.get(name, name), process

    def used(self) -> dict[str, float]:
        """Seconds of a processor that each kind of process has used so far."""
        own = psutil.Process().cpu_times()
        found = dict.fromkeys(KINDS, 0.0) | {"client": own.user + own.system}
        for kind, process in self.processes():
            with suppress(psutil.NoSuchProcess):
                if kind in KINDS:
                    times = process.cpu_times()
                    found[kind] += times.user + times.system
        return found

    def memory(self) -> float:
        """MB of all the server's processes, what they share counted once."""
        total = 0
        for _, process in self.processes():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_full_info().pss
        return total / 1e6


def together(work: Callable[[], None]) -> None:
    """The same by so many clients at once; until all have ended. Raises what one of them raised."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        for done in [clients.submit(work) for _ in range(CLIENTS)]:
            done.result()
