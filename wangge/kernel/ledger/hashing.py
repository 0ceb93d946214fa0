"""The arithmetic of the seal: canonical JSON, leaf and node hashes, the chain, Merkle roots and paths. Pure.

Leaves and nodes are those of RFC 9162 §2.1: ``leaf = H(0x00 ‖ entry)``, ``node = H(0x01 ‖ left ‖ right)``. The chain adds
``chain = H(0x02 ‖ chain before ‖ leaf)``, a commitment is ``H(0x03 ‖ salt ‖ data)`` and a batch is known by ``H(0x04 ‖ statement)``: each
use has its own first byte, so that no value of one can stand for a value of another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, NoReturn
from uuid import UUID

import orjson
from cryptography.hazmat.primitives import hashes

LEAF, NODE, CHAIN, COMMITMENT, BATCH = (bytes((i,)) for i in range(5))
LARGEST = 2**53 - 1  # beyond it a JSON number is not the same everywhere (RFC 8785 §3.2.2.3)
DEEPEST = 32

Hash = Callable[[bytes], bytes]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())  # hashlib has SM3 only where the system's OpenSSL was built with it
    digest.update(data)
    return digest.finalize()


HASHES: Mapping[str, Hash] = {"sha256": _sha256, "sm3": _sm3}
DIGEST_BYTES = 32


# — canonical JSON ——————————————————————————————————————————————————————————————————————————————————————————————————————————


class NotPlain(ValueError):
    """A value that has no single canonical form; the message names where it is and what to write instead."""


def plain(value: Any, path: str = "body") -> Any:
    """``value`` as JSON without fractions: str, int, bool, None, lists and objects. UUIDs, dates and aware times become text.

    NotPlain for floats and decimals (write a number as text or in its smallest unit), integers beyond 2^53 − 1, naive times, text that
    PostgreSQL or JSON cannot hold, keys that are not text, and anything else.
    """
    return _plain(value, path, 0)


def _plain(value: Any, path: str, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return _text(value, path)
    if value is None or kind is bool:
        return value
    if kind is int:
        if -LARGEST <= value <= LARGEST:
            return value
        raise NotPlain(f"{path}: {value} is larger than 2^53 − 1; write it as text")
    if depth > DEEPEST:
        raise NotPlain(f"{path}: nested deeper than {DEEPEST}")
    if isinstance(value, Mapping):
        return {_key(k, path): _plain(v, f"{path}.{k}", depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        raise NotPlain(f"{path}: a set has no order; give a sorted list")
    if isinstance(value, Enum):
        return _plain(value.value, path, depth)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotPlain(f"{path}: the time {value} has no zone")
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _text(str(value), path)
    if isinstance(value, int):
        return _plain(int(value), path, depth)
    raise NotPlain(
        f"{path}: {type(value).__name__} is not for the ledger; write it as text or as a whole number of its smallest unit"
    )


def _text(value: str, path: str) -> str:
    if "\0" in value:
        raise NotPlain(f"{path}: text with a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotPlain(f"{path}: text with half a surrogate pair") from None
    return value


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise NotPlain(f"{path}: the key {key!r} is not text")
    if not key.isascii():
        # Canonical order is by UTF-16 units; for these keys it is also the order by code point that json.dumps uses.
        if max(key) >= "\ud800":
            raise NotPlain(f"{path}: the key {key!r} has characters outside the first plane's common part")
    return _text(str(key), path)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of a value that ``plain`` has let through: there orjson, and the standard library, write exactly that
    form. What only somebody else's hand can have put into a stored entry (a huge number, say) is left to the latter."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


class NotSealed(ValueError):
    """JSON that ``plain`` would never have let in: it was not written by the application."""


def _refuse(text: str) -> NoReturn:
    raise NotSealed(f"the number {text} has a fraction or an exponent")


def parse(text: str) -> Any:
    """JSON as stored. NotSealed for numbers with a fraction, which would otherwise compare equal to whole ones."""
    return _DECODER.decode(text)


_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)


def moment(at: datetime) -> str:
    """A time as the ledger writes it: UTC, microseconds, ``2026-11-21T01:30:00.000000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


# — chain and tree ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def leaf_hash(h: Hash, entry: bytes) -> bytes:
    return h(LEAF + entry)


def node_hash(h: Hash, left: bytes, right: bytes) -> bytes:
    return h(NODE + left + right)


def chain_hash(h: Hash, before: bytes, leaf: bytes) -> bytes:
    return h(CHAIN + before + leaf)


def commitment_hash(h: Hash, salt: bytes, data: bytes) -> bytes:
    return h(COMMITMENT + salt + data)


def batch_hash(h: Hash, statement: bytes) -> bytes:
    return h(BATCH + statement)


class Tree:
    """A Merkle tree that takes leaves one by one and keeps only O(log n) of them."""

    def __init__(self, h: Hash) -> None:
        self._h = h
        self._stack: list[tuple[int, bytes]] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        height, node = 0, leaf
        while self._stack and self._stack[-1][0] == height:
            node = node_hash(self._h, self._stack.pop()[1], node)
            height += 1
        self._stack.append((height, node))
        self.size += 1

    def root(self) -> bytes:
        """MTH of RFC 9162 §2.1.1; of no leaves, the hash of nothing."""
        if not self._stack:
            return self._h(b"")
        nodes = [node for _, node in self._stack]
        root = nodes.pop()
        while nodes:
            root = node_hash(self._h, nodes.pop(), root)
        return root


def merkle_root(h: Hash, leaves: Iterable[bytes]) -> bytes:
    tree = Tree(h)
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion_path(h: Hash, leaves: Sequence[bytes], index: int) -> list[bytes]:
    """PATH of RFC 9162 §2.1.3.1: the siblings from the leaf up to the root."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*inclusion_path(h, leaves[:split], index), merkle_root(h, leaves[split:])]
    return [*inclusion_path(h, leaves[split:], index - split), merkle_root(h, leaves[:split])]
