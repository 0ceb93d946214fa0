"""What goes in and out of the API of evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wangge.domain.evidence.rules import Kind, Role
from wangge.kernel.web.schemas import Input, Output


class EvidenceIn(Input):
    """A file of an act: uploaded already, or promised by its SHA-256 and uploaded later under this id."""

    id: UUID
    kind: Kind = Kind.PHOTO
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    role: Literal[tuple(str(r) for r in Role)] | None = None  # type: ignore[valid-type]


class EvidenceOut(Output):
    """``state``: promised, uploading, stored (sealed, copies not made yet), ready, refused or quarantined (``reason``), erased.
    ``lon``, ``lat``, ``captured_at``: what the device wrote. ``metres_away``: from the case; ``far``: farther than 200 m.
    ``cleared_at``: since when the public may see it."""

    id: UUID
    kind: str
    state: str
    reason: str
    name: str
    length: int | None
    sha256: str | None
    media_type: str
    width: int | None
    height: int | None
    seconds: float | None
    lon: float | None
    lat: float | None
    captured_at: datetime | None
    made_at: datetime
    case: UUID | None
    role: str | None
    at: datetime | None
    cleared_at: datetime | None
    has_public: bool
    has_thumb: bool
    metres_away: int | None
    far: bool
