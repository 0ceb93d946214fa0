"""The world that the loop turns in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import world as small
from wangge.kernel import crypto


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> Iterator[crypto.Keyring]:
    ring = crypto.Keyring(tmp_path / "keys.json")
    ring.create()
    with crypto.using(ring):
        yield ring


@pytest.fixture
def demo(settings: Any) -> None:
    """An installation without second factors."""
    settings.CONFIG = replace(settings.CONFIG, demo=True)


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    return small.build()


@pytest.fixture
def real_world(own_database: str) -> SimpleNamespace:
    """The same, with real commits."""
    return small.build()
