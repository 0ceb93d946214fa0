"""Field encryption, look-up hashes, masks and the installation's keys. See docs/access-and-privacy.md."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wangge.kernel.crypto import cipher as _cipher
from wangge.kernel.crypto import lookup as _lookup
from wangge.kernel.crypto.cipher import NotReadable, Place
from wangge.kernel.crypto.keyring import FIELD_ALGORITHMS, Algorithm, Keyring, KeyringError, Use
from wangge.kernel.crypto.lookup import normal
from wangge.kernel.crypto.masked import Encrypted, Masked
from wangge.kernel.crypto.masking import Kind, mask

__all__ = [
    "Algorithm",
    "Encrypted",
    "Keyring",
    "KeyringError",
    "Kind",
    "Masked",
    "NotReadable",
    "Place",
    "Use",
    "ensure_keyring",
    "keyring",
    "lookup_hash",
    "lookup_hashes",
    "mask",
    "masked",
    "normal",
    "seal",
    "use",
    "using",
]

KEY_FILE = "keys.json"

_current: Keyring | None = None


def keyring() -> Keyring:
    """The key file of this installation, ``<home>/keys.json``."""
    global _current
    if _current is None:
        from django.conf import settings

        _current = Keyring(Path(settings.CONFIG.home) / KEY_FILE)
    return _current


def ensure_keyring() -> bool:
    """Make the key file at the first start. True when it was made. Called by ``wangge serve`` and ``migrate``, never on the way."""
    from django.conf import settings

    wanted = str(settings.CONFIG.field_cipher).upper()
    if wanted not in FIELD_ALGORITHMS:
        raise KeyringError(
            f"field_cipher is {wanted.lower()!r}; possible are {', '.join(a.lower() for a in FIELD_ALGORITHMS)}"
        )
    made = keyring().create(Algorithm(wanted))
    keyring().keys()
    return made


def use(other: Keyring) -> None:
    """Another key file from now on: a process that works for another."""
    global _current
    _current = other


@contextmanager
def using(other: Keyring) -> Iterator[Keyring]:
    """Another key file for the block: restore drills and tests."""
    global _current
    before, _current = _current, other
    try:
        yield other
    finally:
        _current = before


def seal(value: str, place: Place) -> bytes:
    """``value`` encrypted for ``place``: for hand-written SQL; models use ``Encrypted``."""
    return _cipher.seal(keyring(), value, place)


def masked(sealed: bytes | None, place: Place, kind: Kind) -> Masked | None:
    """A column's content as a value that shows only its mask: for rows read by hand-written SQL."""
    return None if sealed is None else Masked(sealed, place, kind, keyring())


def lookup_hash(kind: str, value: str) -> bytes:
    """The keyed hash to store beside a sealed value, for exact look-up."""
    return _lookup.lookup_hash(keyring(), kind, value)


def lookup_hashes(kind: str, value: str) -> list[bytes]:
    """The keyed hashes to search for with ``= ANY``."""
    return _lookup.lookup_hashes(keyring(), kind, value)
