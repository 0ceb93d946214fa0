"""The world that the streams tell of."""

from __future__ import annotations

from tests.domain.cases.conftest import keys, real_world, world

__all__ = ["keys", "real_world", "world"]
