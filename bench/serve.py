"""What a whole server answers: `python bench/serve.py [seconds]` (default 5 for each kind), over HTTP, everything on this machine.

`wangge serve` on an embedded database with a small world; the clients are threads of this process with connections of their own, so they
take processor time from the server: the figures are lower bounds. The floors of the same run: `GET /healthz` (no database), and pgbench
on the same database (select only; and its TPC-B-like transaction, five statements and a commit). Targets: DESIGN §7.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

django.setup()

import orjson  # noqa: E402
import psutil  # noqa: E402

from tests.support.furnished import furnished  # noqa: E402
from tests.support.program import Running  # noqa: E402
from tests.support.world import FUBAO, PASSWORD, point_in  # noqa: E402
from wangge.kernel.db.embedded import EmbeddedServer, find_binaries  # noqa: E402
from wangge.kernel.ids import uuid7  # noqa: E402

CLIENTS = 8
Call = tuple[str, str, Any]


class Client:
    """A connection that is kept open, of a person who is logged in. Bytes by hand: every library would take more time than the server."""

    def __init__(self, port: int, token: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = "Host: localhost\r\nContent-Type: application/json\r\n" + (
            f"Authorization: Bearer {token}\r\n" if token else ""
        )

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        content = orjson.dumps(body) if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\n{self.head}Content-Length: {len(content)}\r\n\r\n"
        self.socket.sendall(head.encode() + content)
        got = self.socket.recv(1 << 16)
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        length = int(_LENGTH.search(got, 0, end + 2)[1])  # type: ignore[index]
        while len(got) < end + 4 + length:
            got += self._more()
        return int(got[9:12]), got[end + 4 :]

    def _more(self) -> bytes:
        got = self.socket.recv(1 << 16)
        assert got, "the server closed the connection"
        return got


_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def log_in(port: int, login: str) -> str:
    status, body = Client(port).send(
        "POST", "/api/v1/session", {"login": login, "password": PASSWORD, "as_token": True}
    )
    assert status < 300, body
    return orjson.loads(body)["token"]


KINDS = ("web", "live", "worker", "postgres")


def used(running: Running) -> dict[str, float]:
    """Seconds of processor time that each kind of the server's processes has used so far."""
    found = dict.fromkeys(KINDS, 0.0)
    assert running.popen is not None
    for child in psutil.Process(running.popen.pid).children():
        kind = next((k for k in KINDS if k in (child.name() if k == "postgres" else " ".join(child.cmdline()))), "")
        for process in (child, *child.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                found[kind] += sum(process.cpu_times()[:2])
    return found


def measure(name: str, running: Running, token: str, calls: Iterator[Call], seconds: float) -> list[bytes]:
    """Ask for so long; prints answers a second, their p50, p95 and p99, and the processor time of each that each
    kind of process used for one answer. Returns the bodies."""
    took: list[float] = []
    bodies: list[bytes] = []
    wrong: list[tuple[int, bytes]] = []
    end = time.perf_counter() + seconds
    lock = threading.Lock()

    def run() -> None:
        client = Client(running.port, token)
        while time.perf_counter() < end:
            with lock:
                call = next(calls, None)
            if call is None:
                return
            started = time.perf_counter()
            status, body = client.send(*call)
            took.append(time.perf_counter() - started)
            (bodies if status < 300 else wrong).append(body if status < 300 else (status, body))  # type: ignore[arg-type]

    threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
    before = used(running)
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - started
    cpu = "  ".join(f"{kind} {1000 * (now - before[kind]) / len(took):5.2f}" for kind, now in used(running).items())
    assert not wrong, wrong[0]
    ordered = sorted(took)
    p50, p95, p99 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"{name:34s} {len(took) / lasted:7.0f} /s   p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms   {cpu} ms",
        flush=True,
    )
    return bodies


def pgbench(url: str, *options: str, seconds: int) -> str:
    program = find_binaries() / "pgbench"
    if not program.exists():
        program = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))), program)
    with suppress(FileNotFoundError):
        done = subprocess.run(
            [program, "-n", "-c", str(CLIENTS), "-T", str(seconds), *options, url],
            capture_output=True,
            text=True,
            check=False,
        )
        if found := re.search(r"tps = ([0-9.]+)", done.stdout):
            return f"{float(found[1]):.0f} /s"
        return done.stderr.strip().splitlines()[-1] if done.stderr else "no answer"
    return "there is no pgbench on this machine"


def run(running: Running, seconds: float) -> None:
    category = furnished(running)
    tokens = {login: log_in(running.port, login) for login in ("alice", "bob", "hank")}
    lon, lat = point_in(FUBAO + "001001")
    numbers = count()

    def reports() -> Iterator[Call]:
        while True:
            n = next(numbers)
            text = f"第 {n} 件：路边有一堆垃圾没人清理，影响通行"
            point = {"lon": lon + n % 97 * 1e-5, "lat": lat}
            yield (
                "POST",
                "/api/v1/cases",
                {"id": str(uuid7()), "text": text, "category": category, "point": point, "channel": "worker"},
            )

    def over(found: list[bytes], path: Callable[[dict[str, Any]], Call]) -> Iterator[Call]:
        return (path(orjson.loads(body)) for body in found)

    def again(path: str) -> Iterator[Call]:
        while True:
            yield "GET", path, None

    measure("floor: GET /healthz", running, "", again("/healthz"), seconds)
    made = measure("report (POST /cases)", running, tokens["alice"], reports(), seconds)
    accepted = measure("accept", running, tokens["bob"], over(made, act("accept")), seconds)
    dispatched = measure("dispatch by route", running, tokens["bob"], over(accepted, act("dispatch")), seconds)
    ids = [orjson.loads(body)["id"] for body in made]
    details = (("GET", f"/api/v1/cases/{ids[n % len(ids)]}", None) for n in count())
    measure("case with its timeline", running, tokens["bob"], details, seconds)
    measure("queue page of 20, newest", running, tokens["bob"], again("/api/v1/cases"), seconds)
    measure("queue page of 20, due first", running, tokens["bob"], again("/api/v1/cases?sort=due_at"), seconds)
    measure("figures of this month", running, tokens["bob"], again("/api/v1/stats/summary"), seconds)
    print(f"{len(made)} cases made, {len(accepted)} accepted, {len(dispatched)} dispatched")
    server = EmbeddedServer.attach(running.home / "var")
    assert server is not None
    url = server.owner_url
    with suppress(FileNotFoundError):
        prepared = subprocess.run(
            [find_binaries() / "pgbench", "-i", "-q", url], capture_output=True, check=False
        ).returncode
        print(f"floor: pgbench -S                  {pgbench(url, '-S', seconds=int(seconds))}")
        print(f"floor: pgbench, TPC-B-like         {pgbench(url, seconds=int(seconds))}" if not prepared else "")


def act(name: str) -> Callable[[dict[str, Any]], Call]:
    return lambda state: ("POST", f"/api/v1/cases/{state['id']}/{name}", {"version": state["version"]})


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with TemporaryDirectory() as folder:
        running = Running(Path(folder) / "bench", env={"WANGGE_DEMO": "true", "WANGGE_WORKERS": "2"})
        running.start()
        try:
            run(running, seconds)
        finally:
            running.stop()


if __name__ == "__main__":
    main()
