"""What no field can hold is refused with a problem that names the field, whichever route it comes to: characters and numbers that the
database cannot store, times that no calendar has."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from tests.contract.calls import DEPTH, TAGS, Filled, admitted, described, drawn, operations
from tests.contract.conftest import Office
from wangge.wsgi import application

Way = tuple[str | int, ...]
HUGE = 10**30
TEXTS = ["a\0b", "\0", "\ud800", "字" * 20_000]
NUMBERS = [HUGE, -HUGE, 2**63, 2**31, math.inf, math.nan, 1e308]
TIMES = [
    "2026-11-20T08:00:00+22:44",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-02-30T00:00:00Z",
    "0000-00-00",
    "a\0b",
]
IMPOSSIBLE = ["a\0b", "\0", "\ud800", HUGE, -HUGE, math.inf, math.nan, "2026-02-30T00:00:00Z", "0000-00-00"]


def leaves(value: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*way, name))
    elif isinstance(value, list):
        for i, item in enumerate(value[:1]):
            yield from leaves(item, (*way, i))
    else:
        yield way, value


def odd(value: Any) -> list[Any]:
    """What might be put in the place of a value."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return NUMBERS
    return TIMES if len(value) >= 20 and value[4:5] == "-" and "T" in value else TEXTS


def with_at(body: Any, way: Way, value: Any) -> Any:
    made = copy.deepcopy(body)
    inner = made
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return made


def path_of(way: Way) -> str:
    return "body" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way)


def tidy(value: Any) -> Any:
    """Without members whose names were drawn too: those of objects that may hold anything."""
    if isinstance(value, dict):
        return {name: tidy(item) for name, item in value.items() if re.fullmatch(r"[a-z_]{2,20}", name)}
    return [tidy(item) for item in value] if isinstance(value, list) else value


def baseline(operation: APIOperation, filled: Filled) -> list[Case]:
    """The good request that says most; with more depth also the one that says least."""
    told = [c for c in drawn(operation, GenerationMode.POSITIVE, 10) if isinstance(c.body, dict)]
    told = [
        filled(c) for c in sorted(told, key=lambda c: len(list(leaves(c.body)))) if c.media_type == "application/json"
    ]
    return told[-1:] + (told[:1] if DEPTH > 1 else [])


@pytest.mark.parametrize("tag", TAGS)
def test_what_cannot_be_held_is_refused_by_name(office: Office, tag: str) -> None:
    schema, filled, wrong = described(application), Filled(office.known), []
    for operation in operations(schema, tag):
        login, method = admitted(operation)[0], operation.method.upper()
        for case in baseline(operation, filled):
            path, body = case.formatted_path.removeprefix("/api/v1"), tidy(case.body)
            ask = lambda body, login=login, method=method, path=path: office.ask(
                login, method, path, json.dumps(body).encode(), Accept_Language="en"
            )
            before = ask(body)
            for way, value in leaves(body):
                for other in odd(value):
                    said = fault(ask(with_at(body, way, other)), path_of(way), other, before)
                    if said:
                        wrong.append(f"{operation.label} {path_of(way)} = {str(other)!r:.40} by {login}: {said}")
    assert wrong == [], "\n".join(wrong)


def fault(answer: Any, path: str, given: Any, before: Any) -> str | None:
    """``before``: the answer to the same without the odd value, which may have been refused for a reason of its own."""
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if given not in IMPOSSIBLE and not (isinstance(given, float) and math.isnan(given)):
        return None
    if answer.status_code in (403, 404):  # it may not be known that there is such a thing
        return None
    if answer.status_code != 422:
        return f"answered {answer.status_code}: {answer.content.decode()[:200]}"
    if any(n.startswith(path) or path.startswith(n) for n in named(answer)):
        return None
    return None if named(before) == named(answer) else f"names {named(answer)}"


def named(answer: Any) -> list[str]:
    return [e["path"] for e in answer.json().get("errors", [])] if answer.status_code == 422 else []
