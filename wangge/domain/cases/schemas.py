"""What goes in and out of the API of cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import shapely
from pydantic import Field

from wangge.domain.cases.boxes import NAMES as BOXES
from wangge.domain.cases.queries.filter import Box, Filter
from wangge.domain.cases.rules import Call, Channel, Level, Status
from wangge.domain.catalog.schemas import RouteFields
from wangge.domain.evidence.schemas import EvidenceIn, EvidenceOut
from wangge.kernel.problems import Invalid
from wangge.kernel.web.paging import DEFAULT, MOST
from wangge.kernel.web.schemas import Input, Moment, Output, WordsOut

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
STAFF_CHANNELS = Literal["worker", "hotline", "window", "patrol", "inspection", "unit", "camera"]


class PointIn(Input):
    """WGS 84 degrees."""

    lon: Longitude
    lat: Latitude


class ReporterIn(Input):
    name: Annotated[str, Field(max_length=60)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class ReportIn(Input):
    """``id`` is made by the client (UUIDv7): the same report sent again is not a second case."""

    id: UUID
    text: Annotated[str, Field(min_length=1, max_length=5000)]
    title: Annotated[str, Field(max_length=80)] = ""
    category: UUID | None = None
    urgency: Literal["normal", "urgent", "emergency"] | None = None
    channel: STAFF_CHANNELS = "worker"
    point: PointIn | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    street: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    address: Annotated[str, Field(max_length=200)] = ""
    reporter: ReporterIn | None = None
    confidential: bool = False
    wants_answer: bool = True
    reported_at: Moment | None = None
    evidence: Annotated[list[EvidenceIn], Field(max_length=20)] = []


class RevealIn(Input):
    """``purpose``: one of the ledger's purposes; ``why``: in the person's own words."""

    party: UUID
    field: Literal["name", "phone"]
    purpose: Annotated[str, Field(min_length=1, max_length=200)]


class TryRoutesIn(Input):
    """Rules to add and live versions to take away, tried on the newest cases reported from ``since`` to before ``until``."""

    add: Annotated[list[RouteFields], Field(max_length=50)] = []
    remove: Annotated[list[UUID], Field(max_length=50)] = []
    since: Moment
    until: Moment
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


MOST_CORNERS = 100
_CORNER = r"-?[0-9]{1,3}(\.[0-9]{1,12})?,-?[0-9]{1,2}(\.[0-9]{1,12})?"


class FilterQuery(Input):
    """The queue's filter, the same for every list, count, map, export and saved view of cases."""

    status: list[Status] = []
    street: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    community: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    grid: Annotated[str, Field(pattern=r"^\d{15}$")] | None = None
    category: UUID | None = None
    channel: list[Channel] = []
    urgency: list[Literal["normal", "urgent", "emergency"]] = []
    lead: UUID | None = None
    overdue: bool | None = None
    located: bool | None = None
    reported_from: Moment | None = None
    reported_to: Moment | None = None
    number: Annotated[str, Field(pattern=r"^\d{22}$")] | None = None
    holder: UUID | None = None
    unit: UUID | None = None
    reporter: UUID | None = None
    tag: Annotated[str, Field(max_length=30)] | None = None
    demanded: bool | None = None
    demand: list[Call] = []
    """Kinds of demands, one of which is open."""
    supervision: list[Level] = []
    returned: bool | None = None
    returns: Annotated[int, Field(ge=1, le=99)] | None = None
    """Returned at least so often."""
    reopened: bool | None = None
    reworked: bool | None = None
    helper: UUID | None = None
    requested: bool | None = None
    confidential: bool | None = None
    box: Annotated[str, Field(pattern=r"^-?[0-9.]+(,-?[0-9.]+){3}$")] | None = None
    """west,south,east,north in WGS 84 degrees"""
    within: Annotated[str, Field(pattern=rf"^{_CORNER}(;{_CORNER}){{2,{MOST_CORNERS - 1}}}$")] | None = None
    """A drawn area: the longitude,latitude of each corner in order, ``;`` between two, the last joined to the first"""

    def filter(self) -> Filter:
        given = self.model_dump(include=set(FilterQuery.model_fields) - {"box", "within"})
        return Filter(**given, box=box_of(self.box), within=corners_of(self.within))


QueueSort = Literal["-reported_at", "reported_at", "-changed_at", "due_at"]


class QueueFilter(FilterQuery):
    sort: QueueSort = "-reported_at"


class QueueQuery(QueueFilter):
    after: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT


class CountsQuery(Input):
    """``since``: also count what was reported from then on, such as since the list was last looked at."""

    since: Moment | None = None


class BoxOfOut(Output):
    """Whose box it is: of a ``desk`` or ``unit`` (``id``: the unit), of a ``grid`` (``id``: its code), or of all that the asker sees
    (``scope``, null)."""

    kind: Literal["desk", "unit", "grid", "scope"]
    id: str | None
    name: WordsOut | None


class BoxOut(Output):
    """``filter``: parameters for ``GET /cases``, which then lists the very cases that are counted. ``count`` is exact up to 1000;
    ``more``: there are more."""

    key: Literal[tuple(BOXES)]  # type: ignore[valid-type]
    name: WordsOut
    of: BoxOfOut
    filter: dict[str, Any]
    count: int
    more: bool


class CountsOut(Output):
    """``at``: the time that they were counted for."""

    at: datetime
    boxes: list[BoxOut]


def box_of(text: str | None) -> Box | None:
    """``west,south,east,north`` as numbers. Raises Invalid."""
    if text is None:
        return None
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError:
        west = south = east = north = 0.0
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid.field(
            "query.box",
            "wrong",
            "范围应为 西,南,东,北（WGS 84 度数）。",
            "box is west,south,east,north in WGS 84 degrees.",
        )
    return west, south, east, north


def corners_of(text: str | None) -> list[tuple[float, float]]:
    """``lon,lat;lon,lat;…`` as corners. Raises Invalid for what is no area: edges that cross or lie on each other, a place off the earth."""
    if text is None:
        return []
    corners = [(float(lon), float(lat)) for lon, lat in (corner.split(",") for corner in text.split(";"))]
    if not (all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in corners) and shapely.Polygon(corners).is_valid):
        raise Invalid.field(
            "query.within",
            "wrong",
            "范围应为不自相交的多边形：各顶点 经度,纬度，以分号隔开（WGS 84 度数）。",
            "within is an area whose edges do not cross: longitude,latitude of each corner in WGS 84 degrees, ; between two.",
        )
    return corners


class CaseRow(Output):
    """A case in a list. Times are UTC; ``due_at`` is that of the running clock, whose stage is ``stage``."""

    id: UUID
    number: str
    status: str
    version: int
    urgency: str
    channel: Channel
    category: UUID
    category_name: str | None
    category_name_en: str | None
    title: str
    address: str
    district: str
    street: str
    community: str | None
    grid: str | None
    lon: float | None
    lat: float | None
    confidential: bool
    lead: UUID | None
    lead_name: str | None
    lead_name_en: str | None
    holder: UUID | None
    holder_name: str | None
    holder_name_en: str | None
    stage: str | None
    due_at: datetime | None
    reported_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    assisting: list[UUID]
    overdue_at: datetime | None
    review_at: datetime | None
    returns: int
    rework: int
    reopened: int
    extensions: int
    urges: int
    demands_open: int
    supervision: str | None
    designated: bool
    self_resolved: bool
    tags: list[str]
    merged_into: UUID | None
    follow_up: str | None
    rating: int | None


class CountOut(Output):
    """``more``: there are more than ``count``."""

    count: int
    more: bool


class ChoiceOut(Output):
    value: str
    label: WordsOut


class InputOut(Output):
    """``kind``: what a form shows for it; ``role``: what evidence shows, how many files of each kind the category wants of it
    (``least``) and how many of these it requires (``must``: with fewer the act is refused); ``choices``: of a choice."""

    name: str
    kind: str
    label: WordsOut
    required: bool
    role: str
    least: dict[str, int]
    must: dict[str, int]
    choices: list[ChoiceOut]


class ActOut(Output):
    """An act that the asker may do now, and what it needs. ``quiet``: it needs no version."""

    act: str
    outcome: str | None
    name: WordsOut
    effect: WordsOut
    quiet: bool
    inputs: list[InputOut]


class PartyOut(Output):
    """Who asked, masked. ``case``: another one's when it was merged into this."""

    id: UUID
    case: UUID
    number: str
    name: str | None
    phone: str | None
    erased_at: datetime | None


class StepOut(Output):
    id: UUID
    at: datetime
    act: str
    outcome: str | None
    before: str | None
    after: str
    actor: UUID | None
    actor_kind: str
    actor_name: str
    unit: UUID | None
    unit_name: str | None
    unit_name_en: str | None
    note: str
    data: dict[str, Any]


class AssignmentOut(Output):
    id: UUID
    unit: UUID
    unit_name: str | None
    unit_name_en: str | None
    kind: str
    assigned_at: datetime
    due_at: datetime | None
    taken_at: datetime | None
    resolved_at: datetime | None
    result: str
    ended_at: datetime | None
    ended_how: str | None


class ClockOut(Output):
    """``rung``: 1 reminded, 2 overdue, 3 raised. ``outcome``: running, met, missed, or ended in time by an act that did not fulfil it."""

    id: UUID
    stage: str
    unit: str
    started_at: datetime
    due_at: datetime
    first_due_at: datetime
    paused_at: datetime | None
    stopped_at: datetime | None
    rung: int
    outcome: str


class RequestOut(Output):
    """What a unit asked for: help, an extension, a suspension (``of``: the unit that was asked; null: the centre); or the centre's question
    to the reporter."""

    id: UUID
    kind: str
    unit: UUID
    of: UUID | None
    text: str
    wanted_at: datetime | None
    asked_at: datetime
    outcome: str
    answered_at: datetime | None
    answer: str


class DemandOut(Output):
    """An urge, a supervision or an instruction; on the wall until it is lifted."""

    id: UUID
    kind: str
    level: str | None
    text: str
    made_at: datetime
    made_by_name: str
    answer_by: datetime | None
    answered_at: datetime | None
    answer: str
    lifted_at: datetime | None


class RelatedOut(Output):
    """``kind``: merged (into this one), main (this one is merged into it) or linked."""

    id: UUID
    number: str
    title: str
    status: str
    kind: str


class CaseOut(CaseRow):
    """A case with everything the asker may see. ``me_too``: how many others follow it. ``public_text``: what was cleared for the public; ``followed``: its reporter has its number
    and a code, and sees what they are asked."""

    text: str
    accuracy_m: float | None
    wants_answer: bool
    final_category: UUID | None
    first_receiver: UUID | None
    received_at: datetime
    result: str
    public_text: str
    followed: bool
    me_too: int
    tries: int
    route: dict[str, Any] | None
    source: str
    source_number: str | None
    parties: list[PartyOut]
    clocks: list[ClockOut]
    assignments: list[AssignmentOut]
    requests: list[RequestOut]
    demands: list[DemandOut]
    evidence: list[EvidenceOut]
    related: list[RelatedOut]
    timeline: list[StepOut]
    acts: list[ActOut]


class StateOut(Output):
    """What an act answers: the case's present state."""

    id: UUID
    number: str
    status: str
    version: int
    holder: UUID | None
    lead: UUID | None
    stage: str | None
    due_at: datetime | None
    changed_at: datetime


class RevealOut(Output):
    value: str


class OpenWorkOut(Output):
    """``cases``: open ones of the post's grid, unit or desk; 0 for posts that handle none."""

    post: UUID
    cases: int
