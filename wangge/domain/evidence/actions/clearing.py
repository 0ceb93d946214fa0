"""Which photos of a case the public may see: part of the statement of an act in ``cases``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from wangge.domain.evidence.actions.attach import Piece
from wangge.domain.evidence.rules import Kind, State
from wangge.kernel.db import rows
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

NOT_A_PHOTO = Words("不是本案件已处理完的照片。", "This is no finished photo of this case.")


def clearing(*, district: str, case: UUID, files: Sequence[UUID], at: datetime) -> Piece:
    """The part that clears these photos and no others, if the part ``moved`` yields its row. Raises Invalid, naming each that is no photo of
    this case: what is shown outside is always the copy without what the device wrote into it."""
    known = {
        row["id"]
        for row in rows.all(
            """SELECT i.id FROM evidence_item i JOIN evidence_upload u ON u.id = i.id
               WHERE i.district = %(district)s AND i."case" = %(case)s AND u.kind = %(photo)s AND u.state = %(ready)s""",
            {"district": district, "case": case, "photo": str(Kind.PHOTO), "ready": str(State.READY)},
        )
    }
    wrong = [i for i, file in enumerate(files) if file not in known]
    if wrong:
        raise Invalid.fields(*(FieldError(f"body.files[{i}]", "unknown", NOT_A_PHOTO) for i in wrong))
    return (
        """UPDATE evidence_item SET cleared_at = CASE WHEN id = ANY(%(files)s::uuid[]) THEN coalesce(cleared_at, %(at)s) END
           WHERE district = %(district)s AND "case" = %(case)s AND EXISTS (SELECT 1 FROM moved)""",
        {"files": list(files), "at": at, "district": district, "case": case},
    )
