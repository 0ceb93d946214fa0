"""Proof that one entry is in the ledger, for somebody who has nothing but the public key: its content, the path to its batch's
root (RFC 9162 §2.1.3) and the signed statement of that root."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from wangge.kernel import crypto
from wangge.kernel.crypto.keyring import signature_is_valid
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches
from wangge.kernel.ledger.batches import Batch
from wangge.kernel.ledger.entries import COLUMNS, content
from wangge.kernel.ledger.hashing import HASHES, canonical, inclusion_path, leaf_hash, node_hash
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words


def proof(entry: UUID) -> dict[str, Any]:
    """``{"entry", "index", "size", "path", "batch"}``, hashes in hexadecimal, with the ``public`` key that signed (null when it is not
    in the key file) and whether this proof ``holds``. Raises NotFound for an entry that is not sealed (yet)."""
    row = rows.one(
        f"SELECT l.seq, {COLUMNS} FROM ledger_entry e JOIN ledger_link l ON l.pos = e.pos WHERE e.id = %(id)s",
        {"id": entry},
    )
    batch = batches.holding(row["seq"]) if row else None
    if row is None or batch is None:
        raise NotFound(
            Words(
                "没有这条记录，或尚未封存（约一秒后再试）。",
                "There is no such entry, or it is not sealed yet (try in a second).",
            )
        )
    leaves = [
        bytes(r["leaf"])
        for r in rows.all(
            "SELECT leaf FROM ledger_link WHERE seq BETWEEN %(first)s AND %(last)s ORDER BY seq",
            {"first": batch.first, "last": batch.last},
        )
    ]
    index = row["seq"] - batch.first
    given = {
        "entry": content(row),
        "index": index,
        "size": len(leaves),
        "path": [h.hex() for h in inclusion_path(batch.h, leaves, index)],
        "batch": batch.as_json(),
    }
    public = crypto.keyring().keys().publics().get(batch.key)
    return given | {"public": public.hex() if public else None, "holds": bool(public and holds(given, public))}


def holds(given: dict[str, Any], public: bytes) -> bool:
    """Check a proof with the public key alone (RFC 9162 §2.1.3.2); nothing of the installation is asked."""
    batch = Batch.from_json(given["batch"])
    h = HASHES[batch.hash]
    place, last = given["index"], given["size"] - 1
    node = leaf_hash(h, canonical(given["entry"]))
    for sibling in map(bytes.fromhex, given["path"]):
        if place % 2 or place == last:
            node = node_hash(h, sibling, node)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            node = node_hash(h, node, sibling)
        place, last = place // 2, last // 2
    return last == 0 and node.hex() == batch.root and signature_is_valid(public, batch.signature, batch.signed)
