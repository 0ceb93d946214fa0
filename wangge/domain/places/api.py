"""Routes of places under /api/v1."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Status, UploadedFile

from wangge.domain.places import actions, queries
from wangge.domain.places.actions.importing import fault_words
from wangge.domain.places.borders import shape
from wangge.domain.places.features import box_of, collection, fault_feature, geometry_json, grid_feature
from wangge.domain.places.schemas import (
    AreaDetail,
    AreaOut,
    BasemapOut,
    GridDetail,
    GridOut,
    ImportOut,
    LayerIn,
    LayerOut,
    LocateOut,
    PointsIn,
)
from wangge.domain.places.tags import PlacesPermission
from wangge.kernel.problems import Invalid, NotFound
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.web.paging import MOST, Page, decode, page
from wangge.kernel.web.ranges import part_of
from wangge.kernel.web.schemas import Moment
from wangge.kernel.words import Words

router = Router(tags=["places"])
READ, MANAGE = PlacesPermission.READ, PlacesPermission.GRIDS_MANAGE
GEOJSON = "application/geo+json"
ARCHIVE = "/api/v1/basemap.pmtiles"
PARTS: dict[Any, Any] = {
    200: {"description": "The archive"},
    206: {"description": "The part that was asked for"},
    416: {"$ref": "#/components/responses/Problem"},
}
MOST_EXPORTED = 50_000
Limit = Query(20, ge=1, le=MOST)


def _after(cursor: str | None) -> str:
    return decode(cursor, kinds=[str])[0] if cursor else ""


def _geojson(value: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(value, default=str), content_type=GEOJSON)


@router.get("/areas", permission=READ, response=Page[AreaOut], summary="Areas: children, by level, or by name and code")
def list_areas(
    request: HttpRequest,
    parent: str | None = None,
    level: Literal["province", "city", "district", "street", "community"] | None = None,
    within: str | None = Query(None, pattern=r"^[0-9]{2,12}$"),
    search: str | None = Query(None, max_length=60),
    layer: str | None = Query(None, description="count this layer's living grids of each"),
    after: str | None = None,
    limit: int = Limit,
):
    found = queries.areas(
        parent=parent, level=level, within=within, search=search, layer=layer, after=_after(after), limit=limit
    )
    return page(found, limit, keys=["code"])


@router.get("/areas/{code}", permission=READ, response=AreaDetail, summary="One area with the names above it")
def read_area(request: HttpRequest, code: str):
    border = queries.area_borders([code]).get(code)
    return queries.area(code) | {"box": border.bounds if border is not None else None}


@router.get("/areas/{code}/border", permission=READ, summary="The border of an area as GeoJSON")
def read_border(request: HttpRequest, code: str):
    found = queries.area(code)
    border = queries.area_borders([code]).get(code)
    if border is None:
        raise NotFound(Words(f"{found['name']}尚无边界。", f"{found['name_en'] or found['name']} has no border yet."))
    properties = {k: found[k] for k in ("code", "name", "name_en", "level", "parent")}
    return _geojson({"type": "Feature", "id": code, "geometry": geometry_json(border), "properties": properties})


@router.get("/layers", permission=READ, response=list[LayerOut], summary="All layers of grids")
def list_layers(request: HttpRequest):
    return queries.layers()


@router.post("/layers", permission=MANAGE, response={201: LayerOut}, summary="Add a layer")
def add_layer(request: HttpRequest, body: LayerIn):
    return Status(201, actions.add_layer(by=request.principal, **body.model_dump()))


@router.get(
    "/layers/{key}/coverage", permission=READ, summary="Faults of a layer as GeoJSON: gaps, overlaps, crossings"
)
def read_coverage(request: HttpRequest, key: str, within: str | None = Query(None, pattern=r"^[0-9]{2,12}$")):
    language = language_of(request)
    faults = queries.check_layer(key, within)
    real = sum(f.grade == "fault" for f in faults)
    features = [fault_feature(f, fault_words(f).say(language)) for f in faults]
    return _geojson(collection(features, sound=real == 0, faults=real, slivers=len(faults) - real))


@router.get("/grids", permission=READ, response=Page[GridOut], summary="Grids")
def list_grids(
    request: HttpRequest,
    layer: str | None = None,
    within: str | None = Query(None, pattern=r"^[0-9]{2,15}$"),
    search: str | None = Query(None, max_length=60),
    bbox: str | None = None,
    at: Moment | None = None,
    retired: bool = False,
    after: str | None = None,
    limit: int = Limit,
):
    found = queries.grids(
        layer=layer,
        within=within,
        search=search,
        box=box_of(bbox),
        at=at,
        retired=retired,
        after=_after(after),
        limit=limit,
    )
    return page(found, limit, keys=["code"])


@router.get("/grids.geojson", permission=READ, summary="Grids with their borders as GeoJSON")
def export_grids(
    request: HttpRequest,
    layer: str,
    within: str | None = Query(None, pattern=r"^[0-9]{2,15}$"),
    bbox: str | None = None,
    at: Moment | None = None,
):
    queries.layer(layer)
    found = queries.grids(layer=layer, within=within, box=box_of(bbox), at=at, geometry=True, limit=MOST_EXPORTED)
    return _geojson(collection(grid_feature(row) for row in found[:MOST_EXPORTED]))


@router.post(
    "/grids/import", permission=MANAGE, response=ImportOut, summary="Import a file of grids; a dry run unless apply"
)
def import_grids(
    request: HttpRequest,
    file: UploadedFile = File(...),
    layer: str = Form(...),
    system: str = Form(...),
    control: str = Form("", description="JSON: [[x, y, longitude, latitude], …] for a local plane"),
    apply: bool = Form(False),
):
    with tempfile.TemporaryDirectory(prefix="wangge-import-") as folder:
        # only the ending of the client's name is used: it says what kind of file it is
        path = Path(folder) / f"upload{Path(file.name or '').suffix.lower()}"
        with path.open("wb") as out:
            for chunk in file.chunks():
                out.write(chunk)
        report = actions.import_grids(
            by=request.principal, path=path, layer=layer, system=system, control=control_points(control), apply=apply
        )
    return import_json(replace(report, file=Path(file.name or path.name).name), language_of(request))


# below the fixed addresses under /grids/: the first that fits is taken
def control_points(text: str) -> list[Any]:
    """Control points from JSON. Raises Invalid."""
    from wangge.kernel.geo.systems import ControlPoint

    if not text.strip():
        return []
    try:
        return [ControlPoint(*(float(v) for v in point)) for point in orjson.loads(text)]
    except (TypeError, ValueError) as error:
        raise Invalid.field(
            "form.control",
            "control",
            "控制点应为 [[x, y, 经度, 纬度], …]。",
            "Control points are [[x, y, longitude, latitude], …].",
        ) from error


def import_json(report: Any, language: str) -> dict[str, Any]:
    """A report of an import as it is answered."""
    return {
        "layer": report.layer,
        "file": report.file,
        "rows": report.rows,
        "sound": report.sound,
        "applied": report.applied,
        "created": report.created,
        "changed": report.changed,
        "unchanged": len(report.unchanged),
        "findings": [
            {
                "row": f.row,
                "code": f.code,
                "message": f.words.say(language),
                "blocks": f.blocks,
                "grid": f.grid,
                "size_m2": f.size_m2,
                "geometry": geometry_json(f.geometry) if f.geometry is not None and not f.geometry.is_empty else None,
            }
            for f in report.findings[:1000]
        ],
    }


@router.post("/locate", permission=READ, response=LocateOut, summary="Which grids hold these points")
def locate(request: HttpRequest, body: PointsIn):
    found = queries.locate(body.points, body.layers)
    return {"points": [{key: _hit(hit) for key, hit in point.items()} for point in found]}


def _hit(hit: Any) -> dict[str, Any]:
    if hit.inside:
        return {"inside": True, "distance_m": 0, **hit._asdict()}
    near = hit.nearest._asdict() if hit.nearest else {}
    return {"inside": False, "distance_m": round(hit.distance_m, 1) if hit.nearest else -1, **near}


@router.get("/tiles/{layer}/{int:z}/{int:x}/{int:y}.mvt", permission=READ, summary="Grids as a Mapbox vector tile")
def read_tile(request: HttpRequest, layer: str, z: int, x: int, y: int):
    stamp = queries.layer(layer)["stamp"].hex
    return _tile(request, stamp, lambda: queries.grid_tile(layer, stamp, z, x, y))


@router.get(
    "/areas/tiles/{int:z}/{int:x}/{int:y}.mvt",
    permission=READ,
    summary="Districts, streets and communities as a Mapbox vector tile",
)
def read_area_tile(request: HttpRequest, z: int, x: int, y: int):
    stamp = queries.borders_stamp()
    return _tile(request, stamp, lambda: queries.area_tile(stamp, z, x, y))


def _tile(request: HttpRequest, stamp: str, make: Callable[[], bytes]) -> HttpResponse:
    tag = f'"{stamp}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(make(), content_type="application/vnd.mapbox-vector-tile")
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"  # keep it, but ask whether the layer has changed
    return answer


@router.get("/basemap", permission=READ, response=BasemapOut, summary="What lies below our own map")
def read_basemap(request: HttpRequest):
    named = settings.BASEMAP
    if named is None:
        return BasemapOut(tiles=[], archive=None, system="wgs84", attribution="", min_zoom=0, max_zoom=0)
    least, greatest = named.zooms
    return BasemapOut(
        tiles=list(named.tiles),
        archive=ARCHIVE if isinstance(named.archive, Path) else named.archive,
        system=named.system,
        attribution=named.attribution,
        min_zoom=least,
        max_zoom=greatest,
    )


@router.get(
    "/basemap.pmtiles",
    permission=READ,
    summary="The base map that is a file of this installation, by Range",
    openapi_extra={"responses": {**PARTS}},
)
def read_basemap_archive(request: HttpRequest):
    path = settings.BASEMAP.archive if settings.BASEMAP else None
    if not isinstance(path, Path):
        raise NotFound(Words("底图不是本系统的文件。", "The base map is no file of this installation."))
    with path.open("rb") as file:
        known = os.fstat(file.fileno())
        start, end = part_of(request, known.st_size) or (0, known.st_size - 1)
        file.seek(start)
        answer = HttpResponse(file.read(end - start + 1), content_type="application/vnd.pmtiles")
    if "Range" in request.headers:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {start}-{end}/{known.st_size}"
    answer["ETag"] = f'"{known.st_mtime_ns:x}-{known.st_size:x}"'
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


# Last, so that a code does not take the addresses above.
@router.get("/grids/{code}", permission=READ, response=GridDetail, summary="One grid with all versions of its border")
def read_grid(request: HttpRequest, code: str):
    found = queries.grid(code)
    versions = queries.grid_versions(found["id"])
    for row in (found, *versions):
        row["geometry"] = geometry_json(shape(row["geometry"]))
    return found | {"versions": versions, "stack": queries.stack_of(code)}
