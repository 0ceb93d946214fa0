"""The demo's setting and a folder of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from django.conf import settings


@pytest.fixture(scope="module")
def demo_setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = settings.CONFIG
    settings.CONFIG = dataclasses.replace(before, demo=True, home=tmp_path_factory.mktemp("demo"))
    yield
    settings.CONFIG = before
