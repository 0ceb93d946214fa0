"""From a report to the operators' screens: `python bench/live.py [listeners] [reports a second] [seconds]` (default 50, 20, 10).

`wangge serve` on an embedded database with a small world; one grid worker reports at a steady pace, the listeners are open streams of an
operator. Told are the times from just before a report is sent to when the first and the last listener has its row. The floor: how
long the report itself takes to be answered. Target (DESIGN §7): p99 below one second at 300 reports a second.
"""

from __future__ import annotations

import re
import selectors
import socket
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.serve import Client, log_in
from tests.support.furnished import furnished
from tests.support.program import Running
from tests.support.world import FUBAO, point_in
from wangge.kernel.ids import uuid7

_ROW = re.compile(rb'"id":"([0-9a-f-]{36})","number"')


def stream(port: int, token: str) -> socket.socket:
    """One listener that has heard its greeting."""
    opened = socket.create_connection(("127.0.0.1", port), timeout=20)
    opened.sendall(f"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    heard = b""
    while b"event: hello" not in heard:
        got = opened.recv(4096)
        assert got, heard
        heard += got
    return opened


def spread(took: list[float]) -> str:
    ordered = sorted(took)
    p50, p95, p99 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.95, 0.99))
    return f"p50 {p50:6.0f}  p95 {p95:6.0f}  p99 {p99:6.0f}  longest {1000 * ordered[-1]:6.0f} ms"


def run(running: Running, listeners: int, rate: float, seconds: float) -> None:
    category = furnished(running)
    worker, operator = (log_in(running.port, login) for login in ("alice", "bob"))
    lon, lat = point_in(FUBAO + "001001")
    sent: dict[bytes, float] = {}
    answered: list[float] = []
    first: dict[bytes, float] = {}
    last: dict[bytes, float] = {}
    heard: dict[bytes, int] = {}
    done = threading.Event()
    chosen = selectors.DefaultSelector()
    for _ in range(listeners):
        chosen.register(stream(running.port + 1, operator), selectors.EVENT_READ, data=[b""])

    def listen() -> None:
        while not (done.is_set() and all(heard.get(case) == listeners for case in sent)):
            for key, _ in chosen.select(0.2):
                text = key.data[0] + key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
                now, end = time.perf_counter(), text.rfind(b"\n\n")
                key.data[0] = text[end + 2 :] if end >= 0 else text
                for case in _ROW.findall(text, 0, max(end, 0)):
                    first.setdefault(case, now)
                    last[case] = now
                    heard[case] = heard.get(case, 0) + 1
            if done.is_set() and time.perf_counter() > given_up:
                return

    given_up = time.perf_counter() + seconds + 60
    ears = threading.Thread(target=listen)
    ears.start()
    turn, lock, started = iter(range(int(rate * seconds))), threading.Lock(), time.perf_counter()

    def report() -> None:
        client = Client(running.port, worker)
        while True:
            with lock:
                n = next(turn, None)
            if n is None:
                return
            done.wait(max(0.0, started + n / rate - time.perf_counter()))  # nobody sets it yet: a pace
            case = str(uuid7())
            sent[case.encode()] = before = time.perf_counter()
            body = {"id": case, "text": f"第 {n} 件：路灯不亮", "category": category, "channel": "worker"}
            status, answer = client.send("POST", "/api/v1/cases", body | {"point": {"lon": lon, "lat": lat}})
            assert status < 300, answer
            answered.append(time.perf_counter() - before)

    hands = [threading.Thread(target=report) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    lasted = time.perf_counter() - started
    done.set()
    ears.join()
    missed = sum(heard.get(case) != listeners for case in sent)
    print(f"{len(sent)} reports, {len(sent) / lasted:.0f} a second, {listeners} listeners, {missed} not heard by all")
    print(f"floor: the report is answered   {spread(answered)}")
    print(f"on the first screen             {spread([first[case] - at for case, at in sent.items() if case in first])}")
    print(f"on the last screen              {spread([last[case] - at for case, at in sent.items() if case in last])}")


def main() -> None:
    listeners, rate, seconds = [*map(float, sys.argv[1:]), *(50, 20, 10)[len(sys.argv) - 1 :]]
    with TemporaryDirectory() as folder:
        running = Running(Path(folder) / "bench", env={"WANGGE_DEMO": "true", "WANGGE_WORKERS": "2"}).start()
        try:
            run(running, int(listeners), rate, seconds)
        finally:
            running.stop()


if __name__ == "__main__":
    main()
