"""What is kept and for how long: opening an original on record, erasing content, sweeping what belongs to nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from wangge.domain.evidence import queries
from wangge.domain.evidence.actions.tus import folder
from wangge.domain.evidence.tags import EvidencePermission, EvidenceTag
from wangge.kernel import clock, files, jobs, ledger
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Invalid

UNATTACHED = timedelta(days=7)
"""What was uploaded and never became a case's."""
YOUNG = timedelta(hours=2)
"""A file in the store may be older than its row by the length of a transaction, never by this much."""
PROCESSED = timedelta(hours=1)
"""By then a file has its copies, or a job that still tries, or one that has given up."""
AT_ONCE = 1000


def open_original(*, by: Principal, upload: UUID, purpose: str) -> Row:
    """The upload whose original may now be read: who, when and what for are on record before that."""
    by.require(EvidencePermission.ORIGINAL)
    row = queries.readable(by=by, upload=upload)
    said = purpose.strip()
    if not 2 <= len(said) <= 200:
        raise Invalid.field(
            "query.purpose",
            "purpose",
            "请写明查看原件的用途（2–200 字），将记入留痕。",
            "Say what you need the original for (2–200 characters); it goes on record.",
        )
    with transaction.atomic():
        body = {"purpose": said, "sha256": row["sha256"]}
        ledger.append(
            by=by, tag=EvidenceTag.OPENED, kind="evidence", subject=upload, district=row["district"], body=body
        )
    return row


def erase(*, by: Principal, upload: UUID, policy: str) -> bool:
    """Take the content away; the row, its digest and the ledger stay. False when it was gone already."""
    with transaction.atomic():
        row = rows.one(
            """UPDATE evidence_upload u SET state = 'erased', reason = %(policy)s, original = NULL, public = NULL, thumb = NULL, name = '',
                      lon = NULL, lat = NULL, captured_at = NULL, expires_at = NULL
               FROM (SELECT id, original, public, thumb FROM evidence_upload WHERE id = %(id)s FOR UPDATE) old
               WHERE u.id = old.id AND u.state <> 'erased' RETURNING u.id, u.sha256, old.original, old.public, old.thumb""",
            {"id": upload, "policy": policy[:200]},
        )
        if row is None:
            return False
        ledger.append(
            by=by,
            tag=EvidenceTag.ERASED,
            kind="evidence",
            subject=upload,
            body={"policy": policy, "sha256": row["sha256"]},
        )
    _delete_unused([key for key in (row["original"], row["public"], row["thumb"]) if key])
    return True


def _delete_unused(keys: list[str]) -> int:
    """Delete those of the files that no row names; how many."""
    named = rows.all(
        " UNION ALL ".join(
            f"SELECT {column} AS key FROM evidence_upload WHERE {column} = ANY(%(keys)s)"
            for column in ("original", "public", "thumb")
        ),
        {"keys": keys},
    )
    unused = set(keys) - {row["key"] for row in named}
    for key in unused:
        files.store().delete(key)
    return len(unused)


def sweep() -> int:
    """Forget unfinished uploads that have expired and files that no case ever took; begin anew with files whose copies were given up. Returns
    how many."""
    now, done = clock.now(), 0
    with acting(SYSTEM):
        late = rows.all(
            "SELECT id FROM evidence_upload WHERE state = 'uploading' AND expires_at < %(now)s ORDER BY expires_at LIMIT 1000",
            {"now": now},
        )
        for row in late:
            rows.run(
                """UPDATE evidence_upload u SET state = CASE WHEN i.id IS NULL THEN 'refused' ELSE 'promised' END,
                          reason = CASE WHEN i.id IS NULL THEN '上传超时未完成' ELSE '' END,
                          length = CASE WHEN i.id IS NULL THEN u.length END, expires_at = NULL
                   FROM (SELECT %(id)s::uuid AS asked) a LEFT JOIN evidence_item i ON i.id = a.asked
                   WHERE u.id = a.asked AND u.state = 'uploading'""",
                {"id": row["id"]},
            )
            (folder() / str(row["id"])).unlink(missing_ok=True)
            done += 1
        alone = rows.all(
            """SELECT u.id FROM evidence_upload u WHERE u.state IN ('stored', 'ready') AND u.stored_at < %(old)s
                 AND NOT EXISTS (SELECT 1 FROM evidence_item i WHERE i.id = u.id) ORDER BY u.stored_at LIMIT 1000""",
            {"old": now - UNATTACHED},
        )
        for row in alone:
            done += erase(by=SYSTEM, upload=row["id"], policy="未关联案件，到期清理")
        # A scanner may be away for longer than the tries of a job last, or kills hit every one of them: nobody would ever see the photo.
        given_up = rows.all(
            "SELECT id FROM evidence_upload WHERE state = 'stored' AND stored_at < %(old)s ORDER BY stored_at LIMIT 1000",
            {"old": now - PROCESSED},
        )
        for row in given_up:
            if not jobs.waiting("evidence.process", upload=str(row["id"])):
                jobs.start("evidence.process", upload=str(row["id"]))
                done += 1
    for part in folder().iterdir():
        if datetime.fromtimestamp(part.stat().st_mtime, UTC) < now - timedelta(days=8):
            part.unlink(missing_ok=True)
            done += 1
    return done


def tidy_store() -> int:
    """Delete the bytes that no row names; how many files. Walks through the whole store."""
    old = clock.now() - YOUNG
    with acting(SYSTEM):
        keys = (key for key, at in files.store().all() if at < old)
        return sum(_delete_unused(some) for some in rows.batches(keys, AT_ONCE))
