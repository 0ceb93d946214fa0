"""What can be done with evidence, who may, and how it is recorded and announced."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import DESK, GRID_STAFF, UNIT_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class EvidencePermission(Permission):
    UPLOAD = "evidence.upload"
    READ = "evidence.read"
    ORIGINAL = "evidence.original"


_STAFF = GRID_STAFF | DESK | UNIT_STAFF | {Role.SUPERVISOR}

PERMISSION_WORDS = {
    EvidencePermission.UPLOAD: Words("上传证据", "Upload evidence"),
    EvidencePermission.READ: Words("查看证据公开副本", "See the public copies of evidence"),
    EvidencePermission.ORIGINAL: Words("调阅证据原件", "Open sealed originals"),
}

GRANTS = declare(
    {
        EvidencePermission.UPLOAD: _STAFF | {Role.RESIDENT},
        EvidencePermission.READ: _STAFF | {Role.LEADER},
        EvidencePermission.ORIGINAL: {Role.OPERATOR, Role.SUPERVISOR},
    },
    PERMISSION_WORDS,
)


class EvidenceTag(LedgerTag):
    STORED = "evidence.file.stored"
    REFUSED = "evidence.file.refused"
    QUARANTINED = "evidence.file.quarantined"
    OPENED = "evidence.original.opened"
    ERASED = "evidence.file.erased"


say(
    {
        EvidenceTag.STORED: Words("封存附件（SHA-256 {sha256}）", "sealed a file (SHA-256 {sha256})"),
        EvidenceTag.REFUSED: Words("拒收附件：{reason}", "refused a file: {reason}"),
        EvidenceTag.QUARANTINED: Words("隔离附件：{reason}", "put a file into quarantine: {reason}"),
        EvidenceTag.OPENED: Words("查看附件原件（用途：{purpose}）", "opened an original file (purpose: {purpose})"),
        EvidenceTag.ERASED: Words("删除附件内容（{policy}）", "erased the content of a file ({policy})"),
    }
)


class EvidenceEvent(EventName):
    STORED = "evidence.file.stored"
    READY = "evidence.file.ready"
