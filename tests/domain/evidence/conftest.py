"""The world, a home of its own for uploads and files, and pictures to upload."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.CONFIG = replace(settings.CONFIG, home=tmp_path, demo=True)
    return tmp_path


@pytest.fixture
def world(in_world: SimpleNamespace, home: Path) -> SimpleNamespace:
    return in_world


@pytest.fixture
def real_world(in_own_world: SimpleNamespace, home: Path) -> SimpleNamespace:
    return in_own_world


def jpeg(
    size: tuple[int, int] = (640, 480), *, gps: tuple[float, float] | None = None, taken: str = "2026:11:20 09:30:00"
) -> bytes:
    """A photo as a phone makes it: with its position and time inside."""
    image = Image.effect_noise(size, 60).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(0x8769)[0x9003] = taken
    if gps is not None:
        lon, lat = gps

        def parts(value: float) -> tuple[float, float, float]:
            whole = int(value)
            minutes = int((value - whole) * 60)
            return (float(whole), float(minutes), ((value - whole) * 60 - minutes) * 60)

        exif.get_ifd(0x8825).update({1: "N", 2: parts(lat), 3: "E", 4: parts(lon)})
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()
