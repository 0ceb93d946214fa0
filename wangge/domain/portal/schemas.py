"""What goes in and out of the portal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wangge.domain.cases.schemas import PointIn
from wangge.domain.evidence.rules import Kind
from wangge.kernel.web.schemas import Input, Moment, Output, WordsOut

MOST_FILES = 5
Secret = Annotated[str, Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
"""Made up by the client for this one call, at random, and sent again with it: the code is made of it."""
Phone = Annotated[str, Field(max_length=20)]
Ticket = Annotated[str, Field(max_length=200)]
Note = Annotated[str, Field(max_length=1000)]


class FileIn(Input):
    """A file that will be uploaded to ``/portal/uploads`` under this id, with the number and code of the report."""

    id: UUID
    kind: Literal[Kind.PHOTO, Kind.AUDIO, Kind.VIDEO] = Kind.PHOTO
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None


Files = Annotated[list[FileIn], Field(max_length=MOST_FILES)]


class PortalReportIn(Input):
    """Either ``point`` or ``street`` says where. ``category`` may be left out. ``ticket``: of a phone that was proved."""

    id: UUID
    secret: Secret
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    category: UUID | None = None
    point: PointIn | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    street: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    address: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=60)] = ""
    phone: Phone = ""
    ticket: Ticket = ""
    confidential: bool = False
    wants_answer: bool = True
    evidence: Files = []


class MeTooIn(Input):
    """``ref``: of a similar report that was shown."""

    id: UUID
    secret: Secret
    ref: Annotated[str, Field(max_length=300, pattern=r"^[0-9a-f]+$")]
    ticket: Ticket = ""


class TakenOut(Output):
    """``number`` and ``code`` are how it is followed; the code is kept nowhere. ``link``: the page of its progress, for a QR code."""

    number: str
    code: str
    link: str


class BeforeIn(Input):
    text: Annotated[str, Field(max_length=2000)] = ""
    point: PointIn | None = None
    street: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    category: UUID | None = None


class PortalPlaceOut(Output):
    street: WordsOut | None
    community: WordsOut | None
    grid: str | None


class KindOut(Output):
    id: UUID
    name: WordsOut


class GroupedKindOut(KindOut):
    group: WordsOut


class SimilarReportOut(Output):
    """An open case nearby that may be the same: its kind, community and day. ``ref`` is for “me too”, ``handling``: somebody is at it."""

    ref: str
    kind: WordsOut
    place: WordsOut
    day: date
    handling: bool


class BeforeOut(Output):
    place: PortalPlaceOut | None
    problem: dict[str, Any] | None
    kinds: list[KindOut]
    similar: list[SimilarReportOut]


class ToldStepOut(Output):
    """``why``: the reason of a rejection, for who asked."""

    at: datetime
    text: WordsOut
    why: str


class QuestionOut(Output):
    text: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


class ProgressOut(Output):
    """How a report goes. ``mine`` false: one follows somebody else's, whose words are not shown. ``now``: one sentence; ``unit``: who has
    it; ``together``: it is dealt with as part of another report. ``answer``, ``photos``: what was cleared for the public (photos at
    ``/portal/photos/{id}/thumb`` and ``/public``). ``may``: answer_question, follow_up, withdraw, reopen, as it stands now."""

    number: str
    mine: bool
    text: str | None
    address: str | None
    confidential: bool
    kind: WordsOut | None
    place: WordsOut
    reported_at: datetime
    status: str
    open: bool
    now: WordsOut
    unit: WordsOut
    due_at: datetime | None
    together: bool
    steps: list[ToldStepOut]
    questions: list[QuestionOut]
    answer: str
    photos: list[UUID]
    follow_up: str | None
    rating: int | None
    may: list[str]


class MineOut(Output):
    number: str
    mine: bool
    kind: WordsOut | None
    place: WordsOut
    reported_at: datetime
    status: str
    open: bool
    now: WordsOut


class ReportAnswerIn(Input):
    note: Annotated[str, Field(min_length=1, max_length=1000)]
    evidence: Files = []


class SolvedIn(Input):
    """``note`` is needed when it is not solved."""

    solved: bool
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    note: Note = ""


class WhyIn(Input):
    note: Annotated[str, Field(min_length=1, max_length=1000)]


class PhoneIn(Input):
    phone: Phone


class PhoneCodeIn(Input):
    phone: Phone
    code: Annotated[str, Field(pattern=r"^\d{6}$")]


class TicketOut(Output):
    """Stands for the phone until ``until``: in a report, and as the secret in ``Authorization: Report <number>:<ticket>``."""

    ticket: str
    until: datetime


class TicketIn(Input):
    ticket: Annotated[str, Field(min_length=1, max_length=200)]


class OwnDataIn(Input):
    """A phone and the ticket it was proved with."""

    phone: Phone
    ticket: Annotated[str, Field(min_length=1, max_length=200)]


class LookOut(Output):
    """A member of staff had the field shown in clear, and said what for."""

    at: datetime
    field: str
    purpose: str


class OwnReportOut(Output):
    """A report that the phone is held with. ``proved``: it was proved when it was made; otherwise it may be another person's, and name, text
    and address are masked or left out. ``erased_on``: when name and phone are erased by themselves; null while it is open."""

    number: str
    proved: bool
    channel: str
    kind: WordsOut | None
    place: WordsOut
    reported_at: datetime
    open: bool
    name: str
    text: str | None
    address: str | None
    confidential: bool
    erased_on: datetime | None
    looks: list[LookOut]


class OwnFollowOut(Output):
    number: str
    made_at: datetime


class OwnBanOut(Output):
    reason: str
    made_at: datetime
    expires_at: datetime


class OwnDataOut(Output):
    phone: str
    at: datetime
    reports: list[OwnReportOut]
    follows: list[OwnFollowOut]
    bans: list[OwnBanOut]


class CorrectIn(OwnDataIn):
    """``name``: empty takes it away, null leaves it. ``new_phone`` with the ticket that it was proved with."""

    name: Annotated[str, Field(max_length=60)] | None = None
    new_phone: Phone = ""
    new_ticket: Ticket = ""


class CorrectedOut(Output):
    reports: int


class ErasureIn(OwnDataIn):
    id: UUID
    secret: Secret
    note: Note = ""


class PortalStreetOut(Output):
    """``box``: west, south, east, north; null while no border of it is known."""

    code: str
    box: tuple[float, float, float, float] | None
    name: WordsOut
    district: WordsOut


class WhereOut(Output):
    """``grid``: for ``/public/grids/{code}/card``; null outside all grids."""

    grid: str | None
    name: WordsOut | None
    place: PortalPlaceOut | None


class OpenDayOut(Output):
    """``open``: spans such as 09:00-12:00; none on a day of rest. ``name``: of a holiday, or of the holiday that a working day makes up for."""

    day: date
    open: list[str]
    name: WordsOut | None


class StreetFiguresOut(Output):
    """Null: too few to be told without pointing at single cases."""

    street: str
    name: WordsOut
    district: WordsOut
    reported: int | None
    closed: int | None
    in_time_rate: float | None


class OpenFiguresOut(Output):
    """``few``, ``few_closed``: numbers below the one, and rates over fewer than the other, are left out."""

    month: date
    few: int
    few_closed: int
    streets: list[StreetFiguresOut]


class BanIn(Input):
    """``network`` (CIDR) or ``phone``; ``reason`` is told to whom it meets."""

    id: UUID
    network: Annotated[str, Field(max_length=43)] = ""
    phone: Phone = ""
    reason: Annotated[str, Field(min_length=2, max_length=200)]
    expires_at: Moment


class BanOut(Output):
    id: UUID
    kind: str
    shown: str
    reason: str
    made_at: datetime
    expires_at: datetime
    lifted_at: datetime | None
