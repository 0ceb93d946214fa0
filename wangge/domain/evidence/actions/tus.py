"""tus 1.0: an upload in parts, resumed after any interruption. What was answered is on the disk.

The parts lie in ``<home>/uploads/<id>``, appended and synced before the answer, so that the file's length is the offset whatever was
killed. One writer at a time holds the file's lock. (Several hosts share this folder, or send an upload's requests to one host.)
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction

from wangge.domain.evidence.rules import KINDS, Kind, State, plain_name, type_of
from wangge.domain.evidence.tags import EvidenceEvent, EvidencePermission, EvidenceTag
from wangge.kernel import clock, files, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Conflict, Invalid, NotFound, Problem, TooMany
from wangge.kernel.words import Words

EXPIRES = timedelta(days=7)
"""An upload that was not finished by then is forgotten: a phone may be a week without a network."""
MOST_OPEN = 200
"""Unfinished uploads of one person: more is a defect of the client."""
HEAD = 64 * 1024


class Gone(Problem):
    status, name, title = 410, "gone", Words("已不存在", "Gone")


class Locked(Problem):
    status, name, title = 423, "locked", Words("正在上传", "Being uploaded")


class TooLarge(Problem):
    status, name, title = 413, "too-big", Words("内容过大", "Too large")


class WrongChecksum(Problem):
    """tus, extension checksum: the part was not kept."""

    status, name, title = 460, "checksum-mismatch", Words("校验和不符", "Checksum mismatch")


def folder() -> Path:
    path = Path(settings.CONFIG.home) / "uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def create(*, by: Principal, id: UUID, length: int, kind: Kind, name: str = "", sha256: str | None = None) -> Row:
    """Begin an upload, or go on with one of this id: the same call may be repeated, and fills what an act has promised.

    Raises TooLarge, Invalid (an id that is somebody else's, or used for other content), TooMany.
    """
    by.require(EvidencePermission.UPLOAD)
    most = KINDS[kind].most
    if length > most:
        raise TooLarge(
            Words(
                f"{kind.words.zh}最大 {most // 1_000_000} MB，此文件 {length / 1_000_000:.1f} MB；请压缩或截短后再传。",
                f"A {kind.words.en.lower()} has at most {most // 1_000_000} MB, this one {length / 1_000_000:.1f}; compress or shorten it.",
            )
        )
    if length <= 0:
        raise Invalid.field("Upload-Length", "empty", "文件是空的。", "The file is empty.")
    waiting = rows.value(
        "SELECT count(*) FROM evidence_upload WHERE owner = %(by)s AND state = 'uploading'", {"by": by.id}
    )
    if waiting >= MOST_OPEN:
        raise TooMany(
            Words("未完成的上传过多，请先完成或取消。", "Too many unfinished uploads; finish or cancel some first."),
            extra={"retry_after": 60},
        )
    given = {
        "id": id,
        "by": by.id,
        "kind": str(kind),
        "name": plain_name(name),
        "length": length,
        "sha256": sha256,
        "at": clock.now(),
        "expires": clock.now() + EXPIRES,
    }
    # Two statements: ON CONFLICT DO UPDATE looks at the row that is there before it looks whose it is, and PostgreSQL 15 calls that a
    # breach of the policy; the second one sees what a twin of this call has just committed.
    found = rows.one(
        """INSERT INTO evidence_upload (id, owner, kind, state, name, length, sha256, made_at, expires_at)
           VALUES (%(id)s, %(by)s, %(kind)s, 'uploading', %(name)s, %(length)s, %(sha256)s, %(at)s, %(expires)s)
           ON CONFLICT (id) DO NOTHING RETURNING *""",
        given,
    ) or rows.one(
        """UPDATE evidence_upload AS u
           SET state = CASE u.state WHEN 'promised' THEN 'uploading' ELSE u.state END, length = coalesce(u.length, %(length)s),
               name = CASE u.name WHEN '' THEN %(name)s ELSE u.name END, sha256 = coalesce(u.sha256, %(sha256)s),
               expires_at = CASE u.state WHEN 'promised' THEN %(expires)s ELSE u.expires_at END
           WHERE u.id = %(id)s AND u.owner = %(by)s AND u.kind = %(kind)s AND coalesce(u.length, %(length)s) = %(length)s
             AND coalesce(u.sha256, %(sha256)s) IS NOT DISTINCT FROM coalesce(%(sha256)s, u.sha256)
           RETURNING *""",
        given,
    )
    if found is None:
        raise Invalid.field(
            "Upload-Metadata",
            "id_reused",
            "这个附件编号已用于另一个文件，请换用新编号。",
            "This id was used for another file; give this one a new id.",
        )
    return found


def own(by: Principal, upload: UUID) -> Row:
    """An upload of this person's. Raises NotFound, and Gone for what was given up, refused or forgotten."""
    by.require(EvidencePermission.UPLOAD)
    row = rows.one("SELECT * FROM evidence_upload WHERE id = %(id)s AND owner = %(by)s", {"id": upload, "by": by.id})
    if row is None or row["state"] == State.PROMISED:  # promised: POST begins it, and says how long it is
        raise NotFound(Words("没有这个上传，请先创建。", "There is no such upload; create it first."))
    if row["state"] in (State.REFUSED, State.QUARANTINED, State.ERASED):
        raise Gone(Words(f"此文件已被拒收：{row['reason']}", f"This file was refused: {row['reason']}"))
    return row


def resumed(*, by: Principal, upload: UUID) -> tuple[Row, int]:
    """An upload of this person's with how many bytes are safe. One that was whole when the server was killed is sealed now: the client
    has nothing more to send that would do it."""
    row = own(by, upload)
    have = offset_of(row)
    if row["state"] == State.UPLOADING and have == row["length"]:
        with _writing(upload):
            row = own(by, upload)  # another connection may have sealed it before the lock was ours
            if row["state"] == State.UPLOADING:
                row = _seal(by, row)
    return row, have


def offset_of(row: Row) -> int:
    """How many bytes are safe."""
    if row["state"] in (State.STORED, State.READY):
        return row["length"]
    try:
        return (folder() / str(row["id"])).stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def _writing(upload: UUID) -> Iterator[BinaryIO]:
    with (folder() / str(upload)).open("ab", buffering=0) as file:  # what is cut off again must not wait in a buffer
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(
                Words(
                    "此文件正由另一连接上传，请稍后再试。",
                    "Another connection is sending this file; try again in a moment.",
                )
            ) from None
        yield file


def receive(
    *,
    by: Principal,
    upload: UUID,
    offset: int,
    read: Callable[[int], bytes],
    length: int,
    checksum: tuple[str, bytes] | None = None,
) -> tuple[Row, int]:
    """Append what ``read`` gives, ``length`` bytes at most, at ``offset``. Returns the upload and its new offset.

    A connection that breaks keeps what came until then, unless a ``checksum`` (algorithm, digest) covers the whole part. When the last
    byte is there, the file is checked and sealed. Raises Conflict (wrong offset), TooLarge, WrongChecksum, Invalid (not what it says).
    """
    row = own(by, upload)
    if row["state"] in (State.STORED, State.READY):
        if offset == row["length"]:
            return row, offset
        raise _wrong_offset(row["length"])
    with _writing(upload) as file:
        row = own(by, upload)  # another connection may have sealed it before the lock was ours
        if row["state"] in (State.STORED, State.READY):
            (folder() / str(upload)).unlink(missing_ok=True)
            raise _wrong_offset(row["length"])
        have = os.fstat(file.fileno()).st_size
        if have != offset:
            raise _wrong_offset(have)
        if offset + length > row["length"]:
            raise TooLarge(Words("发送的内容超过申报的长度。", "More was sent than was announced."))
        try:
            have = _append(file, have, read, length, checksum)
        except BaseException:
            if checksum is not None:
                os.ftruncate(file.fileno(), offset)
            raise
        if have == row["length"]:
            row = _seal(by, row)
    return row, have


def _append(
    file: BinaryIO, have: int, read: Callable[[int], bytes], length: int, checksum: tuple[str, bytes] | None
) -> int:
    left = length
    digest = hashlib.new(checksum[0]) if checksum else None
    try:
        while left and (part := read(min(left, files.CHUNK))):
            while written := file.write(part):  # unbuffered, it may take less than was given
                digest and digest.update(part[:written])
                left -= written
                part = part[written:]
    except OSError:  # the connection broke: what came is kept, unless it cannot be checked
        if digest:
            raise
    if digest and checksum and (left or digest.digest() != checksum[1]):
        raise WrongChecksum(
            Words("这一段内容在传输中损坏，请重发。", "This part was damaged on its way; send it again.")
        )
    os.fsync(file.fileno())
    return have + length - left


def _wrong_offset(have: int) -> Conflict:
    return Conflict(Words(f"应从第 {have} 字节继续。", f"Go on from byte {have}."), extra={"current": {"offset": have}})


def _seal(by: Principal, row: Row) -> Row:
    """The file is whole: its digest and its type are what they should be, or it is refused."""
    path = folder() / str(row["id"])
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(0)
        digest = files.digest_of(file)
    kind = Kind(row["kind"])
    media = type_of(head, kind)
    problem = None
    if row["sha256"] and row["sha256"].lower() != digest:
        problem = Words(
            "内容与设备上计算的 SHA-256 不符，请重新上传。",
            "Its SHA-256 is not the one the device computed; upload it again.",
        )
    elif media not in KINDS[kind].types:
        problem = Words(
            f"文件内容（{media or '无法识别'}）不是可接受的{kind.words.zh}；可接受：{'、'.join(sorted(KINDS[kind].types))}。",
            f"Its content ({media or 'unknown'}) is no accepted {kind.words.en.lower()}: {', '.join(sorted(KINDS[kind].types))}.",
        )
    if problem is not None:
        refuse(by=by, upload=row["id"], problem=problem)
        if row["sha256"] and row["sha256"].lower() != digest:
            _expect_again(row["id"])
        path.unlink(missing_ok=True)
        raise Invalid.field("Upload-Metadata", "refused", problem.zh, problem.en)
    files.store().keep(path, digest)
    with transaction.atomic():
        sealed = rows.one(
            """UPDATE evidence_upload SET state = 'stored', sha256 = %(sha256)s, original = %(sha256)s, media_type = %(media)s,
                      stored_at = %(at)s, expires_at = NULL WHERE id = %(id)s AND state = 'uploading' RETURNING *""",
            {"id": row["id"], "sha256": digest, "media": media, "at": clock.now()},
        )
        if sealed is None:
            raise Gone(Words("此上传已取消。", "This upload was given up."))
        ledger.append(
            by=by,
            tag=EvidenceTag.STORED,
            kind="evidence",
            subject=row["id"],
            body={"sha256": digest, "bytes": row["length"]},
        )
        outbox.emit(EvidenceEvent.STORED, kind="evidence", subject=row["id"], body={})
    path.unlink(missing_ok=True)
    return sealed


def _expect_again(upload: UUID) -> None:
    """What a case was promised was damaged on its way: the right file may still come under the same id."""
    rows.run(
        """UPDATE evidence_upload u SET state = 'promised', reason = '', length = NULL
           WHERE u.id = %(id)s AND u.state = 'refused' AND EXISTS (SELECT 1 FROM evidence_item i WHERE i.id = u.id)""",
        {"id": upload},
    )


def refuse(*, by: Principal, upload: UUID, problem: Words, state: State = State.REFUSED) -> None:
    """The file is not taken. What was promised with it stays on record as refused, with the reason."""
    with transaction.atomic():
        rows.run(
            "UPDATE evidence_upload SET state = %(state)s, reason = %(reason)s, expires_at = NULL WHERE id = %(id)s",
            {"id": upload, "state": str(state), "reason": problem.zh[:200]},
        )
        tag = EvidenceTag.QUARANTINED if state == State.QUARANTINED else EvidenceTag.REFUSED
        ledger.append(by=by, tag=tag, kind="evidence", subject=upload, body={"reason": problem.zh[:200]})


def cancel(*, by: Principal, upload: UUID) -> None:
    """Give an upload up (tus: termination). One that belongs to a case, or was promised with one, stays promised."""
    row = own(by, upload)
    if row["state"] in (State.STORED, State.READY):
        raise Conflict(Words("文件已完整上传，不能取消。", "The file is whole already; it cannot be cancelled."))
    with _writing(upload) as file:
        os.ftruncate(file.fileno(), 0)
        attached = rows.value("SELECT 1 FROM evidence_item WHERE id = %(id)s", {"id": upload})
        if attached:
            rows.run("UPDATE evidence_upload SET state = 'promised', length = NULL WHERE id = %(id)s", {"id": upload})
        else:
            rows.run("DELETE FROM evidence_upload WHERE id = %(id)s AND state = 'uploading'", {"id": upload})
    (folder() / str(upload)).unlink(missing_ok=True)
