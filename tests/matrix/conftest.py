"""The small world, with a session for everybody in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.support import world as small

Ask = Callable[..., Any]


@pytest.fixture
def world(in_world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, demo=True))
    return in_world


@pytest.fixture
def ask(world: SimpleNamespace) -> Ask:
    """``ask("bob", "POST", "/api/v1/cases", {...})``: the answer to Bob; None asks without logging in."""
    tokens: dict[str, str] = {}

    def request(login: str | None, method: str, path: str, body: Any = None) -> Any:
        if login and login not in tokens:
            tokens[login] = small.log_in(login)
        headers = {"Authorization": f"Bearer {tokens[login]}"} if login else {}
        return Client(headers=headers).generic(method, path, _json(body), content_type="application/json")

    return request


def _json(body: Any) -> bytes:
    import orjson

    return b"" if body is None else orjson.dumps(body)
