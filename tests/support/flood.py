"""Calls that come when they come, whether or not the ones before have been answered (an open loop), as a crowd's do."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
PATIENCE = 30.0
"""Seconds after which a caller hangs up."""


class Call(NamedTuple):
    """``kind`` names it in the figures; ``id`` is what is acknowledged when it is answered well."""

    kind: str
    method: str
    path: str
    token: str = ""
    body: object = None
    id: str = ""


class Answered(NamedTuple):
    """``due``: when it was to be sent, and ``took``: from then to the answer's end, in seconds. ``status`` 0: there was no answer."""

    call: Call
    due: float
    took: float
    status: int
    retry_after: int | None
    body: bytes
    failed: str
    """What went wrong where there was no answer, and whether an answer had come by the same connection before."""


@dataclass
class Flood:
    """``rate`` calls a second to ``port`` during the block, made by ``calls``. A call that finds no idle connection opens one."""

    port: int
    rate: float
    calls: Iterator[Call]
    answers: list[Answered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Flood:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Every call that was sent has been answered or given up."""
        self._end.set()
        self._thread.join()

    async def _run(self) -> None:
        started, sent, open_calls = time.perf_counter(), 0, set()
        while not self._end.is_set():
            due = started + sent / self.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            one = asyncio.create_task(self._call(next(self.calls), due))
            open_calls.add(one)
            one.add_done_callback(open_calls.discard)
            sent += 1
        await asyncio.gather(*open_calls)
        for _, writer in self._idle:
            writer.close()

    async def _call(self, call: Call, due: float) -> None:
        status, head, body, failed = 0, b"", b"", ""
        line = self._kept()
        used = line is not None
        try:
            async with asyncio.timeout(PATIENCE):
                line = line or await asyncio.open_connection("127.0.0.1", self.port)
                status, head, body = await self._ask(line, call)
                self._idle.append(line)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            failed = f"{'used' if used else 'new'}: {error!r}"
        retry = _RETRY.search(head)
        took = time.perf_counter() - due
        self.answers.append(Answered(call, due, took, status, int(retry[1]) if retry else None, body, failed))

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """An idle connection that is open still: a server closes those that have been idle for long (granian after 30 s)."""
        while self._idle:
            line = self._idle.pop()
            if not line[0].at_eof():
                return line
            line[1].close()
        return None

    async def _ask(
        self, line: tuple[asyncio.StreamReader, asyncio.StreamWriter], call: Call
    ) -> tuple[int, bytes, bytes]:
        reader, writer = line
        content = orjson.dumps(call.body) if call.body is not None else b""
        said = f"{call.method} {call.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        said += f"Authorization: Bearer {call.token}\r\n" if call.token else ""
        writer.write(f"{said}Content-Type: application/json\r\n\r\n".encode() + content)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
        except BaseException:
            writer.close()
            raise
        return int(head[9:12]), head, body


def spread(took: list[float], *shares: float) -> list[float]:
    """The value below which each share of them lies."""
    ordered = sorted(took)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0 for share in shares]


def capacity(calls: Iterator[Call], send: Callable[[Call], object], *, clients: int, seconds: float) -> float:
    """Answers a second when each of ``clients`` waits for its answer before it asks again."""
    counts, lock, until = [0] * clients, threading.Lock(), time.perf_counter() + seconds

    def work(n: int) -> None:
        while time.perf_counter() < until:
            with lock:
                call = next(calls)
            send(call)
            counts[n] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds
