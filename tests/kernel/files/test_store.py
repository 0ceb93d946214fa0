"""The two stores keep the same promises."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.s3 import serving
from wangge.kernel.files import LocalStore, S3Store, Store

CONTENT = b"evidence" * 5000
KEY = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with serving() as address:
        yield S3Store(f"s3://bucket/wangge?endpoint={address}")


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "files") if request.param == "local" else request.getfixturevalue("s3")


def test_what_is_kept_is_read_whole_and_in_parts_until_it_is_deleted(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    assert store.size(KEY) is None
    store.keep(source, KEY)
    store.keep(source, KEY)
    assert store.size(KEY) == len(CONTENT)
    assert store.read(KEY) == CONTENT
    assert store.read(KEY, 8, 16) == CONTENT[8:24]
    store.fetch(KEY, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert [key for key, _ in store.all()] == [KEY]
    store.delete(KEY)
    store.delete(KEY)
    assert store.size(KEY) is None
    with pytest.raises(FileNotFoundError):
        store.read(KEY)


def test_a_key_is_a_digest_and_never_a_path(store: Store, tmp_path: Path) -> None:
    for wrong in ("../../etc/passwd", "a" * 63, "A" * 64, ""):
        with pytest.raises(ValueError, match="no digest"):
            store.size(wrong)
