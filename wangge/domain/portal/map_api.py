"""What the portal's map is drawn of, for everybody: borders and names of areas and base grids, and the base map of the installation. Layers
stacked on them (police, fire …) stay with the staff."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from wangge.domain.places import api as places
from wangge.domain.places.schemas import BasemapOut
from wangge.kernel.web.api import PUBLIC, Router

router = Router(tags=["portal"])


@router.get(
    "/portal/tiles/base/{int:z}/{int:x}/{int:y}.mvt", permission=PUBLIC, summary="Base grids as a Mapbox vector tile"
)
def map_grids(request: HttpRequest, z: int, x: int, y: int) -> Any:
    return places.read_tile(request, "base", z, x, y)


@router.get(
    "/portal/areas/tiles/{int:z}/{int:x}/{int:y}.mvt",
    permission=PUBLIC,
    summary="Districts, streets and communities as a Mapbox vector tile, for everybody",
)
def map_areas(request: HttpRequest, z: int, x: int, y: int) -> Any:
    return places.read_area_tile(request, z, x, y)


@router.get("/portal/basemap", permission=PUBLIC, response=BasemapOut, summary="What lies below the portal's map")
def map_basemap(request: HttpRequest) -> Any:
    found = places.read_basemap(request)
    if found.archive == places.ARCHIVE:
        found.archive = "/api/v1/portal/basemap.pmtiles"
    return found


@router.get(
    "/portal/basemap.pmtiles",
    permission=PUBLIC,
    summary="The base map that is a file of this installation, by Range, for everybody",
    openapi_extra={"responses": {**places.PARTS}},
)
def map_archive(request: HttpRequest) -> Any:
    return places.read_basemap_archive(request)
