"""Who listens, and what each may hear. No database and no network: events come in, messages go out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from wangge.kernel.access import Scope

BUFFER = 500
"""Messages a slow listener may be behind; then it is told to load its page anew."""

LEVELS = ("district", "street", "community", "grid")


@dataclass(frozen=True)
class Happening:
    """One event of one case. ``change``: the message for who may see the case now; ``gone``: for who could see it until now."""

    id: str
    place: Mapping[str, str | None]
    units: frozenset[UUID]
    reporter: UUID | None
    left_place: Mapping[str, str | None]
    left_units: frozenset[UUID]
    change: bytes
    gone: bytes

    def for_(self, scope: Scope) -> bytes | None:
        """The message for this scope: the same answer as the predicate in SQL gives for the row."""
        if scope.covers(**self.place, units=self.units, persons=(self.reporter,)):
            return self.change
        if (self.left_place or self.left_units) and scope.covers(**self.left_place, units=self.left_units):
            return self.gone
        return None


@dataclass(frozen=True)
class Hint:
    """Something for one person alone, whatever else they may see."""

    id: str
    person: UUID | None
    told: bytes

    def for_(self, scope: Scope) -> bytes | None:
        return self.told if self.person is not None and scope.person == self.person else None


@dataclass(eq=False)
class Listener:
    """An open stream. ``waiting``: what it was told and has not taken; ``bell`` rings when there is something. ``reset``: it has missed something
    and must begin anew."""

    scope: Scope
    waiting: list[bytes] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    reset: bool = False

    def put(self, message: bytes) -> None:
        if self.reset:
            return
        if len(self.waiting) == BUFFER:
            self.begin_anew()
            return
        self.waiting.append(message)
        self.bell.set()

    def begin_anew(self) -> None:
        self.reset = True
        self.waiting.clear()
        self.bell.set()

    def take(self) -> bytes:
        """All that waits, as one: what it costs to send does not depend on how many messages it is."""
        taken = b"".join(self.waiting)
        self.waiting.clear()
        return taken


class Hub:
    """All open streams of this process."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()

    def publish(self, happenings: Iterable[Happening | Hint]) -> None:
        """Tell each listener what it may hear, in order."""
        listeners = list(self.listeners)
        for happening in happenings:
            for listener in listeners:
                message = happening.for_(listener.scope)
                if message is not None:
                    listener.put(message)

    def join(self, scope: Scope) -> Listener:
        listener = Listener(scope)
        self.listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)


def message(event: str, id: str | None, data: bytes) -> bytes:
    """A server-sent event (WHATWG HTML §9.2). ``data`` is JSON without line breaks."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"
