"""What a verification finds, in words for people and with codes for machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wangge.kernel.words import Words

MOST_KEPT = 1000


class Fault(StrEnum):
    ALTERED = "altered"
    DELETED = "deleted"
    REORDERED = "reordered"
    INSERTED = "inserted"
    LINK_ALTERED = "link-altered"
    LINK_DELETED = "link-deleted"
    LINK_INSERTED = "link-inserted"
    BATCH_ALTERED = "batch-altered"
    BATCH_DELETED = "batch-deleted"
    RESEALED = "resealed"
    UNKNOWN_KEY = "unknown-key"
    CUT_OFF = "cut-off"
    PERSONAL_ALTERED = "personal-altered"
    PERSONAL_DELETED = "personal-deleted"
    PERSONAL_INSERTED = "personal-inserted"


WORDS = {
    Fault.ALTERED: Words("记录内容被改动：{what}", "an entry was altered: {what}"),
    Fault.DELETED: Words("记录被删除：{what}", "an entry was deleted: {what}"),
    Fault.REORDERED: Words("记录次序被调换：{what}", "an entry was moved out of its order: {what}"),
    Fault.INSERTED: Words(
        "记录系事后插入，并非由系统写入：{what}", "an entry was inserted and not by the application: {what}"
    ),
    Fault.LINK_ALTERED: Words("封存链被改动：{what}", "a link of the seal was altered: {what}"),
    Fault.LINK_DELETED: Words("封存链缺失：{what}", "a link of the seal is missing: {what}"),
    Fault.LINK_INSERTED: Words("封存链多出：{what}", "a link of the seal was added: {what}"),
    Fault.BATCH_ALTERED: Words("批次内容被改动：{what}", "a batch was altered: {what}"),
    Fault.BATCH_DELETED: Words("批次被删除：{what}", "a batch was deleted: {what}"),
    Fault.RESEALED: Words(
        "批次被重新封存而签名不符：{what}", "a batch was sealed anew by somebody without the key: {what}"
    ),
    Fault.UNKNOWN_KEY: Words(
        "签名所用密钥不在密钥文件中：{what}", "signed with a key that is not in the key file: {what}"
    ),
    Fault.CUT_OFF: Words("尾部被截断：{what}", "the end was cut off: {what}"),
    Fault.PERSONAL_ALTERED: Words("个人信息与承诺值不符：{what}", "personal data differs from its commitment: {what}"),
    Fault.PERSONAL_DELETED: Words(
        "个人信息被删除而无删除登记：{what}", "personal data is gone without a registered erasure: {what}"
    ),
    Fault.PERSONAL_INSERTED: Words("个人信息无对应记录：{what}", "personal data that no entry has: {what}"),
}


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong. ``place`` orders findings along the ledger: (position of the entry, link)."""

    place: tuple[int, int]
    fault: Fault = field(compare=False)
    what: Words = field(compare=False)
    pos: int | None = field(default=None, compare=False)
    id: str | None = field(default=None, compare=False)
    tag: str | None = field(default=None, compare=False)
    seq: int | None = field(default=None, compare=False)
    batch: int | None = field(default=None, compare=False)

    @property
    def words(self) -> Words:
        return WORDS[self.fault].fill(what=self.what)

    def as_json(self, language: str = "zh") -> dict[str, Any]:
        known = {"position": self.pos, "id": self.id, "tag": self.tag, "link": self.seq, "batch": self.batch}
        return {"fault": self.fault, "text": self.words.say(language)} | {
            k: v for k, v in known.items() if v is not None
        }


@dataclass
class Report:
    """What was looked at and what was found. ``ok``: nothing is wrong; ``unsealed`` entries are young ones, not a fault by themselves."""

    entries: int = 0
    batches: int = 0
    erased: int = 0
    unsealed: int = 0
    unsealed_seconds: float = 0.0
    seconds: float = 0.0
    counts: dict[Fault, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    locks: list[Words] = field(default_factory=list)
    compared: dict[str, int] = field(default_factory=dict)
    marks_checked: bool = True

    def add(self, finding: Finding) -> None:
        self.counts[finding.fault] = self.counts.get(finding.fault, 0) + 1
        if len(self.findings) < MOST_KEPT:
            self.findings.append(finding)

    @property
    def ok(self) -> bool:
        return not self.counts and not self.locks

    @property
    def first(self) -> Finding | None:
        """The first altered, deleted, moved or inserted entry along the ledger."""
        return min(self.findings, default=None)

    def has(self, batch: int) -> bool:
        return any(f.batch == batch for f in self.findings)

    def as_json(self, language: str = "zh") -> dict[str, Any]:
        return {
            "ok": self.ok,
            "entries": self.entries,
            "batches": self.batches,
            "erased": self.erased,
            "unsealed": self.unsealed,
            "unsealed_seconds": round(self.unsealed_seconds, 1),
            "seconds": round(self.seconds, 2),
            "compared": self.compared,
            "marks_checked": self.marks_checked,
            "counts": {str(k): v for k, v in sorted(self.counts.items())},
            "first": self.first.as_json(language) if self.first else None,
            "findings": [f.as_json(language) for f in sorted(self.findings)],
            "locks": [w.say(language) for w in self.locks],
        }
