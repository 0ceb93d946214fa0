"""Saved views in the small world."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support import world as small


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    return small.build()
