"""Marks by which a search is narrowed inside the index: what a document bears and what a filter asks for must be named alike."""

from __future__ import annotations

from collections.abc import Iterable

from wangge.domain.cases.rules import OPEN, Status


def states(statuses: Iterable[str]) -> set[str]:
    """Marks of where cases stand. All that is open has one, so that a document is written anew when its case ends and not at each act."""
    return {
        f"x:{'open' if status in OPEN else Status.CLOSED if status == Status.ARCHIVED else status}"
        for status in statuses
    }


def channels(codes: Iterable[str]) -> set[str]:
    return {f"h:{code}" for code in codes}
