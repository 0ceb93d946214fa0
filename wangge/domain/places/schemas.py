"""Bodies of the places API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from wangge.kernel.web.schemas import Input, Output

Geometry = dict[str, Any]


class AreaOut(Output):
    code: str
    name: str
    name_en: str
    named: bool
    level: str
    parent: str | None
    version: int
    valid_from: datetime
    valid_to: datetime | None
    has_children: bool
    has_border: bool
    grids: int | None = Field(None, description="living grids of the layer that was asked for, below it")


class PathStep(Output):
    code: str
    name: str
    name_en: str


class AreaDetail(AreaOut):
    path: list[PathStep]
    box: tuple[float, float, float, float] | None = Field(
        description="West, south, east, north of its border in degrees; null: it has none yet"
    )


class LayerOut(Output):
    id: UUID
    key: str
    name: str
    name_en: str
    kind: str
    over: str | None
    stacking: str
    version: int
    grids: int | None = None


class LayerIn(Input):
    id: UUID
    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    name: str = Field(min_length=1, max_length=60)
    name_en: str = Field("", max_length=100)
    kind: Literal["base", "working", "specialised", "dedicated"]
    over: str | None = None
    stacking: Literal["", "1:1", "1:N", "N:1"] = ""


class GridOut(Output):
    id: UUID
    layer: str
    code: str
    name: str
    name_en: str
    district: str
    street: str
    community: str
    created_at: datetime
    retired_at: datetime | None
    version: int
    successors: list[str]
    number: int
    valid_from: datetime
    valid_to: datetime | None
    centre_lon: float
    centre_lat: float
    area_m2: float


class VersionOut(Output):
    version_id: UUID
    number: int
    valid_from: datetime
    valid_to: datetime | None
    reason: str
    area_m2: float
    geometry: Geometry


class StackOut(Output):
    layer: str
    code: str
    name: str
    name_en: str


class GridDetail(GridOut):
    geometry: Geometry
    stack: list[StackOut] = Field(
        description="of a stacked grid: the base grids it is made of; of a base grid: the stacked grids it belongs to"
    )
    versions: list[VersionOut]


class PointsIn(Input):
    points: list[tuple[float, float]] = Field(
        min_length=1, max_length=1000, description="[longitude, latitude], WGS 84"
    )
    layers: list[str] | None = None


class HitOut(Output):
    inside: bool
    grid_id: UUID | None = Field(None, description="The grid that holds the point; outside: the nearest one")
    version_id: UUID | None = None
    code: str | None = None
    name: str | None = None
    name_en: str | None = None
    district: str | None = None
    street: str | None = None
    community: str | None = None
    distance_m: float = Field(0, description="0 inside")


class LocateOut(Output):
    points: list[dict[str, HitOut]]


class BasemapOut(Output):
    """What lies below our own map, when the installation names something: ``tiles`` or an ``archive``."""

    tiles: list[str] = Field(
        description="addresses with {z}, {x}, {y}, drawn one over the other, the lowest first; empty: none"
    )
    archive: str | None = Field(
        description="address of a PMTiles archive of pictures; may be one of ours, without a host"
    )
    system: Literal["wgs84", "gcj02"] = Field(description="the coordinates it is drawn in")
    attribution: str
    min_zoom: int
    max_zoom: int


class ChangeIn(Input):
    kind: Literal["split", "merge", "redraw"]
    grids: list[str] = Field(default_factory=list, max_length=100)
    cut: Geometry | None = Field(None, description="split: a GeoJSON LineString from outside to outside")
    pieces: list[Geometry] = Field(default_factory=list, max_length=50, description="split: the pieces themselves")
    count: int | None = Field(None, description="split: into so many equal pieces")
    shapes: dict[str, Geometry] = Field(default_factory=dict, description="redraw: new borders by code")
    area: Geometry | None = Field(None, description="redraw: land that goes to the grid `to`, instead of `shapes`")
    to: str | None = Field(None, pattern=r"^[0-9]{15}$")
    names: list[str] = Field(default_factory=list, description="of new grids in reading order")


class ChangeApply(ChangeIn):
    token: str = Field(description="of the preview that is confirmed")
    answers: dict[str, str] = Field(default_factory=dict, description="key of what changes hands → the choice taken")


class ChangePlanned(ChangeApply):
    on: date = Field(description="the day, in the installation's zone, at whose start it takes effect")


class PlannedCancel(Input):
    version: int


class PlannedOut(Output):
    """A change of grids that takes effect later. `fault`: what kept it from doing so."""

    id: UUID
    layer: str
    kind: str
    old: list[str] = Field(description="codes of the grids that it changes")
    names: list[str]
    names_en: list[str]
    community: str
    due_at: datetime
    state: Literal["waiting", "done", "failed", "cancelled"]
    fault: str | None
    planned_at: datetime
    planner: str
    ended_at: datetime | None
    version: int


class FlowOut(Output):
    old: str
    new: str = Field(description="empty: in no grid")
    count: int


class AffectedOut(Output):
    key: str
    words: str
    count: int
    sample: list[dict[str, Any]]
    choices: list[str]
    flows: list[FlowOut]


class PlanOut(Output):
    kind: str
    layer: str
    retired: list[str]
    grids: dict[str, Any] = Field(description="FeatureCollection of the grids as they will be")
    faults: dict[str, Any] = Field(description="FeatureCollection of what would be wrong")
    hands: dict[str, Any] = Field(description="FeatureCollection of land that changes hands: `old`, `new`, `area_m2`")
    affected: list[AffectedOut]
    token: str
    applied: bool


class ImportFindingOut(Output):
    row: int
    code: str
    message: str
    blocks: bool
    grid: str
    size_m2: float | None
    geometry: Geometry | None


class ImportOut(Output):
    layer: str
    file: str
    rows: int
    sound: bool
    applied: bool
    created: list[str]
    changed: list[str]
    unchanged: int
    findings: list[ImportFindingOut]
