"""The world that the loop turns in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wangge.kernel import crypto


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, key_file: crypto.Keyring) -> Iterator[crypto.Keyring]:
    ring = crypto.Keyring(shutil.copy(key_file.path, tmp_path / "keys.json"))
    with crypto.using(ring):
        yield ring


@pytest.fixture
def demo(settings: Any) -> None:
    """An installation without second factors."""
    settings.CONFIG = replace(settings.CONFIG, demo=True)


@pytest.fixture
def world(in_world: SimpleNamespace) -> SimpleNamespace:
    return in_world


@pytest.fixture
def real_world(in_own_world: SimpleNamespace) -> SimpleNamespace:
    """The same, with real commits."""
    return in_own_world
