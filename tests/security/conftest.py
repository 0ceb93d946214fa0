"""The small world over HTTP: a log-in for everybody, a folder for files, and the installation behind an HTTPS proxy when a test wants it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.test import Client

from tests.support.world import log_in

Ask = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path, demo=True)
    return tmp_path


@pytest.fixture
def world(in_world: SimpleNamespace, home: Path) -> SimpleNamespace:
    return in_world


@pytest.fixture
def https(settings: Any) -> None:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, https=True)


@pytest.fixture
def ask(world: SimpleNamespace) -> Ask:
    """``ask("bob", "GET", "/api/v1/cases")``: the answer to Bob, in English; None asks without a log-in. A body that is no bytes is sent
    as JSON."""
    tokens: dict[str, str] = {}

    def request(who: str | None, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if who and who not in tokens:
            tokens[who] = log_in(who)
        given = {"Accept-Language": "en"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if who:
            given["Authorization"] = f"Bearer {tokens[who]}"
        kind = given.pop("Content-Type", "application/json")
        data = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        return Client(headers=given).generic(method, path, data, content_type=kind)

    return request
