"""An entry as it is hashed, and the mark by which the application knows its own.

The mark is a keyed hash over what the application knew when it wrote the entry. It tells an entry of ours from one that somebody put
into the table by hand, also in the second before the seal, and names the very entry when a whole batch was sealed anew by somebody without the
keys. ``what`` is one byte: which parts it covers (a value that SQL fills in the act's statement is not known to us beforehand).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from wangge.kernel.crypto.keyring import KEY_ID_BYTES, Key
from wangge.kernel.ledger.hashing import canonical, parse

FORMAT = 1
MARK_BYTES = 16
COVERS_BODY = 1
COVERS_SUBJECT = 2
_ALWAYS = ("id", "at", "tag", "actor_kind", "actor", "on_behalf", "kind", "commitment")

_MOMENT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
# Every column as text, so that a value no Python type can hold (a time of infinity) is still a value to compare.
COLUMNS = (
    f"e.pos, e.id::text AS id, e.xid::text AS xid, {_MOMENT.format('e.at')} AS at, {_MOMENT.format('e.recorded_at')} AS recorded_at, "
    "e.tag, e.actor_kind, e.actor::text AS actor, e.on_behalf::text AS on_behalf, e.kind, e.subject::text AS subject, e.district, "
    "e.body::text AS body, encode(e.commitment, 'hex') AS commitment, encode(e.mark, 'hex') AS mark"
)
NAMES = (
    "pos",
    "id",
    "xid",
    "at",
    "recorded_at",
    "tag",
    "actor_kind",
    "actor",
    "on_behalf",
    "kind",
    "subject",
    "district",
    "body",
    "commitment",
    "mark",
)


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is hashed of a row selected by ``COLUMNS``. NotSealed when its body is not of our writing."""
    entry = {name: row[name] for name in NAMES}
    entry["body"] = parse(row["body"])
    entry["format"] = FORMAT
    return entry


def mark_entry(key: Key, entry: Mapping[str, Any], covers: int) -> bytes:
    """``covers (1) | key id (8) | HMAC-SHA-256 (first 16)``: 25 bytes."""
    return bytes((covers,)) + bytes.fromhex(key.id) + _digest(key, entry, covers)


def mark_parts(mark: str) -> tuple[int, str, bytes] | None:
    """A mark (in hexadecimal digits) taken apart: what it covers, the key's id, the digest; None when it is no mark."""
    raw = bytes.fromhex(mark)
    if len(raw) != 1 + KEY_ID_BYTES + MARK_BYTES:
        return None
    return raw[0], raw[1 : 1 + KEY_ID_BYTES].hex(), raw[1 + KEY_ID_BYTES :]


def mark_is_ours(key: Key, entry: Mapping[str, Any], covers: int, digest: bytes) -> bool:
    return hmac.compare_digest(_digest(key, entry, covers), digest)


def _digest(key: Key, entry: Mapping[str, Any], covers: int) -> bytes:
    known = {name: entry[name] for name in _ALWAYS}
    if covers & COVERS_BODY:
        known["body"] = entry["body"]
    if covers & COVERS_SUBJECT:
        known["subject"] = entry["subject"]
        known["district"] = entry["district"]
    return hmac.digest(key.secret, bytes((covers,)) + canonical(known), hashlib.sha256)[:MARK_BYTES]
