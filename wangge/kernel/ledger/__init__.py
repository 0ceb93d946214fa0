"""The ledger: an append-only record of every act, sealed so that no change to it stays unseen. See docs/ledger.md."""

from wangge.kernel.ledger.tags import KernelTag, LedgerPermission, LedgerTag, describe, say, sentence

__all__ = ["KernelTag", "LedgerPermission", "LedgerTag", "describe", "say", "sentence"]
