"""The sealer: puts committed entries into their final order, chains them, and signs a Merkle root over each batch.

*No entry is missed.* Entries are taken in the order (xid, pos), and only those of transactions below ``pg_snapshot_xmin``: every
transaction with a lower id has ended, so nothing can still appear before them, however late it commits. What a batch has looked
through is written in the batch, in the same transaction as its links: a sealer killed anywhere goes on where the last commit was.

*One at a time*, by an advisory lock of the transaction; a second sealer goes away empty-handed.

*Moved databases.* After a dump and restore into another cluster transaction ids begin anew, below those already sealed. The sealer
notices (its last id lies in the future), seals by absence of a link instead of by order, and then goes on from the new ids.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from wangge.kernel import clock, crypto
from wangge.kernel.crypto.keyring import Key, KeyringError, Use
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, head
from wangge.kernel.ledger.batches import Batch
from wangge.kernel.ledger.entries import COLUMNS, content, mark_is_ours, mark_parts
from wangge.kernel.ledger.hashing import (
    DIGEST_BYTES,
    HASHES,
    NotSealed,
    Tree,
    canonical,
    chain_hash,
    leaf_hash,
    merkle_root,
    moment,
)

log = logging.getLogger("wangge.ledger")

LOCK = 0x57_47_4C_45_44_47_45_52  # "WGLEDGER": one sealer of a database at a time
BATCH = 5000

_STATE = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin,
       %(xid)s::xid8 > pg_snapshot_xmax(pg_current_snapshot()) AS moved
"""
# Backwards in xids but complete: the entries of the former cluster and all of this one that have ended.
_MOVED = f"""
SELECT {COLUMNS} FROM ledger_entry e
WHERE NOT EXISTS (SELECT FROM ledger_link l WHERE l.pos = e.pos)
  AND (e.xid < %(xmin)s::xid8 OR e.xid >= pg_snapshot_xmax(pg_current_snapshot()))
  AND e.pos > %(after)s
ORDER BY e.pos LIMIT %(size)s
"""
_NEXT = f"""
SELECT {COLUMNS} FROM ledger_entry e
WHERE (e.xid, e.pos) > (%(xid)s::xid8, %(pos)s) AND e.xid < %(xmin)s::xid8
  AND NOT EXISTS (SELECT FROM ledger_link l WHERE l.pos = e.pos)  -- those of a former cluster, whose ids are reached again one day
ORDER BY e.xid, e.pos LIMIT %(size)s
"""
_LINKS = """
INSERT INTO ledger_link (seq, pos, id, leaf, chain)
SELECT * FROM unnest(%(seq)s::bigint[], %(pos)s::bigint[], %(id)s::uuid[], %(leaf)s::bytea[], %(chain)s::bytea[])
"""


@dataclass(frozen=True)
class Sealed:
    """What one round did. ``busy``: another sealer was at it; ``full``: there may be more; ``refused``: entries that are not ours."""

    entries: int = 0
    batch: int | None = None
    refused: int = 0
    full: bool = False
    busy: bool = False


def seal(*, size: int = BATCH, using: str = "default") -> Sealed:
    """Seal at most ``size`` of the waiting entries as one batch. Idempotent when there is nothing to do; safe to kill at any time."""
    with transaction.atomic(using=using):
        if not rows.value("SELECT pg_try_advisory_xact_lock(%(lock)s)", {"lock": LOCK}, using=using):
            return Sealed(busy=True)
        before = batches.last(using=using) or _genesis(using)
        done, batch = _seal_after(before, size, using)
    if batch:
        head.keep(batch)
    return done


def seal_all(*, size: int = BATCH, using: str = "default") -> int:
    """Seal until nothing waits; the number of entries sealed. Returns at once when another sealer is at work."""
    total = 0
    while True:
        done = seal(size=size, using=using)
        total += done.entries
        if done.busy or not done.full:
            return total


def _genesis(using: str) -> Batch:
    """Batch 0 holds nothing; its random chain head makes this ledger unlike any other, so that no batch fits into another one."""
    h = HASHES[settings.CONFIG.ledger_hash]
    empty = Batch(
        number=0,
        first=1,
        last=0,
        root=merkle_root(h, ()).hex(),
        chain=os.urandom(DIGEST_BYTES).hex(),
        previous=bytes(DIGEST_BYTES).hex(),
        sealed_at=moment(clock.now()),
        hash=settings.CONFIG.ledger_hash,
        xid="0",
        pos=0,
        key="",
    )
    return _sign_and_store(empty, using)


def _sign_and_store(batch: Batch, using: str) -> Batch:
    key = crypto.keyring().keys().active(Use.SIGN)
    batch = Batch(**{**batch.__dict__, "key": key.id})
    batch = Batch(**{**batch.__dict__, "signature": key.sign(batch.signed)})
    batches.insert(batch, using=using)
    return batch


def _seal_after(before: Batch, size: int, using: str) -> tuple[Sealed, Batch | None]:
    state = rows.one(_STATE, {"xid": before.xid}, using=using)
    assert state is not None
    refused = 0
    if state["moved"]:
        return _seal_moved(before, size, state["xmin"], using)
    xid, pos = before.xid, before.pos
    while True:
        waiting = rows.all(_NEXT, {"xid": xid, "pos": pos, "xmin": state["xmin"], "size": size}, using=using)
        if not waiting:
            return Sealed(refused=refused), None
        ours = list(_ours(waiting))
        refused += len(waiting) - len(ours)
        xid, pos = waiting[-1]["xid"], waiting[-1]["pos"]
        if ours:  # a page of nothing but strangers is looked past, so that they cannot hold up what comes after them
            batch = _chain(before, ours, xid, pos, using)
            return Sealed(len(ours), batch.number, refused, len(waiting) == size), batch


def _seal_moved(before: Batch, size: int, xmin: str, using: str) -> tuple[Sealed, Batch | None]:
    """All that has no link, in the order of writing; the last such batch sets the mark back to this cluster's ids."""
    after = refused = 0
    while waiting := rows.all(_MOVED, {"xmin": xmin, "after": after, "size": size}, using=using):
        after = waiting[-1]["pos"]
        ours = list(_ours(waiting))
        refused += len(waiting) - len(ours)
        if len(waiting) == size and ours:
            batch = _chain(before, ours, before.xid, before.pos, using)
            return Sealed(len(ours), batch.number, refused, full=True), batch
        if len(waiting) < size:
            break
    else:
        ours = []
    log.warning("the database was moved to another cluster: going on from transaction %s", xmin)
    batch = _chain(before, ours if after else [], str(int(xmin) - 1), 2**63 - 1, using)
    return Sealed(len(ours) if after else 0, batch.number, refused), batch


def _chain(before: Batch, entries: list[dict[str, Any]], xid: str, pos: int, using: str) -> Batch:
    name = settings.CONFIG.ledger_hash
    h = HASHES[name]
    chain, tree = bytes.fromhex(before.chain), Tree(h)
    links: dict[str, list[Any]] = {"seq": [], "pos": [], "id": [], "leaf": [], "chain": []}
    for seq, entry in enumerate(entries, before.last + 1):
        leaf = leaf_hash(h, canonical(entry))
        chain = chain_hash(h, chain, leaf)
        tree.add(leaf)
        for column, value in zip(links, (seq, entry["pos"], entry["id"], leaf, chain), strict=True):
            links[column].append(value)
    if entries:
        rows.run(_LINKS, links, using=using)
    batch = Batch(
        number=before.number + 1,
        first=before.last + 1,
        last=before.last + len(entries),
        root=tree.root().hex(),
        chain=chain.hex(),
        previous=before.name(h),
        sealed_at=moment(clock.now()),
        hash=name,
        xid=xid,
        pos=pos,
        key="",
    )
    return _sign_and_store(batch, using)


def _ours(waiting: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The entries that the application wrote. What somebody put into the table by hand stays unsealed, where ``verify`` names it."""
    marks = Marks()
    for row in waiting:
        try:
            entry = content(row)
        except NotSealed:
            entry = None
        if entry is not None and marks.good(entry):
            yield entry
        else:
            log.error(
                "ledger entry %s (position %s) was not written by the application: not sealed", row["id"], row["pos"]
            )


class Marks:
    """Checks marks, with the keys at hand."""

    def __init__(self) -> None:
        self._keys: dict[str, Key | None] = {}

    def good(self, entry: dict[str, Any]) -> bool:
        parts = mark_parts(entry["mark"])
        if parts is None:
            return False
        covers, key_id, digest = parts
        if key_id not in self._keys:
            try:
                self._keys[key_id] = crypto.keyring().find(key_id, Use.MARK)
            except KeyringError:
                self._keys[key_id] = None
        key = self._keys[key_id]
        return key is not None and mark_is_ours(key, entry, covers, digest)


_WAITING = """
SELECT count(*) AS entries, COALESCE(EXTRACT(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS seconds
FROM (
    SELECT e.recorded_at FROM ledger_entry e
    WHERE (e.xid, e.pos) > (%(xid)s::xid8, %(pos)s) AND e.xid < pg_snapshot_xmax(pg_current_snapshot())
      AND NOT EXISTS (SELECT FROM ledger_link l WHERE l.pos = e.pos)
    ORDER BY e.xid, e.pos LIMIT %(most)s
) AS waiting
"""


def waiting(*, most: int = 100_000, using: str = "default") -> dict[str, Any]:
    """``entries``: how many committed ones are not yet sealed (counted up to ``most``); ``seconds``: how long the oldest waits."""
    before = batches.last(using=using)
    found = rows.one(
        _WAITING, {"xid": before.xid if before else "0", "pos": before.pos if before else 0, "most": most}, using=using
    )
    assert found is not None
    return found
