"""``media_url``: a picture that a client names is fetched once and becomes evidence like any other – sealed, scanned, copied clean."""

from __future__ import annotations

import io
from dataclasses import replace
from uuid import UUID

from wangge.domain.evidence import actions as evidence
from wangge.domain.evidence.actions.tus import refuse
from wangge.domain.evidence.rules import KINDS, Kind, State
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Problem
from wangge.kernel.web.stranger import NotFetched, fetch
from wangge.kernel.words import Words

SECONDS = 20
PHOTO = KINDS[Kind.PHOTO]


def bring(*, upload: UUID, url: str, last: bool) -> bool:
    """Fetch what was promised; what cannot be had is refused, with the reason. False: not now, but it may be tried again, unless this was the
    ``last`` time. Nothing happens to one that is here already."""
    with acting(SYSTEM):
        row = rows.one("SELECT owner, state FROM evidence_upload WHERE id = %(id)s", {"id": upload})
        if row is None or row["state"] not in (State.PROMISED, State.UPLOADING):
            return True
        sender = replace(SYSTEM, id=row["owner"])
        try:
            found = fetch(url, seconds=SECONDS, most=PHOTO.most, types=PHOTO.types)
        except NotFetched as error:
            if error.later and not last:
                return False
            refuse(
                by=SYSTEM, upload=upload, problem=Words(f"media_url 无法取得（{error}）：{url}", f"media_url: {error}")
            )
            return True
        try:
            begun = evidence.create(by=sender, id=upload, length=len(found.body), kind=Kind.PHOTO)
            offset = evidence.offset_of(begun)
            part = io.BytesIO(found.body[offset:])
            evidence.receive(by=sender, upload=upload, offset=offset, read=part.read, length=len(found.body) - offset)
        except Problem as problem:  # not what it was said to be: evidence has said so on record
            state = rows.value("SELECT state FROM evidence_upload WHERE id = %(id)s", {"id": upload})
            if state in (State.PROMISED, State.UPLOADING):
                refuse(by=SYSTEM, upload=upload, problem=problem.detail)
    return True
