"""A sealed batch: the statement that is signed, as it lies in the database and as it goes to a second place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wangge.kernel.db import rows
from wangge.kernel.ledger.hashing import HASHES, Hash, batch_hash, canonical

FORMAT = 1

_COLUMNS = (
    "number, first, last, encode(root, 'hex') AS root, encode(chain, 'hex') AS chain, encode(previous, 'hex') AS previous, "
    "to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS sealed_at, hash, xid::text AS xid, pos, key, signature"
)


@dataclass(frozen=True)
class Batch:
    """Links ``first..last`` (none when last < first) under ``root``; ``chain`` is the head after the last of them; ``previous`` names the
    batch before. ``xid`` and ``pos`` say how far into the entries the sealer had looked. Hashes are hexadecimal, times text."""

    number: int
    first: int
    last: int
    root: str
    chain: str
    previous: str
    sealed_at: str
    hash: str
    xid: str
    pos: int
    key: str
    signature: bytes = b""

    @property
    def statement(self) -> dict[str, Any]:
        """What is signed. Everything but the signature."""
        return {
            "format": FORMAT,
            "number": self.number,
            "first": self.first,
            "last": self.last,
            "root": self.root,
            "chain": self.chain,
            "previous": self.previous,
            "sealed_at": self.sealed_at,
            "hash": self.hash,
            "xid": self.xid,
            "pos": self.pos,
            "key": self.key,
        }

    @property
    def signed(self) -> bytes:
        """The bytes under the signature: the statement's canonical JSON."""
        return canonical(self.statement)

    @property
    def h(self) -> Hash:
        """KeyError when the hash is none of ours."""
        return HASHES[self.hash]

    def name(self, h: Hash) -> str:
        """By what the next batch knows this one."""
        return batch_hash(h, self.signed).hex()

    def as_json(self) -> dict[str, Any]:
        """For the second place: enough to check the signature with the public key alone."""
        return {"statement": self.statement, "signature": self.signature.hex()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Batch:
        """KeyError, TypeError or ValueError when it is not what ``as_json`` writes."""
        statement = dict(given["statement"])
        if statement.pop("format") != FORMAT:
            raise ValueError("a root of an unknown format")
        return cls(**statement, signature=bytes.fromhex(given["signature"]))

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Batch:
        return cls(**{**row, "signature": bytes(row["signature"])})


def last(*, using: str = "default") -> Batch | None:
    row = rows.one(f"SELECT {_COLUMNS} FROM ledger_batch ORDER BY number DESC LIMIT 1", using=using)
    return Batch.of(row) if row else None


def one(number: int, *, using: str = "default") -> Batch | None:
    row = rows.one(f"SELECT {_COLUMNS} FROM ledger_batch WHERE number = %(number)s", {"number": number}, using=using)
    return Batch.of(row) if row else None


def holding(seq: int, *, using: str = "default") -> Batch | None:
    """The batch that link ``seq`` is in."""
    sql = f"SELECT {_COLUMNS} FROM ledger_batch WHERE last >= %(seq)s AND first <= %(seq)s ORDER BY last LIMIT 1"
    row = rows.one(sql, {"seq": seq}, using=using)
    return Batch.of(row) if row else None


def stream(start: int = 0, *, size: int = 1000, using: str = "default") -> Iterator[Batch]:
    """Every batch from number ``start`` on, in order, a page at a time."""
    sql = f"SELECT {_COLUMNS} FROM ledger_batch WHERE number >= %(start)s ORDER BY number LIMIT %(size)s"
    while page := rows.all(sql, {"start": start, "size": size}, using=using):
        yield from map(Batch.of, page)
        start = page[-1]["number"] + 1


def insert(batch: Batch, *, using: str = "default") -> None:
    rows.run(
        "INSERT INTO ledger_batch (number, first, last, root, chain, previous, sealed_at, hash, xid, pos, key, signature) VALUES "
        "(%(number)s, %(first)s, %(last)s, decode(%(root)s, 'hex'), decode(%(chain)s, 'hex'), decode(%(previous)s, 'hex'), "
        "%(sealed_at)s::timestamptz, %(hash)s, %(xid)s::xid8, %(pos)s, %(key)s, %(signature)s::bytea)",
        {**batch.statement, "signature": batch.signature},
        using=using,
    )
