"""Every read of evidence: one's own, and that of the cases one may read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from wangge.domain.evidence.rules import State
from wangge.domain.evidence.tags import EvidencePermission
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.geo.lattice import distance_m
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

FAR_M = 200
"""A photo taken farther than this from its case is marked for who checks it."""

_COLUMNS = """u.id, u.owner, u.kind, u.state, u.reason, u.name, u.length, u.sha256, u.media_type, u.original, u.public, u.public_type,
    u.thumb, u.width, u.height, u.seconds, u.lon, u.lat, u.captured_at, u.made_at, u.stored_at, i.district, i."case", i.role, i.at,
    i.cleared_at"""


def visible(*, by: Principal, upload: UUID) -> Row:
    """An upload that this person may see: their own, or that of a case they may read (row-level security says which). NotFound."""
    by.require(EvidencePermission.READ)
    row = rows.one(
        f"SELECT {_COLUMNS} FROM evidence_upload u LEFT JOIN evidence_item i ON i.id = u.id WHERE u.id = %(id)s",
        {"id": upload},
    )
    if row is None:
        raise NotFound(Words("没有这个附件，或不在您的范围内。", "There is no such file, or it is outside your scope."))
    return row


def readable(*, by: Principal, upload: UUID) -> Row:
    """Like ``visible``, for the bytes: only of what was scanned and looked at, never of what was refused or is in quarantine. NotFound."""
    row = visible(by=by, upload=upload)
    if row["state"] != State.READY:
        raise NotFound(Words("此文件尚在检查，或未被接受。", "This file is still being checked, or was not accepted."))
    return row


def of_case(district: str, case: UUID, point: tuple[float, float] | None) -> list[dict[str, Any]]:
    """The evidence of a case that the asker was found to see, oldest first; ``metres_away``: where it was taken from the case."""
    found = rows.all(
        f"""SELECT {_COLUMNS} FROM evidence_item i JOIN evidence_upload u ON u.id = i.id
            WHERE i.district = %(district)s AND i."case" = %(case)s ORDER BY i.at, i.id""",
        {"district": district, "case": case},
        prepared=True,
    )
    return [shown(row, point) for row in found]


def shown(row: Row, point: tuple[float, float] | None = None) -> dict[str, Any]:
    """A row as the API shows it: what there is to see, not where it lies."""
    away = None
    if point is not None and row["lon"] is not None:
        away = round(distance_m(point[0], point[1], row["lon"], row["lat"]))
    keys = ("id", "kind", "state", "reason", "name", "length", "sha256", "media_type", "width", "height", "seconds", "lon", "lat", "captured_at", "made_at", "case", "role", "at", "cleared_at")  # fmt: skip
    return {k: row[k] for k in keys} | {
        "has_public": row["public"] is not None,
        "has_thumb": row["thumb"] is not None,
        "metres_away": away,
        "far": away is not None and away > FAR_M,
    }
