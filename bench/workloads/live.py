"""实时: from a report to the operators' screens, with many of them open."""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from itertools import islice

from bench.measure import KINDS, measured
from bench.server import Client, Server
from bench.workloads import reports
from tests.support.wait import until

GIVE_UP = 60
"""Seconds after the last report."""
_ROW = re.compile(rb'"id":"([0-9a-f-]{36})","number"')


def stream(port: int, token: str) -> socket.socket:
    """One listener that has heard its greeting."""
    opened = socket.create_connection(("127.0.0.1", port), timeout=60)
    opened.sendall(f"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    heard = b""
    while b"event: hello" not in heard:
        got = opened.recv(4096)
        assert got, heard
        heard += got
    return opened


def _listens(port: int) -> bool:
    """The live process may come a little later than the web's."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(server: Server) -> None:
    """Many screens and a few reports, and a few screens with as many reports as a city has in a storm, which come as phones send them."""
    _told(server, listeners=800, rate=20)
    _told(server, listeners=20, rate=300, at_once=20)


def _told(server: Server, *, listeners: int, rate: float, at_once: int = 1) -> None:
    """So many reports a second at a steady pace, ``at_once`` in a request. Told are the times from just before one is sent until the first and the
    last listener has its row. Floor: until it is answered."""
    bodies, token = reports.bodies(server), server.token(reports.WORKER)
    sent: dict[bytes, float] = {}
    answered: list[float] = []
    first: dict[bytes, float] = {}
    last: dict[bytes, float] = {}
    heard: dict[bytes, int] = {}
    done, chosen = threading.Event(), selectors.DefaultSelector()
    until(lambda: _listens(server.port + 1), 60)
    for _ in range(listeners):
        chosen.register(stream(server.port + 1, server.token("fubao")), selectors.EVENT_READ, data=[b""])
    given_up = time.perf_counter() + 2 * server.seconds + GIVE_UP

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

    before, began = server.used(), time.perf_counter()
    ears = threading.Thread(target=listen)
    ears.start()
    turn, lock = iter(range(int(rate / at_once * 2 * server.seconds))), threading.Lock()

    def report() -> None:
        client = Client(server.port)
        while True:
            with lock:
                number = next(turn, None)
                if number is None:
                    return
                given = [body for _, body in islice(bodies, at_once)]
            done.wait(max(0.0, began + number * at_once / rate - time.perf_counter()))  # nobody sets it yet: a pace
            started = time.perf_counter()
            sent.update((body["id"].encode(), started) for body in given)
            call = reports.together(reports.WORKER, given) if at_once > 1 else reports.alone(reports.WORKER, *given)
            status, answer = client.send(call, token)
            assert status < 300, answer
            answered.append(time.perf_counter() - started)

    hands = [threading.Thread(target=report) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    lasted = time.perf_counter() - began
    done.set()
    ears.join()
    for key in list(chosen.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    after = server.used()
    cpu = {k: 1000 * (after[k] - before[k]) / len(sent) for k in KINDS}
    missed = sum(heard.get(case) != listeners for case in sent)
    note = f"{listeners} listeners, {missed} reports not heard by all"
    kind = f"{rate:g} reports a second{f', {at_once} at once' if at_once > 1 else ''}"
    server.add(measured("live", f"{kind}: answered", answered, lasted, floor=True))
    some = [first[case] - at for case, at in sent.items() if case in first]
    server.add(
        measured("live", f"{kind}: on the first screen", some, lasted, cpu=cpu, memory=server.memory(), note=note)
    )
    server.add(
        measured("live", f"{kind}: on the last screen", [last[c] - at for c, at in sent.items() if c in last], lasted)
    )
