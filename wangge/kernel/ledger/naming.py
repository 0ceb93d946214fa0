"""What the people and things of entries are called. The ledger holds ids alone; each domain says how it calls its own, and finds a thing by
what people call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID


class Names(NamedTuple):
    """``of``: ids → what they are called (those that are not known are left out), in one statement. ``find``: the id behind a name."""

    of: Callable[[Sequence[UUID]], Mapping[UUID, str]]
    find: Callable[[str], UUID | None] = lambda _: None


_kinds: dict[str, Names] = {}


def call(kind: str, names: Names) -> None:
    """Say how things of ``kind`` (as entries name it) are called. Said by each domain when it is loaded."""
    _kinds[kind] = names


def names(wanted: Iterable[tuple[str, UUID | None]]) -> dict[UUID, str]:
    """What these (kind, id) are called; at most one statement a kind."""
    by_kind: dict[str, set[UUID]] = {}
    for kind, one in wanted:
        if one is not None and kind in _kinds:
            by_kind.setdefault(kind, set()).add(one)
    found: dict[UUID, str] = {}
    for kind, ids in by_kind.items():
        found |= _kinds[kind].of(sorted(ids))
    return found


def find(kind: str, name: str) -> UUID | None:
    """The thing of ``kind`` that is called so."""
    return _kinds[kind].find(name) if kind in _kinds else None
