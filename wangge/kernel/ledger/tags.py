"""What an entry is about: each act has a tag, each tag has its sentence in both languages (timelines are made of them)."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from wangge.kernel.access.roles import Permission, Role, declare
from wangge.kernel.words import Words, filled


class LedgerTag(StrEnum):
    """Base of each package's tags; a value is ``<domain>.<thing>.<act in the past>``: ``places.grid.split``."""


_words: dict[LedgerTag, Words] = {}


def say(sentences: Mapping[LedgerTag, Words]) -> None:
    """Register the sentence of each tag; ``{name}`` places are filled from the entry's body. Said once for each tag."""
    for tag, words in sentences.items():
        if not isinstance(tag, LedgerTag):
            raise TypeError(f"{tag!r} is no LedgerTag")
        if _words.get(tag, words) != words:
            raise ValueError(f"tag {tag} is said twice")
        if _places(words.zh) != _places(words.en):
            raise ValueError(
                f"the two sentences of {tag} name different things: {_places(words.zh)} and {_places(words.en)}"
            )
    _words.update(sentences)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def describe(tag: LedgerTag | str) -> Words:
    """The sentence of a tag with its places open. A tag that no longer exists in code is its own sentence: history stays readable."""
    return _words.get(tag) or Words(str(tag), str(tag))  # type: ignore[call-overload]


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


def sentence(tag: LedgerTag | str, body: Mapping[str, Any]) -> Words:
    """The sentence of one entry. What the body does not hold is shown as a dash; lists are joined."""
    values = _Gaps({k: "、".join(map(str, v)) if isinstance(v, list) else v for k, v in body.items() if v is not None})
    words = describe(tag)
    return Words(filled(words.zh, values), filled(words.en, values))


def outline(tag: LedgerTag | str) -> Words:
    """The sentence of a tag for a list of acts: an ellipsis where an entry says what it was."""
    words = describe(tag)
    open_places = dict.fromkeys(_places(words.zh) | _places(words.en), "…")
    return Words(filled(words.zh, open_places), filled(words.en, open_places))


def all_tags() -> Iterator[LedgerTag]:
    """Every tag of every package whose ``tags`` module is loaded."""
    waiting = list(LedgerTag.__subclasses__())
    for family in waiting:
        waiting.extend(family.__subclasses__())
        yield from family


def without_words() -> list[LedgerTag]:
    """Tags that nobody gave a sentence."""
    return [tag for tag in all_tags() if tag not in _words]


# — the ledger's own ———————————————————————————————————————————————————————————————————————————————————————————————————————


class LedgerPermission(Permission):
    READ = "ledger.read"
    VERIFY = "ledger.verify"
    REVEALS = "ledger.reveals.read"


PERMISSION_WORDS: dict[Permission, Words] = {
    LedgerPermission.READ: Words("查看留痕", "Read the ledger"),
    LedgerPermission.VERIFY: Words("校验留痕", "Verify the ledger"),
    LedgerPermission.REVEALS: Words("查看原文调阅记录", "See who saw what in clear"),
}

GRANTS = declare({permission: {Role.AUDITOR} for permission in LedgerPermission}, PERMISSION_WORDS)


class KernelTag(LedgerTag):
    REVEALED = "ledger.field.revealed"
    ERASED = "ledger.personal.erased"
    KEY_ROTATED = "ledger.key.rotated"
    RESTORED = "ledger.database.restored"
    CHECKED = "ledger.check.asked"


say(
    {
        KernelTag.REVEALED: Words(
            "查看了敏感字段 {field} 原文（用途：{purpose}）", "revealed the field {field} (purpose: {purpose})"
        ),
        KernelTag.ERASED: Words(
            "按 {policy} 删除了个人信息 {count} 处",
            "erased personal data in {count} {count:place|places} under {policy}",
        ),
        KernelTag.KEY_ROTATED: Words("更换了密钥（{use}）", "rotated the {use} key"),
        KernelTag.CHECKED: Words("要求核验全部留痕", "asked for the whole ledger to be verified"),
        KernelTag.RESTORED: Words("由备份恢复了数据库（至 {to}）", "restored the database from a backup (to {to})"),
    }
)
