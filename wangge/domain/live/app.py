"""``/api/v1/live`` as an ASGI program of its own: server-sent events, resumable, filtered by scope, with rights looked at again.

A session cookie or a bearer token says who listens; a browser sends the cookie to another port of the same host as well. Every
``RECHECK`` seconds the session is read again: a right that was taken away is gone then, an ended session ends the stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from wangge.domain.live import source
from wangge.domain.live.hub import Hub, Listener, message

log = logging.getLogger("wangge.live")

LOOK = 0.15
"""Seconds between two looks into the outbox: a report is on the screens in well under one second."""
RECHECK = 12.0
HEARTBEAT = 20.0
TAKEN_WITHIN = 30.0
"""Seconds in which a client must take what it is told; one that stands still is let go of, and comes back where it was."""
AT_ONCE = 100
"""Events that are told before the streams have their turn: a burst overtakes nobody who listens."""
RETRY_MS = 2_000

Messages = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Messages]]
Send = Callable[[Messages], Awaitable[None]]


class Live:
    """The program. ``lookups``: threads that read who is asking; the outbox has one of its own."""

    def __init__(self, *, lookups: int = 2) -> None:
        self.hub = Hub()
        self._reader = ThreadPoolExecutor(1, "live-outbox")
        self._lookups = ThreadPoolExecutor(lookups, "live-people")
        self._pump: asyncio.Task[None] | None = None
        self._streams: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Messages, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self) -> None:
        """Begin to read the outbox; once."""
        if self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._read())

    async def stop(self) -> None:
        """End every stream and the reading."""
        for listener in list(self.hub.listeners):
            listener.begin_anew()
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
            self._pump = None
        for pool in (self._reader, self._lookups):
            await asyncio.get_running_loop().run_in_executor(pool, close_connections)

    async def _read(self) -> None:
        """Tell the listeners what happens, from now on. A database that is away is asked again."""
        loop = asyncio.get_running_loop()
        position: source.Position | None = None
        while True:
            try:
                if position is None:
                    position = await loop.run_in_executor(self._reader, source.newest)
                happenings, position = await loop.run_in_executor(self._reader, source.after, position)
                for some in slices(happenings, AT_ONCE):  # between them the streams send what they were told
                    self.hub.publish(some)
                    await asyncio.sleep(0)
                if len(happenings) > AT_ONCE:  # a burst is gone on with; what trickles in is gathered
                    continue
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("the outbox cannot be read")
                await asyncio.sleep(1)
            await asyncio.sleep(LOOK)

    # — one stream —————————————————————————————————————————————————————————————————————————————————————————————————————————

    async def _http(self, scope: Messages, receive: Receive, send: Send) -> None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        cors = _cors(headers)
        if scope["path"].rstrip("/") == "/healthz":
            await _answer(send, 200, b"ok\n", [])
        elif scope["path"].rstrip("/") != "/api/v1/live":
            await _answer(send, 404, b"", cors)
        elif scope["method"] == "OPTIONS":
            allowed = [
                (b"access-control-allow-headers", b"authorization, last-event-id"),
                (b"access-control-max-age", b"600"),
            ]
            await _answer(send, 204, b"", cors + allowed)
        elif scope["method"] != "GET":
            await _answer(send, 405, b"", cors)
        else:
            self.start()
            await self._stream(headers, cors, receive, send)

    async def _stream(
        self, headers: dict[str, str], cors: list[tuple[bytes, bytes]], receive: Receive, send: Send
    ) -> None:
        loop = asyncio.get_running_loop()
        token = _token(headers)
        allowed = await loop.run_in_executor(self._lookups, scope_of, token)
        if allowed is None:
            await _answer(send, 401, b"", cors)
            return
        listener = self.hub.join(allowed)
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"text/event-stream; charset=utf-8"),
                        (b"cache-control", b"no-store"),
                        (b"x-accel-buffering", b"no"),
                        *cors,
                    ],
                }
            )
            await _send(send, f"retry: {RETRY_MS}\n\n".encode())
            last = source.position_of(headers.get("last-event-id", ""))
            if last is not None:
                await self._catch_up(last, listener, send)
            else:
                # Whoever loads their page now misses nothing that comes after this, although the stream may break before its first event.
                now = await loop.run_in_executor(self._lookups, source.newest)
                await _send(send, message("hello", source.id_of(now), b"{}"))
            gone = asyncio.ensure_future(_gone(receive))
            try:
                await self._tell(token, listener, send, gone)
            finally:
                gone.cancel()
        except TimeoutError:
            log.info("a listener stood still and was let go of")
        finally:
            self.hub.leave(listener)

    async def _catch_up(self, last: source.Position, listener: Listener, send: Send) -> None:
        """What was missed, then what has come in meanwhile; told twice it says the same."""
        found = await asyncio.get_running_loop().run_in_executor(self._lookups, source.missed, last)
        if found is None:
            listener.begin_anew()
            return
        for happening in found:
            told = happening.for_(listener.scope)
            if told is not None:
                await _send(send, told)

    async def _tell(self, token: str, listener: Listener, send: Send, gone: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        checked = heard = loop.time()
        gone.add_done_callback(lambda _: listener.bell.set())
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(checked + RECHECK, heard + HEARTBEAT)):
                    await listener.bell.wait()
            listener.bell.clear()
            if gone.done():
                return
            if listener.reset:
                await _send(send, message("reset", None, b"{}"), more=False)
                return
            now = loop.time()
            if now - checked >= RECHECK:
                allowed = await loop.run_in_executor(self._lookups, scope_of, token)
                if allowed is None:
                    await _send(send, message("end", None, b"{}"), more=False)
                    return
                if allowed != listener.scope:  # other rights show other cases: the page begins anew
                    listener.begin_anew()
                    continue
                checked = now
            if told := listener.take():
                await _send(send, told)
                heard = now
            elif now - heard >= HEARTBEAT:
                await _send(send, b": still here\n\n")
                heard = now


def slices(found: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(found), size):
        yield found[at : at + size]


def close_connections() -> None:
    """Those of the thread that runs this."""
    from django.db import connections

    connections.close_all()


def scope_of(token: str) -> Any:
    """What the bearer of a token may hear, now; None when there is no such session, or it may not read cases."""
    from django.db import close_old_connections

    from wangge.domain.cases.tags import CasePermission
    from wangge.domain.people.actions.authenticate import TOKEN_PREFIX, integration, member_of_staff

    close_old_connections()
    try:
        who = integration(token, None) if token.startswith(TOKEN_PREFIX) else member_of_staff(token, touch=False)
        return who.scope(CasePermission.READ) if who is not None and who.may(CasePermission.READ) else None
    finally:
        close_old_connections()


def _token(headers: dict[str, str]) -> str:
    given = headers.get("authorization", "")
    if given.lower().startswith("bearer "):
        return given[7:].strip()
    from http.cookies import CookieError, SimpleCookie

    from django.conf import settings

    from wangge.kernel.web.auth import cookie_name

    with contextlib.suppress(CookieError):
        found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(https=settings.CONFIG.https))
        return found.value if found else ""
    return ""


def _cors(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Pages of this very host may listen, whatever their port; nobody else's."""
    origin = headers.get("origin", "")
    if not origin or urlsplit(origin).hostname != urlsplit(f"//{headers.get('host', '')}").hostname:
        return [(b"vary", b"Origin")]
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-length", str(len(body)).encode()), *headers],
        }
    )
    await _send(send, body, more=False)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(TAKEN_WITHIN):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
