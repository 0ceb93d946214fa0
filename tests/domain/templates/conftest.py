"""The small world, with the shipped templates."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wangge.domain.templates.actions import load_defaults
from wangge.kernel.access import SYSTEM, acting


@pytest.fixture
def world(in_world: SimpleNamespace) -> SimpleNamespace:
    with acting(SYSTEM):
        load_defaults(by=SYSTEM)
    return in_world
