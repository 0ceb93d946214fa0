"""What the API of the rules takes and gives. Names come in both languages; words of refusals follow Accept-Language."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wangge.domain.catalog.rules import CHANNELS
from wangge.kernel.web.schemas import Day, Input, Moment, Output, Version

Urgency = Literal["normal", "urgent", "emergency"]
Stage = Literal["accept", "dispatch", "handle", "verify", "follow_up"]
TimeUnit = Literal["urgent_work_hour", "work_hour", "work_day", "hour", "day"]
Group = Literal["dispute", "hazard", "other"]
Level = Literal["community", "street", "district", "city"]
Channel = Literal[tuple(CHANNELS)]  # type: ignore[valid-type]
DayKind = Literal["any", "working", "rest"]
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Code = Annotated[str, Field(max_length=20)]
Amount = Annotated[int, Field(ge=1, le=10_000)]


class BothWords(Output):
    zh: str
    en: str


class EvidenceNeed(Input):
    """``required``: without so many files the report or result is refused; else what is missing is noted."""

    at: Literal["report", "result"]
    kind: Literal["photo", "video", "audio", "document"]
    least: Annotated[int, Field(ge=1, le=9)] = 1
    required: bool = False


class CategoryOut(Output):
    id: UUID
    code: str
    parent: UUID | None
    leaf: bool
    name: str
    name_en: str
    initials: str
    group: Group
    urgency: Urgency
    lead_duty: str
    assist_duties: list[str]
    accept_condition: str
    accept_condition_en: str
    close_condition: str
    close_condition_en: str
    evidence: list[EvidenceNeed]
    self_resolve: bool
    entry_level: Level
    entry_levels: dict[Channel, Level]
    confidential: bool
    keywords: list[str]
    valid_from: datetime
    valid_to: datetime | None
    version: int


class CategoriesOut(Output):
    """``stamp`` changes with every change of the rules: a client that holds it need not ask again."""

    items: list[CategoryOut]
    stamp: str


class CategoryFields(Input):
    name_en: Annotated[str, Field(max_length=120)] = ""
    initials: Annotated[str, Field(max_length=60, pattern="^[a-z0-9]*$")] | None = None
    group: Group | None = None
    urgency: Urgency = "normal"
    assist_duties: Annotated[list[str], Field(max_length=28)] = []
    accept_condition: Text = ""
    accept_condition_en: Text = ""
    close_condition: Text = ""
    close_condition_en: Text = ""
    evidence: Annotated[list[EvidenceNeed], Field(max_length=8)] = []
    self_resolve: bool = False
    entry_level: Level = "street"
    entry_levels: dict[Channel, Level] = {}
    confidential: bool = False
    keywords: Annotated[list[Annotated[str, Field(min_length=1, max_length=30)]], Field(max_length=60)] = []


class CategoryIn(CategoryFields):
    id: UUID
    code: Code
    parent: UUID | None = None
    name: Name
    lead_duty: str


class CategoryChange(Input):
    version: Version
    name: Name | None = None
    name_en: Annotated[str, Field(max_length=120)] | None = None
    initials: Annotated[str, Field(max_length=60, pattern="^[a-z0-9]*$")] | None = None
    group: Group | None = None
    urgency: Urgency | None = None
    lead_duty: str | None = None
    assist_duties: Annotated[list[str], Field(max_length=28)] | None = None
    accept_condition: Text | None = None
    accept_condition_en: Text | None = None
    close_condition: Text | None = None
    close_condition_en: Text | None = None
    evidence: Annotated[list[EvidenceNeed], Field(max_length=8)] | None = None
    self_resolve: bool | None = None
    entry_level: Level | None = None
    entry_levels: dict[Channel, Level] | None = None
    confidential: bool | None = None
    keywords: Annotated[list[Annotated[str, Field(min_length=1, max_length=30)]], Field(max_length=60)] | None = None


class SuggestIn(Input):
    text: Annotated[str, Field(max_length=5000)]
    title: Annotated[str, Field(max_length=200)] = ""


class SuggestionOut(Output):
    category: UUID
    code: str
    name: str
    name_en: str
    score: float
    words: list[str]


class LimitOut(Output):
    """``category``: whose rule it is (null: the general one); with ``inherited`` it is not the asked category's own."""

    category: UUID | None
    urgency: Urgency
    stage: Stage
    amount: int
    unit: TimeUnit
    inherited: bool = False


class LimitVersion(Output):
    """``valid_to`` null: it holds now."""

    urgency: Urgency
    stage: Stage
    amount: int
    unit: TimeUnit
    valid_from: datetime
    valid_to: datetime | None


class LimitIn(Input):
    category: UUID | None = None
    urgency: Urgency
    stage: Stage
    amount: Amount
    unit: TimeUnit


class LimitGone(Input):
    category: UUID
    urgency: Urgency
    stage: Stage


class DayOut(Output):
    """A day that is not what its weekday says."""

    day: date
    working: bool
    name: str
    name_en: str
    source: str


class YearOut(Output):
    """``known``: whether the year has any exceptional day; without them limits are counted by weekdays alone."""

    year: int
    known: bool
    working_days: int
    days: list[DayOut]


class DayIn(Input):
    """``working`` null: no exception any more."""

    day: Day
    working: bool | None
    name: Annotated[str, Field(max_length=60)] = ""
    name_en: Annotated[str, Field(max_length=100)] = ""


class DaysIn(Input):
    days: Annotated[list[DayIn], Field(min_length=1, max_length=366)]


class YearIn(Input):
    year: Annotated[int, Field(ge=2000, le=2100)]
    dry_run: bool = True


class Changed(Output):
    changed: int
    dry_run: bool = False


class HoursOut(Output):
    since: date
    week: list[str]
    make_up: str
    urgent: str


class HoursIn(Input):
    since: Day
    week: Annotated[list[Annotated[str, Field(max_length=120)]], Field(min_length=7, max_length=7)]
    make_up: Annotated[str, Field(max_length=120)]
    urgent: Annotated[str, Field(max_length=120)] = "00:00-24:00"


class DueIn(Input):
    start: Moment
    amount: Amount
    unit: TimeUnit


class DueOut(Output):
    """``rests``: the days between start and due on which office time stood still."""

    due: datetime
    rests: list[date]


class RouteFields(Input):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    unit: UUID
    category: UUID | None = None
    area: Annotated[str, Field(pattern="^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")] | None = None
    layer: Annotated[str, Field(max_length=40)] | None = None
    grid: Annotated[str, Field(pattern="^[0-9]{15}$")] | None = None
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)] = []
    day_kind: DayKind = "any"
    start_minute: Annotated[int, Field(ge=0, le=1439)] = 0
    end_minute: Annotated[int, Field(ge=0, le=1440)] = 1440
    automatic: bool = False
    note: Annotated[str, Field(max_length=500)] = ""


class RouteIn(RouteFields):
    id: UUID


class RouteChange(RouteFields):
    """The whole rule as it shall be; ``number``: the version that was looked at."""

    number: Version


class NumberIn(Input):
    number: Version


class RouteOut(Output):
    """``id``: of this version; ``rule``: the same through all versions. ``problem``: why it cannot work now."""

    id: UUID
    rule: UUID
    number: int
    name: str
    category: UUID | None
    area: str | None
    layer: str | None
    grid: str | None
    weekdays: list[int]
    day_kind: DayKind
    start_minute: int
    end_minute: int
    unit: UUID
    unit_name: str
    unit_name_en: str
    automatic: bool
    note: str
    valid_from: datetime
    valid_to: datetime | None
    problem: BothWords | None = None


class RoutesOut(Output):
    items: list[RouteOut]


class PlaceIn(Input):
    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
    street: Annotated[str, Field(pattern="^[0-9]{9}$")] | None = None
    community: Annotated[str, Field(pattern="^[0-9]{12}$")] | None = None
    grid: Annotated[str, Field(pattern="^[0-9]{15}$")] | None = None
    grids: Annotated[dict[str, str], Field(max_length=20)] = {}


class SampleIn(Input):
    """One past case. ``at``: when (default now)."""

    category: UUID
    place: PlaceIn
    at: Moment | None = None


class ExplainIn(SampleIn):
    """``channel``: where it came from, which may say at which level it enters."""

    channel: Channel = "worker"


class ExplainOut(Output):
    """``desk``: the centre or workstation that accepts it. ``unit`` null: no rule applies and nobody holds the duty; a person must choose."""

    desk: UUID | None
    desk_name: str | None
    desk_name_en: str | None
    unit: UUID | None
    unit_name: str | None
    unit_name_en: str | None
    route: UUID | None
    automatic: bool
    runner_up: UUID | None
    why: BothWords


class TryIn(Input):
    """Rules to add, live versions to take away, and cases to try them on."""

    add: Annotated[list[RouteFields], Field(max_length=50)] = []
    remove: Annotated[list[UUID], Field(max_length=50)] = []
    samples: Annotated[list[SampleIn], Field(min_length=1, max_length=1000)]


class UnitCount(Output):
    unit: UUID | None
    unit_name: str | None
    unit_name_en: str | None
    before: int
    after: int


class MovedOut(Output):
    """A past case that another unit would have had: what kind, where (community, else street or district) and when; never which."""

    category: UUID
    area: str
    at: datetime
    before: UUID | None
    before_name: str | None
    before_name_en: str | None
    after: UUID | None
    after_name: str | None
    after_name_en: str | None
    why: BothWords | None


class TryOut(Output):
    """``moved``: the first of the changed ones."""

    total: int
    changed: int
    units: list[UnitCount]
    moved: list[MovedOut]


class TableIn(Input):
    """``text``: the CSV table. ``dry_run``: only say what would change and what is wrong."""

    text: Annotated[str, Field(max_length=5 * 1024 * 1024)]
    dry_run: bool = True


class RowErrorOut(Output):
    line: int
    column: str
    message: BothWords


class CategoriesImportOut(Output):
    """With any error nothing is changed."""

    added: int
    changed: int
    dry_run: bool
    errors: list[RowErrorOut]
