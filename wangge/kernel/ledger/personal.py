"""Personal data of an entry: encrypted in a side table, present in the chain only as a salted commitment.

The salt is what makes erasing possible: without it nobody can test a guess (a phone number, a name) against the commitment, so
deleting salt and data leaves nothing of the person in the sealed entry. A commitment is ``hash (1) | digest (32)``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wangge.kernel import crypto
from wangge.kernel.crypto import cipher
from wangge.kernel.ledger.hashing import HASHES, canonical, commitment_hash, parse, plain

SALT_BYTES = 32
_CODES = {"sha256": 1, "sm3": 2}
_NAMES = {code: name for name, code in _CODES.items()}


@dataclass(frozen=True)
class Personal:
    salt: bytes
    data: bytes
    commitment: bytes


def hide(entry: UUID, personal: Mapping[str, Any], hash_name: str) -> Personal:
    """Seal ``personal`` for the side table and commit to it."""
    text = canonical(plain(personal, "personal"))
    salt = os.urandom(SALT_BYTES)
    commitment = bytes((_CODES[hash_name],)) + commitment_hash(HASHES[hash_name], salt, text)
    return Personal(salt, crypto.seal(text.decode(), place(entry)), commitment)


def place(entry: UUID | str) -> cipher.Place:
    return cipher.Place.of("ledger_personal", "data", entry)


def shown(entry: UUID | str, data: bytes) -> dict[str, Any]:
    """The personal data of an entry, in clear: for the auditor's view only."""
    return parse(cipher.open_sealed(crypto.keyring(), data, place(entry)))


def is_as_committed(entry: str, salt: bytes, data: bytes, commitment: bytes) -> bool:
    """Whether side table and entry still belong together. KeyringError when the key is gone."""
    name = _NAMES.get(commitment[0]) if commitment else None
    if name is None:
        return False
    try:
        text = cipher.open_sealed(crypto.keyring(), data, place(entry)).encode()
    except cipher.NotReadable:
        return False
    return commitment[1:] == commitment_hash(HASHES[name], bytes(salt), text)
