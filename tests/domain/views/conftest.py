"""Saved views in the small world."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


@pytest.fixture
def world(in_world: SimpleNamespace) -> SimpleNamespace:
    return in_world
