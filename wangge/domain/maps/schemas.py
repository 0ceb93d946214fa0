"""What goes in and out of the map of cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from wangge.domain.cases.schemas import FilterQuery
from wangge.domain.maps.rules import Shape
from wangge.kernel.web.schemas import Output


class MapQuery(FilterQuery):
    """The queue's filter; its ``box`` is the view. ``zoom`` as in MapLibre, where the world is 512 · 2^zoom pixels wide."""

    box: Annotated[str, Field(pattern=r"^-?[0-9.]+(,-?[0-9.]+){3}$")]
    zoom: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)]
    shape: Shape = "square"


class MapCaseOut(Output):
    """A case that stands alone in its cell."""

    id: UUID
    number: str
    title: str
    status: str
    urgency: str
    lon: float
    lat: float
    due_at: datetime | None
    review_at: datetime | None


class MapCellOut(Output):
    """``lon``, ``lat``: the mean place of a square's cases, the centre of a hexagon. ``soon``: the limit ends within two hours. ``case``: of
    a square with one case."""

    lon: float
    lat: float
    count: int
    overdue: int
    soon: int
    case: MapCaseOut | None


class MapOut(Output):
    """``size_m``: the edge of a square, or from a hexagon's centre to a corner (it has a flat side up), in metres of the Mercator plane. ``shown``:
    cases in the cells. ``unlocated``: cases that pass the filter and have no place; null: more than a thousand. ``truncated``: the view has
    more cases than one answer reads; those shown are the newest."""

    shape: Shape
    size_m: float
    cells: list[MapCellOut]
    shown: int
    unlocated: int | None
    truncated: bool
