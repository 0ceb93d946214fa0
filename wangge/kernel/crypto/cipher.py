"""Encryption of single column values: authenticated, bound to their place, and self-describing.

A sealed value is ``version (1) | algorithm (1) | key id (8) | nonce (12) | ciphertext | tag (16)``: 38 bytes more than the text.
The header, the table, the column and the row's id go in as associated data, so that a value copied into another row or column
does not open. Nonces are random; NIST SP 800-38D allows 2^32 values a key with random 96-bit nonces, so rotate long before.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wangge.kernel.crypto.keyring import KEY_ID_BYTES, Algorithm, Key, Keyring, Use

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 2 + KEY_ID_BYTES
OVERHEAD = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
_CODES = {Algorithm.AES_256_GCM: 1, Algorithm.SM4_GCM: 2}
_ALGORITHMS = {code: algorithm for algorithm, code in _CODES.items()}


class NotReadable(Exception):
    """A sealed value was altered, moved to another row or column, or is no sealed value at all."""


@dataclass(frozen=True)
class Place:
    """Where a value lives. ``row`` is the primary key as text."""

    table: str
    column: str
    row: str

    @classmethod
    def of(cls, table: str, column: str, row: UUID | str | int) -> Place:
        return cls(table, column, str(row))

    def bytes(self) -> bytes:
        return b"\x1f".join(part.encode() for part in (self.table, self.column, self.row))


def seal(keyring: Keyring, value: str, place: Place) -> bytes:
    """``value`` encrypted with the active key, to be opened only at ``place``."""
    return seal_with(keyring.keys().active(Use.FIELD), value, place)


def seal_with(key: Key, value: str, place: Place) -> bytes:
    """``value`` encrypted with this key."""
    header = bytes((VERSION, _CODES[key.algorithm])) + bytes.fromhex(key.id)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + _encrypt(key, nonce, value.encode(), header + place.bytes())


def open_sealed(keyring: Keyring, sealed: bytes, place: Place) -> str:
    """The text of ``sealed``. NotReadable when it was altered or moved; KeyringError when its key is gone."""
    sealed = bytes(sealed)
    algorithm, key_id = describe(sealed)
    key = keyring.find(key_id, Use.FIELD)
    if key.algorithm is not algorithm:
        raise NotReadable("the value names a key of another algorithm")
    header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
    try:
        return _decrypt(key, nonce, sealed[HEADER_BYTES + NONCE_BYTES :], header + place.bytes()).decode()
    except InvalidTag:
        raise NotReadable(f"a value of {place.table}.{place.column} was altered or belongs to another row") from None


def describe(sealed: bytes) -> tuple[Algorithm, str]:
    """The algorithm and the key id a sealed value was made with; NotReadable when it is none."""
    if len(sealed) < OVERHEAD or sealed[0] != VERSION or sealed[1] not in _ALGORITHMS:
        raise NotReadable("not a sealed value of a known version")
    return _ALGORITHMS[sealed[1]], sealed[2:HEADER_BYTES].hex()


_aes = lru_cache(maxsize=16)(AESGCM)
"""The cipher of a key: making it ready costs more than to encrypt a name, and the key ring holds the secret anyway."""


def _encrypt(key: Key, nonce: bytes, data: bytes, associated: bytes) -> bytes:
    if key.algorithm is Algorithm.AES_256_GCM:
        return _aes(key.secret).encrypt(nonce, data, associated)
    encryptor = Cipher(algorithms.SM4(key.secret), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return encryptor.update(data) + encryptor.finalize() + encryptor.tag


def _decrypt(key: Key, nonce: bytes, data: bytes, associated: bytes) -> bytes:
    if key.algorithm is Algorithm.AES_256_GCM:
        return _aes(key.secret).decrypt(nonce, data, associated)
    text, tag = data[:-TAG_BYTES], data[-TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(key.secret), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(associated)
    return decryptor.update(text) + decryptor.finalize()
