"""Bulk loading: areas from codes, borders of areas, grids that are known to be right (the demo's, a restored plan's)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from django.db import transaction

from wangge.domain.places import borders, queries
from wangge.domain.places.actions.layers import touch_layer
from wangge.domain.places.tags import PlacesEvent, PlacesPermission, PlacesTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.codes import AREA_LEVELS, area_fault, area_parent, grid_fault
from wangge.kernel.db import rows
from wangge.kernel.geo.lattice import areal, snap
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

MOST_ERRORS = 100


def known_names() -> dict[str, tuple[str, str]]:
    """Names that ship with the product for what lies above streets: all provinces, a few cities and districts."""
    text = (files("wangge.domain.places") / "data" / "known_areas.csv").read_text("utf-8")
    return {r["code"]: (r["name"], r["name_en"]) for r in csv.DictReader(text.splitlines())}


def read_area_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV (maybe gzipped) with the columns `code` and `name` (and `name_en`); others are ignored. UTF-8 or GB 18030."""
    raw = path.read_bytes()
    if raw.startswith(b"\x1f\x8b"):
        raw = gzip.decompress(raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    reader = csv.DictReader(text.splitlines())
    if not {"code", "name"} <= set(reader.fieldnames or []):
        raise Invalid.field(
            str(path.name), "columns", "文件需有 code 与 name 两列。", "The file needs the columns code and name."
        )
    return [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]


def load_areas(*, by: Principal, areas: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Add areas and rename known ones: rows with `code`, `name`, maybe `name_en`. All or nothing; 41 000 rows in seconds.

    What lies above a row and is nowhere named is added too, under its shipped name or, without one, under its code and
    marked as not named; a later row with its code names it. A row without an English name leaves the known one. Returns counts `added`, `changed`, `above`. Raises Invalid
    with every malformed or duplicate row.
    """
    by.require(PlacesPermission.AREAS_MANAGE)
    wanted = _checked_areas(list(areas))
    shipped = known_names()
    above = {code: shipped.get(code, (code, "")) for code in _missing_above(wanted)}
    now = clock.now()
    counts = {"added": 0, "changed": 0, "above": 0}
    with transaction.atomic():
        for level, part in sorted(_by_length({**above, **wanted}).items()):
            for batch in rows.batches(part, 5000):
                codes = [code for code, _ in batch]
                made = rows.all(
                    """INSERT INTO places_area (code, name, name_en, named, level, parent, valid_from, version)
                       SELECT n.code, n.name, n.name_en, n.named, %(level)s, n.parent, %(now)s, 1
                       FROM unnest(%(codes)s::text[], %(names)s::text[], %(names_en)s::text[], %(named)s::boolean[],
                                   %(parents)s::text[]) AS n(code, name, name_en, named, parent)
                       ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, named = true, valid_to = NULL,
                              name_en = coalesce(nullif(EXCLUDED.name_en, ''), places_area.name_en),
                              version = places_area.version + 1
                       WHERE EXCLUDED.named AND (places_area.name, places_area.name_en, places_area.named)
                             IS DISTINCT FROM (EXCLUDED.name, coalesce(nullif(EXCLUDED.name_en, ''), places_area.name_en), true)
                       RETURNING code, version = 1 AS added""",
                    {
                        "level": AREA_LEVELS[level],
                        "now": now,
                        "codes": codes,
                        "names": [name for _, (name, _) in batch],
                        "names_en": [name_en for _, (_, name_en) in batch],
                        "named": [code in wanted or code in shipped for code in codes],
                        "parents": [area_parent(code) for code in codes],
                    },
                )
                for row in made:
                    counts["above" if row["code"] in above else "added" if row["added"] else "changed"] += 1
        if sum(counts.values()):
            total = counts["added"] + counts["changed"]
            ledger.append(by=by, tag=PlacesTag.AREAS_LOADED, kind="area", body={"count": total, **counts})
            outbox.emit(PlacesEvent.AREAS_CHANGED, kind="area", subject=None, body=counts)
    return counts


def _checked_areas(given: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    wanted: dict[str, tuple[str, str]] = {}
    errors: list[FieldError] = []
    for number, row in enumerate(given, 1):
        code, name = str(row.get("code") or "").strip(), str(row.get("name") or "").strip()
        fault = area_fault(code)
        if fault is None and not name:
            fault = Words(f"区划 {code} 没有名称", f"area {code} has no name")
        if fault is None and code in wanted:
            fault = Words(f"区划代码 {code} 重复", f"area code {code} occurs twice")
        if fault is not None:
            errors.append(
                FieldError(f"rows[{number}]", "area", Words(f"第 {number} 行：{fault.zh}", f"Row {number}: {fault.en}"))
            )
        else:
            wanted[code] = (name, str(row.get("name_en") or "").strip())
    if errors:
        raise Invalid.fields(*errors[:MOST_ERRORS])
    return wanted


def _missing_above(wanted: Mapping[str, Any]) -> set[str]:
    above = {code[:n] for code in wanted for n in AREA_LEVELS if n < len(code)} - set(wanted)
    known = rows.all("SELECT code FROM places_area WHERE code = ANY(%(c)s)", {"c": sorted(above)})
    return above - {row["code"] for row in known}


def _by_length(areas: Mapping[str, tuple[str, str]]) -> dict[int, list[tuple[str, tuple[str, str]]]]:
    out: dict[int, list[tuple[str, tuple[str, str]]]] = {}
    for code, names in sorted(areas.items()):
        out.setdefault(len(code), []).append((code, names))
    return out


def load_borders(*, by: Principal, shapes: Mapping[str, Any]) -> int:
    """Give areas their borders: code → polygon in WGS 84 degrees. An unchanged border makes no new version.

    Raises Invalid for an unknown area or an invalid polygon. Returns the number of new borders.
    """
    by.require(PlacesPermission.AREAS_MANAGE)
    given = {code: snap(areal(shape)) for code, shape in shapes.items()}
    unknown = set(given) - set(queries.names_of(list(given)))
    errors = [
        FieldError(code, "unknown", Words(f"没有区划 {code}", f"There is no area {code}.")) for code in sorted(unknown)
    ]
    errors += [
        FieldError(code, "invalid", Words(f"{code} 的边界自相交或为空", f"The border of {code} is no valid polygon."))
        for code, shape in given.items()
        if shape.is_empty or not shape.is_valid
    ]
    if errors:
        raise Invalid.fields(*errors[:MOST_ERRORS])
    known = queries.area_borders(list(given))
    fresh = [(c, s) for c, s in given.items() if c not in known or not shapely.equals_exact(known[c], s)]
    if fresh:
        with transaction.atomic():
            borders.add("area", fresh, at=clock.now(), reason="load")
            ledger.append(by=by, tag=PlacesTag.BORDERS_LOADED, kind="area", body={"count": len(fresh)})
            outbox.emit(PlacesEvent.AREAS_CHANGED, kind="area", subject=None, body={"borders": len(fresh)})
    return len(fresh)


def load_grids(
    *, by: Principal, layer: str, grids: Iterable[Mapping[str, Any]], reason: str = "load"
) -> dict[str, UUID]:
    """Add grids in bulk: `code`, `name`, `geometry` (WGS 84 polygon), maybe `name_en`. All or nothing. Ids by code.

    Codes must be new, well formed and in known communities; shapes are put on the lattice and must be valid. That they cover
    their communities is not asked here: `queries.check_layer` tells, and `import_grids` insists.
    """
    by.require(PlacesPermission.GRIDS_MANAGE)
    this = queries.layer(layer)
    given = list(grids)
    codes = [str(g["code"]) for g in given]
    shapes = snap(np.array([areal(g["geometry"]) for g in given], dtype=object)) if given else np.array([])
    _refuse_bad_grids(codes, shapes)
    with transaction.atomic():
        made = insert_grids(this["id"], list(zip(given, shapes, strict=True)), reason=reason)
        touch_layer(this["id"], layer)
        ledger.append(
            by=by,
            tag=PlacesTag.GRIDS_LOADED,
            kind="layer",
            subject=this["id"],
            body={"layer": layer, "count": len(given)},
        )
    return made


def insert_grids(layer_id: UUID, given: Sequence[tuple[Mapping[str, Any], Any]], *, reason: str) -> dict[str, UUID]:
    """The rows of new grids and their first borders, inside the caller's transaction."""
    now = clock.now()
    ids = {str(g["code"]): uuid7() for g, _ in given}
    rows.run(
        """INSERT INTO places_grid (id, layer_id, code, name, name_en, district, street, community, created_at, version,
                                    successors)
           SELECT n.id, %(layer)s, n.code, n.name, n.name_en, left(n.code, 6), left(n.code, 9), left(n.code, 12), %(now)s,
                  1, '{}'
           FROM unnest(%(ids)s::uuid[], %(codes)s::text[], %(names)s::text[], %(names_en)s::text[])
                AS n(id, code, name, name_en)""",
        {
            "layer": layer_id,
            "now": now,
            "ids": list(ids.values()),
            "codes": list(ids),
            "names": [str(g.get("name") or g["code"]) for g, _ in given],
            "names_en": [str(g.get("name_en") or "") for g, _ in given],
        },
    )
    borders.add("grid", [(ids[str(g["code"])], shape) for g, shape in given], at=now, reason=reason)
    return ids


def _refuse_bad_grids(codes: Sequence[str], shapes: Sequence[Any]) -> None:
    errors: list[FieldError] = []
    known = queries.names_of([code[:12] for code in codes])
    taken = rows.all("SELECT code FROM places_grid WHERE code = ANY(%(c)s)", {"c": list(codes)})
    seen = {row["code"] for row in taken}
    for number, (code, shape) in enumerate(zip(codes, shapes, strict=True)):
        fault = grid_fault(code)
        if fault is None and code in seen:
            fault = Words(f"网格编码 {code} 已用过", f"grid code {code} has been used")
        if fault is None and code[:12] not in known:
            fault = Words(f"没有社区 {code[:12]}", f"there is no community {code[:12]}")
        if fault is None and (shape.is_empty or not shape.is_valid):
            fault = Words(f"网格 {code} 的边界无效", f"grid {code} has an invalid border")
        seen.add(code)
        if fault is not None:
            errors.append(FieldError(f"grids[{number}]", "grid", fault))
    if errors:
        raise Invalid.fields(*errors[:MOST_ERRORS])
