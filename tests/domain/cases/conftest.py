"""The world that the loop turns in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest


@pytest.fixture
def demo(settings: Any) -> None:
    """An installation without second factors."""
    settings.CONFIG = replace(settings.CONFIG, demo=True)
