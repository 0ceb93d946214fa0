"""Stored grids and areas as GeoJSON (RFC 7946), and GeoJSON that comes in as shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.domain.places.borders import shape
from wangge.kernel.geo.coverage import Fault
from wangge.kernel.problems import Invalid

SHOWN = (
    "layer", "code", "name", "name_en", "district", "street", "community", "number", "valid_from", "valid_to",
    "retired_at", "area_m2",
)  # fmt: skip


def geometry_json(geometry: BaseGeometry) -> dict[str, Any]:
    """A shape as a GeoJSON geometry with seven decimals."""
    return orjson.loads(shapely.to_geojson(geometry))


def grid_feature(row: Mapping[str, Any]) -> dict[str, Any]:
    """One grid as a Feature; its id is its code."""
    properties = {k: row[k] for k in SHOWN if k in row}
    properties["area_m2"] = round(row["area_m2"], 1)
    border = geometry_json(shape(row["geometry"])) if row.get("geometry") is not None else None
    return {"type": "Feature", "id": row["code"], "geometry": border, "properties": properties}


def collection(features: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", **more, "features": list(features)}


def fault_feature(fault: Fault, message: str) -> dict[str, Any]:
    """One fault of a coverage as a Feature, to be shown on a map."""
    return {
        "type": "Feature",
        "geometry": geometry_json(fault.geometry) if not fault.geometry.is_empty else None,
        "properties": {
            "kind": fault.kind,
            "grade": fault.grade,
            "grids": [str(p) for p in fault.pieces],
            "size_m2": round(fault.size_m2, 3),
            "length_m": round(fault.length_m, 2),
            "note": fault.note,
            "message": message,
        },
    }


def shape_of(value: Mapping[str, Any], path: str) -> BaseGeometry:
    """The shape of a GeoJSON geometry. Raises Invalid when it is none."""
    try:
        found = shapely.from_geojson(orjson.dumps(value))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise Invalid.field(
            path, "geojson", "不是合法的 GeoJSON 几何。", "This is not a valid GeoJSON geometry."
        ) from error
    if found is None or found.is_empty:
        raise Invalid.field(path, "empty", "几何为空。", "The geometry is empty.")
    return shapely.force_2d(found)


def box_of(text: str | None, path: str = "query.bbox") -> tuple[float, float, float, float] | None:
    """West, south, east, north from `w,s,e,n` (or six numbers with heights, which are ignored). Raises Invalid."""
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) == 6:
            numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
        west, south, east, north = numbers
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ValueError
    except ValueError as error:
        raise Invalid.field(
            path, "bbox", "范围应为“西,南,东,北”四个度数。", "A box is four degrees: west,south,east,north."
        ) from error
    return west, south, east, north
