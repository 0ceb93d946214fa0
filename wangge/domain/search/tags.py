"""How look-ups are recorded."""

from __future__ import annotations

from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.words import Words


class SearchTag(LedgerTag):
    BY_PHONE = "search.by_phone"


say({SearchTag.BY_PHONE: Words("按电话查找案件（{purpose}）", "looked cases up by a phone number ({purpose})")})
