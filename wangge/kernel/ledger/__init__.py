"""The ledger: an append-only record of every act, sealed so that no change to it stays unseen. See docs/ledger.md."""

from wangge.kernel.ledger.append import Item, append, append_many, cte
from wangge.kernel.ledger.hashing import NotPlain
from wangge.kernel.ledger.tags import KernelTag, LedgerPermission, LedgerTag, describe, say, sentence

__all__ = [
    "Item",
    "KernelTag",
    "LedgerPermission",
    "LedgerTag",
    "NotPlain",
    "append",
    "append_many",
    "cte",
    "describe",
    "say",
    "sentence",
]
