"""The small world, with a session for everybody in it."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.support import world as small
from wangge.kernel import crypto

Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, key_file: crypto.Keyring) -> Iterator[crypto.Keyring]:
    ring = crypto.Keyring(shutil.copy(key_file.path, tmp_path / "keys.json"))
    with crypto.using(ring):
        yield ring


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, demo=True))
    return small.build()


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
