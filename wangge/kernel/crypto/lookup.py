"""Exact look-up of encrypted values: a keyed hash of the value in its plainest form.

An unkeyed hash of a phone number is no protection (there are only 10^10 of them); with a key that lies outside the database it
says only *equal or not*, and only to the application. The kind goes into the hash, so that a phone and a name never compare.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from wangge.kernel.crypto.keyring import Key, Keyring, Use

_SPACES = re.compile(r"\s+")
_NOT_DIALLED = re.compile(r"[^\d+]")


def plain(value: str) -> str:
    """Full-width letters and digits made ordinary (NFKC), outer spaces removed, inner runs of space made one."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", value)).strip()


def plain_phone(phone: str) -> str:
    """Digits only: ``＋８６ 138-1234-1234``, ``0086 138…``, ``86138…`` and ``13812341234`` are one number. Other countries keep ``+``."""
    digits = _NOT_DIALLED.sub("", plain(phone))
    digits = digits[:1] + digits[1:].replace("+", "")
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+86"):
        digits = digits[3:]
        if re.fullmatch(r"[2-9]\d{8,10}", digits):  # +86 755 … is dialled 0755 … at home
            digits = "0" + digits
    elif re.fullmatch(r"861\d{10}", digits):
        digits = digits[2:]
    return digits


def plain_id_number(number: str) -> str:
    """Without spaces and hyphens, the check letter in upper case."""
    return re.sub(r"[\s-]", "", plain(number)).upper()


_PLAIN = {"phone": plain_phone, "id_number": plain_id_number}


def normal(kind: str, value: str) -> str:
    """The form in which two values of this kind are compared."""
    return _PLAIN.get(kind, lambda v: plain(v).casefold())(value)


def keyed_hash(key: Key, kind: str, value: str) -> bytes:
    """HMAC-SHA-256 (32 bytes) of the normal form."""
    return hmac.digest(key.secret, f"{kind}\x1f{normal(kind, value)}".encode(), hashlib.sha256)


def lookup_hash(keyring: Keyring, kind: str, value: str) -> bytes:
    """What to store beside the sealed value."""
    return keyed_hash(keyring.keys().active(Use.LOOKUP), kind, value)


def lookup_hashes(keyring: Keyring, kind: str, value: str) -> list[bytes]:
    """What to search for (``= ANY``): under the active key first, then under retired ones whose rows are not yet re-hashed."""
    return [keyed_hash(key, kind, value) for key in keyring.keys().of(Use.LOOKUP)]
