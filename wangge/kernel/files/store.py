"""The two stores, and which one this installation has."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import parse_qs, urlsplit

from wangge.kernel.problems import Unavailable
from wangge.kernel.words import Words

CHUNK = 1 << 20
_KEY = re.compile(r"[0-9a-f]{64}")


class Store(Protocol):
    """Keys are SHA-256 digests in hexadecimal."""

    def keep(self, source: Path, key: str) -> None:
        """Keep the file's bytes under its digest, on disk when this returns. Keeping what is there already does nothing."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of a kept file. FileNotFoundError."""

    def size(self, key: str) -> int | None:
        """Bytes, or None when it is not there."""

    def fetch(self, key: str, into: Path) -> None:
        """A copy of a kept file. FileNotFoundError."""

    def delete(self, key: str) -> None:
        """Take it away; nothing when it is not there."""

    def all(self) -> Iterator[tuple[str, datetime]]:
        """Every key with the time it was kept (UTC)."""


def digest_of(source: BinaryIO) -> str:
    """SHA-256 of what is left to read, in hexadecimal."""
    found = hashlib.sha256()
    while part := source.read(CHUNK):
        found.update(part)
    return found.hexdigest()


class LocalStore:
    """A folder: ``ab/cd/abcd…``. Files appear whole under their name and are never written again."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no digest")
        return self.root / key[:2] / key[2:4] / key

    def keep(self, source: Path, key: str) -> None:
        path = self.path(key)
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)  # kept anew: a sweep takes it for as young as the row that is about to name it
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        making = path.with_name(f".{key}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            with source.open("rb") as given, making.open("xb") as made:
                os.fchmod(made.fileno(), 0o600)
                shutil.copyfileobj(given, made, CHUNK)
                made.flush()
                os.fsync(made.fileno())
            making.rename(path)
        finally:
            making.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        with self.path(key).open("rb") as file:
            file.seek(start)
            return file.read() if length is None else file.read(length)

    def size(self, key: str) -> int | None:
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return None

    def fetch(self, key: str, into: Path) -> None:
        shutil.copyfile(self.path(key), into)

    def delete(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def all(self) -> Iterator[tuple[str, datetime]]:
        for path in self.root.glob("??/??/*"):
            if _KEY.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):  # deleted while we look
                    yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)


class S3Store:
    """``s3://bucket/prefix?endpoint=https://host:port&region=…`` with the credentials of the environment (``AWS_ACCESS_KEY_ID``,
    ``AWS_SECRET_ACCESS_KEY``) or of the machine."""

    def __init__(self, url: str) -> None:
        import obstore.store

        parts = urlsplit(url)
        more = {name: values[0] for name, values in parse_qs(parts.query).items()}
        endpoint = more.get("endpoint")
        self._store = obstore.store.S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            endpoint=endpoint,
            region=more.get("region", "us-east-1"),
            client_options={"allow_http": True} if endpoint and endpoint.startswith("http://") else None,
            virtual_hosted_style_request=False,
        )

    def keep(self, source: Path, key: str) -> None:
        import obstore

        if self.size(key) is None:
            obstore.put(self._store, self._name(key), source)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        import obstore

        if length is None:
            return bytes(obstore.get(self._store, self._name(key)).bytes())[start:]
        return bytes(obstore.get_range(self._store, self._name(key), start=start, length=length))

    def size(self, key: str) -> int | None:
        import obstore

        try:
            return int(obstore.head(self._store, self._name(key))["size"])
        except FileNotFoundError:
            return None

    def fetch(self, key: str, into: Path) -> None:
        import obstore

        with into.open("wb") as file:
            for part in obstore.get(self._store, self._name(key)):
                file.write(part)

    def delete(self, key: str) -> None:
        import obstore

        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, self._name(key))

    def all(self) -> Iterator[tuple[str, datetime]]:
        import obstore

        for part in obstore.list(self._store):
            for one in part:
                name = one["path"].rsplit("/", 1)[-1]
                if _KEY.fullmatch(name):
                    yield name, one["last_modified"]

    def _name(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no digest")
        return f"{key[:2]}/{key}"


@lru_cache(maxsize=4)
def _made(url: str, home: Path) -> Store:
    if not url:
        return LocalStore(home / "files")
    if url.startswith("s3://"):
        return S3Store(url)
    raise Unavailable(
        Words(
            f"WANGGE_FILES_URL 应以 s3:// 开头或留空，而不是 {url}。",
            f"WANGGE_FILES_URL begins with s3:// or is empty, not {url}.",
        )
    )


def store() -> Store:
    """The store of this installation: ``WANGGE_FILES_URL``, else the folder ``files`` of its home."""
    from django.conf import settings

    return _made(settings.CONFIG.files_url, Path(settings.CONFIG.home))
